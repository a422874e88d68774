"""What reads on a node of a cluster, without the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest.engines.cluster.actors import (
    READY,
    UNSEEN,
    ReadingActor,
    SentBytes,
    Terms,
    program_identity,
)
from ingest.engines.cluster.model import SharedModel
from ingest.errors import EmptyDocumentError
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from kb import KnowledgeBase, Settings
from kb.errors import ModelError
from kb.hashing import file_sha256


def terms(folder: Path, *, program: str = "") -> Terms:
    embedder = HashingEmbedder()
    settings = Settings(data_dir=folder)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        return Terms(
            program=program or program_identity(),
            model=SharedModel.of(settings, embedder, given=True, url=""),
            rules=base.indexing.rules,
            file_timeout_s=60,
            file_memory_bytes=2**31,
        )


@pytest.fixture
def actor(tmp_path: Path) -> Iterator[ReadingActor]:
    made = ReadingActor(terms(tmp_path / "data"))
    assert made.prepare() == READY
    yield made
    made._sandbox.close()


def test_a_file_that_this_node_does_not_see_is_asked_for_and_then_read(
    actor: ReadingActor, tmp_path: Path
) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Dough\n\nRest it for an hour.\n")
    expected = load_file(path)
    sent = SentBytes(content=path.read_bytes(), mtime_ns=expected.mtime_ns)
    path.unlink()

    assert list(actor.read(str(path), LoadOptions(), expected.content_hash)) == [(UNSEEN, None)]
    *_, (kind, file) = actor.read(str(path), LoadOptions(), sent)

    assert kind == "file"
    assert file.document == expected.document
    assert (file.content_hash, file.mtime_ns) == (expected.content_hash, expected.mtime_ns)
    assert [chunk.heading_path for chunk in file.made.chunks] == [("Dough",)]


def test_a_file_that_this_node_has_as_the_driver_has_it_is_read_here(
    actor: ReadingActor, tmp_path: Path
) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Dough\n\nRest it for an hour.\n")
    expected = load_file(path)

    *_, (kind, file) = actor.read(str(path), LoadOptions(), expected.content_hash)

    assert kind == "file"
    assert file.document == expected.document


@pytest.mark.parametrize("other", ["another text", "nothing", "a folder", "a link to nowhere"])
def test_another_file_at_the_same_path_of_this_node_is_not_read(
    actor: ReadingActor, tmp_path: Path, other: str
) -> None:
    path = tmp_path / "hours.txt"
    path.write_text("The harbour opens at seven.")
    there = file_sha256(path)
    path.unlink()
    if other == "a folder":
        path.mkdir()
    elif other == "a link to nowhere":
        path.symlink_to(tmp_path / "nowhere.txt")
    else:
        path.write_text("An old copy: at nine." if other == "another text" else "")

    assert list(actor.read(str(path), LoadOptions(), there)) == [(UNSEEN, None)]


def test_what_is_wrong_with_a_file_is_an_answer(actor: ReadingActor, tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()

    ((kind, error),) = actor.read(str(path), LoadOptions(), file_sha256(path))

    assert kind == "error"
    assert isinstance(error, EmptyDocumentError)


def test_a_node_with_another_version_of_the_program_is_refused(tmp_path: Path) -> None:
    made = ReadingActor(terms(tmp_path, program="another"))
    try:
        with pytest.raises(ModelError, match="another version of the program"):
            made.prepare()
    finally:
        made._sandbox.close()
