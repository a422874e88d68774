"""Pages of a PDF drawn letter by letter, in fonts whose letters stand for what a test says."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CODES = b"abcdeghknopqsuvxyz0123456789ZTSLKFEXYVPABCDHNRU#$+-<=>?JQM&OGW%@lijtrfmwI"
"""What codes a font's letters take: those first whose drawing is no wider than others."""

Shown = str | Sequence[str | float]


@dataclass(slots=True)
class DrawnFont:
    """A font with letters of one width, in thousandths of its height, unless ``widths`` differ.

    ``unicode`` says whether the file tells what its letters are; ``differences`` names its glyphs;
    ``letters`` maps what is drawn to what the file says that it is.
    """

    width: int = 500
    widths: Mapping[str, int] = field(default_factory=dict)
    name: str = "Helvetica"
    unicode: bool = True
    letters: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict, compare=False)

    def encoded(self, text: str) -> str:
        """Return text as the hexadecimal string of its codes."""
        out = []
        for letter in text:
            if letter not in self.codes:
                raw = not self.unicode and not self.differences and ord(letter) < 256
                self.codes[letter] = ord(letter) if raw else CODES[len(self.codes)]
            out.append(f"{self.codes[letter]:02x}")
        return "<" + "".join(out) + ">"

    def objects(self, number: int) -> tuple[str, bytes]:
        """Return the font's dictionary, and its map to Unicode as object ``number``."""
        last = max(self.codes.values(), default=CODES[0])
        known = {code: letter for letter, code in self.codes.items()}
        first = min(known, default=CODES[0])
        widths = " ".join(
            str(self.widths.get(known.get(code, ""), self.width)) for code in range(first, last + 1)
        )
        encoding = ""
        if self.differences:
            names = " ".join(f"{c} /{self.differences.get(l, l)}" for l, c in self.codes.items())  # noqa: E741
            encoding = f"/Encoding << /Type /Encoding /Differences [{names}] >>"
        elif not self.unicode:
            encoding = "/Encoding /WinAnsiEncoding"
        map_to = f"/ToUnicode {number} 0 R" if self.unicode else ""
        font = (
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{self.name} /FirstChar {first} "
            f"/LastChar {last} /Widths [{widths}] {encoding} {map_to} >>"
        )
        pairs = "\n".join(
            f"<{code:02x}> <{self.letters.get(letter, letter).encode('utf-16-be').hex()}>"
            for letter, code in self.codes.items()
        )
        cmap = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def "
            "/CMapType 2 def 1 begincodespacerange <00> <ff> endcodespacerange\n"
            f"{len(self.codes)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
        )
        return font, cmap.encode()


@dataclass(slots=True)
class DrawnPage:
    """One page of 400 by 400 points; text is drawn from the lower left corner upwards."""

    rotate: int = 0
    _fonts: list[DrawnFont] = field(default_factory=list)
    _content: list[str] = field(default_factory=list)

    def show(
        self,
        x: float,
        y: float,
        shown: Shown,
        *,
        font: DrawnFont | None = None,
        size: float = 10,
        spacing: float = 0,
        turn: str = "1 0 0 1",
    ) -> DrawnPage:
        """Draw text at a place.

        Args:
            x: from the left, in points.
            y: from below.
            shown: text, or texts with numbers between: white in thousandths of the height.
            font: what draws it, a plain one if none is given.
            size: of the font, in points.
            spacing: points that each letter is followed by.
            turn: the first four numbers of its matrix.
        """
        drawn = font or DrawnFont(widths={" ": 250})
        if drawn not in self._fonts:
            self._fonts.append(drawn)
        at = next(n for n, other in enumerate(self._fonts) if other is drawn or other == drawn)
        parts = [shown] if isinstance(shown, str) else shown
        array = " ".join(
            self._fonts[at].encoded(p) if isinstance(p, str) else f"{-p:g}" for p in parts
        )
        self._content.append(
            f"BT /F{at} {size:g} Tf {spacing:g} Tc {turn} {x:g} {y:g} Tm [{array}] TJ ET"
        )
        return self

    def write(self, path: Path) -> Path:
        """Write the page as a file, and return its path."""
        objects: list[bytes] = [b"", b"", b"", b""]
        names = []
        for at, font in enumerate(self._fonts):
            dictionary, cmap = font.objects(len(objects) + 2)
            names.append(f"/F{at} {len(objects) + 1} 0 R")
            objects += [dictionary.encode(), _stream(cmap)]
        objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
        objects[1] = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
        objects[2] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Rotate {self.rotate} "
            f"/Contents 4 0 R /Resources << /Font << {' '.join(names)} >> >> >>"
        ).encode()
        objects[3] = _stream("\n".join(self._content).encode())
        out = b"%PDF-1.7\n"
        places = []
        for number, body in enumerate(objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + (
            b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
            % (len(objects) + 1, len(out))
        )
        path.write_bytes(out)
        return path


def _stream(data: bytes) -> bytes:
    packed = zlib.compress(data)
    return b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)
