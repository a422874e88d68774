"""Short ids: made of a document's type and content, taken apart again."""

from __future__ import annotations

from typing import get_args

import pytest

from kb.records import MediaType
from kb.records.short_ids import LETTERS, ShortId, document_id, passage_id, short_id, stretch_id

HASH = "7f3a9c21ab" + "0" * 54


def test_every_type_has_a_letter_of_its_own_that_is_no_digit_of_a_hash() -> None:
    assert set(LETTERS) == set(get_args(MediaType))
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert not set(LETTERS.values()) & set("0123456789abcdef")


def test_an_id_is_the_letter_of_the_type_and_the_beginning_of_the_hash() -> None:
    assert document_id("markdown", HASH) == "m7f3a9c21ab"
    assert document_id("text", HASH) == "t7f3a9c21ab"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (document_id("markdown", HASH), None, None),
        (passage_id(document_id("markdown", HASH), 5120), 5120, None),
        (stretch_id(document_id("markdown", HASH), 0, 6144), 0, 6144),
        ("#m7f3a9c21ab.5120", 5120, None),
        ("M7F3A9C21AB", None, None),
    ],
)
def test_what_is_made_is_taken_apart_again(text: str, start: int | None, end: int | None) -> None:
    assert short_id(text) == ShortId(
        media_type="markdown", digits="7f3a9c21ab", start=start, end=end
    )


@pytest.mark.parametrize("text", ["m7f3a", f"m{HASH}", "p0000.0"])
def test_a_beginning_of_four_digits_and_more_is_an_id(text: str) -> None:
    assert short_id(text) is not None


@pytest.mark.parametrize(
    "text",
    ["", "m", "m7f3", "7f3a9c21ab", "x7f3a9c", "m7f3g9", "m7f3a.", "m7f3a.-5", "m7f3a.5-", "12"],
)
def test_other_words_are_no_ids(text: str) -> None:
    assert short_id(text) is None
