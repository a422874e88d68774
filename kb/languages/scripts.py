"""The script of a text, and the languages written in each script.

Names of scripts are those of ISO 15924. Only letters count: digits and marks belong to no script.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import lru_cache

# First code point of each range, and the script of its letters; empty for gaps.
_RANGES = (
    (0x0041, "Latn"),
    (0x0370, "Grek"),
    (0x0400, "Cyrl"),
    (0x0530, "Armn"),
    (0x0590, "Hebr"),
    (0x0600, "Arab"),
    (0x0700, ""),
    (0x0750, "Arab"),
    (0x0780, ""),
    (0x0870, "Arab"),
    (0x0900, "Deva"),
    (0x0980, "Beng"),
    (0x0A00, "Guru"),
    (0x0A80, "Gujr"),
    (0x0B00, "Orya"),
    (0x0B80, "Taml"),
    (0x0C00, "Telu"),
    (0x0C80, "Knda"),
    (0x0D00, "Mlym"),
    (0x0D80, "Sinh"),
    (0x0E00, "Thai"),
    (0x0E80, "Laoo"),
    (0x0F00, "Tibt"),
    (0x1000, "Mymr"),
    (0x10A0, "Geor"),
    (0x1100, "Hang"),
    (0x1200, "Ethi"),
    (0x13A0, ""),
    (0x1780, "Khmr"),
    (0x1800, ""),
    (0x1C80, "Cyrl"),
    (0x1C90, "Geor"),
    (0x1CC0, ""),
    (0x1D00, "Latn"),
    (0x1F00, "Grek"),
    (0x2000, ""),
    (0x2C60, "Latn"),
    (0x2C80, ""),
    (0x2DE0, "Cyrl"),
    (0x2E00, ""),
    (0x2E80, "Hani"),
    (0x3040, "Kana"),
    (0x3100, "Hani"),
    (0x3130, "Hang"),
    (0x3190, "Hani"),
    (0x31F0, "Kana"),
    (0x3200, ""),
    (0x3400, "Hani"),
    (0xA000, ""),
    (0xA640, "Cyrl"),
    (0xA6A0, ""),
    (0xA720, "Latn"),
    (0xA800, ""),
    (0xAC00, "Hang"),
    (0xD800, ""),
    (0xF900, "Hani"),
    (0xFB00, "Latn"),
    (0xFB13, "Armn"),
    (0xFB1D, "Hebr"),
    (0xFB50, "Arab"),
    (0xFE00, ""),
    (0xFE70, "Arab"),
    (0xFEFF, ""),
    (0xFF21, "Latn"),
    (0xFF5B, ""),
    (0xFF66, "Kana"),
    (0xFFA0, "Hang"),
    (0xFFE0, ""),
    (0x20000, "Hani"),
    (0x323B0, ""),
)
_STARTS = [start for start, _ in _RANGES]

LANGUAGES: dict[str, tuple[str, ...]] = {
    "Arab": ("ar", "fa", "ur", "ps", "ku", "ug"),
    "Armn": ("hy",),
    "Beng": ("bn", "as"),
    "Cyrl": ("ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "mn", "tg", "tt", "ba"),
    "Deva": ("hi", "mr", "ne", "sa"),
    "Ethi": ("am",),
    "Geor": ("ka",),
    "Grek": ("el",),
    "Gujr": ("gu",),
    "Guru": ("pa",),
    "Hang": ("ko",),
    "Hani": ("zh",),
    "Hebr": ("he",),
    "Kana": ("ja",),
    "Khmr": ("km",),
    "Knda": ("kn",),
    "Laoo": ("lo",),
    "Mlym": ("ml",),
    "Mymr": ("my",),
    "Orya": ("or",),
    "Sinh": ("si",),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Thai": ("th",),
    "Tibt": ("dz", "bo"),
}
"""Languages by script, the most used first; all others are written in Latin letters."""

_SCRIPT_OF = {
    **{language: script for script, known in LANGUAGES.items() for language in known},
    **{script: script for script in LANGUAGES},
}
# Japanese has kana in every sentence; Korean and Japanese also have Chinese characters.
_FEWEST_KANA = 0.1
# Serbian, Kazakh, Uzbek and others have two scripts.
_ALSO_LATIN = frozenset({"sr", "kk", "ku", "mn", "tg", "tt"})


def script_of(language: str) -> str:
    """Return the main script of a language (ISO 639-1); a script's name is its own script."""
    return _SCRIPT_OF.get(language, "Latn")


def may_be_in(language: str, script: str) -> bool:
    """Return whether a language may have a script in the sense of :func:`main_script`."""
    return script == script_of(language) or (script == "Latn" and language in _ALSO_LATIN)


def letters(text: str) -> Counter[str]:
    """Count a text's letters by script."""
    found: Counter[str] = Counter()
    for character, count in Counter(text).items():
        script = _script(character)
        if script:
            found[script] += count
    return found


def main_script(text: str) -> str:
    """Return the script of most of a text's letters; empty without letters.

    A Chinese character counts as two letters, because it is a word or half of one. Chinese
    characters together with kana are Japanese script.
    """
    found = letters(text)
    eastern = found["Hani"] + found["Kana"]
    if found["Kana"] and found["Kana"] >= _FEWEST_KANA * eastern:
        found["Kana"], found["Hani"] = eastern, 0
    for script in ("Hani", "Kana", "Hang"):
        found[script] *= 2
    script, count = max(found.items(), key=lambda each: each[1], default=("", 0))
    return script if count else ""


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    at = bisect_right(_STARTS, ord(character)) - 1
    return _RANGES[at][1] if at >= 0 else ""
