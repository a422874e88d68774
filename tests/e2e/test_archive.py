"""A collection exported and imported elsewhere finds the same; damage changes nothing."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import ingest
from kb import (
    ArchiveError,
    CollectionError,
    EmbedderMismatchError,
    KnowledgeBase,
    SearchHit,
    Settings,
)
from kb.archive import import_collection
from kb.archive_file import writing
from kb.embedding.base import Embedder

QUERIES = ("How long is green tea steeped?", "链条多久清洗一次", "error E-1407")


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """One process that reads is enough for a few small files, and starts sooner than many."""
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def archive(base: KnowledgeBase, tmp_path: Path) -> Path:
    """An archive of a collection with a copy, a table, a failed file and one from Python."""
    folder = tmp_path / "documents"
    folder.mkdir()
    tea = "Green tea is steeped for two minutes at eighty degrees.\n"
    (folder / "tea.txt").write_text(tea, "utf-8")
    (folder / "copy.txt").write_text(tea, "utf-8")
    (folder / "修理.md").write_text(
        "# 修理\n\n自行车的链条每五百公里要清洗并上油一次。\n\n| code | cure |\n|---|---|\n"
        "| E-1407 | press reset |\n",
        "utf-8",
    )
    (folder / "long.txt").write_text("The pump in hall {} is oiled daily.\n\n" * 120, "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    ingest(base, [folder])
    base.add("Bees are inspected every ten days.", name="bees", metadata={"tag": "养蜂"})
    base.describe_collection("default", "What we know")
    path = tmp_path / "collection.kbz"
    info = base.export(path)
    assert (info.documents, info.size) == (4, path.stat().st_size)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, models_dir: Path, embedder: Embedder) -> Iterator[KnowledgeBase]:
    """Another, empty knowledge base."""
    data_dir = tmp_path / "elsewhere"
    data_dir.mkdir()
    (data_dir / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        yield base


def comparable(hits: list[SearchHit]) -> list[SearchHit]:
    """Hits without the ids that each knowledge base gives out itself."""
    return [
        replace(hit, chunk_id=0, document_id=0, score=round(hit.score, 5), scores={})
        for hit in hits
    ]


def test_an_imported_collection_finds_the_same_without_embedding(
    base: KnowledgeBase, elsewhere: KnowledgeBase, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("an import must not embed")

    with monkeypatch.context() as patched:
        patched.setattr(elsewhere.embedder, "embed_documents", refuse)
        info = elsewhere.import_archive(archive)
    assert (info.collection, info.documents) == ("default", 4)
    assert elsewhere.check().ok
    for mode in ("hybrid", "dense", "keyword"):
        for query in QUERIES:
            original = base.search(query, mode=mode)
            assert comparable(elsewhere.search(query, mode=mode)) == comparable(original)
    assert elsewhere.collection().description == "What we know"
    ours = {info.name: info for info in base.documents()}
    for copy in elsewhere.documents():
        before = ours.pop(copy.name)
        assert replace(copy, id=0, added_at=before.added_at) == replace(before, id=0)
        assert elsewhere.document_content(copy.id) == base.document_content(before.id)
        assert elsewhere.chunks(copy.id) == base.chunks(before.id)
    assert ours == {}
    assert [f.source.path for f in elsewhere.files.failed()] == ["broken.pdf"]


def test_imported_sources_are_up_to_date(elsewhere: KnowledgeBase, archive: Path) -> None:
    elsewhere.import_archive(archive)
    report = ingest(elsewhere, [archive.parent / "documents"])
    assert report.summary() == {"unchanged": 4, "failed": 1}


def test_a_taken_name_is_refused_and_another_can_be_given(
    base: KnowledgeBase, archive: Path
) -> None:
    with pytest.raises(CollectionError, match="already a collection 'default'"):
        base.import_archive(archive)
    base.import_archive(archive, collection="副本")
    assert {info.name for info in base.collections()} == {"default", "副本"}
    assert comparable(base.search(QUERIES[0], collection="default"))[0].text == (
        base.search(QUERIES[0], collection="副本")[0].text
    )


def refused(base: KnowledgeBase, path: Path, match: str) -> None:
    before = (base.collections(), base.generation)
    with pytest.raises(ArchiveError, match=match):
        base.import_archive(path)
    assert (base.collections(), base.generation) == before


def test_any_flipped_byte_is_noticed(elsewhere: KnowledgeBase, archive: Path) -> None:
    whole = archive.read_bytes()
    draw = random.Random(5)  # noqa: S311 - places to damage, no secret
    places = [0, len(whole) - 1, len(whole) - 70, *(draw.randrange(len(whole)) for _ in range(60))]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << draw.randrange(8)
        archive.write_bytes(damaged)
        refused(elsewhere, archive, str(archive))


def test_a_truncated_foreign_or_missing_file_is_refused(
    elsewhere: KnowledgeBase, archive: Path, tmp_path: Path
) -> None:
    whole = archive.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        archive.write_bytes(whole[:size])
        refused(elsewhere, archive, "damaged")
    archive.write_bytes(b"The archive of another program" * 100)
    refused(elsewhere, archive, "damaged")
    refused(elsewhere, tmp_path / "nowhere.kbz", "check the path")


def rewrite(path: Path, change: str, **manifest: object) -> None:
    """Write an archive again, properly sealed, with one thing wrong."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    description = {**json.loads(members.pop("manifest.json")), **manifest}
    del description["members"]
    with writing(path) as writer:
        for name, data in members.items():
            if name != change:
                writer.add(name, data)
        writer.finish(description)


def test_a_missing_member_is_refused(elsewhere: KnowledgeBase, archive: Path) -> None:
    rewrite(archive, "vectors/000002.f32")
    refused(elsewhere, archive, "vectors/000002.f32 is missing")


def test_a_newer_version_is_refused(elsewhere: KnowledgeBase, archive: Path) -> None:
    rewrite(archive, "", version=2)
    refused(elsewhere, archive, "archive version 2, this release reads 1")


def test_an_incomplete_manifest_is_refused(elsewhere: KnowledgeBase, archive: Path) -> None:
    rewrite(archive, "", embedder={"model_id": "x"})
    refused(elsewhere, archive, "manifest lacks")


def test_another_model_s_vectors_are_refused(
    elsewhere: KnowledgeBase, archive: Path, embedder: Embedder
) -> None:
    other = replace(embedder.identity, fingerprint="0" * 64, model_id="another")
    with pytest.raises(EmbedderMismatchError, match="multilingual-e5-small"):
        import_collection(elsewhere._store, archive, None, other)
    assert elsewhere.collections() == []


def test_what_a_crashed_import_left_is_removed_by_the_next(
    elsewhere: KnowledgeBase, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = elsewhere._store
    # As killed between two documents: no clean-up runs.
    with monkeypatch.context() as patched:
        patched.setattr(store, "attach", lambda *_: 1 / 0)
        patched.setattr(store, "drop_collection", lambda _: None)
        with pytest.raises(ZeroDivisionError):
            elsewhere.import_archive(archive)
    (left,) = elsewhere.collections()
    assert left.name.startswith("default (importing")
    elsewhere.import_archive(archive)
    assert [info.name for info in elsewhere.collections()] == ["default"]
    assert elsewhere.check().ok


def test_no_part_is_left_where_an_export_fails(base: KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(CollectionError):
        base.export(tmp_path / "out.kbz", collection="none such")
    base.add("A note.", name="note")
    with pytest.raises(Exception, match="cannot write the archive"):
        base.export(tmp_path / "no folder" / "out.kbz")
    assert [file.name for file in tmp_path.iterdir() if "kbz" in file.name] == []
