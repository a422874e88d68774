"""Words that differ from a word by one slip of the finger: a letter more, less, other or swapped.

Damerau's four kinds of errors, "A technique for computer detection and correction of spelling
errors" (CACM 1964); he counts four of five misspelt words among them.
"""

from __future__ import annotations

from kb.words.stems import script_of

FEWEST_LETTERS, MOST_LETTERS = 4, 20
"""Shorter words are one slip from too many others; of longer ones there are too many slips."""

# By script, the letters that words are compared by: without case and accents.
_LETTERS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "cyrillic": "абвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџґ",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "arabic": "ءابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",
    "hebrew": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
}


def may_be_misspelt(word: str) -> bool:
    """Say whether slips are looked for in a word, given as the index spells it."""
    return (
        FEWEST_LETTERS <= len(word) <= MOST_LETTERS
        and word.isalpha()
        and script_of(word) in _LETTERS
    )


def one_slip_away(word: str) -> list[str]:
    """Return every spelling that differs from ``word`` by one slip, in the order of the index."""
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
