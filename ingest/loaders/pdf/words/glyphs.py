"""The characters of a page from PDFium: position, size and font of each.

PDFium answers one question about one character per call. So each question is asked for all
characters at once, over arrays that PDFium fills: a page of 5,000 characters takes 20 ms; a loop of
Python takes 100.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.loaders.pdf.turning import Place
from ingest.loaders.pdf.words.object_order import numbers_of
from ingest.loaders.pdf.words.scripts import is_wide

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_GLYPHS = 100_000
"""Most characters of a page to check one by one, about half a second's work."""

MAX_FONTS = 2_000

_WIDE = 8  # Chinese or Japanese letters from which some may be in columns
_GRID = 1 << 24  # positions are requested as whole numbers; a page has this many steps
_FIXED_PITCH = 1  # bit of a font descriptor's flags
_INVISIBLE = 3  # text render mode: neither filled nor stroked, as OCR layers have it
_NAME_BYTES = 256
_HIGH, _LOW, _LAST = 0xD800, 0xDC00, 0xDFFF  # the halves of UTF-16 pairs


class Font(NamedTuple):
    """A font of the page: its name in the file, and whether the file calls it fixed in width."""

    name: str
    fixed: bool


class Glyph(NamedTuple):
    """One character and its position; a tuple, because a dense page has thousands.

    ``left`` to ``bottom`` bound its room in the font: in reading direction from its origin to the
    next one's, across from descent to ascent. ``x`` and ``y`` are its origin, which is on the base
    line. ``ink`` is the box of its drawing. ``angle`` is the direction of its base line in degrees,
    clockwise, 0 for upright text. ``size`` is the font's height in points as drawn. ``font`` is an
    index into the page's fonts, -1 for characters that PDFium added: a space in a gap, or the end
    of a line. ``drawn`` is the number of its text object; on pages of Chinese or Japanese the
    numbers follow the file's drawing order.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    x: float
    y: float
    ink: tuple[float, float, float, float]
    size: float
    angle: float
    font: int
    drawn: int
    unmapped: bool
    hyphen: bool
    invisible: bool


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a page in the file's order, in points from its visible top left corner.

    ``whole`` is false if the page has too many characters: ``glyphs`` is then empty, and only
    ``text`` exists. ``text`` is the page as PDFium writes it. ``objects`` are the addresses of text
    objects by their numbers, as long as the page stays loaded. ``unseen`` counts omitted invisible
    characters.
    """

    width: float
    height: float
    text: str
    glyphs: tuple[Glyph, ...]
    fonts: tuple[Font, ...]
    whole: bool = True
    objects: Mapping[int, int] = field(default_factory=dict)
    unseen: int = 0


def read_glyphs(page: Any) -> Glyphs:  # noqa: ANN401 - pypdfium2 carries no types
    """Read the characters of a page that PDFium has loaded; call it under PDFium's lock."""
    width, height = page.get_size()
    texts = page.get_textpage()
    try:
        string: str = texts.get_text_range()
        count = texts.count_chars()
        if not 0 < count <= MAX_GLYPHS:
            return Glyphs(width, height, string, (), (), whole=count <= 0)
        reading = _Reading(page, texts, count)
        glyphs, fonts = reading.glyphs(width, height)
        return Glyphs(width, height, string, glyphs, fonts, objects=reading.objects)
    finally:
        texts.close()


class _Reading:
    """PDFium's answers about the characters of one page."""

    def __init__(self, page: Any, texts: Any, count: int) -> None:  # noqa: ANN401 - see read_glyphs
        from pypdfium2 import raw  # type: ignore[import-untyped]  # noqa: PLC0415 - PDFs only

        self._raw = raw
        self._page = page
        self._texts = texts.raw
        self._handle = ctypes.cast(texts.raw, ctypes.c_void_p).value
        self._count = count
        self._fonts: list[Font] = []
        self._font_at: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self.objects: dict[int, int] = {}

    def glyphs(self, width: float, height: float) -> tuple[tuple[Glyph, ...], tuple[Font, ...]]:
        import numpy as np  # noqa: PLC0415 - PDFs only

        raw, count = self._raw, self._count
        owners = self._ask(raw.FPDFText_GetTextObject, kind=ctypes.c_void_p)
        texts = _characters(self._ask(raw.FPDFText_GetUnicode))
        if sum(map(is_wide, texts)) >= _WIDE:
            self._numbers = numbers_of(raw, self._page.raw)
        sizes, angles, fonts, drawn, invisible = self._of_objects(owners)
        boxes = np.zeros((count, 4), np.float32)
        left, top, right, bottom = self._ask_places(raw.FPDFText_GetLooseCharBox, [boxes])[0].T
        edges = [np.zeros(count) for _ in range(4)]
        west, east, south, north = self._ask_places(raw.FPDFText_GetCharBox, edges)
        origin = [np.zeros(count) for _ in range(2)]
        place = self._drawn(width, height)
        x, y = place.points(*self._ask_places(raw.FPDFText_GetCharOrigin, origin))
        ink = place.boxes(west, south, east, north)
        room = place.boxes(left, bottom, right, top)
        rows = zip(
            texts,
            *room,
            x.tolist(),
            y.tolist(),
            zip(*ink, strict=True),
            sizes,
            [(angle + place.turn) % 360 for angle in angles],
            fonts,
            drawn,
            map((1).__eq__, self._ask(raw.FPDFText_HasUnicodeMapError)),
            map((1).__eq__, self._ask(raw.FPDFText_IsHyphen)),
            invisible,
            strict=True,
        )
        # As Glyph._make, but for its check of the length.
        glyphs: tuple[Glyph, ...] = tuple(map(partial(tuple.__new__, Glyph), rows))
        return glyphs, tuple(self._fonts)

    def _ask(
        self,
        question: Any,  # noqa: ANN401 - see read_glyphs
        arrays: Sequence[npt.NDArray[Any]] = (),
        kind: type = ctypes.c_int,
    ) -> list[Any]:
        """Ask about every character and return the answers; PDFium fills a row of each array.

        The rows' addresses are passed as numbers: making an object for each of them took longer
        than PDFium itself.
        """
        pointer = ctypes.c_void_p
        prototype = ctypes.CFUNCTYPE(kind, pointer, ctypes.c_int, *[pointer] * len(arrays))
        ask = prototype(ctypes.cast(question, pointer).value or 0)
        rows = [
            range(array.ctypes.data, array.ctypes.data + array.nbytes, array.strides[0])
            for array in arrays
        ]
        return list(map(ask, repeat(self._handle), range(self._count), *rows))

    def _ask_places(
        self,
        question: Any,  # noqa: ANN401 - see read_glyphs
        arrays: Sequence[npt.NDArray[Any]],
    ) -> list[npt.NDArray[np.float64]]:
        """Ask for the position of each character; invalid numbers become 0."""
        import numpy as np  # noqa: PLC0415 - PDFs only

        self._ask(question, arrays)
        return [np.nan_to_num(array.astype(float), posinf=0.0, neginf=0.0) for array in arrays]

    def _of_objects(
        self, owners: Sequence[int | None]
    ) -> tuple[list[float], list[float], list[int], list[int], list[bool]]:
        """Return size, angle, font, number and invisibility of each character's text object.

        All of an object's characters share them. A character that PDFium added has no object.
        """
        known: dict[int, tuple[float, float, int, int, bool]] = {}
        rows = []
        last = (0.0, 0.0, -1, -1, False)
        for at, address in enumerate(owners):
            if address is None:
                rows.append((last[0], last[1], -1, last[3], last[4]))
                continue
            found = known.get(address)
            if found is None:
                number = self._numbers.get(address, len(self._numbers) + len(known))
                found = self._of_object(address, at, number)
                known[address] = found
                self.objects[number] = address
            last = found
            rows.append(found)
        columns = zip(*rows, strict=True)
        return tuple(map(list, columns))  # type: ignore[return-value]  # five columns

    def _of_object(self, address: int, at: int, number: int) -> tuple[float, float, int, int, bool]:
        raw = self._raw
        owner = ctypes.cast(address, raw.FPDF_PAGEOBJECT)
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._texts, at, matrix)
        across = math.hypot(matrix.c, matrix.d)
        size = abs(raw.FPDFText_GetFontSize(self._texts, at)) * across
        angle = -math.degrees(math.atan2(matrix.b, matrix.a))
        font = self._font(raw.FPDFTextObj_GetFont(owner))
        invisible = raw.FPDFTextObj_GetTextRenderMode(owner) == _INVISIBLE
        return size, angle, font, number, invisible

    def _font(self, font: Any) -> int:  # noqa: ANN401 - see read_glyphs
        address = ctypes.cast(font, ctypes.c_void_p).value
        if address is None:
            return -1
        found = self._font_at.get(address)
        if found is None:
            found = min(len(self._fonts), MAX_FONTS)
            self._font_at[address] = found
            if found == len(self._fonts):
                name = ctypes.create_string_buffer(_NAME_BYTES)
                self._raw.FPDFFont_GetBaseFontName(font, name, _NAME_BYTES)
                flags = self._raw.FPDFFont_GetFlags(font)
                self._fonts.append(
                    Font(
                        name.value.decode("utf-8", "replace"),
                        fixed=flags > 0 and bool(flags & _FIXED_PITCH),
                    )
                )
        return found

    def _drawn(self, width: float, height: float) -> Place:
        """Return the map from the file's points to the drawn page."""
        raw = self._raw
        bounds = raw.FS_RECTF()
        if not raw.FPDF_GetPageBoundingBox(self._page.raw, bounds):
            bounds = raw.FS_RECTF(0, 100, 100, 0)
        left, bottom = bounds.left, bounds.bottom
        right, top = max(bounds.right, left + 1), max(bounds.top, bottom + 1)

        def seen(x: float, y: float) -> tuple[float, float]:
            across, down = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(self._page.raw, 0, 0, _GRID, _GRID, 0, x, y, across, down)
            return across.value * width / _GRID, down.value * height / _GRID

        (x0, y0), (x1, y1), (x2, y2) = seen(left, bottom), seen(right, bottom), seen(left, top)
        wide, high = right - left, top - bottom
        a, b = (x1 - x0) / wide, (y1 - y0) / wide
        c, d = (x2 - x0) / high, (y2 - y0) / high
        turn = round(math.degrees(math.atan2(b, a)) / 90) * 90
        return Place(a, b, c, d, x0 - a * left - c * bottom, y0 - b * left - d * bottom, turn)


def _characters(codes: Sequence[int]) -> list[str]:
    """Return codes as characters; the halves of a pair become the character and nothing."""
    if not any(_HIGH <= code <= _LAST for code in codes):
        return [chr(code) if code <= sys.maxunicode else "\ufffd" for code in codes]
    found: list[str] = []
    for at, code in enumerate(codes):
        following = codes[at + 1] if at + 1 < len(codes) else 0
        if _HIGH <= code < _LOW <= following <= _LAST:
            found.append(chr(0x10000 + ((code - _HIGH) << 10) + following - _LOW))
        elif _LOW <= code <= _LAST and at and _HIGH <= codes[at - 1] < _LOW:
            found.append("")
        else:
            found.append("\ufffd" if _HIGH <= code <= _LAST or code > sys.maxunicode else chr(code))
    return found
