"""Which sentence of a hit is marked: the one that answers, known from its stored vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from kb import KnowledgeBase, SearchHit, Settings
from kb.embedding.base import Embedder, EmbedderIdentity, Vector, Vectors

WARRANTY = """Warranty

The warranty lasts 24 months from the day of purchase.

Keep the receipt, for without it no claim can be made. Send the machine in its box to the address
on the back page, and write your name on the parcel. Damage by limescale is not covered, because
descaling is described on page twelve and takes half an hour."""

QUESTIONS = {
    "How long is the warranty?": "The warranty lasts 24 months from the day of purchase.",
    "保修期是多久？": "The warranty lasts 24 months from the day of purchase.",
    "Is limescale damage covered?": "Damage by limescale is not covered",
}


class Counting:
    """The default model, counting the documents that it reads."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.read = 0

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
        self.read += len(texts)
        return self._inner.embed_documents(texts, on_progress)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        return self._inner.embed_query(text, task=task)

    def close(self) -> None:
        """Leave it to whoever opened it."""


@pytest.fixture
def counting(embedder: Embedder) -> Counting:
    return Counting(embedder)


@pytest.fixture
def base(tmp_path: Path, counting: Counting) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=counting) as opened:
        opened.add(WARRANTY, name="warranty.txt")
        yield opened


def marked(hit: SearchHit) -> str:
    assert hit.sentence is not None
    assert hit.sentence in hit.highlights
    return hit.text[slice(*hit.sentence)]


@pytest.mark.parametrize("refined", [True, False])
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_sentence_that_answers_is_marked_and_not_the_heading(
    base: KnowledgeBase, question: str, *, refined: bool
) -> None:
    if refined:
        base.refine()
    (hit,) = base.search(question)
    assert marked(hit).startswith(QUESTIONS[question])
    assert "Warranty\n" not in marked(hit)


def test_stored_sentences_cost_a_search_no_model_time(
    base: KnowledgeBase, counting: Counting
) -> None:
    base.refine()
    counting.read = 0
    (stored,) = base.search("How long is the warranty?", highlights="stored")
    assert [stored] == base.search("How long is the warranty?")
    assert stored.sentence is not None
    assert counting.read == 0


def test_hits_without_stored_sentences_are_marked_with_words_until_the_model_has_read_them(
    base: KnowledgeBase, counting: Counting
) -> None:
    counting.read = 0
    (hit,) = base.search("How long is the warranty?", highlights="stored")
    assert (hit.sentence, counting.read) == (None, 0)
    assert [hit.text[a:b] for a, b in hit.words] == ["Warranty", "warranty"]
    (later,) = base.highlight("How long is the warranty?", [hit])
    assert marked(later).startswith("The warranty lasts")
    assert counting.read > 0


def test_words_beside_the_sentence_stay_marked_and_none_is_marked_twice(
    base: KnowledgeBase,
) -> None:
    base.refine()
    (hit,) = base.search("How long is the warranty?")
    spans = [hit.text[a:b] for a, b in hit.highlights]
    assert spans == ["Warranty", marked(hit)]
    assert [hit.text[a:b] for a, b in hit.words] == ["Warranty", "warranty"]


def test_a_word_that_stands_in_one_sentence_only_decides_between_two_that_are_alike(
    base: KnowledgeBase,
) -> None:
    text = " ".join(
        f"Room {letter}{number} on the ground floor is cleaned by the night shift each week, and "
        "its key hangs in the cupboard of the porter."
        for number, letter in enumerate("ABCDEFG", start=11)
    )
    base.add(text, name="rooms.txt")
    base.refine()
    (hit,) = base.search("who cleans room D14", top_k=1)
    assert marked(hit).startswith("Room D14")
