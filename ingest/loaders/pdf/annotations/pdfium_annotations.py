"""A page's annotations from PDFium, for files that only PDFium can open.

The module puts the answers into the form of the file's own dictionaries, so that one reader of
fields, notes and links serves both engines. Call it under PDFium's lock.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from ingest.loaders.pdf.annotations.dictionaries import LONGEST_TEXT, MOST_ANNOTATIONS, Dictionary

_STRINGS = ("Contents", "RC", "T", "NM", "Name", "IT", "DA", "AS", "StateModel")
_MOST_QUADS = 1_000
_MOST_OPTIONS = 5_000
_MOST_CHOSEN = 200
_URI = 3  # PDFACTION_URI
_CHECKED_KINDS = (2, 3)  # FPDF_FORMFIELD_CHECKBOX, FPDF_FORMFIELD_RADIOBUTTON
_CHOICES = (4, 5)  # FPDF_FORMFIELD_COMBOBOX, FPDF_FORMFIELD_LISTBOX
_FIELDS = {1: "/Btn", 2: "/Btn", 3: "/Btn", 4: "/Ch", 5: "/Ch", 6: "/Tx", 7: "/Sig"}

_SUBTYPES = (
    "",
    "Text",
    "Link",
    "FreeText",
    "Line",
    "Square",
    "Circle",
    "Polygon",
    "PolyLine",
    "Highlight",
    "Underline",
    "Squiggly",
    "StrikeOut",
    "Stamp",
    "Caret",
    "Ink",
    "Popup",
    "FileAttachment",
    "Sound",
    "Movie",
    "Widget",
    "Screen",
    "PrinterMark",
    "TrapNet",
    "Watermark",
    "3D",
    "RichMedia",
    "XFAWidget",
    "Redact",
)
"""By PDFium's numbers."""


def annotations_of(page: Any, document: Any) -> list[Dictionary]:  # noqa: ANN401 - no types
    """Return the annotations of a page that PDFium has loaded."""
    from pypdfium2 import raw  # type: ignore[import-untyped]  # noqa: PLC0415 - PDFs only

    found: list[Dictionary] = []
    for at in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MOST_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, at)
        if not annotation:
            continue
        try:
            found.append(_dictionary(raw, annotation, document))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _dictionary(raw: Any, annotation: Any, document: Any) -> Dictionary:  # noqa: ANN401
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    subtype = _SUBTYPES[kind] if 0 <= kind < len(_SUBTYPES) else ""
    told: dict[str, Any] = {"/Subtype": f"/{subtype}", "/F": raw.FPDFAnnot_GetFlags(annotation)}
    rectangle = raw.FS_RECTF()
    if raw.FPDFAnnot_GetRect(annotation, rectangle):
        told["/Rect"] = [rectangle.left, rectangle.bottom, rectangle.right, rectangle.top]
    for key in _STRINGS:
        text = _wide(_asked(raw.FPDFAnnot_GetStringValue, annotation, key.encode()))
        if text:
            told[f"/{key}"] = f"/{text}" if key in ("AS", "Name", "IT") else text
    told["/QuadPoints"] = _quads(raw, annotation)
    if subtype == "Link":
        told["/A"] = _action(raw, annotation, document)
    elif subtype == "Widget" and document.formenv is not None:
        told |= _field(raw, document.formenv.raw, annotation)
    return told


def _quads(raw: Any, annotation: Any) -> list[float]:  # noqa: ANN401
    corners: list[float] = []
    quad = raw.FS_QUADPOINTSF()
    for at in range(min(raw.FPDFAnnot_CountAttachmentPoints(annotation), _MOST_QUADS)):
        if raw.FPDFAnnot_GetAttachmentPoints(annotation, at, quad):
            corners += [quad.x1, quad.y1, quad.x2, quad.y2, quad.x3, quad.y3, quad.x4, quad.y4]
    return corners


def _action(raw: Any, annotation: Any, document: Any) -> Dictionary:  # noqa: ANN401
    link = raw.FPDFAnnot_GetLink(annotation)
    action = raw.FPDFLink_GetAction(link) if link else None
    if not action:
        return {}
    if raw.FPDFAction_GetType(action) == _URI:
        address = _asked(raw.FPDFAction_GetURIPath, document.raw, action)
        return {"/S": "/URI", "/URI": address.rstrip(b"\0")}
    path = _asked(raw.FPDFAction_GetFilePath, action).rstrip(b"\0")
    return {"/S": "/Launch", "/F": path} if path else {}


def _field(raw: Any, form: Any, annotation: Any) -> Dictionary:  # noqa: ANN401
    def text(question: Callable[..., int]) -> str:
        return _wide(_asked(question, form, annotation))

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    told: dict[str, Any] = {
        "/FT": _FIELDS.get(kind, ""),
        "/Ff": max(raw.FPDFAnnot_GetFormFieldFlags(form, annotation), 0),
        "/T": text(raw.FPDFAnnot_GetFormFieldName),
        "/TU": text(raw.FPDFAnnot_GetFormFieldAlternateName),
    }
    if kind in _CHECKED_KINDS:
        state = text(raw.FPDFAnnot_GetFormFieldExportValue) or "Yes"
        told["/AS"] = f"/{state}" if raw.FPDFAnnot_IsChecked(form, annotation) else "/Off"
        told["/AP"] = {"/N": {f"/{state}": None}}
    elif kind in _CHOICES:
        told["/V"] = _chosen(raw, form, annotation) or text(raw.FPDFAnnot_GetFormFieldValue)
    else:
        told["/V"] = text(raw.FPDFAnnot_GetFormFieldValue)
    return {key: value for key, value in told.items() if value != ""}


def _chosen(raw: Any, form: Any, annotation: Any) -> list[str]:  # noqa: ANN401
    """Return the visible text of each chosen entry of a list."""
    count = min(raw.FPDFAnnot_GetOptionCount(form, annotation), _MOST_OPTIONS)
    return [
        _wide(_asked(raw.FPDFAnnot_GetOptionLabel, form, annotation, at))
        for at in range(count)
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, at)
    ][:_MOST_CHOSEN]


def _asked(question: Callable[..., int], *about: Any) -> bytes:  # noqa: ANN401
    """Ask for a string: for its length first, then for its bytes."""
    size = question(*about, None, 0)
    if not 0 < size <= 4 * LONGEST_TEXT:
        return b""
    buffer = ctypes.create_string_buffer(size)
    # Two functions take a buffer of numbers, the others one of bytes.
    kind = question.argtypes[len(about)]  # type: ignore[attr-defined]
    question(*about, ctypes.cast(buffer, kind), size)
    return buffer.raw


def _wide(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").rstrip("\0")
