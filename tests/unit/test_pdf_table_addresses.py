"""An address beside the facts of a letter, as most business letters have it."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_pages import document

ADDRESS = ["Dr. Sabine Köhler", "Wiesenweg 23a", "37085 Göttingen", "Germany"]
FACTS = [
    ("Kundennummer", "4471-889"),
    ("Vertragskonto", "200 417 330"),
    ("Ihr Zeichen", "sk/14"),
    ("Ansprechpartner", "Herr Wölfel"),
    ("Telefon", "0551 30188-40"),
    ("Datum", "14. März 2024"),
]


@pytest.mark.parametrize("first", [True, False], ids=["left", "right"])
def test_an_address_beside_facts_is_no_column_of_them(*, first: bool) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for at, line in enumerate(ADDRESS):
            canvas.drawString(70 if first else 430, 700 - 13 * at, line)
        for at, (key, value) in enumerate(FACTS):
            canvas.drawString(350 if first else 70, 700 - 13 * at, key)
            canvas.drawString(445 if first else 165, 700 - 13 * at, value)
        canvas.drawString(70, 560, "Dear Dr. Köhler,")
        for at in range(4):
            canvas.drawString(
                70, 530 - 13 * at, "we have read the meter of the house at the meadow, and owe you"
            )

    lines = [line for line in document(draw).text.split("\n") if line]
    at = lines.index(ADDRESS[0])
    assert lines[at : at + len(ADDRESS)] == ADDRESS
    facts = ["\t".join(fact) for fact in FACTS]
    at = lines.index(facts[0])
    assert lines[at : at + len(facts)] == facts
