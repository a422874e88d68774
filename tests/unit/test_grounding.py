"""Answers taken apart: which sentence cites what, whether its passage holds it, what declines."""

from __future__ import annotations

import pytest

from kb.evaluation.grounding import ENOUGH, citations, declines, overlap

PASSAGE = (
    "The warranty lasts 24 months from the day of purchase. Send the receipt with the machine."
)


def cited(answer: str) -> list[tuple[str, int]]:
    return [(each.sentence, each.passage) for each in citations(answer)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It lasts 24 months [1].", [("It lasts 24 months.", 1)]),
        ("It lasts. [1] Send it in.", [("It lasts.", 1)]),
        ("One [1][2]. Two [2].", [("One.", 1), ("One.", 2), ("Two.", 2)]),
        ("保修期为24个月。[1]请附收据[2]。", [("保修期为24个月。", 1), ("请附收据。", 2)]),
        ("- One [1]\n- Two [3]", [("- One", 1), ("- Two", 3)]),
        ("Twice [1], and again [1].", [("Twice, and again.", 1)]),
        ("No source at all.", []),
    ],
)
def test_each_sentence_has_the_passages_that_it_names(
    answer: str, expected: list[tuple[str, int]]
) -> None:
    assert cited(answer) == expected


def test_a_passage_holds_what_is_said_in_other_forms_of_its_words() -> None:
    assert overlap("The warranty lasted for 24 months.", PASSAGE, "en") >= ENOUGH


def test_a_passage_about_the_same_matter_does_not_hold_another_statement() -> None:
    assert overlap("The warranty is void after opening the machine.", PASSAGE, "en") < ENOUGH


def test_a_number_that_the_passage_has_not_got_is_not_held() -> None:
    assert overlap("The warranty lasts 12 months from the day of purchase.", PASSAGE, "en") == 0


def test_a_number_is_held_however_its_digits_are_grouped() -> None:
    assert overlap("The price is 1,250,000 yen.", "A price of 1 250 000 yen.", "en") >= ENOUGH


@pytest.mark.parametrize(
    "answer",
    [
        "The documents do not say.",
        "文档中没有说明。",
        "The passages do not mention a warranty.",
        "Die Dokumente sagen das nicht.",
        "Le document n'est pas précisé.",
        "Los documentos no mencionan esto.",
        "文書には記載されていません。",
        "В документах не сказано об этом.",
        "I do not know.",
    ],
)
def test_what_says_that_nothing_is_said_declines(answer: str) -> None:
    assert declines(answer)


@pytest.mark.parametrize(
    "answer",
    ["The warranty lasts 24 months [1].", "It is not mentioned in [1] whom to ask.", "24 months."],
)
def test_what_answers_does_not_decline(answer: str) -> None:
    assert not declines(answer)
