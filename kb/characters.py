"""Characters that are not what they look like: radicals, hyphens, and those that nobody sees.

What is written differently and read alike is one in the index, in queries and in marks.
"""

from __future__ import annotations

import re
import unicodedata

# Kangxi radicals have the character that they look like as their compatibility form. Those of
# the supplement have it in Unicode's EquivalentUnifiedIdeograph.txt only, from U+2E81 on (there
# is no U+2E9A, and U+2E80 is no character by itself).
_SUPPLEMENT = (
    "厂乛乚乙亻冂\U00020628刀刂卜㔾小小兀尣尢\U00021bc2巳幺彑\U0002b739忄心扌攵"
    "\0"
    "旡日月歺母民氵氺灬爫爫丬牛犭王\U00024d14目示礻\U00025ad7糹纟罓罒㓁冗\U0002626b羊\U0002634c\U0002634b耂肀聿肉\U00026951艹艹艹虎衤覀西见角\U000278b2"
    "讠贝\U00027fb7车辶辶辶邑钅長镸长门\U00028e0f阝雨青韦页风飞食\U0002967f飠饣\U00029810马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)
RADICALS: dict[int, str] = {
    **{0x2E81 + at: each for at, each in enumerate(_SUPPLEMENT) if each != "\0"},
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)},
}
"""Code point of a radical to the character that it stands for."""

HYPHENS = "\\-\u058a\u05be\u1400\u1806\u2010-\u2013\u2043\u2212\u2e17\u2e1a\ufe58\ufe63\uff0d"
"""Hyphens, dashes of their width and the minus, for a class of a regular expression."""

# Scripts without spaces, in which a zero width space says where a word ends.
BREAKING = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1780-\u17d3"
"""Thai, Lao, Burmese and Khmer letters, for a class of a regular expression."""

# Default_Ignorable_Code_Point of Unicode, interlinear annotation, and the Arabic tatweel, which
# only stretches a line. U+200B is looked at with its neighbours.
_UNSEEN = (
    "\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_RADICAL = "\u2e81-\u2ef3\u2f00-\u2fd5"
# A half-width kana and its voicing mark are one character.
_HALF_WIDTH = "[\uff66-\uff9d][\uff9e\uff9f]?"
_OTHER = re.compile(f"[\u200b{_UNSEEN}{_RADICAL}\uff66-\uff9d]")
_CHANGED = re.compile(
    f"(?P<radical>[{_RADICAL}])|(?P<kana>{_HALF_WIDTH})"
    f"|(?P<kept>(?<=[{BREAKING}])\u200b+(?=[{BREAKING}]))|[\u200b{_UNSEEN}]+"
)


def plain(text: str) -> tuple[str, list[int] | None]:
    """Return ``text`` for matching, and where each of its characters stands in ``text``.

    Characters that are not seen are dropped, radicals are the characters they stand for, and
    half-width kana are full. Places: one more than characters, the last is the end; None where
    nothing changed or every character stands where it stood.
    """
    if not _OTHER.search(text):
        return text, None
    parts: list[str] = []
    places: list[int] = []
    at = 0
    for match in _CHANGED.finditer(text):
        parts.append(text[at : match.start()])
        places.extend(range(at, match.start()))
        at = match.end()
        if match["radical"]:
            new = match.group().translate(RADICALS)
        elif match["kana"]:
            new = unicodedata.normalize("NFKC", match.group())
        else:
            new = match["kept"] or ""
        parts.append(new)
        places.extend([match.start()] * len(new))
    parts.append(text[at:])
    places.extend(range(at, len(text) + 1))
    return "".join(parts), places
