"""A collection exported and imported elsewhere finds the same; damage changes nothing."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from remembering_embedder import RememberingEmbedder

from ingest import ingest, ingest_uploads
from kb import (
    ArchiveError,
    CollectionError,
    CollectionInfo,
    EmbedderMismatchError,
    KnowledgeBase,
    SearchHit,
    Settings,
    StoreError,
)
from kb.archive.file import writing
from kb.archive.importing import import_collection
from kb.embedding.base import Embedder

UPLOADED = "The kiln is fired on Fridays. 星期五烧窑。\n".encode()
BROKEN = b"%PDF-1.4 sent by mistake"
QUERIES = ("How long is green tea steeped?", "链条多久清洗一次", "error E-1407")


@pytest.fixture(scope="module")
def embedder(embedder: Embedder) -> Embedder:
    """The default model, which the tests give the same documents again and again."""
    return RememberingEmbedder(embedder)


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """One process that reads is enough for a few small files, and starts sooner than many."""
    return Settings.load(data_dir=data_dir, workers=1)


def fill_and_export(base: KnowledgeBase, place: Path) -> Path:
    """Export a collection with a copy, a table, failed files, uploads and one from Python."""
    folder = place / "documents"
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
    base.describe_folder("notes", "What was jotted down")
    base.set_collection_mode("default", "keyword")
    ingest_uploads(base, [("窑.txt", UPLOADED), ("again.txt", UPLOADED), ("bad.pdf", BROKEN)])
    path = place / "collection.kbz"
    info = base.export(path)
    assert (info.documents, info.originals, info.size) == (5, 2, path.stat().st_size)
    return path


@pytest.fixture
def archive(base: KnowledgeBase, tmp_path: Path) -> Path:
    """An archive of all that ``base`` holds."""
    return fill_and_export(base, tmp_path)


@pytest.fixture(scope="module")
def made_once(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, embedder: Embedder
) -> bytes:
    """The bytes of an archive, for tests that only damage it."""
    place = tmp_path_factory.mktemp("made")
    (place / "data").mkdir()
    (place / "data" / "models").symlink_to(models_dir)
    settings = Settings.load(data_dir=place / "data", workers=1)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        return fill_and_export(base, place).read_bytes()


@pytest.fixture
def damageable(tmp_path: Path, made_once: bytes) -> Path:
    """An archive of a knowledge base that is not there."""
    path = tmp_path / "damageable.kbz"
    path.write_bytes(made_once)
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
    assert (info.collection, info.documents, info.originals) == ("default", 5, 2)
    assert elsewhere.check().ok
    for mode in ("hybrid", "dense", "keyword"):
        for query in QUERIES:
            original = base.search(query, mode=mode)
            assert comparable(elsewhere.search(query, mode=mode)) == comparable(original)
    assert elsewhere.collection().description == "What we know"
    assert elsewhere.collection().folders == {"notes": "What was jotted down"}
    assert elsewhere.collection().mode == "keyword"
    ours = {info.name: info for info in base.documents()}
    for copy in elsewhere.documents():
        before = ours.pop(copy.name)
        assert replace(copy, id=0) == replace(before, id=0)  # the date it was added among it
        assert elsewhere.document_content(copy.id) == base.document_content(before.id)
        assert elsewhere.chunks(copy.id) == base.chunks(before.id)
    assert ours == {}
    assert elsewhere.files.failed() == base.files.failed()
    assert elsewhere.collection().created_at == base.collection().created_at


def test_an_archive_with_pages_without_end_is_read_at_once(
    elsewhere: KnowledgeBase, damageable: Path
) -> None:
    reseal(damageable, in_chunk(page_first=1, page_last=10**18))
    assert elsewhere.import_archive(damageable).documents == 5


def test_both_tell_how_far_they_are(
    base: KnowledgeBase, elsewhere: KnowledgeBase, tmp_path: Path
) -> None:
    for number in range(3):
        base.add(f"Note {number}.", name=f"note {number}")
    written: list[tuple[int, int]] = []
    stored: list[tuple[int, int]] = []
    base.export(tmp_path / "notes.kbz", on_progress=lambda *told: written.append(told))
    elsewhere.import_archive(tmp_path / "notes.kbz", on_progress=lambda *told: stored.append(told))
    assert written == [(1, 3), (2, 3), (3, 3)]
    assert stored[-1] == (3, 3)


def test_imported_sources_are_up_to_date(elsewhere: KnowledgeBase, archive: Path) -> None:
    elsewhere.import_archive(archive)
    report = ingest(elsewhere, [archive.parent / "documents"])
    assert report.summary() == {"unchanged": 4, "failed": 1}
    sent = [("窑.txt", UPLOADED), ("bad.pdf", BROKEN)]
    assert ingest_uploads(elsewhere, sent).summary() == {"unchanged": 1, "failed": 1}


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


def test_uploaded_originals_travel(elsewhere: KnowledgeBase, archive: Path) -> None:
    elsewhere.import_archive(archive)
    kiln = next(info for info in elsewhere.documents() if info.name == "窑.txt")
    assert {source.path for source in kiln.sources} == {"窑.txt", "again.txt"}
    for source in kiln.sources:
        assert elsewhere.uploads.path(source.path, kiln.content_hash).read_bytes() == UPLOADED
    bad = hashlib.sha256(BROKEN).hexdigest()
    assert elsewhere.uploads.path("bad.pdf", bad).read_bytes() == BROKEN
    assert elsewhere.compact().uploads == 0


def test_originals_stay_out_where_that_is_asked(
    base: KnowledgeBase, elsewhere: KnowledgeBase, archive: Path
) -> None:
    whole = archive.stat().st_size
    info = base.export(archive, originals=False)
    assert (info.documents, info.originals, info.lost) == (5, 0, ())
    assert info.size < whole
    assert elsewhere.import_archive(archive).originals == 0
    assert comparable(elsewhere.search("kiln")) == comparable(base.search("kiln"))


def test_an_original_that_was_changed_by_hand_is_named_and_left_out(
    base: KnowledgeBase, elsewhere: KnowledgeBase, archive: Path
) -> None:
    base.uploads.path("bad.pdf", hashlib.sha256(BROKEN).hexdigest()).write_bytes(b"other")
    base.uploads.path("窑.txt", hashlib.sha256(UPLOADED).hexdigest()).unlink()
    info = base.export(archive)
    assert (info.originals, set(info.lost)) == (0, {"窑.txt", "again.txt", "bad.pdf"})
    elsewhere.import_archive(archive)
    assert elsewhere.search("kiln")


def test_an_older_version_travels_with_the_file_that_replaced_it(
    base: KnowledgeBase, elsewhere: KnowledgeBase, archive: Path
) -> None:
    ingest_uploads(base, [("窑.txt", BROKEN + b"\0\0"), ("again.txt", BROKEN + b"\0\0")])
    base.export(archive)
    elsewhere.import_archive(archive)
    ours, theirs = base.files.failed(), elsewhere.files.failed()
    assert [f.document_added_at for f in theirs] == [f.document_added_at for f in ours]
    assert sum(file.document_id is not None for file in theirs) == 2
    kiln = next(info for info in elsewhere.documents() if info.name == "窑.txt")
    assert elsewhere.uploads.path("窑.txt", kiln.content_hash).read_bytes() == UPLOADED


def everything(base: KnowledgeBase) -> tuple[list[CollectionInfo], int, list[str]]:
    """All that an import could change: collections, documents, originals."""
    originals = sorted(path.name for path in base.settings.uploads_dir.rglob("*"))
    return (base.collections(), base.generation, originals)


def refused(base: KnowledgeBase, path: Path, match: str) -> None:
    before = everything(base)
    with pytest.raises(ArchiveError, match=match):
        base.import_archive(path)
    assert everything(base) == before


def test_any_flipped_byte_is_noticed(elsewhere: KnowledgeBase, damageable: Path) -> None:
    whole = damageable.read_bytes()
    draw = random.Random(5)  # noqa: S311 - places to damage, no secret
    places = {0, len(whole) - 1, len(whole) - 70}
    with zipfile.ZipFile(damageable) as members:
        for member in members.infolist():  # its header, its name, and its first byte
            places |= {member.header_offset + offset for offset in (0, 14, 30, 60)}
        places.add(members.start_dir + 20)
    places.update(draw.randrange(len(whole)) for _ in range(30))
    for place in sorted(places):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << draw.randrange(8)
        damageable.write_bytes(damaged)
        refused(elsewhere, damageable, str(damageable))


def test_a_truncated_foreign_or_missing_file_is_refused(
    elsewhere: KnowledgeBase, damageable: Path, tmp_path: Path
) -> None:
    whole = damageable.read_bytes()
    for size in (0, 10, *range(50, len(whole), len(whole) // 40), len(whole) - 64, len(whole) - 1):
        damageable.write_bytes(whole[:size])
        refused(elsewhere, damageable, "damaged")
    damageable.write_bytes(b"The archive of another program" * 100)
    refused(elsewhere, damageable, "damaged")
    refused(elsewhere, tmp_path / "nowhere.kbz", "check the path")


Change = Callable[[dict[str, bytes], dict[str, Any]], None]


def reseal(path: Path, change: Change) -> None:
    """Write an archive again, properly sealed, with something changed in it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    del manifest["members"]
    change(members, manifest)
    with writing(path) as writer:
        for name, data in members.items():
            writer.add(name, data)
        writer.finish(manifest)


def in_document(**values: object) -> Change:
    """Change fields of the first document's record."""

    def change(members: dict[str, bytes], _: dict[str, Any]) -> None:
        record = {**json.loads(members["documents/000001.json"]), **values}
        members["documents/000001.json"] = json.dumps(record).encode()

    return change


def in_content(**values: object) -> Change:
    """Change fields of the first document itself."""

    def change(members: dict[str, bytes], _: dict[str, Any]) -> None:
        record = json.loads(members["documents/000001.json"])
        record["document"].update(values)
        members["documents/000001.json"] = json.dumps(record).encode()

    return change


def in_chunk(**values: object) -> Change:
    """Change fields of the first document's first chunk."""

    def change(members: dict[str, bytes], _: dict[str, Any]) -> None:
        record = json.loads(members["documents/000001.json"])
        record["chunks"][0].update(values)
        members["documents/000001.json"] = json.dumps(record).encode()

    return change


def in_file(**values: object) -> Change:
    """Change fields of the first document's source."""

    def change(members: dict[str, bytes], _: dict[str, Any]) -> None:
        record = json.loads(members["documents/000001.json"])
        record["files"][0].update(values)
        members["documents/000001.json"] = json.dumps(record).encode()

    return change


def in_upload(**values: object) -> Change:
    """Change fields of the file that was uploaded and could not be read."""

    def change(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
        upload = next(file for file in manifest["unread"] if file["source"]["root"] == "uploads")
        upload.update(values)

    return change


def swapped(members: dict[str, bytes], _: dict[str, Any]) -> None:
    first, second = sorted(name for name in members if name.startswith("originals/"))
    members[first], members[second] = members[second], members[first]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda members, _: members.pop("vectors/000002.f32"), "vectors/000002.f32 is missing"),
        (lambda _, manifest: manifest.update(version=4), "archive version 4, this release reads"),
        (lambda _, manifest: manifest.update(format="zip"), "none of this program's"),
        (
            lambda _, manifest: manifest.update(embedder={"model_id": "x"}),
            "its manifest does not make sense: embedder.fingerprint: field required",
        ),
        (
            lambda _, manifest: manifest.update(unread=[{"source": 5}]),
            "unread.0.source: input should be a dictionary\\.",
        ),
        (lambda _, manifest: manifest.update(documents=10**12), "cannot hold"),
        (lambda _, manifest: manifest.update(documents=-1), "cannot hold"),
        (lambda _, manifest: manifest.update(documents=4), "belong to no document"),
        (lambda _, manifest: manifest.update(chunks=1), "should have 1"),
        (
            lambda _, manifest: manifest["collection"].update(mode="fuzzy"),
            "collection.mode: input should be 'hybrid', 'dense' or 'keyword'",
        ),
        (lambda members, _: members.update({"../../evil.txt": b"x"}), "belong to no document"),
        (lambda members, _: members.update({"originals/../../x": b"x"}), "belong to no document"),
        (lambda members, _: members.update({f"originals/{'0' * 64}": b"x"}), "no document"),
        (lambda members, _: members.update({"vectors/000001.f32": b"\0" * 1536}), "damaged"),
        (lambda members, _: members.update({"vectors/000001.f32": b"x" * 8}), "do not fit"),
        (lambda members, _: members.update({"documents/000001.json": b"[" * 90_000}), "sense"),
        (swapped, "is another file"),
        (in_document(content_hash="../../../../tmp/evil"), "no SHA-256"),
        (in_document(added_at="yesterday"), "sense"),
        (in_document(files=[]), "no source"),
        (in_document(keys=[]), "keys do not fit"),
        (in_document(document={"text": 5}), "sense: document.text: input should be a valid string"),
        (in_content(text=["Green tea"] * 900), "document.text: input should be a valid string"),
        (in_content(title=5), "document.title: input should be a valid string"),
        (in_content(metadata=[]), "document.metadata: input should be a valid dictionary"),
        (in_content(sections=[{"start": "x", "end": 2}]), "document.sections.0.start: input"),
        (in_content(sections=[{"start": 0, "end": 2, "kind": [5]}]), "document.sections.0.kind"),
        (in_content(pages=[{"number": "x", "start": None, "end": 1}]), "document.pages.0.number"),
        (in_content(notices=[{"text": "odd"}]), "document.notices.0.code: field required"),
        (in_content(odd=1), "document.odd: this release does not know it"),
        (in_content(notices=[{"code": "a", "message": "b", "odd": 1}]), "document.notices.0.odd:"),
        (in_chunk(odd=1), "chunks.0.odd: this release does not know it"),
        (in_file(odd=1), "files.0.odd: this release does not know it"),
        (in_upload(odd=1), "unread.1.odd: this release does not know it"),
        (in_document(odd=1), "odd: this release does not know it"),
        (in_chunk(ordinal=7), "its chunks are not in order"),
        (in_chunk(kind=None), "chunks.0.kind: input should be 'text', 'table' or 'code'"),
        (in_chunk(heading_path="Tea"), "chunks.0.heading_path: input should be a valid tuple"),
        (in_chunk(page_last=2**70), "cannot hold what it says: it has a number that is too large"),
        (in_document(keys=["xyz"]), "no key of a vector"),
        (in_document(size=-1), "less than nothing"),
        (in_file(tags="xyz"), "files.0.tags: input should be a valid tuple"),
        (in_file(tags=[""]), "a tag is empty"),
        (in_file(outcome="odd"), "files.0.outcome: input should be 'indexed'"),
        (in_upload(content_hash="../../../../tmp/evil"), "no SHA-256"),
        (in_upload(source={"root": "uploads", "path": "a\0.pdf"}), "NUL"),
        (in_file(source={"root": "x", "path": "\ud800.txt"}), "cannot hold what it says"),
        (in_upload(size=2**70), "cannot hold what it says"),
    ],
)
def test_a_sealed_archive_that_lies_is_refused(
    elsewhere: KnowledgeBase, damageable: Path, change: Change, match: str
) -> None:
    reseal(damageable, change)
    before = (elsewhere.collections(), everything(elsewhere)[2])
    with pytest.raises(ArchiveError, match=match):
        elsewhere.import_archive(damageable)
    assert (elsewhere.collections(), everything(elsewhere)[2]) == before
    assert elsewhere.check().ok


def number_of_many_digits(members: dict[str, bytes], _: dict[str, Any]) -> None:
    record = members["documents/000001.json"]
    members["documents/000001.json"] = b'{"size": ' + b"9" * 5000 + b", " + record.lstrip(b"{")


def digits_in_text(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["documents"] = "9" * 5000


def nesting(members: dict[str, bytes], _: dict[str, Any]) -> None:
    members["documents/000001.json"] = b"[" * 90_000


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (number_of_many_digits, "it holds a number that no archive of ours has"),
        (in_document(size="9" * 5000), "size: unable to parse input string as an integer"),
        (digits_in_text, "documents: unable to parse input string as an integer"),
        (nesting, "it holds nesting that no archive of ours has"),
    ],
)
def test_numbers_and_nesting_without_end_are_told_without_words_of_python(
    elsewhere: KnowledgeBase, damageable: Path, change: Change, told: str
) -> None:
    reseal(damageable, change)
    with pytest.raises(ArchiveError, match=told) as refusal:
        elsewhere.import_archive(damageable)
    assert not re.search("sys|recursion|decoding", str(refusal.value).split(damageable.name)[-1])


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b'{"format": ' + b"9" * 5000 + b"}", "it holds a number that no archive of ours has"),
        (b"[" * 90_000, "it holds nesting that no archive of ours has"),
    ],
    ids=["number", "nesting"],
)
def test_a_manifest_of_numbers_or_nesting_without_end_is_told_likewise(
    elsewhere: KnowledgeBase, tmp_path: Path, manifest: bytes, told: str
) -> None:
    path = tmp_path / "odd.kbz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.comment = b"0" * 64
    seal(path)
    with pytest.raises(ArchiveError, match=f"its manifest cannot be read: {told}"):
        elsewhere.import_archive(path)


def seal(path: Path) -> None:
    """Make the checksum at the end that of the bytes before it."""
    whole = path.read_bytes()[:-64]
    path.write_bytes(whole + hashlib.sha256(whole).hexdigest().encode())


def test_a_description_with_half_a_character_is_refused(
    elsewhere: KnowledgeBase, damageable: Path
) -> None:
    with zipfile.ZipFile(damageable) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    manifest["collection"]["description"] = "\ud800"
    with zipfile.ZipFile(damageable, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**members, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, data)
        archive.comment = b"0" * 64
    seal(damageable)
    with pytest.raises(ArchiveError, match="it has half a character"):
        elsewhere.import_archive(damageable)
    assert elsewhere.collections() == []


def test_sizes_that_no_archive_can_have_are_refused_unread(
    elsewhere: KnowledgeBase, damageable: Path
) -> None:
    whole = bytearray(damageable.read_bytes())
    with zipfile.ZipFile(damageable) as members:
        place = members.start_dir
    assert whole[place : place + 4] == b"PK\x01\x02"
    whole[place + 24 : place + 28] = (2**32 - 2).to_bytes(4, "little")  # the first one's size
    damageable.write_bytes(whole)
    seal(damageable)
    refused(elsewhere, damageable, "impossible size")


def test_an_archive_that_does_not_fit_the_disk_is_refused(
    elsewhere: KnowledgeBase, damageable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(elsewhere)
    usage = shutil.disk_usage(damageable)._replace(free=1000)
    monkeypatch.setattr("kb.archive.importing.shutil.disk_usage", lambda _: usage)
    with pytest.raises(StoreError, match="free disk space"):
        elsewhere.import_archive(damageable)
    assert everything(elsewhere) == before


def test_another_model_s_vectors_are_refused(
    elsewhere: KnowledgeBase, damageable: Path, embedder: Embedder
) -> None:
    other = replace(embedder.identity, fingerprint="0" * 64, model_id="another")
    with pytest.raises(EmbedderMismatchError, match="multilingual-e5-small"):
        import_collection(elsewhere._store, elsewhere.uploads, damageable, None, other)
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
    with pytest.raises(StoreError, match=r"there is no folder .*no folder; name another file"):
        base.export(tmp_path / "no folder" / "out.kbz")
    with pytest.raises(StoreError, match="is a folder; name a file in it"):
        base.export(tmp_path)
    assert [file.name for file in tmp_path.iterdir() if "kbz" in file.name] == []


def test_more_documents_than_an_archive_can_hold_are_refused_before_any_is_written(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.add("A note.", name="note")
    base.add("Another note.", name="other")
    monkeypatch.setattr("kb.archive.exporting.MOST_DOCUMENTS", 1)
    with pytest.raises(StoreError, match=r"has 2 documents, .* holds 1; back up the data folder"):
        base.export(tmp_path / "out.kbz")
    assert not (tmp_path / "out.kbz").exists()
