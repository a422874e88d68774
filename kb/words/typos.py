"""Words one typing error away from a word: a letter added, removed, changed, or two swapped.

These are Damerau's four kinds of errors, which explain four of five misspelt words ("A technique
for computer detection and correction of spelling errors", CACM 1964).
"""

from __future__ import annotations

from kb.words.stems import script_of

FEWEST_LETTERS, MOST_LETTERS = 4, 20
"""Shorter words are near too many others, and longer ones have too many possible errors."""

# Letters for comparison by script, without case and accents.
_LETTERS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "cyrillic": "абвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџґ",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "arabic": "ءابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",
    "hebrew": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
}


def may_be_misspelt(word: str) -> bool:
    """Return whether a word, in the spelling of the index, is checked for typing errors."""
    return (
        FEWEST_LETTERS <= len(word) <= MOST_LETTERS
        and word.isalpha()
        and script_of(word) in _LETTERS
    )


def one_slip_away(word: str) -> list[str]:
    """Return every spelling one typing error away from ``word``, in the order of the index."""
    letters = _LETTERS[script_of(word)]
    found: set[str] = set()
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        found.update(before + letter + after for letter in letters)
        if after:
            found.update(before + letter + after[1:] for letter in letters)
            found.add(before + after[1:])
            found.add(before + after[1:2] + after[0] + after[2:])
    found.discard(word)
    return sorted(found)
