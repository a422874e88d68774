"""The meaning of a page's characters: hyphens, ligatures, separate accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ingest.loaders.pdf.words.frames import Sign
from ingest.loaders.symbols import signs, symbol_font

_ACCENTS = {
    "\u00b4": "\u0301",
    "\u02ca": "\u0301",
    "`": "\u0300",
    "\u02cb": "\u0300",
    "\u00a8": "\u0308",
    "^": "\u0302",
    "\u02c6": "\u0302",
    "~": "\u0303",
    "\u02dc": "\u0303",
    "\u02c7": "\u030c",
    "\u02d8": "\u0306",
    "\u02da": "\u030a",
    "\u00b0": "\u030a",
    "\u00b8": "\u0327",
    "\u02db": "\u0328",
    "\u00af": "\u0304",
    "\u02c9": "\u0304",
    "\u02d9": "\u0307",
    "\u02dd": "\u030b",
}
"""Accents with a width of their own, as in old fonts of TeX, and their combining marks."""

_ALONE = {"\u0300": "`", "\u0301": "\u00b4", "\u0302": "^", "\u0303": "~", "\u0308": "\u00a8"}
_WITH_WIDTH = 0.2
_DOTLESS = {"\u0131": "i", "\u0237": "j"}
_OPEN_SYMBOL = "OpenSymbol"
_WINGDINGS = frozenset(b"\xa7\xa8\xd8\xe0\xe8\xfb\xfc\xfd\xfe")
"""Bullets, arrows, ticks and boxes: their codes' meanings in Symbol are rare."""
_HYPHENS = frozenset("\u00ad\ufffe\u0002")
_FORMS = re.compile("[\ufb1d-\ufd3d\ufd40-\ufdff\ufe70-\ufefc]")
_UNSEEN = frozenset({"Cc", "Cs", "Cn"})


def symbols_of(font: str) -> str:
    """Return the symbol font of a font of the page, by its name in the file; "" for none."""
    name = re.sub(r"[-,].*$|MT$|PS(?:MT)?$", "", font.rpartition("+")[2])
    if name == _OPEN_SYMBOL:
        return name
    return symbol_font(re.sub(r"(?<=[a-z])(?=[0-9])", " ", name))


def letter_of(sign: Sign, symbols: str = "") -> str:
    """Return the meaning of a character, "" for invisible ones.

    ``symbols`` names its symbol font, if it has one.

    PDFium marks a hyphen at a line's end, and so do some fonts; it is a hyphen if it is drawn.
    """
    text = sign.text
    if sign.hyphen:
        return "-"
    if text in _HYPHENS:
        return "-" if sign.ink_right > sign.ink_left else ""
    if symbols and not text.isspace():
        return sign_of(text, symbols)
    if text.isspace() or text.isalnum():
        return text if text < "\ufb1d" else _FORMS.sub(_plain, text)
    if text == "\ufeff" or (text and unicodedata.category(text[0]) in _UNSEEN):
        return ""
    return text


def sign_of(text: str, symbols: str) -> str:
    """Return a symbol font's drawing for a character; see :func:`symbols_of`."""
    if symbols == _OPEN_SYMBOL:
        return _stood_in_for(text)
    # For Symbol, PDFium itself knows the codes beyond ASCII.
    return signs(text, symbols, symbols) if _is_code(text, symbols) else text


def beside(sign: Sign, mark: str) -> str:
    """Return a mark without a letter as its visible sign, such as "`"."""
    wide = sign.right - sign.left > _WITH_WIDTH * sign.size
    return _ALONE.get(mark, mark) if wide else mark


def is_accent(text: str) -> bool:
    """Whether a character is a separate accent."""
    return text in _ACCENTS


def composed(letters: Sequence[Sign]) -> str:
    """Return the letters of a word, each with the accent that is drawn over it."""
    if not any(sign.text in _ACCENTS for sign in letters):
        return "".join(sign.text for sign in letters)
    parts: list[str] = []
    waiting = ""
    for at, sign in enumerate(letters):
        mark = _ACCENTS.get(sign.text)
        if mark is None:
            letter = _DOTLESS.get(sign.text, sign.text) if waiting else sign.text
            parts.append(unicodedata.normalize("NFC", letter + waiting))
            waiting = ""
        elif at + 1 < len(letters) and is_over(sign, letters[at + 1]):
            waiting += mark
        elif at and parts and is_over(sign, letters[at - 1]):
            parts[-1] = unicodedata.normalize("NFC", parts[-1] + mark)
        else:
            parts.append(sign.text)
    return "".join(parts)


def is_over(accent: Sign, letter: Sign) -> bool:
    """Whether an accent is drawn over a letter or under it."""
    if not letter.text.isalpha():
        return False
    middle = (accent.ink_left + accent.ink_right) / 2
    common = min(accent.right, letter.right) - max(accent.left, letter.left)
    return letter.left < middle < letter.right and common > 0.5 * (accent.right - accent.left)


def _stood_in_for(text: str) -> str:
    """Return OpenSymbol's drawing in place of another font; the file keeps that font's code.

    LibreOffice uses it for both Symbol and Wingdings, so that only the code can tell.
    """
    code = ord(text) & 0xFF if "\uf000" <= text <= "\uf0ff" else ord(text[:1] or "\0")
    if code > 0xFF:  # noqa: PLR2004 - a character of its own
        return text
    font = "wingdings" if code in _WINGDINGS else "symbol"
    return signs(text, font, font)


def _is_code(text: str, symbols: str) -> bool:
    private = "\uf000" <= text <= "\uf0ff"
    return private or symbols != "symbol" or (text.isascii() and text.isalpha())


def _plain(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match.group()).replace(" ", "")
