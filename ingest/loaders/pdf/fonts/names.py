"""Characters for names of glyphs that are not in Adobe's lists.

PDFium knows the names in Adobe's lists, but none of fonts that are drawn as shapes (Type 3). The
names here are those of TeX's fonts, and the usual ones. A font's encoding in the file maps a code
to a name; pypdf reads it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs

Encodings = Mapping[str, Sequence[Mapping[int, str]]]
"""Names of glyphs by code, for each font of a page by its name; fonts may share one name."""

_NAMES = r"""
ohm:Ω Ohm:Ω mho:℧ centigrade:℃ celsius:℃ naira:₦ peso:₱ won:₩ baht:฿ dong:₫ lira:₤
colonmonetary:₡ guarani:₲ numero:№ estimated:℮ pertenthousand:‱ recipe:℞ servicemark:℠
published:℗ copyleft:🄯 married:⚭ divorced:⚮ died:† born:⋆ interrobang:‽ discount:⁒
referencemark:※ musicalnote:♪ openbullet:◦ bigcircle:◯ threequartersemdash:— twelveudash:–
dblverticalbar:‖ diamondmath:⋄ minusplus:∓ circleplus:⊕ circleminus:⊖ circlemultiply:⊗
circledivide:⊘ circledot:⊙ circlecopyrt:© equivasymptotic:≍ reflexsubset:⊆ reflexsuperset:⊇
precedesequal:⪯ followsequal:⪰ similar:∼ approxequal:≈ propersubset:⊂ propersuperset:⊃
lessmuch:≪ greatermuch:≫ precedes:≺ follows:≻ arrownortheast:↗ arrowsoutheast:↘ arrownorthwest:↖
arrowsouthwest:↙ similarequal:≃ owner:∋ triangle:△ triangleinv:▽ mapsto:↦ latticetop:⊤
unionmulti:⊎ turnstileleft:⊢ turnstileright:⊣ floorleft:⌊ floorright:⌋ ceilingleft:⌈
ceilingright:⌉ angbracketleft:⟨ angbracketright:⟩ bardbl:‖ arrowbothv:↕ arrowdblbothv:⇕
wreathproduct:≀ coproduct:∐ nabla:∇ unionsq:⊔ intersectionsq:⊓ subsetsqequal:⊑ supersetsqequal:⊒
arrowlefttophalf:↼ arrowleftbothalf:↽ arrowrighttophalf:⇀ arrowrightbothalf:⇁ arrowhookleft:↩
arrowhookright:↪ triangleright:▷ triangleleft:◁ flat:♭ natural:♮ sharp:♯ slurbelow:⌣ slurabove:⌢
lscript:ℓ tie:⁀ rho1:ϱ pi1:ϖ summation:∑ product:∏ integral:∫ contintegral:∮ union:⋃
intersection:⋂ logicaland:⋀ logicalor:⋁ radical:√ parenleft:( parenright:) bracketleft:[
bracketright:] braceleft:{ braceright:} slash:/ backslash:\ Digamma:Ϝ ff:ff fi:fi fl:fl ffi:ffi
ffl:ffl zero:0 one:1 two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 exclam:!
quotedbl:" numbersign:# dollar:$ percent:% ampersand:& quotesingle:' quoteright:’ quoteleft:‘
quotedblleft:“ quotedblright:” asterisk:* plus:+ comma:, hyphen:- period:. semicolon:; less:<
equal:= greater:> question:? at:@ endash:– emdash:— bullet:• degree:° mu:µ germandbls:ß ae:æ
AE:Æ oe:œ OE:Œ oslash:ø Oslash:Ø lslash:ł Lslash:Ł dotlessi:ı section:§ Euro:€ sterling:£
multiply:× divide:÷ minus:− plusminus:± lessequal:≤ greaterequal:≥ notequal:≠ infinity:∞
visiblespace:␣ visualspace:␣ dotlessj:ȷ ng:ŋ Germandbls:ẞ SS:ẞ
"""
_MARKS = """
grave:\u0300 acute:\u0301 circumflex:\u0302 tilde:\u0303 dieresis:\u0308 ring:\u030a cedilla:\u0327
caron:\u030c ogonek:\u0328 macron:\u0304 breve:\u0306 dotaccent:\u0307 hungarumlaut:\u030b
"""
_KNOWN = dict(pair.split(":", 1) for pair in _NAMES.split()) | {"space": " ", "colon": ":"}
_ACCENTS = dict(pair.split(":") for pair in _MARKS.split())
_ACCENTED = re.compile(f"([A-Za-z])({'|'.join(_ACCENTS)})")
_SIZED = re.compile(r"(?:text|display|big{1,2}|Big{1,2})$")
_UNICODE = re.compile(r"(?:uni|u)([0-9A-F]{4,6})")
_LIGATURE = re.compile(r"[A-Za-z](?:_[A-Za-z]){1,3}")


def character_of(name: str) -> str:
    """Return the character for a glyph's name, "" for an unknown name."""
    stem = name.partition(".")[0]
    found = _KNOWN.get(stem) or _KNOWN.get(_SIZED.sub("", stem))
    if found:
        return found
    number = _UNICODE.fullmatch(stem)
    if number:
        code = int(number[1], 16)
        return chr(code) if 0x20 < code < 0xD800 or 0xF900 <= code < 0xF0000 else ""  # noqa: PLR2004
    accented = _ACCENTED.fullmatch(stem)
    if accented:
        return unicodedata.normalize("NFC", accented[1] + _ACCENTS[accented[2]])
    if len(stem) == 1 and stem.isascii() and stem.isalpha():
        return stem
    return stem.replace("_", "") if _LIGATURE.fullmatch(stem) else ""


def with_names(page: Glyphs, encodings: Callable[[], Encodings]) -> Glyphs:
    """Return a page with the characters that PDFium does not know but glyphs' names tell.

    Args:
        page: its characters; an unknown one is its code.
        encodings: called only for such characters.
    """
    codes: dict[int, set[int]] = defaultdict(set)
    for glyph in page.glyphs:
        if glyph.unmapped and glyph.font >= 0 and len(glyph.text) == 1 and glyph.text <= "\xff":
            codes[glyph.font].add(ord(glyph.text))
    if not codes:
        return page
    known = encodings()
    read: dict[int, dict[str, str]] = {}
    for font, used in codes.items():
        name = page.fonts[font].name.rpartition("+")[2]
        tables = known.get(name, ())
        whole = [table for table in tables if used <= table.keys()]
        found = _agreed(used, whole or tables, named=bool(name))
        if found:
            read[font] = found
    if not read:
        return page
    return replace(page, glyphs=tuple(_read(glyph, read) for glyph in page.glyphs))


def _agreed(codes: set[int], tables: Sequence[Mapping[int, str]], *, named: bool) -> dict[str, str]:
    """Return the characters of codes on which all fonts of one name, or without one, agree."""
    found: dict[str, str] = {}
    for code in codes:
        shown = {character_of(table[code]) for table in tables if code in table}
        if named:
            # PDFium knows plain names itself: a font with one of them is another font of the same
            # name.
            shown -= {text for text in shown if len(text) == 1 and text.isascii()}
        if len(shown) == 1 and (text := shown.pop()):
            found[chr(code)] = text
    return found


def _read(glyph: Glyph, fonts: Mapping[int, Mapping[str, str]]) -> Glyph:
    text = fonts.get(glyph.font, {}).get(glyph.text, "") if glyph.unmapped else ""
    return glyph._replace(text=text, unmapped=False) if text else glyph
