"""Keys that stand half way down beside values of several lines, in tables without lines."""

from __future__ import annotations

import pytest

from tests.helpers.pdf_tables import lay, made, tables_on, whole

VALUE = (
    "Repaired under warranty, see report 12; the casing",
    "was exchanged and the motor rewound by the maker",
    "of the pump in Holm, who was paid for it at once and",
    "after long talks of which we had nothing but sorrow,",
    "in cash by Ms Strand.",
)
YARD = "Aarhus, at the yard of Messrs Bell, Crane and Dunn,\nwho built ferries and\nbarges."


def sheet(lines: int) -> list[list[str]]:
    """Return keys and values, one of so many lines."""
    return [
        ["Model:", "KX-4471-B"],
        ["Voltage:", "230 V / 50 Hz"],
        ["Remarks:", "\n".join([*VALUE[: lines - 1], VALUE[-1]])],
        ["Built:", "2023-11"],
        ["Yard:", YARD],
        ["Cost:", "4,118.20"],
    ]


@pytest.mark.parametrize("lines", [2, 3, 4, 5])
@pytest.mark.parametrize("room", [0.0, 3.0, 6.0])
@pytest.mark.parametrize("middle", [True, False])
def test_a_value_of_several_lines_is_its_keys_alone(
    lines: int,
    room: float,
    middle: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    rows = sheet(lines)
    data = made(lambda canvas: lay(canvas, rows, "ll", gap=1.0, middle=middle, room=room))
    (table,) = tables_on(data)
    assert [list(row) for row in table.rows] == whole(rows)
