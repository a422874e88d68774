"""After ``kb remove`` and ``kb compact`` nothing of a removed document is left in any file."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from ingest import ingest, ingest_uploads
from kb import Document, KnowledgeBase, Section, Settings, StoreBusyError
from kb.embedding.base import Embedder
from kb.store.lock import WriteLock
from kb.vectors.base import VectorRecord
from kb.vectors.chroma.folder import ChromaFolder

# Made up, so that no other text, index term or file name holds them by chance.
MARKERS = ("Quorbelian", "琼瓯镪")
SECRET = f"The {MARKERS[0]} ledger is kept in the cellar. {MARKERS[1]}账本存放在地下室。\n"
FILES = 220
KEPT = "The harbour office opens at seven. 港务局七点开门。\n"


def files_with(folder: Path, marker: str) -> list[str]:
    """Files below ``folder`` that hold a marker, whole or as index terms, in any case."""
    needles = [
        form.encode(encoding)
        for form in {marker, marker.lower(), marker.upper()}
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    ]
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    ]


def fill(base: KnowledgeBase, tmp_path: Path) -> None:
    """The secret from a folder, from an upload and from Python, beside what stays."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / f"{MARKERS[0]}.txt").write_text(SECRET * 20, "utf-8")
    (folder / "harbour.txt").write_text(KEPT, "utf-8")
    assert ingest(base, [folder]).ok
    uploads = [
        ("uploaded.txt", (SECRET * 3).encode()),
        ("kept.md", f"# Harbour\n\n{KEPT}".encode()),
    ]
    assert ingest_uploads(base, uploads).ok
    title = f"{MARKERS[0]} {MARKERS[1]}"
    document = Document(
        text=SECRET,
        media_type="text",
        title=title,
        sections=(Section(start=0, end=len(SECRET), heading_path=(title,)),),
        metadata={"author": title},
    )
    base.add(document, name=title)


@pytest.mark.parametrize("marker", MARKERS)
def test_no_byte_of_removed_documents_is_left(
    settings: Settings, embedder: Embedder, tmp_path: Path, marker: str
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        fill(base, tmp_path)
        # Replaced and removed versions both: each leaves its own traces.
        base.add(SECRET * 2, name="ledger")
        base.add("The ledger has been moved.", name="ledger")
        for info in base.documents():
            if "cellar" in base.document_text(info.id):
                base.remove(info.id)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert files_with(settings.data_dir, marker), "the search for bytes finds nothing at all"
        done = base.compact()
        assert done.uploads == 1
        found = base.search("When does the harbour office open?", top_k=3)
        assert {each.path for hit in found for each in hit.sources} >= {"harbour.txt", "kept.md"}
        assert base.check().ok
        assert [run.counts for run in base.runs()] == [{"added": 2}, {"added": 2}]
        upload = base.uploads.path("kept.md", _hash(base, "kept.md"))
        assert upload.is_file()
    remaining = [
        file for file in files_with(settings.data_dir, marker) if not file.startswith("models")
    ]
    assert not remaining, remaining


def _hash(base: KnowledgeBase, path: str) -> str:
    return next(s.content_hash for s in base.files.states() if s.source.path == path)


def test_a_dropped_collection_leaves_nothing_either(
    base: KnowledgeBase, settings: Settings
) -> None:
    base.add(SECRET, name="ledger", collection="secret")
    base.add(KEPT, name="harbour")
    base.delete_collection("secret")
    base.compact()
    assert [files_with(settings.data_dir, marker) for marker in MARKERS] == [[], []]
    assert base.search("harbour office")[0].source == "harbour"


def test_what_is_added_after_compacting_is_found_by_all(
    base: KnowledgeBase, settings: Settings, embedder: Embedder
) -> None:
    base.add(KEPT, name="harbour")
    with KnowledgeBase.open(settings, embedder=embedder) as other:
        other.compact()
        assert base.search("When does the harbour office open?")[0].source == "harbour"
        base.add(SECRET, name="ledger")
        assert other.search("Where is the ledger kept?")[0].source == "ledger"
        base.compact()
        base.compact()
        assert base.check().ok
        assert len(other.search("ledger in the cellar, harbour office", top_k=5)) == 2


def test_compacting_waits_for_nothing_that_is_being_ingested(base: KnowledgeBase) -> None:
    run = base.begin_run(["upload.txt"])
    with pytest.raises(StoreBusyError, match="being ingested"):
        base.compact()
    run.end("finished", {})
    base.compact()


def test_an_index_that_chroma_wrote_down_survives_and_its_room_is_cleared(tmp_path: Path) -> None:
    # Chroma writes the index after 1,000 records: one part is in its files, one in its log.
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((1200, 8)).astype(np.float32)
    records = [
        VectorRecord(
            id=n,
            document_id=1,
            text=f"{MARKERS[0]} {n}" if n < 300 else f"text {n}",
            metadata={"n": n},
        )
        for n in range(1200)
    ]
    lock = WriteLock(tmp_path / "write.lock", timeout_s=10)
    store = ChromaFolder(tmp_path / "chroma", lock)
    store.create("one", 8)
    store.upsert("one", records, vectors)
    store.delete("one", range(300))
    before = [store.query("one", vectors[n], 5) for n in range(290, 320)]
    store.prune()
    assert files_with(tmp_path, MARKERS[0]) == []
    assert [store.query("one", vectors[n], 5) for n in range(290, 320)] == before
    assert store.ids("one") == set(range(300, 1200))
    store.close()


def test_index_files_hold_no_leftovers_of_memory(settings: Settings, embedder: Embedder) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.create_collection("default")
        base.search("nothing yet")
        base.add(KEPT, name="harbour")
        assert_no_leftovers(settings)
    with KnowledgeBase.open(settings, embedder=embedder) as base:  # Chroma makes them anew
        assert base.search("harbour office")
        assert_no_leftovers(settings)
        base.compact()
        assert base.search("harbour office")
    assert_no_leftovers(settings)


def assert_no_leftovers(settings: Settings) -> None:
    (header,) = settings.data_dir.rglob("header.bin")
    used, width = struct.unpack_from("=QQ", header.read_bytes(), 20)
    room = header.with_name("data_level0.bin").read_bytes()[used * width :]
    assert len(room) > width
    assert not any(room)


def test_others_may_write_between_the_steps_of_a_large_removal(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(data_dir=data_dir, lock_timeout_s=0.2)
    with (
        KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base,
        KnowledgeBase.open(settings, embedder=HashingEmbedder()) as other,
    ):
        for number in range(FILES):
            base.add(f"Lamp {number} burns.", name=f"{number}.txt")
        notes: list[str] = []

        def take_turn() -> None:
            name = f"note{len(notes)}"
            thread = threading.Thread(target=other.add, args=(f"A {name}.",), kwargs={"name": name})
            thread.start()
            thread.join()
            notes.append(name)

        monkeypatch.setattr(base._store, "_give_turn", take_turn)
        gone = [state.source for state in base.files.states()]
        assert base.files.forget(gone) == FILES
        assert len(notes) > 1
        assert {info.name for info in base.documents()} == set(notes)
        assert base.check().ok
