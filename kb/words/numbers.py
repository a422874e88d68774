"""Numbers and codes with several spellings: their common forms for the index.

``1,250,000``, ``1 250 000`` and ``１，２５０，０００`` become ``1250000``; ``1.234,56`` becomes
``1234_56``; ``020-7123-4567`` becomes ``02071234567``; the version in ``srv-10.0.4.17`` becomes
``10_0_4_17``. The index contains these forms beside the parts, which searches find as well. An
ambiguous number has all of its readings there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.characters import HYPHENS
from kb.words.folding import fold

Form = tuple[str, int, int]
"""A form for the index, and its place in the text."""

_BLANK = " \u00a0\u2007-\u200a\u202f"
_POINT = ".\uff0e"
_COMMA = ",\uff0c\u066c"
_MARK = f"{_POINT}{_COMMA}'’\uff07_"
_DECIMAL = f"{_POINT}{_COMMA}\u066b"
# Not a part of something longer of the same kind: "1,2,345" is a list, and so is "5 000 12". Each
# pattern takes its first digit before it looks back: the engine then jumps to digits, and reads a
# text without numbers ten times as fast.
_FIRST, _AFTER = f"\\d(?<!\\d\\d)(?<!\\d[{_MARK}]\\d)", f"(?![{_MARK}]?\\d)"
_FRACTION = f"(?:(?!(?P=mark))[{_DECIMAL}](?P<decimals>\\d+))?"
_NUMBERS = tuple(
    re.compile(f"(?P<whole>{_FIRST}{rest}{_AFTER}")
    for rest in (
        f"\\d{{0,2}}(?P<mark>[{_MARK}])\\d{{3}}(?:(?P=mark)\\d{{3}})*){_FRACTION}",
        (
            f"(?<!\\d[{_BLANK}]\\d)\\d{{0,2}}(?P<mark>[{_BLANK}])\\d{{3}}(?:(?P=mark)\\d{{3}})*)"
            f"{_FRACTION}(?![{_BLANK}]\\d)"
        ),
        # as in India
        f"\\d?(?P<mark>[{_COMMA}])(?:\\d\\d(?P=mark))+\\d{{3}}){_FRACTION}",
        f"\\d*)[{_COMMA}\u066b](?P<decimals>\\d+)",
    )
)

_DIGITS = re.compile(r"\d+")
# Telephone numbers: they start with a plus, a bracket or a zero.
_LEAD = "[+\uff0b(\uff08\\d]"
_TELEPHONE = re.compile(
    f"{_LEAD}(?<![\\w{_MARK}+\uff0b]{_LEAD})"
    "(?:(?<=\\d)\\d{0,4}|(?<=[(\uff08])\\d{1,5}|(?<=[+\uff0b])[(\uff08]?\\d{1,5})[)\uff09]?"
    f"(?:(?:[{_BLANK}{HYPHENS}{_POINT}/]{{1,2}}[(\uff08]?|[(\uff08]|(?<=[)\uff09]))\\d{{1,8}}[)\uff09]?)"
    "{1,7}(?!\\w)"
)
_TELEPHONE_DIGITS = range(9, 16)
_TRUNK = re.compile(r"[(\uff08]0[)\uff09]")
# Mobile and card numbers in their usual groups; dates, ISBNs and other hyphenated numbers.
_GROUPS = tuple(
    re.compile(
        f"\\d(?<![\\w{_MARK}]\\d)(?<!\\d[{between}]\\d){groups}(?!\\w)(?![{_MARK}{between}]\\d)"
    )
    for between, groups in (
        (
            _BLANK,
            f"(?:\\d\\d[{_BLANK}]\\d{{3,4}}[{_BLANK}]\\d{{4}}|\\d{{3}}(?:[{_BLANK}]\\d{{4}}){{3}})",
        ),
        (HYPHENS, f"\\d*(?:[{HYPHENS}]\\d+)+"),
    )
)
_GROUPS_DIGITS = range(7, 20)
_IBAN = re.compile(
    f"[A-Z](?<!\\w[A-Z])[A-Z]\\d\\d(?:[{_BLANK}][A-Z0-9]{{4}}){{2,7}}(?:[{_BLANK}][A-Z0-9]{{1,3}})?(?!\\w)"
)

_DOTTED = re.compile(f"(?<!\\d)\\d+(?P<mark>[{_POINT}_{HYPHENS}])\\d+(?:(?P=mark)\\d+)*")
_VERSION = re.compile(f"(?<!\\d)\\d+(?:[{_POINT}]\\d+)+")
_HYPHEN = re.compile(f"[{HYPHENS}]")
_MOST_JOINED = 5
_POINTS = re.compile(f"[{_POINT}]")
_INITIALS = range(3, 9)  # two letters are words too often: "U.S." and "us", "e.g.", "a.m."


def numbers(text: str) -> list[Form]:
    """Return the forms of numbers with several parts, without spaces and marks."""
    return list(dict.fromkeys(_numbers(text))) if _DIGITS.search(text) else []


def codes(word: str) -> Iterator[Form]:
    """Yield additional forms of a name with several parts.

    They are its version, the name without its hyphens, and initials without their dots.
    """
    for match in _DOTTED.finditer(word):
        if match.group() != word:
            yield _underlined(match.group()), match.start(), match.end()
    parts = _HYPHEN.split(word)
    if 1 < len(parts) <= _MOST_JOINED and not all(map(str.isdecimal, parts)):
        yield fold("".join(parts)), 0, len(word)
    letters = _POINTS.split(word)
    if len(letters) in _INITIALS and all(len(each) == 1 and each.isalpha() for each in letters):
        yield fold("".join(letters)), 0, len(word)


def versions(text: str) -> list[Form]:
    """Return the versions, addresses and other numbers with dots in a text."""
    return [(_underlined(match.group()), *match.span()) for match in _VERSION.finditer(text)]


def _underlined(number: str) -> str:
    return re.sub(r"\D", "_", fold(number))


def _numbers(text: str) -> Iterator[Form]:
    for pattern in _NUMBERS:
        for match in pattern.finditer(text):
            yield from _number(match)
    for pattern in _GROUPS:
        for match in pattern.finditer(text):
            joined = _joined(match.group())
            if len(joined) in _GROUPS_DIGITS:
                yield joined, match.start(), match.end()
    for match in _TELEPHONE.finditer(text):
        yield from _telephone_numbers(match)
    for match in _IBAN.finditer(text):
        yield fold("".join(match.group().split())), match.start(), match.end()


def _number(match: re.Match[str]) -> Iterator[Form]:
    whole, decimals = _joined(match["whole"]), fold(match["decimals"] or "")
    if not decimals.strip("0"):
        yield whole, match.start(), match.end()
    if decimals:
        yield f"{whole}_{decimals}", match.start(), match.end()


def _telephone_numbers(match: re.Match[str]) -> Iterator[Form]:
    """Yield the rest of the digits from each group with which a number may begin."""
    text = match.group()
    groups = list(_DIGITS.finditer(text))
    abroad = fold(text[:1]) == "+"
    for first, begin in enumerate(groups):
        before = fold(text[begin.start() - 1 : begin.start()])
        is_lead = fold(begin.group()[:1]) == "0" and len(begin.group()) > 1 and before.strip() == ""
        # Inside the country people dial the number after its code.
        if not is_lead and before not in ("+", "(") and not (abroad and first == 1):
            continue
        for last in range(first + 1, len(groups)):
            part = text[begin.start() : groups[last].end()]
            # Digits dialled only inside the country: +44 (0)20 is 4420.
            for joined in dict.fromkeys((_joined(part), _joined(_TRUNK.sub("", part)))):
                if len(joined) in _TELEPHONE_DIGITS:
                    at = match.start()
                    yield joined, at + begin.start(), at + groups[last].end()


def _joined(text: str) -> str:
    return fold("".join(_DIGITS.findall(text)))
