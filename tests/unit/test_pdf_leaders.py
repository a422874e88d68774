"""Lines drawn from a dish to its price lead on as dots do, in menus of two columns, too."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import document

LEFT = [
    ("Matjestatar", "9,80", "mit Schwarzbrot und Apfel"),
    ("Krabbensuppe", "8,50", "mit Dill"),
    ("Salat der Saison", "7,20", "mit Kernen"),
    ("Scholle", "21,90", "mit Speck"),
]
RIGHT = [
    ("Labskaus", "16,40", "mit Spiegelei, Gurke und Roter Bete"),
    ("Pilzrisotto", "15,00", "mit Kräutern"),
    ("Apfelschorle", "4,10", "vom Alten Land"),
    ("Pils vom Fass", "3,60", "aus der Region"),
]


def dishes(canvas: Canvas, rows: list[tuple[str, str, str]], left: float, top: float) -> None:
    for name, price, more in rows:
        canvas.setFont("Helvetica", 11)
        canvas.drawString(left, top, name)
        canvas.drawRightString(left + 230, top, price)
        start = left + canvas.stringWidth(name, "Helvetica", 11) + 5
        end = left + 225 - canvas.stringWidth(price, "Helvetica", 11)
        canvas.line(start, top - 1, end, top - 1)
        canvas.setFont("Helvetica", 9)
        canvas.drawString(left, top - 11, more)
        top -= 27 if more else 21


def in_order(text: str, rows: list[tuple[str, str, str]]) -> bool:
    """Whether each dish stands before its price, and this before what is said of the dish."""
    at = 0
    for part in (part for row in rows for part in row if part):
        at = text.find(part, at)
        if at < 0:
            return False
    return True


def test_two_columns_of_dishes_with_lines_to_their_prices_are_read_one_by_one() -> None:
    def draw(canvas: Canvas) -> None:
        dishes(canvas, LEFT, 50, 700)
        dishes(canvas, RIGHT, 310, 706)

    text = document(draw).text
    assert in_order(text, [*LEFT, *RIGHT])
    assert all(f"{name} … {price}" in text.replace("\t", " ") for name, price, _ in LEFT + RIGHT)


def test_lines_to_be_filled_in_are_no_leaders() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        for at, name in enumerate(("Name", "Street", "Town", "Telephone")):
            canvas.drawString(60, 700 - 30 * at, name)
            canvas.line(130, 699 - 30 * at, 300, 699 - 30 * at)
            canvas.drawString(305, 700 - 30 * at, "please print")

    assert "…" not in document(draw).text
