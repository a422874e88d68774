"""Has PDFium draw the values of form fields. Call it under PDFium's lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ingest.loaders.pdf.annotations.appearances import Rect

_MOST = 2_000
_HIDDEN = 2  # FPDF_ANNOT_FLAG_HIDDEN
_PUSH_BUTTON = 1  # FPDF_FORMFIELD_PUSHBUTTON
_EDGE = 0.2  # of a button's height, which a neighbour's letters may reach


def prepare_fields(document: Any) -> None:  # noqa: ANN401 - pypdfium2 carries no types
    """Have a document draw its form fields; call it before any page is loaded.

    Pages that were taken out of a form have fields and no form. pypdfium2 leaves these out, and
    browsers show them.
    """
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - PDFs only
    from pypdfium2 import raw  # noqa: PLC0415 - PDFs only

    with contextlib.suppress(pypdfium2.PdfiumError):
        document.init_forms()
    if document.formenv is None:
        settings = raw.FPDF_FORMFILLINFO(version=2)
        forms = raw.FPDFDOC_InitFormFillEnvironment(document, settings)
        if forms:
            document.formenv = pypdfium2.PdfFormEnv(forms, settings)


@contextlib.contextmanager
def without_covers(page: Any) -> Iterator[None]:  # noqa: ANN401 - see prepare_fields
    """Hide the push buttons over printed text.

    Some forms hide lines under blank buttons until a script takes these away. The reading has the
    lines, so the picture shows them.
    """
    from pypdfium2 import raw  # noqa: PLC0415 - PDFs only

    hidden = []
    try:
        if page.formenv is not None:
            texts: Any = None  # of the page, read once and only for buttons
            for at in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
                button = raw.FPDFPage_GetAnnot(page, at)
                place = _button_at(raw, page.formenv, button)
                if place is not None and texts is None:
                    texts = page.get_textpage()
                if place is not None and texts.get_text_bounded(*place).strip():
                    flags = raw.FPDFAnnot_GetFlags(button)
                    raw.FPDFAnnot_SetFlags(button, flags | _HIDDEN)
                    hidden.append((button, flags))
                else:
                    raw.FPDFPage_CloseAnnot(button)
        yield
    finally:
        for button, flags in hidden:
            raw.FPDFAnnot_SetFlags(button, flags)
            raw.FPDFPage_CloseAnnot(button)


def _button_at(raw: Any, forms: Any, annotation: Any) -> Rect | None:  # noqa: ANN401 - see prepare_fields
    """Return the place of a push button without its edge; None for other annotations."""
    place = raw.FS_RECTF()
    if raw.FPDFAnnot_GetFormFieldType(forms, annotation) != _PUSH_BUTTON:
        return None
    if not raw.FPDFAnnot_GetRect(annotation, place):
        return None
    left, right = sorted((place.left, place.right))
    bottom, top = sorted((place.bottom, place.top))
    edge = _EDGE * (top - bottom)
    inner = (left + edge, bottom + edge, right - edge, top - edge)
    return inner if inner[0] < inner[2] and inner[1] < inner[3] else None
