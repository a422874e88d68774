"""A passage says whether it was read from a picture, and how sure the reader was."""

import pytest

from kb import Page
from kb.provenance import read_by

PAGES = (
    Page(number=1, start=0, end=100),
    Page(number=2, start=100, end=200, read_by="ocr", confidence=0.9),
    Page(number=3, start=200, end=300, read_by="ocr", confidence=0.5),
    Page(number=4, start=300, end=300, read_by="none"),
)


@pytest.mark.parametrize(
    ("start", "end", "source", "confidence"),
    [
        (0, 100, "text", None),
        (120, 180, "ocr", 0.9),
        (50, 110, "ocr", 0.9),  # a tenth read by OCR is worth saying
        (190, 220, "ocr", (10 * 0.9 + 20 * 0.5) / 30),
        (290, 300, "ocr", 0.5),
    ],
)
def test_the_pages_of_a_passage_decide(
    start: int, end: int, source: str, confidence: float | None
) -> None:
    found, sure = read_by(PAGES, start, end)
    assert found == source
    assert sure == pytest.approx(confidence)


def test_formats_without_pages_are_text() -> None:
    assert read_by((), 0, 10) == ("text", None)
