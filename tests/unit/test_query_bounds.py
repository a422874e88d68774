"""How much one query may hold, and how many of its words are looked up."""

from __future__ import annotations

import re
import sqlite3  # noqa: TID251 - the file, past the catalog
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.catalog.connections import Connections
from kb.catalog.state import Change
from kb.errors import InputTooLongError
from kb.records import CollectionInfo
from kb.search import lexical
from kb.search.query import MOST_CHARACTERS, MOST_TERMS, parse
from kb.search.term_frequencies import TermFrequencies
from kb.words.terms import index_text


def _word(number: int) -> str:
    """Return a word of letters alone, which has no parts."""
    return "".join(chr(97 + int(digit)) for digit in f"{number:04}")


def test_a_query_of_more_characters_than_are_searched_for_is_refused_with_the_bound() -> None:
    with pytest.raises(InputTooLongError, match=re.escape("16,385 characters, but at most 16,384")):
        parse("x" * (MOST_CHARACTERS + 1))
    assert parse("x" * MOST_CHARACTERS).text


@pytest.mark.parametrize(
    "query",
    [
        " ".join(map(_word, range(MOST_TERMS + 1))),
        "".join(chr(0x4E00 + number) for number in range(MOST_TERMS + 2)),
        " ".join(f'"{_word(number)}"' for number in range(MOST_TERMS + 1)),
        "word " + " ".join(f"-{_word(number)}" for number in range(MOST_TERMS)),
    ],
    ids=["words", "pairs of characters", "phrases", "exclusions"],
)
def test_a_query_of_more_words_than_are_searched_for_is_refused_with_the_bound(query: str) -> None:
    with pytest.raises(InputTooLongError, match=r"different words .* at most 2,048"):
        parse(query)


@pytest.mark.parametrize(
    "query",
    [
        " ".join(f"w{number}" for number in range(1100)),
        " ".join(f"E-{number}" for number in range(MOST_TERMS)),
        " ".join(f"1,{number:03}" for number in range(1000)),
    ],
    ids=["names with a number", "identifiers", "numbers of two groups"],
)
def test_a_word_of_several_parts_is_one_of_the_words_that_are_counted(query: str) -> None:
    assert len(parse(query).tokens) > len(query.split())


def test_a_refusal_names_the_number_of_words_that_were_written() -> None:
    with pytest.raises(InputTooLongError, match=r"has 2,049 different words"):
        parse(" ".join(f"w{number}" for number in range(MOST_TERMS + 1)))


def test_the_parts_of_few_words_are_bounded_as_well() -> None:
    with pytest.raises(InputTooLongError, match=r"words have 16,\d{3} parts, but at most 8,192"):
        parse("word -" + "x1" * 8000)


def test_a_word_that_is_repeated_counts_once() -> None:
    assert len(parse("again " * 2700).tokens) == 1


def test_a_phrase_that_is_repeated_is_asked_for_once() -> None:
    assert len(parse('"a b" ' * 2000).required) == 1
    assert len(parse("x " + "-word " * 2000).excluded) == 1


@pytest.mark.parametrize(
    ("word", "is_identifier"),
    [
        ("E-1407", True),
        ("7-Zip", True),
        ("user_id", True),
        ("parseFile", True),
        ("1.5.9", True),
        ("well-known", False),
        ("Well-Known", False),
        ("mid-1990", False),
    ],
)
def test_identifiers_are_told_from_hyphenated_words(word: str, is_identifier: bool) -> None:  # noqa: FBT001 - of the table
    assert bool(parse(f"the {word} here").identifiers) is is_identifier


def test_of_very_many_terms_the_rarest_are_looked_up_as_far_as_the_budget_goes(
    tmp_path: Path,
) -> None:
    with closing(Connections(tmp_path / "catalog.sqlite3")) as database, database.write() as db:
        looked_up = _looked_up(db)
    assert 900 < len(looked_up) <= 1001  # 1,000 terms of 10 postings each: 10,000,000 looks
    assert _word(7) not in looked_up


def _looked_up(db: sqlite3.Connection) -> set[str]:
    change = Change(db)
    change.create_keyword_index("kb-test")
    # Each of 2,000 words stands in 10 chunks, and word 7 in one more.
    passages = [_word(number % 2000) for number in range(20_000)] + [_word(7)]
    change.index_words("kb-test", [(n, index_text(t), "") for n, t in enumerate(passages)])
    described = CollectionInfo(
        id="kb-test",
        name="test",
        description="",
        embedder="",
        dim=1,
        documents=1,
        chunks=len(passages),
        created_at=datetime.now(UTC),
    )
    asked = parse(" ".join(map(_word, range(2000))))
    chosen = lexical.weigh(change, described, asked, TermFrequencies()).expression
    assert chosen is not None
    return set(re.findall(r'"(\w+)"', chosen))
