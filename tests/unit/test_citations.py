"""Citations, thinking aloud and going in circles: what of a model's words is shown."""

from __future__ import annotations

import pytest

from kb.answering.citations import CitationFilter
from kb.answering.pieces import until_circling


def filtered(text: str, passages: int, *, size: int) -> tuple[str, tuple[int, ...]]:
    given = CitationFilter(passages)
    parts = [given.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join([*parts, given.end()]), given.cited


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("said", "shown", "cited"),
    [
        ("Two years [1].", "Two years [1].", (1,)),
        ("Two years [7].", "Two years.", ()),
        ("Two years [1][9] and [2, 8].", "Two years [1] and [2].", (1, 2)),
        ("Two years [1,2].", "Two years [1][2].", (1, 2)),
        ("两年【1】，三年[3、2]。", "两年[1]，三年[2]。", (1, 2)),
        ("A list[0] of [12345] in [x].", "A list of [12345] in [x].", ()),
        ("Open [", "Open [", ()),
        ("", "", ()),
    ],
)
def test_citations_of_passages_that_were_given_stay_and_others_go(
    said: str, shown: str, cited: tuple[int, ...], size: int
) -> None:
    assert filtered(said, 2, size=size) == (shown, cited)


def test_an_answer_that_goes_in_circles_is_ended() -> None:
    sentence = "The warranty lasts 24 months from the date of purchase, they say. "
    given = "".join(until_circling([sentence] * 50))
    assert given == sentence * 2
    assert len("".join(until_circling("注册账号，请登记！" * 50))) < 60


def test_what_only_looks_like_a_circle_goes_on() -> None:
    table = "| a | b |\n" + "|---" * 40 + "|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(99))
    assert "".join(until_circling(table)) == table
