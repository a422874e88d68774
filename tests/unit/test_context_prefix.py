"""What is embedded may begin with title and headings; what is stored and shown never does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import Document, KnowledgeBase, Settings
from kb.embedding.base import Vectors
from kb.records import Section
from kb.splitting.context import MOST_TOKENS, ContextPrefix


class ReadingEmbedder(HashingEmbedder):
    """Remembers what it was given; reads little."""

    max_tokens = 120

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.read += texts
        return super().embed_documents(texts, on_progress)


def count(texts: Sequence[str]) -> list[int]:
    return HashingEmbedder().count_tokens(texts)


def test_title_and_headings_stand_in_front_once_each() -> None:
    prefix = ContextPrefix("Bread", count)
    assert prefix.before(("Bread", "Rye", "Storing")) == "Bread › Rye › Storing\n\n"
    assert ContextPrefix("", count).before(()) == ""
    assert prefix.tokens(()) == 1


def test_of_a_long_path_the_innermost_headings_are_kept() -> None:
    path = tuple(f"heading {n} " + "word " * 25 for n in range(4))
    prefix = ContextPrefix("title", count)
    assert prefix.before(path).startswith("heading 2 word")
    assert prefix.before(path).rstrip().endswith("word")
    assert prefix.tokens(path) <= MOST_TOKENS


def test_one_heading_that_is_too_long_is_left_out() -> None:
    assert ContextPrefix("word " * 100, count).before(()) == ""


@pytest.fixture
def document() -> Document:
    opening = "Storing\n\n"
    text = opening + "It keeps for a week in a dry place. " * 40
    return Document(
        text=text,
        media_type="text",
        title="Rye bread",
        sections=(Section(start=0, end=len(text), heading_path=("Storing",)),),
    )


def test_chunks_leave_room_for_it_and_are_stored_bare(tmp_path: Path, document: Document) -> None:
    settings = Settings.load(data_dir=tmp_path)
    model = ReadingEmbedder()
    with KnowledgeBase.open(settings, embedder=model) as base:
        base.add(document, name="bread.txt")
        (info,) = base.documents()
        chunks = base.chunks(info.id)
        embedded = list(model.read)
        hits = base.search("Rye bread storing", highlights="none")
    assert len(chunks) > 2
    assert embedded == ["Rye bread › Storing\n\n" + chunk.text for chunk in chunks]
    assert max(model.count_tokens(embedded)) <= model.max_tokens
    assert not any("Rye bread" in hit.text for hit in hits)
    assert all(document.text[hit.start : hit.end] == hit.text for hit in hits)


def test_without_it_chunks_are_embedded_bare(tmp_path: Path, document: Document) -> None:
    model = ReadingEmbedder()
    settings = Settings.load(data_dir=tmp_path, contextual=False)
    with KnowledgeBase.open(settings, embedder=model) as base:
        base.add(document, name="bread.txt")
        (info,) = base.documents()
        assert model.read == [chunk.text for chunk in base.chunks(info.id)]


def test_turning_it_off_reads_files_anew(tmp_path: Path) -> None:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        titled = base.indexing.settings_hash("loader")
    off = Settings.load(data_dir=tmp_path, contextual=False)
    with KnowledgeBase.open(off, embedder=HashingEmbedder()) as base:
        assert base.indexing.settings_hash("loader") != titled


def test_a_document_is_found_by_meaning_by_a_title_that_its_text_does_not_hold(
    tmp_path: Path,
) -> None:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        base.add("It keeps for a week in a dry place.", name="other.txt")
        text = "Hold the place under cool running water. Take off rings."
        base.add(Document.from_text(text, title="First aid for burns"), name="burns.txt")
        for refined in (False, True):
            hit = base.search("first aid burns", mode="dense", highlights="none")[0]
            assert hit.text == text, refined
            base.refine()
