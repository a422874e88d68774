"""The text in drawings of annotations whose dictionaries have none: stamps, signatures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ingest.loaders.pdf.annotations.dictionaries import (
    Dictionary,
    each,
    entry,
    inherited,
    is_hidden,
    name,
    numbers,
    string,
)
from ingest.loaders.pdf.annotations.rich_text import plain
from ingest.loaders.pdf.annotations.signers import signed_by

MOST_DRAWN = 200
"""Most annotations of a page whose drawings are read."""

_DRAWN = frozenset({"Stamp", "FreeText"})

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top, in points of the file."""


def only_drawn(annotations: Sequence[Dictionary]) -> list[tuple[Dictionary, Rect]]:
    """Return the annotations whose only text is in their drawing, with their places."""
    return [(one, rect) for one, rect in each(annotations, _drawn_at)][:MOST_DRAWN]


def _drawn_at(annotation: Dictionary) -> Rect | None:
    if is_hidden(annotation) or entry(annotation, "/AP") is None:
        return None
    kind = name(entry(annotation, "/Subtype"))
    if kind in _DRAWN:
        told = string(entry(annotation, "/Contents")) or plain(string(entry(annotation, "/RC")))
    elif kind == "Widget" and name(inherited(annotation, "/FT")) == "Sig":
        signature = inherited(annotation, "/V")
        told = "unsigned" if signature is None else signed_by(signature)
    else:
        return None
    corners = numbers(entry(annotation, "/Rect"), 4)
    if told.strip() or len(corners) != 4:  # noqa: PLR2004 - x, y, x, y
        return None
    x1, y1, x2, y2 = corners
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def drawn_texts(document: Any, index: int, places: Sequence[Rect]) -> Iterator[str]:  # noqa: ANN401
    """Yield the texts drawn by the annotations at these places; call it under PDFium's lock.

    In a copy of the page, the function removes the content and all other annotations. The remaining
    text is that of the drawings.
    """
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - PDFs only
    from pypdfium2 import raw  # noqa: PLC0415 - PDFs only

    copy = pypdfium2.PdfDocument.new()
    try:
        copy.import_pages(document, [index])
        page = copy[0]
        for item in list(page.get_objects(max_depth=1)):
            page.remove_obj(item)
        page.gen_content()
        _keep(raw, page, places)
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        page.close()
        page = copy[0]
        texts = page.get_textpage()
        for left, bottom, right, top in places:
            found: str = texts.get_text_bounded(left - 1, bottom - 1, right + 1, top + 1)
            yield "\n".join(" ".join(line.split()) for line in found.splitlines()).strip()
    finally:
        copy.close()


def _keep(raw: Any, page: Any, places: Sequence[Rect]) -> None:  # noqa: ANN401
    """Remove all annotations of a page but those at these places."""
    wanted = {_rounded(place) for place in places}
    corners = raw.FS_RECTF()
    for at in reversed(range(raw.FPDFPage_GetAnnotCount(page))):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if annotation:
            raw.FPDFAnnot_GetRect(annotation, corners)
            raw.FPDFPage_CloseAnnot(annotation)
        place = (corners.left, corners.bottom, corners.right, corners.top)
        if not annotation or _rounded(place) not in wanted:
            raw.FPDFPage_RemoveAnnot(page, at)


def _rounded(place: Rect) -> tuple[int, int, int, int]:
    left, bottom, right, top = place
    return round(left), round(bottom), round(right), round(top)
