"""The drawing order of a page's text objects.

PDFium sorts the objects of one line from left to right, and those of Japanese columns from the top.
If letters overlap, only the file's own order shows which comes first.
"""

from __future__ import annotations

import ctypes
from typing import Any

MAX_OBJECTS = 200_000
_MAX_DEPTH = 8
_TEXT, _FORM = 1, 5  # FPDF_PAGEOBJ_TEXT, FPDF_PAGEOBJ_FORM


def numbers_of(raw: Any, page: Any) -> dict[int, int]:  # noqa: ANN401 - pypdfium2 has no types
    """Return the number of each text object by its address; call it under PDFium's lock."""
    numbers: dict[int, int] = {}
    looked = 0
    # A level of the page's tree: a function for its objects, their owner, the next one, their
    # count.
    levels = [(raw.FPDFPage_GetObject, page, 0, raw.FPDFPage_CountObjects(page))]
    while levels and looked < MAX_OBJECTS:
        ask, owner, at, count = levels.pop()
        if at >= count:
            continue
        levels.append((ask, owner, at + 1, count))
        looked += 1
        item = ask(owner, at)
        if not item:
            continue
        kind = raw.FPDFPageObj_GetType(item)
        if kind == _TEXT:
            address = ctypes.cast(item, ctypes.c_void_p).value
            if address is not None:
                numbers.setdefault(address, len(numbers))
        elif kind == _FORM and len(levels) < _MAX_DEPTH:
            levels.append((raw.FPDFFormObj_GetObject, item, 0, raw.FPDFFormObj_CountObjects(item)))
    return numbers
