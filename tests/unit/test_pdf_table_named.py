"""Tables of long cells between lines across, whose columns have names above."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import lay, made, prose, tables_on, whole

COMPARED = [
    ["Feature", "Standard", "Professional"],
    [
        "Support",
        "By mail within two\nworking days, answered\nby a team that knows\nthe product well",
        "By telephone at any hour,\nwith a named person who\nvisits you twice a year",
    ],
    [
        "Storage",
        "20 GB",
        "Unlimited, kept in two\nplaces at least a hundred\nkilometres apart",
    ],
    ["Price", "9 EUR a month", "29 EUR a month"],
    ["Notice period", "One month to the end of\na quarter", "None"],
]
DUTIES = [
    ["Step", "Tenant", "Landlord", "Due"],
    [
        "Notice",
        "writes to the landlord,\nand keeps a copy of the\nletter that was sent",
        "confirms in writing that\nthe letter has arrived, and\nnames a day for a visit",
        "3 June",
    ],
    [
        "Visit",
        "shows all rooms, opens\nthe cellar, and hands over\nthe book of the heating",
        "reads the meters, notes\nthe faults, and signs the\nrecord of the visit",
        "20 June",
    ],
]
TITLES = ("The Harbour Gazette", "Spring issue", "Page 12")
LEFT = [
    "The ferry left the quay at dawn, when the fog",
    "was still so thick that the pilot, an old man",
    "from the islands, steered by the bells alone,",
    "and nobody on deck could see the lamp at the",
    "bow; the cook made tea, and the passengers,",
    "wrapped in blankets, waited for the sun to rise",
    "over the hills, which it did not until ten.",
]
RIGHT = [
    "On the far side, in the market of the town, the",
    "traders had heard the horn, and carried their",
    "baskets down to the pier: apples, cheese, wool",
    "and the small blue jugs for which the place is",
    "known, so that the quay was full of people, and",
    "the harbour master, who likes order, sent for",
    "the two policemen and a length of rope.",
]


def rows_on(data: bytes) -> list[list[list[str]]]:
    return [[list(row) for row in table.rows] for table in tables_on(data)]


@pytest.mark.parametrize("rows", [COMPARED, DUTIES], ids=["compared", "duties"])
@pytest.mark.parametrize("gap", [1.0, 1.5])
def test_long_cells_below_names_and_beside_keys_are_cells(
    rows: list[list[str]], gap: float
) -> None:
    def draw(canvas: Canvas) -> None:
        lay(canvas, rows, "l" * len(rows[0]), gap=gap, font=("Helvetica", 9.0))
        lines = sum(max(cell.count("\n") + 1 for cell in row) for row in rows)
        for y in (712.0, 696.0, 698.0 - 10.8 * (lines - 1) - 3):
            canvas.line(76, y, 470, y)

    assert rows_on(made(draw)) == [whole(rows)]


def test_prose_in_columns_below_a_running_title_of_three_parts_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(70, 704, TITLES[0])
        canvas.drawCentredString(297, 704, TITLES[1])
        canvas.drawRightString(525, 704, TITLES[2])
        for y in (716, 698, 590):
            canvas.line(70, y, 525, y)
        prose(canvas, LEFT, 70, top=684)
        prose(canvas, RIGHT, 308, top=684)

    assert rows_on(made(draw)) == []
