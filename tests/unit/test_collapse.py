"""Hits that say the same become one."""

from __future__ import annotations

import pytest

from kb.catalog.chunks import Passage
from kb.search.collapse import Kept, collapse

ENGLISH = " ".join(f"Valve {n} is closed before pump {n + 1} is started." for n in range(20))
CHINESE = "".join(f"第{n}号阀门须在第{n + 1}号水泵启动之前关闭。" for n in range(40))


def hit(text: str, document: int, start: int = 0) -> Passage:
    return Passage(
        id=document * 1000 + start,
        document_id=document,
        start=start,
        end=start + len(text),
        text=text,
    )


def documents(found: list[Kept]) -> list[list[int]]:
    return [each.document_ids for each in found]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (slice(0, 600), slice(0, 600)),
        (slice(0, 600), slice(150, 750)),
        (slice(100, 500), slice(0, 700)),
    ],
)
def test_the_same_text_cut_elsewhere_in_another_document_is_one_hit(
    text: str, first: slice, second: slice
) -> None:
    found = collapse([hit(text[first], 1), hit(text[second], 2)])
    assert documents(found) == [[1, 2]]
    assert found[0].passage.text == text[first]


def test_white_space_makes_no_difference() -> None:
    assert len(collapse([hit(ENGLISH, 1), hit(ENGLISH.replace(". ", ".\n\n"), 2)])) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [(ENGLISH + " Done.", ENGLISH + " Done!"), (CHINESE, CHINESE.replace("。", "；"))],
)
def test_marks_of_sentences_make_no_difference(old: str, new: str) -> None:
    assert len(collapse([hit(old, 1), hit(new, 2)])) == 1


def test_marks_inside_of_numbers_and_code_do() -> None:
    old = ENGLISH.replace("pump 5 ", "pump 1.5 ") + " if a != b:"
    assert len(collapse([hit(old, 1), hit(old.replace("1.5", "15"), 2)])) == 2
    assert len(collapse([hit(old, 1), hit(old.replace("!=", "=="), 2)])) == 2


@pytest.mark.parametrize(
    ("old", "new"), [(ENGLISH, ("pump 5", "pump 6")), (CHINESE, ("第5号", "第6号"))]
)
def test_versions_that_differ_in_a_number_stay_two_hits(old: str, new: tuple[str, str]) -> None:
    assert len(collapse([hit(old, 1), hit(old.replace(*new), 2)])) == 2


def test_a_short_overlap_is_no_copy() -> None:
    assert len(collapse([hit(ENGLISH[:600], 1), hit(ENGLISH[400:1000], 2)])) == 2
    assert len(collapse([hit(ENGLISH[:600], 1), hit(ENGLISH[472:1000], 1, start=472)])) == 2


def test_mostly_overlapping_chunks_of_one_document_are_one_hit_with_one_source() -> None:
    found = collapse([hit(ENGLISH[:600], 1), hit(ENGLISH[200:800], 1, start=200)])
    assert documents(found) == [[1]]


@pytest.mark.parametrize("text", ["", "猫", "Yes.", "x" * 200])
def test_a_text_and_a_short_quotation_of_it_are_two_hits(text: str) -> None:
    assert len(collapse([hit(text, 1), hit(text, 2), hit(text + ENGLISH, 3)])) == 2


def numbered(number: int) -> str:
    return " ".join(f"Gate {number} opens after {n} turns of crank {number + n}." for n in range(9))


def test_no_more_are_kept_than_wanted() -> None:
    found = collapse([hit(numbered(n), n) for n in range(20)], 3)
    assert documents(found) == [[0], [1], [2]]


def test_a_copy_behind_all_that_is_wanted_adds_its_document() -> None:
    ranked = [hit(numbered(n), n) for n in range(20)]
    copies = [hit(numbered(1), 31), hit(f"{numbered(0)[:-1]}!", 30), hit(numbered(7), 37)]
    assert documents(collapse([*ranked, *copies], 3)) == [[0, 30], [1, 31], [2]]


def test_a_document_that_is_shown_may_hold_copies_of_another() -> None:
    ranked = [hit(numbered(n), n) for n in range(3)]
    assert documents(collapse([*ranked, hit(numbered(0), 2, start=5000)], 3)) == [[0, 2], [1], [2]]


def test_what_is_wanted_changes_nothing_of_what_is_kept_before() -> None:
    texts = [numbered(n % 7)[n // 7 : 200 + 20 * n] for n in range(40)]
    ranked = [hit(text, n % 11, start=n // 11 * 150) for n, text in enumerate(texts)]
    every = documents(collapse(ranked))
    for wanted in range(1, len(every)):
        assert documents(collapse(ranked, wanted)) == every[:wanted]
