"""Phrases in quotes as FTS5 expressions: the same words in the same order, in any spelling.

Words match without stems. A number matches with any grouping of its digits, a code with any hyphen
or none, and a version inside a name: ``"2.3.10"`` is in ``v2.3.10`` and not in ``1.2.3.10``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.characters import plain
from kb.words import numbers
from kb.words.terms import Term, is_single_character, terms, token

# Columns of a text's words in order, and of the parts of names.
_COLUMNS = "{terms forms}"
# Most variants of a phrase, and most words of all of them together.
_MOST_WAYS, _MOST_WORDS = 12, 600
_FEWEST_GROUPED = 4
# Digits of a number that is found by itself anywhere: mostly telephone numbers.
_FEWEST_TELLING = 9

Way = tuple[tuple[str, ...], str]
"""Words in order, and a further condition if these are meant; empty for none."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """One word or several adjacent ones, with all possible spellings."""

    ways: tuple[Way, ...]
    number: str = ""


def phrase_expression(phrase: str) -> str:
    """Return the FTS5 expression that finds ``phrase`` in a chunk's text; empty without terms.

    The phrase may begin or end inside a run of CJK characters, but not inside a word.
    """
    shown, _ = plain(phrase)
    found = list(terms(shown, tails=True))
    sequence = [term for term in found if not term.form]
    if not sequence:
        return ""
    prefix = False
    if is_single_character(sequence[-1].text):
        # The run may continue in the text, where no tail follows its last pair.
        if len(sequence) > 1 and sequence[-2].end == sequence[-1].end:
            sequence.pop()
        else:
            prefix = True
    units = _units(found, sequence)
    most = max(1, min(_MOST_WAYS, _MOST_WORDS // len(sequence)))
    ways = itertools.islice(itertools.product(*(unit.ways for unit in units)), most)
    expressions = [_written(way, prefix=prefix) for way in ways]
    expressions += _around_numbers(units, prefix=prefix)
    expression = " OR ".join(f"({each})" for each in dict.fromkeys(expressions))
    return " AND ".join([f"({expression})", *_whole_versions(shown)])


def _units(found: Sequence[Term], sequence: Sequence[Term]) -> list[_Unit]:
    forms = [term for term in found if term.form and not term.part]
    forms.sort(key=lambda form: form.start, reverse=True)
    units: list[_Unit] = []
    at = 0
    while at < len(sequence):
        first = sequence[at]
        over: list[Term] = []
        while forms and forms[-1].start <= first.start:
            over.append(forms.pop())
        end = max(first.end, *(form.end for form in over)) if over else first.end
        written: list[str] = []
        while at < len(sequence) and (not written or sequence[at].end <= end):
            written.append(token(sequence[at].text))
            at += 1
        units.append(_unit(tuple(written), [form.text for form in over if form.end == end]))
    return units


def _unit(written: tuple[str, ...], forms: Sequence[str]) -> _Unit:
    ways: list[Way] = []
    number = ""
    for form in (*written, *forms) if len(written) == 1 else forms:
        spelled = token(form)
        ways.append(((spelled,), ""))
        # "5 000 12" contains the groups of 5,000, but not the number.
        ways += [(groups, spelled) for groups in _grouped(form)]
        if form.isdecimal() and len(form) >= _FEWEST_TELLING:
            number = form
    # The groups of 1,250,000 are not a number in a list: "1, 250, 000".
    if not any(groups == written and spelled for groups, spelled in ways):
        ways.insert(0, (written, ""))
    return _Unit(tuple(dict.fromkeys(ways)), number)


def _grouped(number: str) -> Iterator[tuple[str, ...]]:
    """Yield the groups of a number's digits: by threes, and as in India."""
    whole, _, decimals = number.partition("_")
    if not whole.isdecimal() or not (decimals.isdecimal() or not decimals):
        return
    if decimals:
        yield whole, decimals
    if len(whole) < _FEWEST_GROUPED or whole.startswith("0"):
        return
    rest = (decimals,) if decimals else ()
    for size in (3, 2):
        groups = [whole[-3:]]
        for end in range(len(whole) - 3, 0, -size):
            groups.insert(0, whole[max(0, end - size) : end])
        yield (*groups, *rest)


def _around_numbers(units: Sequence[_Unit], *, prefix: bool) -> Iterator[str]:
    """Yield the phrase with a number matched by itself, whatever the grouping of its digits."""
    for at, unit in enumerate(units):
        if not unit.number:
            continue
        before = [word for each in units[:at] for word in each.ways[0][0]]
        after = [word for each in units[at + 1 :] for word in each.ways[0][0]]
        parts = [_in_order(before, prefix=False)] if before else []
        parts.append(_in_order([unit.number], prefix=False))
        parts += [_in_order(after, prefix=prefix)] if after else []
        yield " AND ".join(parts)


def _whole_versions(shown: str) -> Iterator[str]:
    """Yield the condition that a version is complete, not a part of a longer one."""
    readings = numbers.numbers(shown)
    for form, start, end in numbers.versions(shown):
        others = [other for other, first, last in readings if first < end and start < last]
        yield f"({' OR '.join(_in_order([each], prefix=False) for each in (form, *others))})"


def _written(way: Sequence[Way], *, prefix: bool) -> str:
    words = [word for each, _ in way for word in each]
    also = [_in_order([number], prefix=False) for _, number in way if number]
    return " AND ".join([_in_order(words, prefix=prefix), *also])


def _in_order(words: Sequence[str], *, prefix: bool) -> str:
    return f'{_COLUMNS} : "{" ".join(words)}"' + (" *" if prefix else "")
