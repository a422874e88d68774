"""Tables whose names of columns stand no further apart than words, with cells of several lines."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import made, tables_on

Placed = tuple[float, str]


def lines(canvas: Canvas, rows: Sequence[tuple[float, Sequence[Placed]]], *, bold: int) -> None:
    """Print cells at places, those of the first ``bold`` lines in bold letters."""
    for number, (down, cells) in enumerate(rows):
        canvas.setFont("Times-Bold" if number < bold else "Times-Roman", 12)
        for left, text in cells:
            canvas.drawString(left, 700 - down, text)


def rows_on(rows: Sequence[tuple[float, Sequence[Placed]]], *, bold: int = 1) -> list[list[str]]:
    """Return the rows of the only table of a page with such lines."""
    (table,) = tables_on(made(lambda canvas: lines(canvas, rows, bold=bold)))
    return [list(row) for row in table.rows]


def test_names_that_begin_where_their_columns_do_are_one_each() -> None:
    found = rows_on(
        [
            (0, [(36, "Work"), (179.2, "Hours"), (215.9, "Rate"), (258.6, "Sum")]),
            (19, [(35.2, "Hull: sanding"), (178.5, "12.5"), (215.1, "60.00"), (257.8, "750.00")]),
            (38, [(35.2, "Mast: new ropes"), (178.5, "4"), (215.1, "60.00"), (257.8, "240.00")]),
            (57, [(35.2, "Deck: oil"), (178.5, "2"), (215.1, "60.00"), (257.8, "120.00")]),
            (76, [(35.2, "Material"), (257.8, "312.40")]),
        ]
    )
    assert found[0] == ["Work", "Hours", "Rate", "Sum"]
    assert found[1] == ["Hull: sanding", "12.5", "60.00", "750.00"]


def test_names_that_are_centred_with_no_more_than_spaces_between_are_one_each() -> None:
    names = [(36, "Drug"), (143, "Morning"), (191.3, "Noon"), (221.7, "Night"), (253.3, "Remark")]
    found = rows_on(
        [
            (0, names),
            (
                19,
                [
                    (35.2, "Ramipril 5 mg"),
                    (155.6, "1"),
                    (194.9, "0"),
                    (225.9, "0"),
                    (252.6, "before breakfast"),
                ],
            ),
            (
                38,
                [
                    (35.2, "Metformin 850 mg"),
                    (155.6, "1"),
                    (194.9, "0"),
                    (225.9, "1"),
                    (252.6, "with food; stop two days before an operation"),
                ],
            ),
            (
                57,
                [(35.2, "Simvastatin 20 mg"), (155.6, "0"), (194.9, "0"), (225.9, "1")],
            ),
        ]
    )
    assert found[0] == ["Drug", "Morning", "Noon", "Night", "Remark"]
    assert found[1] == ["Ramipril 5 mg", "1", "0", "0", "before breakfast"]


def test_a_name_of_two_words_over_two_columns_stays_the_name_of_both() -> None:
    found = rows_on(
        [
            (0, [(36, "Patient"), (166, "Blood Pressure"), (300, "Weight")]),
            (19, [(36, "Ann Bell"), (150, "120"), (240, "80"), (300, "64.5")]),
            (38, [(36, "Ben Cole"), (150, "135"), (240, "88"), (300, "81.0")]),
            (57, [(36, "Cy Dunn"), (150, "118"), (240, "76"), (300, "70.2")]),
        ]
    )
    assert found[0] == ["Patient", "Blood Pressure", "Blood Pressure", "Weight"]


STAFF = [
    (
        0.0,
        [(35.2, "Ann Bell"), (94.9, "Harbour master; speaks German and Danish"), (417.8, "555-")],
    ),
    (13.5, [(94.9, "and is to be reached at night, too"), (417.8, "0147")]),
    (34.0, [(35.2, "Ben"), (94.9, "Crane"), (417.8, "555-")]),
    (47.5, [(35.2, "Cole"), (417.8, "0148")]),
    (68.5, [(35.2, "Cy Dunn"), (94.9, "Accounts, licences, berths for guests"), (417.8, "555-")]),
    (82.0, [(417.8, "0149")]),
]


def test_a_row_whose_first_and_last_cells_wrap_is_one_row() -> None:
    assert rows_on(STAFF, bold=0)[1] == ["Ben Cole", "Crane", "555-0148"]


def test_a_row_whose_first_and_last_cells_wrap_is_one_row_where_all_lines_are_as_near() -> None:
    even = [(13.5 * number, cells) for number, (_, cells) in enumerate(STAFF)]
    assert rows_on(even, bold=0)[1] == ["Ben Cole", "Crane", "555-0148"]


def test_amounts_with_their_minus_behind_stay_amounts_of_two_rows() -> None:
    found = rows_on(
        [
            (0, [(36, "Rent"), (150, "Flat 4"), (300, "450.00-")]),
            (13.5, [(36, "Rebate"), (300, "12.00-")]),
            (34, [(36, "Water"), (150, "Flat 4"), (300, "31.20-")]),
            (47.5, [(36, "Heating"), (300, "60.00-")]),
            (68, [(36, "Lift"), (150, "Flat 4"), (300, "9.10-")]),
        ],
        bold=0,
    )
    assert [row[2] for row in found] == ["450.00-", "12.00-", "31.20-", "60.00-", "9.10-"]
