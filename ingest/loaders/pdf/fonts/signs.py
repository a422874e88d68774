"""Characters in Unicode's private range: read if their drawing is known.

Symbol fonts have their codes there. Adobe's list of glyphs has old-style figures, small capitals
and raised letters there. The first Chinese standards had some characters there. Other private
characters, such as icons, have no reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs
from ingest.loaders.pdf.words.letters import sign_of, symbols_of
from ingest.loaders.pdf.words.scripts import is_wide

BULLETS = frozenset("\uf0b7\uf0a7\uf06c\uf06e\uf0d8\uf0a8\uf0fc")
"""Bullets of office programs, whatever font draws them."""

_ICONS = re.compile(
    r"awesome|material ?(?:icon|symbol|design)|icon|glyphicon|fontello|icomoon|octicon|"
    r"segoe ?(?:mdl|fluent)|feather|dashicon|foundation-?i|lineawesome",
    re.IGNORECASE,
)
_EXTRA = dict(zip("\uf04b\uf04c\uf04d\uf04f\uf068\uf06c", "…⋯⋮⋱ℏℓ", strict=True))
"""Codes of MT Extra, the second font of Word's old formulas."""

_OTHERS = (
    "\uf6b2ȷ \uf6beȷ \uf6c3, \uf6dc1 \uf6dd₨ \uf6de— \uf6df¢ \uf6e0¢ \uf6e1, \uf6e2, \uf6e3$ "
    "\uf6e4$ \uf6e5- \uf6e6- \uf6e7. \uf6e8. \uf6e9ª \uf6eaᵇ \uf6ebᵈ \uf6ecᵉ \uf6edⁱ \uf6eeˡ "
    "\uf6efᵐ \uf6f0º \uf6f1ʳ \uf6f2ˢ \uf6f3ᵗ \uf6f9ł \uf6faœ \uf6fdš \uf6ffž \uf721! \uf724$ "
    "\uf726& \uf73f? \uf7a1¡ \uf7a2¢ \uf7bf¿ \uf7ffÿ \uf8e5‾ \uf8e6⏐ \uf8e7⎯ \uf8e8® \uf8e9© "
    "\uf8ea™ \uf8f5⎮"
)
_ADOBE = {
    **{chr(0xF730 + at): figure for at, figure in enumerate("0123456789")},
    **{chr(0xF761 + at): chr(0x61 + at) for at in range(26)},
    **{chr(code): chr(code - 0xF700) for code in (*range(0xF7E0, 0xF7F7), *range(0xF7F8, 0xF7FF))},
    **{chr(0xF8EB + at): part for at, part in enumerate("⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪")},
    **{chr(0xF8F6 + at): part for at, part in enumerate("⎞⎟⎠⎤⎥⎦⎫⎬⎭")},
    **{pair[0]: pair[1] for pair in _OTHERS.split()},
}
"""Adobe's own characters for glyphs that Unicode lacks.

Small capitals are letters, and brackets have parts.
"""

_CHINESE = {
    **dict(
        zip(
            "\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue7c7\ue7c8",
            "︐︒︑︓︔︕︖︗︘︙ḿǹ",
            strict=True,
        )
    ),
    **dict(
        zip(
            "\ue816\ue817\ue818\ue81e\ue826\ue82b\ue82c\ue831\ue832\ue83b\ue843\ue854\ue855\ue864",
            "𠂇𠂉𠃌龴龵龶龷𡗗龸𢦏龹龺𤇾龻",
            strict=True,
        )
    ),
}
"""Characters of GB 18030 that were private before Unicode had them."""

_GREEK = "ΓΔΘΛΞΠΣΥΦΨΩ"
_TEX = (
    (re.compile(r"cm(?:mi|mib)\d", re.IGNORECASE), f"{_GREEK}αβγδϵζηθικλμνξπρστυϕχ"),
    (
        re.compile(r"cm(?:sy|bsy)\d", re.IGNORECASE),
        "−⋅×∗÷⋄±∓⊕⊖⊗⊘⊙©∘•≍≡⊆⊇≤≥⪯⪰∼≈⊂⊃≪≫≺≻",
    ),
    (re.compile(r"cm(?:r|b|bx|bxti|ti|sl|ss|ssbx|csc|u)\d", re.IGNORECASE), _GREEK),
)
"""The drawings of TeX's fonts for control codes, by font name; a file may name none of them."""

_PRIVATE = ("\ue000", "\uf8ff")
_MORE_PRIVATE = "\U000f0000"


def with_signs(page: Glyphs) -> tuple[Glyphs, int]:
    """Return a page with readings of its private characters, and its number of icons.

    Icons are omitted. Other unknown private characters stay.
    """
    fonts = {
        g.font for g in page.glyphs if g.font >= 0 and (_is_kept_private(g.text) or _is_code(g))
    }
    fonts |= {at for at, font in enumerate(page.fonts) if draws_icons(font.name)}
    if not fonts:
        return page, 0
    texts: dict[int, list[str]] = {font: [] for font in fonts}
    for glyph in page.glyphs:
        if glyph.font in texts:
            texts[glyph.font].append(glyph.text)
    chinese = {font: is_chinese("".join(drawn)) for font, drawn in texts.items()}
    kept: list[Glyph] = []
    icons = 0
    for glyph in page.glyphs:
        if glyph.font in texts:
            font = page.fonts[glyph.font].name
            if draws_icons(font) and (_is_kept_private(glyph.text) or glyph.unmapped):
                icons += is_drawn(glyph)
                continue
            # The drawings of symbol fonts are determined where words are made.
            symbols = symbols_of(font)
            plain = not _is_kept_private(glyph.text) and not _is_code(glyph)
            shown = (
                "" if symbols or plain else shown_by(glyph.text, font, chinese=chinese[glyph.font])
            )
            kept.append(glyph._replace(text=shown) if shown else glyph)
        else:
            kept.append(glyph)
    return replace(page, glyphs=tuple(kept)), icons


def is_sign(glyph: Glyph, page: Glyphs) -> bool:
    """Whether a character has a meaning only in its font, and is not a usual bullet."""
    if glyph.font < 0:
        return False
    if is_private(glyph.text):
        font = page.fonts[glyph.font].name
        return not (symbols_of(font) and shown_by(glyph.text, font))
    return _is_code(glyph)


def is_drawn(glyph: Glyph) -> bool:
    """Whether a character is visible."""
    left, top, right, bottom = glyph.ink
    return right > left and bottom > top


def is_private(text: str) -> bool:
    """Whether a character has a meaning only in its font, and is not a usual bullet."""
    first = text[:1]
    return (_PRIVATE[0] <= first <= _PRIVATE[1] and text not in BULLETS) or first >= _MORE_PRIVATE


def shown_by(text: str, font: str, *, chinese: bool = False) -> str:
    """Return the drawing of a private character in a font, "" if unknown or for other characters.

    Args:
        text: the character.
        font: its name in the file.
        chinese: whether the font draws Chinese.
    """
    if "" < text < " ":
        tables = (codes for name, codes in _TEX if name.match(font.rpartition("+")[2]))
        return next(tables, "")[ord(text) : ord(text) + 1]
    if not _is_kept_private(text):
        return ""
    symbols = symbols_of(font)
    if symbols:
        found = sign_of(text, symbols)
        return "" if is_private(found) else found
    table: Mapping[str, str] = _ADOBE
    if re.sub(r"[\s_-]", "", font.rpartition("+")[2]).casefold().startswith("mtextra"):
        table = _EXTRA
    elif chinese and text in _CHINESE:
        table = _CHINESE
    return table.get(text, "")


def draws_icons(font: str) -> bool:
    """Whether a font is one of icons, by its name in the file."""
    return _ICONS.search(font) is not None


def is_chinese(text: str) -> bool:
    """Whether most of a font's characters are Chinese or Japanese."""
    return sum(map(is_wide, text)) * 2 > len(text)


def _is_kept_private(text: str) -> bool:
    return is_private(text) or text in BULLETS


def _is_code(glyph: Glyph) -> bool:
    """Whether a control character is drawn: it is the code of a sign."""
    if glyph.hyphen or not "" < glyph.text < " " or glyph.text == "\x02":
        return False
    return (glyph.unmapped or not glyph.text.isspace()) and is_drawn(glyph)
