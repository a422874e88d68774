"""Characters that look like others or are invisible: radicals, hyphens, zero-width characters.

The index, queries and marks treat spellings that read alike as one.
"""

from __future__ import annotations

import re
import unicodedata

# The compatibility form of a Kangxi radical is the character it looks like. For the supplement
# block only Unicode's EquivalentUnifiedIdeograph.txt has the mapping, from U+2E81 on (U+2E9A does
# not exist, and U+2E80 is not a character by itself).
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
"""Maps the code point of a radical to the character it looks like."""

HYPHENS = "\\-\u058a\u05be\u1400\u1806\u2010-\u2013\u2043\u2212\u2e17\u2e1a\ufe58\ufe63\uff0d"
"""Hyphens, hyphen-wide dashes and the minus sign, for a regular expression's character class."""

# Scripts without spaces, in which a zero width space marks the end of a word.
BREAKING = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1780-\u17d3"
"""Thai, Lao, Burmese and Khmer letters, for a regular expression's character class."""

# Default_Ignorable_Code_Point of Unicode, interlinear annotation, and the Arabic tatweel, which
# only stretches a line. U+200B is matched together with its neighbours.
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
    """Return ``text`` prepared for matching, and the offset in ``text`` of each of its characters.

    Removes invisible characters, replaces radicals by the characters they look like, and makes
    half-width kana full-width. The list of offsets has one more entry than the result has
    characters: the last is the end. It is None where all offsets stayed the same.
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
