"""Letters of TeX's own fonts, drawn as pictures without character names: only codes are known.

pdfLaTeX makes such fonts (Type 3) if outlines are not installed. Their codes are those of TeX's
encodings: OT1 (Knuth, "The TeXbook", appendix F) or T1 ("Cork", TUGboat 11.4, 1990). Most agree
with ASCII. The ligatures ff, fi, fl, ffi, ffl distinguish the two encodings: both have them among
the control characters, at different places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.loaders.pdf.fonts.plausible import LANGUAGE, LEAST_PAIRS, share_of_common_pairs
from ingest.loaders.pdf.words.glyphs import Glyph

_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl")
_OT1 = {
    **dict(zip("\x0b\x0c\x0d\x0e\x0f", _LIGATURES, strict=True)),
    **dict(zip("\x10\x11\x19\x1a\x1b\x1c\x1d\x1e\x1f", "ıȷßæœøÆŒØ", strict=True)),
    **dict(zip("\x12\x13\x14\x15\x16\x17\x18\x7f", "`´ˇ˘¯˚¸¨", strict=True)),
    **dict(zip('"<>\\{|}~', "”¡¿“–—˝˜", strict=True)),
}
_T1 = {
    **dict(zip("\x1b\x1c\x1d\x1e\x1f", _LIGATURES, strict=True)),
    **dict(
        zip("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", "`´ˆ˜¨˝˚ˇ˘¯˙¸˛", strict=True)
    ),
    **dict(zip("\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x19\x1a", "‚‹›“”„«»–—ıȷ", strict=True)),
    **{chr(0x80 + at): letter for at, letter in enumerate("ĂĄĆČĎĚĘĞĹĽŁŃŇŊŐŔŘŚŠŞŤŢŰŮŸŹŽŻĲİđ§")},
    **{chr(0xA0 + at): letter for at, letter in enumerate("ăąćčďěęğĺľłńňŋőŕřśšşťţűůÿźžżĳ¡¿£")},
    "`": "‘",
    "'": "’",
    "\x7f": "-",
    "\xd7": "Œ",
    "\xdf": "ẞ",
    "\xf7": "œ",
    "\xff": "ß",
}
_MOST_CONTROLS = 0.15
_LETTERS = 0.4


def letters_of_tex(fonts: Mapping[int, Sequence[Glyph]]) -> dict[int, list[Glyph]]:
    """Return the TeX fonts of a page, by number, with the letters of their characters.

    Args:
        fonts: the characters of each font without names in the file.
    """
    plain = {number: glyphs for number, glyphs in fonts.items() if _is_text(glyphs)}
    codes = [glyph.text for glyphs in plain.values() for glyph in glyphs if _is_drawn(glyph)]
    old = sum("\x0b" <= code <= "\x0f" for code in codes)
    new = sum("\x1b" <= code <= "\x1f" for code in codes)
    share, pairs = share_of_common_pairs("".join(c if c.isalpha() else " " for c in codes))
    if old == new or pairs < LEAST_PAIRS or share < LANGUAGE:
        return {}
    table = _OT1 if old > new else _T1
    return {
        number: [
            glyph._replace(text=table.get(glyph.text, glyph.text)) if _is_drawn(glyph) else glyph
            for glyph in glyphs
        ]
        for number, glyphs in plain.items()
    }


def _is_drawn(glyph: Glyph) -> bool:
    return glyph.unmapped and glyph.ink[2] > glyph.ink[0]


def _is_text(glyphs: Sequence[Glyph]) -> bool:
    codes = [glyph.text for glyph in glyphs if not glyph.text.isspace()]
    controls = sum(code < " " for code in codes)
    letters = sum(code.isascii() and code.isalpha() for code in codes)
    return controls <= _MOST_CONTROLS * len(codes) and letters >= _LETTERS * len(codes)
