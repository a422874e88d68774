"""Invisible text of a page: outside of it, in its background's colour, or painted over.

Colours and order only make text suspect. The page is then drawn with and without it: text that
changes nothing is invisible. Invisible text over a picture is the text of that picture, and stays.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ingest.loaders.pdf.overrunning import is_cropped, overrunning
from ingest.loaders.pdf.page import Box, common_area
from ingest.loaders.pdf.pdfium_page import place_on
from ingest.loaders.pdf.pictures.page_objects import box_of, objects_in_order

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs

    _Pixels = npt.NDArray[np.uint8]

_DPI = 110
_MOST_PIXELS = 4_000_000
_INCH = 72
_TEXT, _PATH, _IMAGE, _SHADING = 1, 2, 3, 4  # FPDF_PAGEOBJ_TEXT and so on
_INVISIBLE, _CLIP = 3, 7  # text render modes
_OPAQUE, _CLEAR = 250, 8  # of 255
_PALE = 225  # of 255, the darkest of three colours
_SAME_COLOUR = 24
_CHANGED = 10  # steps of a colour between two drawings
_CONTRAST = 24
_MOST_COVERS = 400
_ON_PICTURE = 0.5
_LAYER = b"OC"  # marks text of a layer, which may be switched off
_MARKS = 8

_Colour = tuple[int, int, int, int]


def without_unseen(raw: Any, page: Any, found: Glyphs) -> Glyphs:  # noqa: ANN401 - pypdfium2 carries no types
    """Return the visible characters of a page; call it under PDFium's lock.

    Args:
        raw: PDFium's functions.
        page: the page, loaded by PDFium.
        found: its characters, read after loading.
    """
    lost = unseen_at(raw, page, found)
    if not lost:
        return found
    kept = tuple(glyph for at, glyph in enumerate(found.glyphs) if at not in lost)
    gone = sum(not found.glyphs[at].text.isspace() for at in lost)
    return replace(found, glyphs=kept, unseen=gone)


def unseen_at(raw: Any, page: Any, found: Glyphs) -> set[int]:  # noqa: ANN401 - see without_unseen
    """Return the numbers of the invisible characters; for the arguments see without_unseen."""
    outside = [g for g in found.glyphs if g.font >= 0 and _is_outside(g, found)]
    lost = {id(g) for g in outside}
    if outside and not is_cropped(page):
        lost -= overrunning(outside, found)
    lost |= _unseen_on(raw, page, found)
    return {at for at, glyph in enumerate(found.glyphs) if id(glyph) in lost} if lost else set()


def _is_outside(glyph: Glyph, page: Glyphs) -> bool:
    left, top, right, bottom = glyph.ink
    if right <= left or bottom <= top:
        left = right = glyph.x
        top = bottom = glyph.y
    return right < 0 or bottom < 0 or left > page.width or top > page.height


def _unseen_on(raw: Any, page: Any, found: Glyphs) -> set[int]:  # noqa: ANN401 - see without_unseen
    """Return the identities of invisible characters on the page."""
    looked = _Looked.at(raw, page, found)
    if not looked.suspects:
        return set()
    doubtful = [one for one in looked.suspects if not looked.is_on_picture(one.box)]
    pictures = looked.drawings(raw, page) if doubtful else None
    if pictures is None:
        return set()
    whole, without = pictures
    height, width = whole.shape[:2]
    across, down = width / found.width, height / found.height
    numbers = {address: number for number, address in found.objects.items()}
    glyphs: dict[int, list[Glyph]] = defaultdict(list)
    for glyph in found.glyphs:
        if glyph.font >= 0:
            glyphs[glyph.drawn].append(glyph)
    lost: set[int] = set()
    for suspect in doubtful:
        if suspect.invisible and _has_contrast(_part(without, suspect.box, across, down)):
            continue
        own = glyphs[numbers.get(suspect.address, -1)]
        spaces = {id(glyph) for glyph in own if glyph.text.isspace()}
        gone = set()
        for glyph in own:
            one, other = (_part(p, glyph.ink, across, down) for p in (whole, without))
            if one.size == 0 or abs(one.astype(int) - other).max() <= _CHANGED:
                gone.add(id(glyph))
        # Spaces draw nothing; they separate visible words.
        lost |= gone if len(gone) == len(own) else gone - spaces
    return lost


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A text object that may be invisible; ``item`` is PDFium's, at ``address``."""

    item: Any
    address: int
    box: Box
    invisible: bool


@dataclass(slots=True)
class _Looked:
    """Results of checking the objects of a page without drawing it."""

    suspects: list[_Suspect]
    pictures: list[Box]

    @classmethod
    def at(cls, raw: Any, page: Any, found: Glyphs) -> _Looked:  # noqa: ANN401 - see without_unseen
        place = place_on(page)
        known = set(found.objects.values())
        texts: list[tuple[int, _Suspect, bool]] = []
        pictures: list[Box] = []
        fills: list[tuple[int, Box, _Colour | None]] = []
        for order, (item, kind, matrix) in enumerate(objects_in_order(raw, page)):
            if kind == _IMAGE:
                pictures.append(box_of(raw, item, matrix, place))
            elif kind == _SHADING or (kind == _PATH and _is_filled(raw, item)):
                if len(fills) < _MOST_COVERS:
                    colour = _colour(raw, item) if kind == _PATH else None
                    fills.append((order, box_of(raw, item, matrix, place), colour))
            elif kind == _TEXT:
                address = ctypes.cast(item, ctypes.c_void_p).value or 0
                mode = raw.FPDFTextObj_GetTextRenderMode(item)
                if address not in known or mode == _CLIP:
                    continue
                colour = _colour(raw, item)
                # PDFium reports patterns as colours without any strength.
                clear = mode == _INVISIBLE or (colour is not None and colour[3] <= _CLEAR)
                pale = colour is not None and min(colour[:3]) >= _PALE
                box = box_of(raw, item, matrix, place)
                same = any(
                    _meet(box, other) and _are_alike(colour, behind) for _, other, behind in fills
                )
                one = _Suspect(item, address, box, clear)
                doubtful = pale or same or one.invisible or _is_of_layer(raw, item)
                texts.append((order, one, doubtful))
        suspects = [
            text
            for order, text, doubtful in texts
            if doubtful or any(at > order and _meet(text.box, box) for at, box, _ in fills)
        ]
        return cls(suspects, pictures)

    def is_on_picture(self, box: Box) -> bool:
        """Whether a text is at the place of a picture: under it, or over it."""
        area = max((box[2] - box[0]) * (box[3] - box[1]), 0.01)
        return any(common_area(box, other) >= _ON_PICTURE * area for other in self.pictures)

    def drawings(self, raw: Any, page: Any) -> tuple[_Pixels, _Pixels] | None:  # noqa: ANN401 - see without_unseen
        """Draw the page with and without the suspect text; None if PDFium cannot."""
        whole = _drawn(page)
        with _hidden(raw, self.suspects):
            without = _drawn(page)
        return (whole, without) if whole.shape == without.shape else None


@contextlib.contextmanager
def _hidden(raw: Any, suspects: Sequence[_Suspect]) -> Iterator[None]:  # noqa: ANN401 - see without_unseen
    try:
        for suspect in suspects:
            raw.FPDFPageObj_SetIsActive(suspect.item, 0)
        yield
    finally:
        for suspect in suspects:
            raw.FPDFPageObj_SetIsActive(suspect.item, 1)


def _drawn(page: Any) -> _Pixels:  # noqa: ANN401 - see without_unseen
    width, height = page.get_size()
    scale = _DPI / _INCH
    scale *= min(1.0, (_MOST_PIXELS / max(width * height * scale * scale, 1)) ** 0.5)
    drawn = page.render(scale=scale, may_draw_forms=False, draw_annots=False)
    pixels: _Pixels = drawn.to_numpy()[:, :, :3].copy()
    return pixels


def _part(picture: _Pixels, box: Box, across: float, down: float) -> _Pixels:
    """Return the pixels of a box, without those at its edge, where neighbours may be."""
    left, top, right, bottom = box
    rows = _inner(top * down, bottom * down)
    columns = _inner(left * across, right * across)
    return picture[rows, columns]


def _inner(start: float, end: float) -> slice:
    first, last = max(int(start), 0), max(int(end) + 1, 0)
    return slice(first + 1, last - 1) if last - first > 4 else slice(first, last)  # noqa: PLR2004


def _has_contrast(picture: _Pixels) -> bool:
    return picture.size > 0 and int(picture.max() - picture.min()) > _CONTRAST


def _colour(raw: Any, item: Any) -> _Colour | None:  # noqa: ANN401 - see without_unseen
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
        return None
    return red.value, green.value, blue.value, alpha.value


def _are_alike(one: _Colour | None, other: _Colour | None) -> bool:
    if one is None or other is None:
        return False
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True)) <= _SAME_COLOUR


def _is_filled(raw: Any, item: Any) -> bool:  # noqa: ANN401 - see without_unseen
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(item, mode, stroke) or not mode.value:
        return False
    colour = _colour(raw, item)
    return colour is None or colour[3] >= _OPAQUE


def _is_of_layer(raw: Any, item: Any) -> bool:  # noqa: ANN401 - see without_unseen
    for at in range(min(raw.FPDFPageObj_CountMarks(item), _MARKS)):
        mark = raw.FPDFPageObj_GetMark(item, at)
        name, size = (ctypes.c_ushort * 4)(), ctypes.c_ulong()
        if raw.FPDFPageObjMark_GetName(mark, name, 8, size) and bytes(name[:2]) == _LAYER:
            return True
    return False


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
