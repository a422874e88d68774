"""Vectors of sentences in archives: imported with the rest, checked like it, never needed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder

from kb import ArchiveError, KnowledgeBase, Settings
from kb.archive.file import ArchiveWriter, writing
from kb.catalog.sentences import StoredSentences

TEXT = " ".join(
    f"Valve {n} is opened by turning wheel {n * 7} twice, then left." for n in range(90)
)
MEMBER = "sentences/000001.i8"

Members = dict[str, bytes]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(TEXT, name="valves")
        opened.add("Pumps are oiled daily. " * 90, name="pumps")
        yield opened


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "elsewhere")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def stored(base: KnowledgeBase) -> dict[tuple[str, int], StoredSentences]:
    found = {}
    for document in base.documents():
        with base._store.catalog.reading() as state:
            for ordinal, row in state.stored_sentences(document.id).items():
                found[document.name, ordinal] = row
    return found


def manifest(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return found


def rewritten(path: Path, change: Callable[[Members, dict[str, Any]], object]) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(members.pop("manifest.json"))
    del told["members"]
    change(members, told)
    other = path.with_name("other.kbz")
    with writing(other) as writer:
        for name, data in members.items():
            writer.add(name, data)
        writer.finish(told)
    return other


def test_an_import_has_the_sentences_of_what_was_exported(
    base: KnowledgeBase, elsewhere: KnowledgeBase, tmp_path: Path
) -> None:
    base.refine()
    base.export(tmp_path / "all.kbz")
    assert manifest(tmp_path / "all.kbz")["version"] == 3
    elsewhere.import_archive(tmp_path / "all.kbz")
    assert stored(elsewhere) == stored(base)
    info = elsewhere.collection()
    assert info.refined == info.chunks > 0
    assert elsewhere.refine().computed == 0
    assert elsewhere.check().ok


def test_an_archive_without_sentences_is_one_that_older_releases_read(
    base: KnowledgeBase, elsewhere: KnowledgeBase, tmp_path: Path
) -> None:
    base.export(tmp_path / "plain.kbz")
    assert manifest(tmp_path / "plain.kbz")["version"] == 2
    elsewhere.import_archive(tmp_path / "plain.kbz")
    assert elsewhere.collection().refined == 0
    elsewhere.refine()
    base.refine()
    assert stored(elsewhere) == stored(base)


def test_what_was_refined_half_goes_on_where_it_was(
    base: KnowledgeBase, elsewhere: KnowledgeBase, tmp_path: Path
) -> None:
    base.refine()
    base.add(TEXT + " One sentence more.", name="valves")
    base.export(tmp_path / "half.kbz")
    elsewhere.import_archive(tmp_path / "half.kbz")
    info = elsewhere.collection()
    assert 0 < info.refined == info.chunks - 1
    assert elsewhere.refine().computed == 1
    assert elsewhere.check().ok


def test_sentences_too_large_for_an_archive_are_left_out(
    base: KnowledgeBase,
    elsewhere: KnowledgeBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base.refine()
    base.export(tmp_path / "all.kbz")
    with zipfile.ZipFile(tmp_path / "all.kbz") as archive:
        sizes = {i.file_size for i in archive.infolist() if i.filename.startswith("sentences/")}
    monkeypatch.setattr(ArchiveWriter, "takes", lambda _, data: len(data) not in sizes)
    base.export(tmp_path / "all.kbz")
    elsewhere.import_archive(tmp_path / "all.kbz")
    assert elsewhere.collection().refined == 0
    elsewhere.refine()
    assert stored(elsewhere) == stored(base)


def test_windows_of_other_rules_are_made_again(
    base: KnowledgeBase, elsewhere: KnowledgeBase, tmp_path: Path
) -> None:
    base.refine()
    base.export(tmp_path / "all.kbz")
    other = rewritten(tmp_path / "all.kbz", lambda _, told: told.update(windows=99))
    elsewhere.import_archive(other)
    assert elsewhere.collection().refined == 0


def at_place(place: int, value: bytes) -> Callable[[Members, dict[str, Any]], object]:
    def change(members: Members, _: dict[str, Any]) -> None:
        data = members[MEMBER]
        members[MEMBER] = data[:place] + value + data[place + len(value) :]

    return change


def cut(members: Members, _: dict[str, Any]) -> None:
    members[MEMBER] = members[MEMBER][:-1]


def longer(members: Members, _: dict[str, Any]) -> None:
    members[MEMBER] += b"\0\0\0\0"


def of_another(members: Members, _: dict[str, Any]) -> None:
    members[MEMBER] = members["sentences/000002.i8"]


def stray(members: Members, _: dict[str, Any]) -> None:
    members["sentences/000009.i8"] = members[MEMBER]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (cut, "cut short"),
        (longer, "belong to no chunk"),
        (of_another, "does not make sense"),
        (stray, "belong to no document"),
        (at_place(0, b"\xff\xff\xff\x7f"), "more sentences than characters"),
        (at_place(0, b"\xfe\xff\xff\xff"), "more sentences than characters"),
        (at_place(4, b"\xff\xff\xff\xff"), "do not fit its chunks"),
        (at_place(4, b"\x05\0\0\0\x05\0\0\0"), "a sentence is empty"),
        (lambda _, told: told.update(version=2), "belong to no document"),
    ],
)
def test_what_makes_no_sense_is_refused(
    base: KnowledgeBase,
    elsewhere: KnowledgeBase,
    tmp_path: Path,
    change: Callable[[Members, dict[str, Any]], object],
    match: str,
) -> None:
    base.refine()
    base.export(tmp_path / "all.kbz")
    other = rewritten(tmp_path / "all.kbz", change)
    with pytest.raises(ArchiveError, match=match):
        elsewhere.import_archive(other)
    assert elsewhere.collections() == []


@pytest.mark.parametrize("number", [b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\0\0", b"\0\0\x80\x3f"])
def test_a_vector_that_is_no_direction_is_refused(
    base: KnowledgeBase, elsewhere: KnowledgeBase, tmp_path: Path, number: bytes
) -> None:
    base.refine()
    base.export(tmp_path / "all.kbz")

    def change(members: Members, told: dict[str, Any]) -> None:
        count = int.from_bytes(members[MEMBER][:4], "little")
        at_place(4 + 8 * count, number)(members, told)  # the scale of the chunk's own vector

    with pytest.raises(ArchiveError, match="vectors are damaged"):
        elsewhere.import_archive(rewritten(tmp_path / "all.kbz", change))
