"""Pictures and texts among the objects of a page, and what covers them.

PDFium's raw functions are an argument, because only one file imports pypdfium2.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.loaders.pdf.matrices import UNIT, Matrix, Place, matrix_of, moved, times
from ingest.loaders.pdf.page import Box, common_area

OBJECTS = 40_000
"""Most objects of a page to check, those inside its forms included."""

PICTURES = 10_000
"""Most pictures of a page to check: a scan may be cut into strips of one line."""

_DEPTH = 12
_TEXT, _IMAGE, _FORM = 1, 3, 5  # FPDF_PAGEOBJ_TEXT, FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_FORM
_FILLED = 0  # FPDF_TEXTRENDERMODE_FILL
_UNSEEN = frozenset({3, 7})  # text render modes: invisible, and only a path to clip with
_COVERED = 0.8  # of a text's box
_NAME_BYTES = 64
_MOST_DECODED = 200
_SIMPLE = frozenset({"", "FlateDecode", "Fl", "LZWDecode", "LZW", "RunLengthDecode", "RL"})
_BILEVEL = frozenset({"JBIG2Decode"})
_EMPTY_BILEVEL = 400  # bytes: an empty page of JBIG2 has a few dozen
_SEGMENT_HEAD, _TYPE = 11, 0x3F
_SEGMENTS = frozenset({0, 4, 6, 7, 16, 20, 22, 23, 36, 38, 39, 40, 42, 43, 48, 49, 50, 51, 52, 62})


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture as a page draws it: its visible box, its size in pixels, its filters."""

    box: Box
    across: int
    down: int
    filters: tuple[str, ...] = ()

    @property
    def pixels(self) -> int:
        """Number of its pixels."""
        return self.across * self.down


@dataclass(frozen=True, slots=True)
class PageObjects:
    """The drawings of a page besides lines and fills.

    ``layer`` has the boxes of invisible texts: drawn invisibly, or below a picture. ``printed`` has
    those of the others.
    """

    width: float
    height: float
    pictures: tuple[DrawnPicture, ...] = ()
    layer: tuple[Box, ...] = ()
    printed: tuple[Box, ...] = ()

    @property
    def pixels(self) -> int:
        """Number of pixels of all its pictures."""
        return sum(picture.pixels for picture in self.pictures)


def objects_of(raw: Any, page: Any, place: Place, width: float, height: float) -> PageObjects:  # noqa: ANN401 - pypdfium2 carries no types
    """Return the pictures and texts of a page in points from its visible top left corner.

    Args:
        raw: the module of PDFium's functions.
        page: PDFium's handle of the page.
        place: maps a point of the page's own space to the drawn page.
        width: of the page as it is drawn.
        height: likewise.
    """
    pictures: list[DrawnPicture] = []
    texts: list[tuple[Box, bool, int]] = []
    across, down = ctypes.c_uint(), ctypes.c_uint()
    for item, kind, matrix in objects_in_order(raw, page):
        if kind not in (_TEXT, _IMAGE):
            continue
        box = _on_page(box_of(raw, item, matrix, place), width, height)
        if box is None:
            continue
        if kind == _TEXT:
            texts.append((box, _is_unseen(raw, item), len(pictures)))
        elif len(pictures) < PICTURES:
            if not raw.FPDFImageObj_GetImagePixelSize(item, across, down):
                across.value = down.value = 0
            filters = _filters(raw, item)
            pictures.append(DrawnPicture(box, across.value, down.value, filters))
    large = [
        (at, picture.box)
        for at, picture in enumerate(pictures)
        if _area(picture.box) >= 0.01 * width * height  # icons cover nothing
    ]
    layer: list[Box] = []
    printed: list[Box] = []
    for box, unseen, drawn_at in texts:
        under = unseen or any(
            at >= drawn_at and common_area(box, over) >= _COVERED * _area(box) for at, over in large
        )
        (layer if under else printed).append(box)
    return PageObjects(width, height, tuple(pictures), tuple(layer), tuple(printed))


def hide_texts(raw: Any, page: Any) -> None:  # noqa: ANN401 - see objects_of
    """Draw a page without its texts from now on, as long as it stays loaded."""
    for item, kind, _ in objects_in_order(raw, page):
        if kind == _TEXT:
            raw.FPDFPageObj_SetIsActive(item, 0)


def undecodable(
    raw: Any,  # noqa: ANN401 - see objects_of
    page: Any,  # noqa: ANN401 - likewise
    place: Place,
    width: float,
    height: float,
    *,
    within: Box | None,
) -> list[str]:
    """Return the last filter of each picture that cannot be decoded, in a box if one is given.

    Use it only for places that draw nothing: it would take a valid JBIG2 picture for broken.
    """
    found = []
    for item, kind, matrix in objects_in_order(raw, page):
        if kind != _IMAGE:
            continue
        box = _on_page(box_of(raw, item, matrix, place), width, height)
        if box is None or (within is not None and not common_area(box, within)):
            continue
        name = (_filters(raw, item) or ("",))[-1]
        if not _has_pixels(raw, page, item, name):
            found.append(name)
        if len(found) >= _MOST_DECODED:
            break
    return found


def _has_pixels(raw: Any, page: Any, item: Any, name: str) -> bool:  # noqa: ANN401 - see objects_of
    """Whether a picture that draws nothing was decoded: PDFium fills in unreadable pixels."""
    bitmap = raw.FPDFImageObj_GetBitmap(item)
    if not bitmap:
        return False
    raw.FPDFBitmap_Destroy(bitmap)
    held = raw.FPDFImageObj_GetImageDataDecoded(item, None, 0)
    if name in _BILEVEL:
        return held <= _EMPTY_BILEVEL and _first_segment(raw, item, held) in _SEGMENTS
    if name in _SIMPLE:
        known = raw.FPDF_IMAGEOBJ_METADATA()
        if raw.FPDFImageObj_GetImageMetadata(item, page, known):
            return bool(held * 2 >= known.width * known.height * known.bits_per_pixel // 8)
    return True


def _first_segment(raw: Any, item: Any, size: int) -> int:  # noqa: ANN401 - see objects_of
    """Return the type of the first segment of a picture of JBIG2, -1 where there is none."""
    data = ctypes.create_string_buffer(max(size, _SEGMENT_HEAD))
    raw.FPDFImageObj_GetImageDataDecoded(item, data, size)
    return data.raw[4] & _TYPE if size >= _SEGMENT_HEAD else -1


def objects_in_order(raw: Any, page: Any) -> Iterator[tuple[Any, int, Matrix]]:  # noqa: ANN401 - see objects_of
    """Yield a page's objects in drawing order, each with its matrix."""
    budget = OBJECTS
    stack = [(page, raw.FPDFPage_GetObject, 0, raw.FPDFPage_CountObjects(page), UNIT)]
    while stack and budget > 0:
        parent, get, at, count, matrix = stack.pop()
        while at < count and budget > 0:
            item = get(parent, at)
            at += 1
            budget -= 1
            kind = raw.FPDFPageObj_GetType(item)
            if kind == _FORM and len(stack) < _DEPTH:
                stack.append((parent, get, at, count, matrix))
                inner = times(matrix_of(raw, item), matrix)
                inside = raw.FPDFFormObj_CountObjects(item)
                stack.append((item, raw.FPDFFormObj_GetObject, 0, inside, inner))
                break
            yield item, kind, matrix


def _is_unseen(raw: Any, item: Any) -> bool:  # noqa: ANN401 - see objects_of
    """Whether a text is invisible: drawn invisibly, or filled with no colour at all."""
    mode = raw.FPDFTextObj_GetTextRenderMode(item)
    if mode != _FILLED:
        return mode in _UNSEEN
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    known = raw.FPDFPageObj_GetFillColor(item, red, green, blue, alpha)
    return bool(known) and alpha.value == 0


def _filters(raw: Any, item: Any) -> tuple[str, ...]:  # noqa: ANN401 - see objects_of
    names = []
    for at in range(min(raw.FPDFImageObj_GetImageFilterCount(item), 8)):
        name = ctypes.create_string_buffer(_NAME_BYTES)
        raw.FPDFImageObj_GetImageFilter(item, at, name, _NAME_BYTES)
        names.append(name.value.decode("utf-8", "replace"))
    return tuple(names)


def box_of(raw: Any, item: Any, matrix: Matrix, place: Place) -> Box:  # noqa: ANN401 - see objects_of
    """Return the visible box of an object; an empty one if PDFium has none."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return (0.0, 0.0, 0.0, 0.0)
    corners = [
        place(*moved(matrix, x, y))
        for x in (left.value, right.value)
        for y in (bottom.value, top.value)
    ]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return (min(xs), min(ys), max(xs), max(ys))


def _on_page(box: Box, width: float, height: float) -> Box | None:
    """Return the part of a box on the page, None if there is none or it is not a number."""
    left, top, right, bottom = box
    cut = (max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height))
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else None


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
