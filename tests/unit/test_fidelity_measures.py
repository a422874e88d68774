"""The figures of the fidelity benchmark fall for the fault that each is for, and for no other."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PROSE = "The harbour clerk counted seven barrels twice before noon."
COLUMNS = ("alpha bravo charlie delta echo", "foxtrot golf hotel india juliet")
TABLE = "Item\tColour\tPrice\nLamp\tgreen\t12.50\nChair\tred\t80"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from fidelity_parts import content, measures, truth, words  # noqa: PLC0415 - the line before

    yield SimpleNamespace(content=content, measures=measures, truth=truth, words=words)
    for name in [name for name in sys.modules if name.startswith("fidelity_parts")]:
        del sys.modules[name]


def figures(parts: SimpleNamespace, wanted: object, reading: str) -> dict[str, float]:
    measured = parts.measures.measure(wanted, reading)
    names = ("found", "order", "cells", "invented", "repeated")
    return {name: round(getattr(measured, name).value, 4) for name in names}


@pytest.fixture
def wanted(parts: SimpleNamespace) -> object:
    table = parts.content.Table(
        columns=("Item", "Colour", "Price"),
        rows=(("Lamp", "green", "12.50"), ("Chair", "red", "80")),
    )
    paragraphs = [parts.content.Paragraph(text=text) for text in (PROSE, *COLUMNS)]
    listing = parts.content.Code(lines=("if kiln:", "    glow()"))
    content = parts.content.Content(
        blocks=(*paragraphs, table, listing), language="en", header="Quarterly ledger"
    )
    return parts.truth.truth_of(content)


READING = "\n\n".join(
    ("Quarterly ledger", PROSE, *COLUMNS, TABLE, "if kiln:\n    glow()"),
)
PERFECT = {"found": 1, "order": 1, "cells": 1, "invented": 0, "repeated": 0}


def fell(parts: SimpleNamespace, wanted: object, reading: str) -> set[str]:
    found = figures(parts, wanted, reading)
    return {name for name, value in found.items() if value != PERFECT[name]}


def test_a_perfect_reading_has_perfect_figures(parts: SimpleNamespace, wanted: object) -> None:
    assert figures(parts, wanted, READING) == PERFECT


@pytest.mark.parametrize(
    ("old", "new", "figure"),
    [
        pytest.param("barrels ", "", "found", id="a-word-lost"),
        pytest.param(
            "\n\n".join(COLUMNS), "\n\n".join(COLUMNS[::-1]), "order", id="columns-swapped"
        ),
        pytest.param("green\t12.50", "\tgreen\t12.50", "cells", id="cells-shifted"),
        pytest.param("Lamp\tgreen", "Lamp\ngreen", "cells", id="a-row-broken"),
        pytest.param("    glow()", "glow()", "cells", id="indentation-lost"),
        pytest.param("twice before", "twice zyxgarble before", "invented", id="a-word-invented"),
        pytest.param("noon.", "noon. noon.", "repeated", id="a-word-twice"),
        pytest.param("Quarterly ledger", "Quarterly ledger\n" * 2, "repeated", id="a-header-twice"),
    ],
)
def test_a_fault_lowers_its_figure_and_no_other(
    parts: SimpleNamespace, wanted: object, old: str, new: str, figure: str
) -> None:
    assert READING.count(old) == 1
    assert fell(parts, wanted, READING.replace(old, new)) == {figure}


def test_a_header_that_is_left_out_is_right(parts: SimpleNamespace, wanted: object) -> None:
    assert fell(parts, wanted, READING.replace("Quarterly ledger", "")) == set()


def test_words_run_together_are_lost_and_invented(parts: SimpleNamespace, wanted: object) -> None:
    reading = READING.replace("seven barrels", "sevenbarrels")
    assert fell(parts, wanted, reading) == {"found", "invented"}


def test_columns_read_line_by_line_lose_half_of_their_order(parts: SimpleNamespace) -> None:
    left, right = ([f"{side}{n}" for n in range(20)] for side in "ab")
    truth = parts.truth.Truth(streams=(" ".join(left + right),))
    mixed = " ".join(f"{one} {two}" for one, two in zip(left, right, strict=True))
    assert figures(parts, truth, mixed)["order"] == pytest.approx(0.525)


def test_a_space_inside_a_chinese_sentence_costs_the_pair_it_parts(parts: SimpleNamespace) -> None:
    truth = parts.truth.Truth(streams=("合同发票清单",))
    assert figures(parts, truth, "合同发 票清单")["found"] == 0.8
    assert figures(parts, truth, "合 同 发 票 清 单")["found"] == 0
    assert figures(parts, truth, "合同发票清单") == PERFECT


def test_a_value_beside_its_label_is_one_on_the_same_line_after_it(parts: SimpleNamespace) -> None:
    form = parts.content.Form(
        fields=(
            parts.content.Field(label="Winter tyres", value="yes", kind="check"),
            parts.content.Field(label="Fuel", value="diesel"),
        )
    )
    truth = parts.truth.truth_of(parts.content.Content(blocks=(form,), language="en"))
    assert figures(parts, truth, "Winter tyres: yes\nFuel: diesel")["cells"] == 1
    assert figures(parts, truth, "Winter tyres ☑\nFuel\ndiesel")["cells"] == 0.5
    assert figures(parts, truth, "Winter tyres: no\ndiesel: Fuel")["cells"] == 0


@pytest.mark.parametrize(("every", "share"), [(True, 0.5), (False, 1.0)])
def test_a_merged_cell_belongs_to_each_row_of_docx_and_to_one_of_pdf(
    parts: SimpleNamespace, *, every: bool, share: float
) -> None:
    table = parts.content.Table(
        columns=("Room", "House", "Desk"),
        rows=(("101", "Aspen", "oak"), ("102", "Aspen", "")),
        merged=(parts.content.Merged(row=0, column=1, count=2),),
    )
    content = parts.content.Content(blocks=(table,), language="en")
    reading = "Room\tHouse\tDesk\n101\tAspen\toak\n102\t\t"
    assert figures(parts, parts.truth.truth_of(content, every=every), reading)["cells"] == share


def test_the_longest_common_subsequence_is_that_of_the_slow_way(parts: SimpleNamespace) -> None:
    chance = random.Random(4)  # noqa: S311 - nothing secret
    for _ in range(50):
        one, two = (chance.choices("abcdef", k=chance.randint(0, 30)) for _ in range(2))
        table = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
        for i, x in enumerate(one, 1):
            for j, y in enumerate(two, 1):
                longer = max(table[i - 1][j], table[i][j - 1])
                table[i][j] = table[i - 1][j - 1] + 1 if x == y else longer
        assert parts.measures.common(one, two) == table[-1][-1]


def test_a_seed_says_the_same_words_every_time(parts: SimpleNamespace) -> None:
    def said(seed: int) -> str:
        chance = random.Random(seed)  # noqa: S311 - nothing secret
        return str(parts.words.Speaker("de", chance).paragraph())

    assert said(3) == said(3) != said(4)


def test_a_cell_that_says_what_a_column_is_called_is_no_line_of_names(
    parts: SimpleNamespace,
) -> None:
    table = parts.content.Table(
        columns=("Item", "Made of", "Iron"), rows=(("Lamp", "Iron", "3"), ("Nail", "Iron", "5"))
    )
    truth = parts.truth.truth_of(parts.content.Content(blocks=(table,), language="en"))
    reading = "Item\tMade of\tIron\nLamp\tIron\t3\nNail\tIron\t5"
    assert figures(parts, truth, reading)["cells"] == 1
