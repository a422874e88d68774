"""Another model for a collection: nothing is lost, searched all the while, switched in one step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from made_checkpoints import write_bert
from remembering_embedder import RememberingEmbedder

from ingest import IngestOptions, ingest
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder, EmbedderIdentity, Vector, Vectors
from kb.embedding.llama import LlamaEmbedder
from kb.errors import EmbedderMismatchError
from kb.models.convert import convert_checkpoint
from kb.models.registry import ModelFile

TEXTS = {
    "fox.txt": "The quick brown fox jumps over the lazy dog.",
    "cat.txt": "大猫在花园里跑。知识库系统可以找到它。",
    "copy-of-fox.txt": "The quick brown fox jumps over the lazy dog.",
    "long.txt": "\n\n".join(f"Paragraph {n} tells of harbour {n}. " * 8 for n in range(40)),
}


FOXES = ("fox.txt", "copy-of-fox.txt")


@pytest.fixture(scope="module")
def embedder(embedder: Embedder) -> Embedder:
    """The default model, which the tests give the same documents again and again."""
    return RememberingEmbedder(embedder)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    """A small model of another width."""
    folder = tmp_path_factory.mktemp("other")
    write_bert(folder / "checkpoint")
    convert_checkpoint(folder / "checkpoint", folder / "other.gguf", quantize="F16")
    opened = LlamaEmbedder(ModelFile(model_id="other", path=folder / "other.gguf"))
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    return folder


@pytest.fixture
def filled(settings: Settings, embedder: Embedder, folder: Path) -> Settings:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
        base.describe_collection("default", "animals")
        base.set_collection_mode("default", "dense")
    return settings


def known(base: KnowledgeBase) -> dict[str, str]:
    return {
        source.path: base.document_text(info.id)
        for info in base.documents()
        for source in info.sources
    }


def test_everything_is_there_afterwards_and_belongs_to_the_new_model(
    filled: Settings, embedder: Embedder, other: Embedder
) -> None:
    with KnowledgeBase.open(filled, embedder=embedder) as base:
        before, info = known(base), base.collection()
        added = {d.sources[0].path: d.added_at for d in base.documents()}
        runs = len(base.runs())
    with KnowledgeBase.open(filled, embedder=other) as base:
        done = base.reembed()
        assert (done.documents, done.resumed) == (info.documents, 0)
        assert done.embedded == done.chunks > 0
        assert known(base) == before
        assert {d.sources[0].path: d.added_at for d in base.documents()} == added
        assert base.collection().dim == other.dim != info.dim
        assert base.collection().description == "animals"
        assert base.collection().mode == "dense"
        assert base.collection().created_at == info.created_at
        assert [file.source.path for file in base.files.failed()] == ["broken.pdf"]
        assert len(base.runs()) == runs
        assert base.check().ok
        assert base.search("quick brown fox", mode="keyword")[0].source in TEXTS
        assert base.search("The quick brown fox jumps over the lazy dog.", mode="dense")
        assert base.reembed().embedded == 0, "nothing is left to do"
    with (
        KnowledgeBase.open(filled, embedder=embedder) as base,
        pytest.raises(EmbedderMismatchError, match="kb reembed --collection default --model"),
    ):
        base.search("fox")


def test_no_chunk_is_longer_than_the_new_model_reads(
    settings: Settings, embedder: Embedder, other: Embedder
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add(TEXTS["cat.txt"] * 60, name="long")
    with KnowledgeBase.open(settings, embedder=other) as base:
        base.reembed()
        (info,) = base.documents()
        chunks = base.chunks(info.id)
        assert max(other.count_tokens([chunk.text for chunk in chunks])) <= other.max_tokens
        assert chunks[-1].end == len(base.document_text(info.id))


def test_files_that_have_not_changed_are_not_read_again_afterwards(
    filled: Settings, other: Embedder, folder: Path
) -> None:
    with KnowledgeBase.open(filled, embedder=other) as base:
        base.reembed()
        report = ingest(base, [folder])
        assert report.count("unchanged") == len(TEXTS)
        assert report.count("changed") == report.count("added") == 0


class Breaking:
    """An embedder that does something before its n-th call."""

    def __init__(self, inner: Embedder, at: int, action: Callable[[], None]) -> None:
        self._inner, self._left, self._action = inner, at, action

    @property
    def identity(self) -> EmbedderIdentity:
        return self._inner.identity

    @property
    def dim(self) -> int:
        return self._inner.dim

    @property
    def max_tokens(self) -> int:
        return self._inner.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._inner.count_tokens(texts)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self._left -= 1
        if self._left == 0:
            self._action()
        return self._inner.embed_documents(texts, on_progress)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        return self._inner.embed_query(text, task=task)

    def close(self) -> None:
        self._inner.close()


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interruption_costs_only_what_was_under_way(
    filled: Settings, embedder: Embedder, other: Embedder
) -> None:
    with KnowledgeBase.open(filled, embedder=Breaking(other, 3, interrupt)) as base:
        with pytest.raises(KeyboardInterrupt):
            base.reembed()
        assert [each.name for each in base.collections()] == ["default"]
    with KnowledgeBase.open(filled, embedder=embedder) as base:
        assert base.search("a quick fox", top_k=1)[0].source in FOXES, "the old model still answers"
        assert base.check().ok
        before = known(base)
    with KnowledgeBase.open(filled, embedder=other) as base:
        done = base.reembed()
        assert done.resumed == 2
        assert done.embedded < done.chunks
        assert known(base) == before
        assert base.check().ok


def test_what_others_change_meanwhile_is_carried_over(
    filled: Settings, embedder: Embedder, other: Embedder, folder: Path
) -> None:
    with KnowledgeBase.open(filled, embedder=embedder) as theirs:

        def change() -> None:
            (folder / "fox.txt").write_text("The fox has changed.", "utf-8")
            (folder / "new.txt").write_text("A new file about a badger.", "utf-8")
            (folder / "cat.txt").unlink()
            ingest(theirs, [folder], options=IngestOptions(prune=True, force_prune=True))

        with KnowledgeBase.open(filled, embedder=Breaking(other, 3, change)) as base:
            base.reembed()
            found = known(base)
            assert base.check().ok
    assert found["fox.txt"] == "The fox has changed."
    assert found["new.txt"] == "A new file about a badger."
    assert "cat.txt" not in found
    assert found["copy-of-fox.txt"] == TEXTS["fox.txt"]


def test_it_is_searched_all_the_while(
    filled: Settings, embedder: Embedder, other: Embedder
) -> None:
    stop, answers, problems = threading.Event(), [0], list[str]()
    with (
        KnowledgeBase.open(filled, embedder=embedder) as reader,
        KnowledgeBase.open(filled, embedder=other) as base,
    ):

        def search() -> None:
            while not stop.is_set():
                try:
                    hits = reader.search("a quick fox", top_k=1)
                except EmbedderMismatchError:
                    return  # switched
                answers[0] += 1
                if not hits or "fox" not in hits[0].text:
                    problems.append(str(hits))

        thread = threading.Thread(target=search)
        thread.start()
        try:
            base.reembed()
        finally:
            stop.set()
            thread.join()
    assert problems == []
    assert answers[0] > 0


def test_what_was_begun_goes_with_its_collection(filled: Settings, other: Embedder) -> None:
    with KnowledgeBase.open(filled, embedder=Breaking(other, 2, interrupt)) as base:
        with pytest.raises(KeyboardInterrupt):
            base.reembed()
        base.delete_collection("default")
        assert base.collections() == []
        assert base.check().collections == ()
