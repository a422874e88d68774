"""The readability of extracted text, and the choice between two readings of a page."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

GARBLED = 0.15
"""Share of unreadable characters above which OCR reads a page better.

A few private-use characters are bullets or formula signs in pages that read well otherwise
(5 % on a page of Thai mathematics); broken character maps gave 18 % and more.
"""

SUSPECT = 0.02
_MANY_SCRIPTS = 4
_DISAGREE = 0.6
_GLUED_WORD = 9.0
_FEW_WORDS = 20
_EVERYDAY = frozenset(
    (  # noqa: SIM905 - first words of Unicode names; forty quoted words say less
        "LATIN GREEK CYRILLIC CJK HIRAGANA KATAKANA KATAKANA-HIRAGANA HANGUL FULLWIDTH HALFWIDTH "
        "HEBREW ARABIC DEVANAGARI THAI IDEOGRAPHIC MODIFIER MATHEMATICAL SUPERSCRIPT SUBSCRIPT "
        "FEMININE MASCULINE MICRO OHM KELVIN ANGSTROM SCRIPT BLACK-LETTER DOUBLE-STRUCK"
    ).split(),
)


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of a text's visible characters, of unreadable ones and of a soup of scripts.

    ``odd`` counts letters of rare scripts if at least four scripts mix: so look character codes
    that were taken for Unicode.
    """

    visible: int
    unreadable: int
    odd: int

    @property
    def unreadable_share(self) -> float:
        """Share of characters without a meaning: controls, U+FFFD, private use."""
        return self.unreadable / self.visible if self.visible else 0.0

    @property
    def doubt(self) -> float:
        """Share of characters that are unreadable or belong to a mixture of scripts."""
        return (self.unreadable + self.odd) / self.visible if self.visible else 0.0


def measure(text: str) -> Quality:
    """Count readable characters in ``text`` as the engine returned it, before any cleaning."""
    counts = Counter(text)
    visible = unreadable = 0
    scripts: Counter[str] = Counter()
    for character, times in counts.items():
        if character.isspace() or character in "\ufffe\u00ad\ufeff":
            continue  # layout, line-end hyphens and byte order marks are not damage
        visible += times
        category = unicodedata.category(character)
        if category in {"Cc", "Co", "Cn", "Cs"} or character == "\ufffd":
            unreadable += times
        elif category.startswith("L"):
            script = unicodedata.name(character, "?").split(" ", 1)[0]
            if script not in _EVERYDAY:
                scripts[script] += times
    odd = scripts.total() if len(scripts) >= _MANY_SCRIPTS else 0
    return Quality(visible=visible, unreadable=unreadable, odd=odd)


def agreement(one: str, other: str) -> float:
    """Share of visible characters, in any order, that two readings share."""
    first, second = _letters(one), _letters(other)
    total = max(first.total(), second.total())
    return (first & second).total() / total if total else 1.0


def prefer_second(first: str, second: str) -> bool:
    """Whether the second reading of a page is clearly better than the first.

    It is better if the first is empty, unreadable or made of raw character codes (the two then
    disagree, and the first mixes unrelated scripts). It is also better if the first joined its
    words, or put nearly every word on a line of its own.
    """
    one, other = measure(first), measure(second)
    if not other.visible:
        return False
    if not one.visible:
        return True
    if one.unreadable_share > SUSPECT and other.unreadable_share < one.unreadable_share / 2:
        return True
    alike = agreement(first, second)
    if alike < _DISAGREE and one.doubt > SUSPECT and other.doubt < one.doubt / 2:
        return True
    return alike >= _DISAGREE and (_glued(first, second) or _shattered(first, second))


def unglue(first: str, second: str) -> str:
    """Return ``first`` with the lost spaces between words, as in ``second``.

    pypdf loses the space where a font changes in mid-line ("XWindow"). A word of the first reading
    was joined if the second does not have it, but has its two parts side by side.
    """
    words = second.split()
    pairs = {one + two: f"{one} {two}" for one, two in pairwise(words)}
    glued = {word for word in set(first.split()) & pairs.keys() if word.isascii()}
    for word in glued - set(words):
        apart = pairs[word].replace("\\", r"\\")
        first = re.sub(rf"(?<!\S){re.escape(word)}(?!\S)", apart, first)
    return first


def _glued(first: str, second: str) -> bool:
    words, others = first.split(), second.split()
    latin = sum("a" <= c.lower() <= "z" for c in first)
    if not words or latin * 2 < len(first):
        return False
    length = sum(map(len, words)) / len(words)
    return length > _GLUED_WORD and len(others) > len(words) * 1.3


def _shattered(first: str, second: str) -> bool:
    words = len(first.split())
    return words > _FEW_WORDS and _lines(first) * 2 > words and _lines(second) * 2 < _lines(first)


def _lines(text: str) -> int:
    return sum(not line.isspace() for line in text.splitlines() if line)


def _letters(text: str) -> Counter[str]:
    return Counter("".join(unicodedata.normalize("NFKC", text).split()))
