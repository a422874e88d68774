"""An edit changes a few chunks, whatever the text looks like and however long it goes on."""

# ruff: noqa: S311 - seeded texts, nothing secret

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from kb.records import Chunk, Document
from kb.splitting import SplitOptions, split

LENGTH = 60_000
EDITS = 16
# Texts of a million characters have about 1,150 chunks; an edit changes as many of theirs as it
# changes of a shorter text's, so a bound on their number bounds the share.
ONE_PERCENT = 11
FEWEST_CHARACTERS = 800  # on average; shorter chunks would find each other again more easily
TOKENS = 500  # about what the default model reads; 1,024 ideographs have more

_chance = random.Random(11)
WORDS = ["".join(_chance.choices("abdefghiklmnoprstu", k=n % 8 + 2)) for n in range(900)]


def english(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(4, 24))).capitalize() + "."


def alike(chance: random.Random) -> str:
    """All sentences have 80 characters."""
    return " ".join(chance.choices(WORDS, k=40))[:79].capitalize() + "."


def template(chance: random.Random) -> str:
    """All sentences are one but for a number."""
    return f"This is sentence number {chance.randrange(10**6)} of the handbook of gardens."


def chinese(chance: random.Random) -> str:
    return "".join(map(chr, chance.choices(range(0x4E00, 0x5E00), k=chance.randint(6, 45)))) + "。"


@dataclass(frozen=True)
class Kind:
    """How a text is made up: its sentences, and what joins them and their paragraphs."""

    sentence: Callable[[random.Random], str]
    between_sentences: str
    between_paragraphs: str

    def paragraph(self, chance: random.Random) -> str:
        sentences = (self.sentence(chance) for _ in range(chance.randint(1, 8)))
        return self.between_sentences.join(sentences)

    def paragraphs(self, chance: random.Random) -> list[str]:
        made: list[str] = []
        while sum(map(len, made)) < LENGTH:
            made.append(self.paragraph(chance))
        return made

    def edited(self, paragraphs: list[str], place: int, chance: random.Random) -> list[str]:
        """Replace, insert or delete a paragraph, or insert one character in it."""
        before, here, after = paragraphs[:place], paragraphs[place], paragraphs[place + 1 :]
        at = chance.randrange(len(here))
        new = chance.choice(
            (
                [self.paragraph(chance)],
                [self.paragraph(chance), here],
                [],
                [here[:at] + "x" + here[at:]],
            )
        )
        return [*before, *new, *after]


KINDS = {
    "English paragraphs": Kind(english, " ", "\n\n"),
    "English without blank lines": Kind(english, " ", "\n"),
    "English in one paragraph": Kind(english, " ", " "),
    "English with a line for each sentence": Kind(english, "\n", "\n"),
    "sentences alike in length": Kind(alike, " ", " "),
    "sentences made from a template": Kind(template, " ", " "),
    "Chinese paragraphs": Kind(chinese, "", "\n\n"),
    "Chinese in one paragraph": Kind(chinese, "", ""),
}


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Four bytes to a token: about what models take for English and for Chinese."""
    return [len(text.encode()) // 4 + 1 for text in texts]


def cut(text: str, max_tokens: int = 10**6, **options: object) -> list[Chunk]:
    return split(
        Document.from_text(text),
        SplitOptions(**options),  # type: ignore[arg-type] # checked by SplitOptions itself
        count_tokens=count_tokens,
        max_tokens=max_tokens,
    )


def new_chunks(before: list[Chunk], after: list[Chunk]) -> int:
    old, new = (Counter(chunk.text for chunk in chunks) for chunks in (before, after))
    return (new - old).total()


def changes(kind: Kind, cut_text: Callable[[str], list[Chunk]]) -> tuple[list[Chunk], list[int]]:
    """Return the chunks of a text, and how many are new after each of many edits."""
    chance = random.Random(12)
    paragraphs = kind.paragraphs(chance)
    before = cut_text(kind.between_paragraphs.join(paragraphs))
    places = [0, 1, len(paragraphs) - 1]
    places += (chance.randrange(len(paragraphs)) for _ in range(EDITS - len(places)))
    return before, [
        new_chunks(
            before,
            cut_text(kind.between_paragraphs.join(kind.edited(paragraphs, place, chance))),
        )
        for place in places
    ]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_edit_anywhere_changes_more_than_a_hundredth_of_a_megabyte(kind: Kind) -> None:
    chunks, counts = changes(kind, cut)
    assert max(counts) <= ONE_PERCENT
    assert statistics.mean(counts) <= 4
    assert statistics.mean(len(chunk.text) for chunk in chunks) >= FEWEST_CHARACTERS


def test_chunks_divided_for_the_model_find_their_way_back_too() -> None:
    chunks, counts = changes(
        KINDS["Chinese in one paragraph"], lambda text: cut(text, max_tokens=TOKENS)
    )
    assert max(chunk.tokens for chunk in chunks) <= TOKENS
    # Most chunks are divided in two, so that there are about twice as many.
    assert len(chunks) > 1.5 * LENGTH / FEWEST_CHARACTERS
    assert max(counts) <= 2 * ONE_PERCENT
    assert statistics.mean(counts) <= 8


def test_chunks_measured_in_tokens_find_their_way_back_too() -> None:
    _, counts = changes(
        KINDS["English in one paragraph"],
        lambda text: cut(text, unit="tokens", chunk_size=256, chunk_overlap=32),
    )
    assert max(counts) <= ONE_PERCENT
    assert statistics.mean(counts) <= 4
