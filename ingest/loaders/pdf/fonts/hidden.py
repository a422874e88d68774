"""Fonts that do not say which characters they show: finds, decodes or omits their text.

The decision is per font, because a font hides all of its text or none. PDFium tells the characters
without a name in the file; private characters and controls are codes as well. Such text stays if it
reads as a language. It is shifted if its codes are letters at a fixed distance. It is decoded if it
is in an encoding from before Unicode. Otherwise its places are returned for OCR.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest.loaders.pdf.fonts.legacy_codes import LEAST, encoding_of
from ingest.loaders.pdf.fonts.plausible import (
    LANGUAGE,
    LEAST_PAIRS,
    mixes_scripts,
    share_of_common_pairs,
)
from ingest.loaders.pdf.fonts.quartz import with_ligatures
from ingest.loaders.pdf.fonts.signs import BULLETS, is_drawn, is_sign, with_signs
from ingest.loaders.pdf.fonts.tex_letters import letters_of_tex
from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.words.chains import words_in_frame
from ingest.loaders.pdf.words.frames import frames_of
from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs
from ingest.loaders.pdf.words.letters import symbols_of
from ingest.loaders.symbols import MARKS

UNMAPPED = 0.5
"""Share of a font's characters without a meaning above which all of them count as codes."""

CODES = 0.15
"""Share of controls and private characters above which a font's text counts as codes."""

NO_LANGUAGE = 0.4
"""Share of common pairs below which words of named letters belong to no language. Those of code
have 0.5; Navajo, Somali and Chinese in Latin letters have 0.63 and more.

Those of code have 0.5, of Navajo, Somali and Chinese in Latin letters 0.63 and more.
"""

_LEAST_CODES = 3
_LEAST_PLAIN, _LEAST_PLAIN_PAIRS = 12, 60
_PLAIN_WORD = re.compile(r"[\"'(]?[A-Za-z][a-z]{1,14}[\"').,;:!?]{0,2}")
_LEAST_SIGNS = 4  # different private characters: fewer are bullets and signs of formulas
_FOREIGN = 0.2  # share beyond ASCII of text without a meaning
_SHORT = 0.34
_SHIFTS = (29, 31)  # TrueType's usual numbers of glyphs, and those of Adobe's Latin letters
_SHIFTED = 0.65
_LEAST_SHIFTED = 20
_PLAIN = 0.95
_USUAL = frozenset(" .,;:!?'\"()-/&%")
_SOME_CONTROLS = 0.05
_MIXED = 0.5
_ALPHABETS = ("\u0370", "\u10ff")  # from Greek to Georgian
_BEYOND_BYTES = "\u2300"  # above the letters that bytes of Western encodings show
_NOT_WRITTEN = frozenset({"Cc", "Co", "Cn", "Cs"})


class Found(NamedTuple):
    """The readable part of a page.

    ``places`` are those of text in fonts that hide their characters. ``signs`` counts single
    characters without a reading, such as icons, which are omitted.
    """

    page: Glyphs
    places: tuple[Box, ...] = ()
    signs: int = 0


def read_hidden(page: Glyphs) -> Found:
    """Return a page with the readable part of hidden text, and the places of the rest."""
    page, signs = with_signs(with_ligatures(page))
    changed, hidden = _judged(page)
    if not changed and not hidden and not any(is_sign(glyph, page) for glyph in page.glyphs):
        return Found(page, signs=signs)
    kept: list[Glyph] = []
    lost: list[Glyph] = []
    for glyph in page.glyphs:
        read = changed.get(id(glyph), glyph)
        if glyph.font in hidden:
            lost.append(glyph)
        elif is_sign(read, page):
            signs += is_drawn(read)
        else:
            kept.append(read)
    return Found(replace(page, glyphs=tuple(kept)), tuple(_places(page, lost)), signs)


def _judged(page: Glyphs) -> tuple[dict[int, Glyph], set[int]]:
    """Return the readings of glyphs by id, and the fonts that hide their text."""
    texts: dict[int, list[Glyph]] = defaultdict(list)
    for glyph in page.glyphs:
        if glyph.font >= 0 and glyph.text:
            texts[glyph.font].append(glyph)
    changed: dict[int, Glyph] = {}
    hidden: set[int] = set()
    of_tex = letters_of_tex({n: found for n, found in texts.items() if _names_none(found)})
    for number, glyphs in texts.items():
        if number in of_tex:
            changed.update(zip(map(id, glyphs), of_tex[number], strict=True))
            continue
        if symbols_of(page.fonts[number].name):
            continue
        read = _read_otherwise(glyphs)
        changed.update(read)
        if not read and _hides(glyphs):
            hidden.add(number)
    return changed, hidden


def _read_otherwise(glyphs: Sequence[Glyph]) -> dict[int, Glyph]:
    """Return the true characters of a font by the glyphs' ids; often none."""
    if all(map(_is_plain, glyphs)):
        return {}
    shift = _shift(glyphs)
    if shift:
        return {id(g): g._replace(text=_moved(g.text, shift)) for g in glyphs}
    return _legacy(glyphs)


def _names_none(glyphs: Sequence[Glyph]) -> bool:
    """Whether the file names no character of a font; PDFium itself adds hyphens."""
    return all(glyph.unmapped for glyph in glyphs if glyph.text not in ("\x02", " "))


def joined_places(boxes: Iterable[Box]) -> list[Box]:
    """Return places of words as places of lines and paragraphs."""
    places: list[Box] = []
    for box in sorted(boxes, key=lambda b: (b[1], b[0])):
        height = box[3] - box[1]
        for at, place in enumerate(places):
            if (
                box[1] <= place[3] + height
                and place[1] <= box[3] + height
                and box[0] <= place[2] + 2 * height
                and place[0] <= box[2] + 2 * height
            ):
                places[at] = (
                    min(place[0], box[0]),
                    min(place[1], box[1]),
                    max(place[2], box[2]),
                    max(place[3], box[3]),
                )
                break
        else:
            places.append(box)
    return places


def _places(page: Glyphs, lost: Sequence[Glyph]) -> list[Box]:
    seen = [g._replace(text="x") for g in lost if not g.text.isspace() or g.unmapped]
    only = replace(page, glyphs=tuple(g for g in seen if g.ink[2] > g.ink[0]))
    boxes = [
        frame.turn.on_page(word.box)
        for frame in frames_of(only)
        for word in words_in_frame(frame, only)
    ]
    return joined_places(boxes)


def _hides(glyphs: Sequence[Glyph]) -> bool:
    """Whether a font's characters differ from what it shows."""
    shown = [g for g in glyphs if not g.text.isspace() and not g.hyphen]
    if not shown:
        return False
    codes = [g.text for g in shown if _is_code(g.text)]
    if len(codes) >= _LEAST_CODES and len(codes) >= CODES * len(shown):
        private = set(codes)
        if any(code < " " for code in private) or len(private) >= _LEAST_SIGNS:
            return True
    if sum(g.unmapped for g in shown) >= UNMAPPED * len(shown):
        return not _reads(glyphs)
    if _is_gibberish(_words(glyphs)):
        return True
    if not any(_ALPHABETS[0] <= g.text[0] <= _ALPHABETS[1] for g in shown):
        return False
    return mixes_scripts(_words(glyphs)) >= _MIXED


def _is_gibberish(words: Sequence[str]) -> bool:
    """Whether apparent words are of no language, because the file names wrong letters."""
    plain = [word for word in words if _PLAIN_WORD.fullmatch(word)]
    if len(plain) < _LEAST_PLAIN:
        return False
    share, pairs = share_of_common_pairs(" ".join(plain))
    return pairs >= _LEAST_PLAIN_PAIRS and share < NO_LANGUAGE


def _reads(glyphs: Sequence[Glyph]) -> bool:
    """Whether text with unknown characters reads as a language, or as figures."""
    text = " ".join(_words(glyphs))
    letters = [c for c in text if c.isalpha()]
    foreign = sum(c > "\u007f" for c in text)
    if foreign > _FOREIGN * max(len(text), 1):
        return False
    share, pairs = share_of_common_pairs(text)
    if pairs >= LEAST_PAIRS:
        return share >= LANGUAGE
    return not letters or not pairs or share >= _SHORT


def _words(glyphs: Sequence[Glyph]) -> list[str]:
    """Return approximate words of a font."""
    return ["".join(glyph.text for glyph in group) for group in _groups(glyphs)]


def _groups(glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    """Group a font's glyphs into approximate words, which end at a gap or another line."""
    groups: list[list[Glyph]] = []
    last: Glyph | None = None
    for glyph in glyphs:
        if glyph.text.isspace() or glyph.text < " ":
            last = None
            continue
        near = (
            last is not None
            and abs(glyph.y - last.y) < glyph.size / 2
            and -glyph.size < glyph.left - last.right < glyph.size / 4
        )
        if near:
            groups[-1].append(glyph)
        else:
            groups.append([glyph])
        last = glyph
    return groups


def _shift(glyphs: Sequence[Glyph]) -> int:
    """Return the distance of a font's codes below their letters; 0 if there is none.

    It tries only text whose characters are codes, and the result must be a language.
    """
    raw = [g for g in glyphs if len(g.text) == 1]
    signs = sum(g.unmapped for g in raw)
    controls = sum(g.text < " " and not g.hyphen for g in raw)
    if signs < UNMAPPED * len(glyphs) and controls < _SOME_CONTROLS * len(glyphs):
        return 0
    share, pairs = share_of_common_pairs(" ".join(_words(glyphs)))
    if pairs >= LEAST_PAIRS and share >= LANGUAGE:
        return 0
    for shift in _SHIFTS:
        moved = [g._replace(text=_moved(g.text, shift)) for g in raw]
        usual = sum(g.text.isascii() and (g.text.isalnum() or g.text in _USUAL) for g in moved)
        if usual < _PLAIN * len(glyphs):
            continue
        share, pairs = share_of_common_pairs(" ".join(_words(moved)))
        if pairs >= _LEAST_SHIFTED and share >= _SHIFTED:
            return shift
    return 0


def _moved(code: str, shift: int) -> str:
    return chr(ord(code) + shift) if len(code) == 1 and ord(code) < 0x80 - shift else code


def _legacy(glyphs: Sequence[Glyph]) -> dict[int, Glyph]:
    """Return the characters of a font's text in another encoding, by the glyphs' ids."""
    if sum("\u007f" < g.text < _BEYOND_BYTES for g in glyphs) < LEAST:
        return {}
    groups = _groups(glyphs)
    encoding = encoding_of(["".join(g.text for g in group) for group in groups])
    if encoding is None:
        return {}
    changed: dict[int, Glyph] = {}
    for group in groups:
        shown = "".join(g.text for g in group)
        read = encoding.read(shown) if len(shown) == len(group) and not shown.isascii() else None
        at = 0
        for character, count in read or ():
            first, last = group[at], group[at + count - 1]
            changed[id(first)] = first._replace(
                text=character,
                left=min(first.left, last.left),
                right=max(first.right, last.right),
                top=min(first.top, last.top),
                bottom=max(first.bottom, last.bottom),
                unmapped=False,
            )
            changed.update((id(g), g._replace(text="")) for g in group[at + 1 : at + count])
            at += count
    return changed


def _is_code(text: str) -> bool:
    if text in BULLETS or text in MARKS:
        return False
    return text == "\ufffd" or unicodedata.category(text[0]) in _NOT_WRITTEN


def _is_plain(glyph: Glyph) -> bool:
    return " " <= glyph.text <= "~" and not glyph.unmapped
