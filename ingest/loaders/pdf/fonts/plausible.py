"""Whether letters read as a language, for text with unknown characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

LEAST_PAIRS = 6
"""Least pairs of letters for a decision on a text."""

LEAST_WORDS = 4
"""Least words of several letters for a decision on their scripts."""

LANGUAGE = 0.5
"""Share of common pairs above which letters are a language; codes of letters have a fifth."""

_COMMON = frozenset(
    (  # noqa: SIM905 - pairs that European languages have most of; quoted they say less
        "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de "
        "se le sa si ar ve ra ld ur ch ei ie ne un ge be ic au li la el ma di da ta co io ri ro me "
        "lo no em ss us ue qu ai nc pe ce so il po tr ca do ad os ui am ac ir ol sc ll om mo na ns "
        "rt sp su tt ut id ig iv ke ki ko mi mu ni ny pa pi pr rd rs sh ts um up vi we wi wa ye za "
        "zi va vo ru lu ja je ju ka sk ny cz sz rz wy ow ej ba bo bi br bl fr fo fi fe ff gr gl ga "
        "go gh ck ct mp nn oo ee rr cl cr pl pp ex ly ry ty ay ey oi ot op ok od ob ht rn rk rm ag "
        "ab ap av eg ep ec ef ev im iz tu du mb nk ug ul lt ls wh wo bu by gi"
    ).split()
)
_WORD = re.compile(r"[^\W\d_]+")
_LIKE_LATIN = frozenset("\u03b2\u03b8\u03bb\u03c7\u03c6\u03b5\u03b9\u00b5\u03bc")
_LEAST_WORD = 3


def share_of_common_pairs(text: str) -> tuple[float, int]:
    """Return the share of pairs of ASCII letters that are common in languages, and their count."""
    common = count = 0
    for word in re.findall(r"[A-Za-z]+", text):
        for one, other in pairwise(word.lower()):
            count += 1
            common += one + other in _COMMON
    return (common / count if count else 0.0), count


def mixes_scripts(words: Iterable[str]) -> float:
    """Return the share of words with letters of several scripts, which no language has.

    Letters that Latin borrows for sounds, and single letters as formulas have them, do not count.
    """
    count = mixed = 0
    for text in words:
        for word in _WORD.findall(text):
            if len(word) < _LEAST_WORD:
                continue
            scripts = {_script(letter) for letter in word if letter not in _LIKE_LATIN} - {""}
            count += 1
            mixed += len(scripts) > 1
    return mixed / count if count >= LEAST_WORDS else 0.0


def _script(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    name = unicodedata.name(letter, "")
    script = name.split(" ", 1)[0]
    return script if script in _ALPHABETS else ""


_ALPHABETS = frozenset(
    {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "THAI", "COPTIC"}
)
