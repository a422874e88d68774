"""Windows of a passage: whole sentences, none too short, none too long, nothing left out."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from kb.sentences.windows import LEAST, MOST, halves, windows

ENGLISH = (
    "The warranty lasts 24 months from the day of purchase. It covers faults of material and of "
    "manufacture, but not wear. Keep the receipt! Spare parts are kept for ten years after the "
    "last machine of a series was sold."
)


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in windows(text)]


def test_short_sentences_are_joined_and_long_ones_stand_alone() -> None:
    assert parts(ENGLISH) == [
        ENGLISH[: ENGLISH.index(" Keep")],
        ENGLISH[ENGLISH.index("Keep") :],
    ]


def test_a_passage_of_one_sentence_is_one_window() -> None:
    assert windows("Only this.") == [(0, 10)]


def test_a_short_last_sentence_belongs_to_the_window_before_it() -> None:
    text = "x" * LEAST + ". The end."
    assert parts(text) == [text]


def test_chinese_sentences_end_without_white_space() -> None:
    first = "保修期为二十四个月，从购买之日起计算，包括材料和制造方面的缺陷，但不包括正常磨损。" * 2
    second = "请妥善保管收据，以便在需要维修时出示，否则我们无法确认购买日期，也无法免费维修。" * 2
    assert parts(first + second) == [first, second]


def test_lines_of_a_list_are_sentences() -> None:
    lines = [f"{number}. {'Turn the valve slowly ' * 4}".strip() for number in range(3)]
    assert parts("\n".join(lines)) == lines


def test_a_sentence_goes_on_in_the_next_line() -> None:
    text = (
        "The water tank of this machine is to be emptied and rinsed with fresh water every\n"
        "evening, and left open over night so that it dries. "
        + "Second sentence follows here. "
        * 4
    )
    assert parts(text)[0].startswith("The water")
    assert parts(text)[0].endswith("so that it dries.")


@pytest.mark.parametrize("text", ["", "   \n", "---\n***", "…"])
def test_what_has_no_letter_has_no_window(text: str) -> None:
    assert windows(text) == []


def test_a_sentence_without_end_is_cut_between_words() -> None:
    text = " ".join(f"word{number}" for number in range(400))
    found = parts(text)
    assert all(len(part) <= MOST for part in found)
    assert " ".join(found) == text


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    found = parts("a" * 3000)
    assert all(len(part) <= MOST for part in found)
    assert "".join(found) == "a" * 3000


def test_letters_and_their_marks_are_never_cut_apart() -> None:
    text = "a\u0301" * 1500
    assert all(text[start] == "a" for start, _ in windows(text))


@pytest.mark.parametrize("seed", range(40))
def test_windows_hold_every_letter_in_order_and_never_overlap(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same texts each time
    alphabet = "ab, .!?\n。！e\u0301保修 —؟|-\t\ud800😀"
    text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 3000)))
    found = windows(text)
    assert all(start < end for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    outside = text
    for start, end in reversed(found):
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        assert end - start <= MOST
        outside = outside[:start] + outside[end:]
    assert not any(character.isalnum() for character in outside)


def test_a_window_is_halved_where_it_is_best_cut() -> None:
    text = "Rinse the tank with water, then let it dry. Close the lid again in the morning."
    (first, second) = halves(text, (0, len(text)))
    assert text[slice(*first)] == "Rinse the tank with water, then let it dry."
    assert text[slice(*second)] == "Close the lid again in the morning."
    assert halves("a", (0, 1)) == [(0, 1)]
