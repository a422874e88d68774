"""A page loaded by PDFium: the visible positions of its points, and its look without text.

Call it under PDFium's lock.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ingest.loaders.pdf.matrices import Place
from ingest.loaders.pdf.passage import Character
from ingest.loaders.pdf.pictures.page_objects import hide_texts

_GRID = 100_000  # places are counted in this many steps across a page
_ANNOTATIONS = 2_000
_READ_OTHERWISE = frozenset({1, 2, 3, 16})  # FPDF_ANNOT_TEXT, _LINK, _FREETEXT, _POPUP
_HIDDEN = 2  # FPDF_ANNOT_FLAG_HIDDEN


def place_on(page: Any) -> Place:  # noqa: ANN401 - pypdfium2 carries no types
    """Return the map from points of a page's own space to the drawn page, in points."""
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - PDFs only

    width, height = page.get_size()
    drawn = pypdfium2.PdfPosConv(page, (0, 0, _GRID, _GRID, 0))
    # PDFium returns positions in whole steps of a grid: two distant points on each axis determine
    # those of all points without rounding each of them.
    far = max(width, height)
    (x0, y0), (x1, y1), (x2, y2) = (
        drawn.to_bitmap(*point) for point in ((0, 0), (far, 0), (0, far))
    )
    sx, sy = width / _GRID, height / _GRID

    def place(x: float, y: float) -> tuple[float, float]:
        across, down = x / far, y / far
        return (
            (x0 + (x1 - x0) * across + (x2 - x0) * down) * sx,
            (y0 + (y1 - y0) * across + (y2 - y0) * down) * sy,
        )

    return place


@contextlib.contextmanager
def without_texts(page: Any) -> Iterator[None]:  # noqa: ANN401 - see place_on
    """Hide a page's texts, and its annotations with text; stamps stay, as pictures do."""
    from pypdfium2 import raw  # noqa: PLC0415 - PDFs only

    hide_texts(raw, page)
    hidden = []
    try:
        for at in range(min(raw.FPDFPage_GetAnnotCount(page), _ANNOTATIONS)):
            annotation = raw.FPDFPage_GetAnnot(page, at)
            if raw.FPDFAnnot_GetSubtype(annotation) in _READ_OTHERWISE:
                flags = raw.FPDFAnnot_GetFlags(annotation)
                raw.FPDFAnnot_SetFlags(annotation, flags | _HIDDEN)
                hidden.append((annotation, flags))
            else:
                raw.FPDFPage_CloseAnnot(annotation)
        yield
    finally:
        for annotation, flags in hidden:
            raw.FPDFAnnot_SetFlags(annotation, flags)
            raw.FPDFPage_CloseAnnot(annotation)


def kinds_on(page: Any) -> Counter[int]:  # noqa: ANN401 - see place_on
    """Count a page's annotations by PDFium's number of their kind."""
    from pypdfium2 import raw  # noqa: PLC0415 - PDFs only

    found: Counter[int] = Counter()
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), _ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if annotation:
            found[raw.FPDFAnnot_GetSubtype(annotation)] += 1
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def characters_on(page: Any) -> dict[int, Character]:  # noqa: ANN401 - see place_on
    """Return the characters of a page by PDFium's numbers, with their positions as drawn."""
    import pypdfium2  # noqa: PLC0415 - PDFs only
    from pypdfium2 import raw  # noqa: PLC0415 - PDFs only

    found: dict[int, Character] = {}
    texts = page.get_textpage()
    # PDFium handles rotation and cropping: it returns the drawn position of a point.
    drawn = pypdfium2.PdfPosConv(page, (0, 0, _GRID, _GRID, 0))
    for at in range(texts.count_chars()):
        code = raw.FPDFText_GetUnicode(texts, at)
        if not 0 < code <= sys.maxunicode:
            continue
        try:
            left, bottom, right, top = texts.get_charbox(at, loose=True)
            (x1, y1), (x2, y2) = drawn.to_bitmap(left, top), drawn.to_bitmap(right, bottom)
        except pypdfium2.PdfiumError:
            continue
        box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        left, top, right, bottom = (value / _GRID for value in box)
        found[at] = Character(chr(code), (left, top, right, bottom))
    return found
