"""Words that are one slip of the finger away from others."""

from __future__ import annotations

import pytest

from kb.words.typos import MOST_LETTERS, may_be_misspelt, one_slip_away


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("warrenty", "warranty"),
        ("waranty", "warranty"),
        ("warrantty", "warranty"),
        ("warratny", "warranty"),
        ("arranty", "warranty"),
        ("warrant", "warranty"),
        ("xwarranty", "warranty"),
        ("awrranty", "warranty"),
        ("warrantyx", "warranty"),
        ("гаратния", "гарантия"),
        ("εγγυσηη", "εγγυηση"),
        ("חשבונת", "חשבונית"),
        ("فاتوره", "فاتورة"),
    ],
)
def test_a_letter_more_less_other_or_two_swapped_is_one_slip(typed: str, meant: str) -> None:
    assert meant in one_slip_away(typed)


@pytest.mark.parametrize("other", ["warranty", "wrarenty", "waranties", "warrentyab", "ranty"])
def test_what_is_two_slips_away_or_none_is_not(other: str) -> None:
    assert other not in one_slip_away("warranty")


@pytest.mark.parametrize(
    "word",
    ["the", "e1407", "12345", "咖啡机器", "こんにちは", "한국어로", "สวัสดี", "a_bc", "x" * 21],
)
def test_short_words_codes_numbers_and_what_has_no_spaces_are_no_mistakes(word: str) -> None:
    assert not may_be_misspelt(word)


@pytest.mark.parametrize("word", ["brad", "warrenty", "гаратния", "x" * MOST_LETTERS])
def test_words_of_four_letters_or_more_may_be(word: str) -> None:
    assert may_be_misspelt(word)


def test_there_are_no_more_spellings_than_can_be_looked_up() -> None:
    assert len(one_slip_away("abcdefghijklmnopqrst")) < 53 * (MOST_LETTERS + 1)
