"""Initials: a large letter over several lines joins the word that it begins.

The letter is on the first line. The lines beside it begin where it does, and so do those below it:
otherwise they could be a separate column. A large number or an ornament at the same place becomes a
separate word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ingest.loaders.pdf.page import Word
from ingest.loaders.printed_lines import is_cjk

_MOST = 40  # large letters of a page that are looked at
_LARGER = 1.6  # times the letters beside it
_LONGEST = 3  # characters of a letter with its marks, of a number
_RAISED, _LOWER = 0.75, 0.1  # of the large font: letters above and below the base line
_CJK_RAISED = 0.88
_ABOVE = 0.8  # heights of the font by which the first line may begin above or below its letter
_BACK, _AHEAD = 0.3, 1.6  # heights of the font between the letter and the lines beside it
_FAR = 2.5  # of a number or an ornament
_NEAR = 0.7  # heights of the font: lines begin at one place
_PITCH = 2.2  # heights of the font between lines of a paragraph
_SAME_PITCH = 0.25
_SAME_LINE = 0.3
_NARROWEST = 5.0  # heights of the font that lines of a paragraph take
_MOST_LINES = 12
_SPACE, _SHORT_SPACE = 0.25, 0.12
_DESCENT = 0.2  # of a word's box: see frames.line_box

_WORDS = frozenset("AIOEYÀÉÈÅÖÓВКСОУИАЯ")
"""Letters that are a word by themselves in some language."""

_MARKS = ".\"'“”‘’„«»‹›「『《（(¿¡"
_ARTICLES = frozenset("AI")
_BEHIND_A = (
    "bout bove ccording cross fter fterwards gain gainst ge go ir lbert lexander lice ll lmost "
    "lone long lready lso lthough lways merica merican mericans mid mong nd nna nother nswer ny "
    "nyone nything part pril re rguably rmed round rt rtists s side sia sk t ugust ustralia way"
)
_BEHIND_I = "an ce dea deas magine ran raq reland ron srael ssue taly talian talians"
_RESTS = frozenset([*_BEHIND_A.split(), *_BEHIND_I.split()])
_ONSET = re.compile(
    r"(?:[bcfgp][lr]|[dkt]r|[cgptsrw]h|s[cklmnpqtw]|[dt]w|[gk]n|p[sn]|ts|wr|y)?[^\W\d]",
    re.IGNORECASE,
)
_VOWELS = frozenset("aeiouyàáâãäåèéêëìíîïòóôõöùúûü")


class _Line(NamedTuple):
    """A line beside or below a large letter: its first word, that word's index, its end."""

    at: int
    word: Word
    right: float


def with_initials(words: Sequence[Word]) -> list[Word]:
    """Return words in their order, each large letter with the word that it begins."""
    found = list(words)
    if not found:
        return found
    sizes = sorted(word.size for word in words)
    usual = sizes[len(sizes) // 2]
    large = [at for at, word in enumerate(words) if _may_be(word, usual)]
    gone: set[int] = set()
    for at in large[:_MOST]:
        initial = words[at]
        lines = _beside(initial, words)
        if len(lines) < 2 or _has_company(initial, words):  # noqa: PLR2004 - lines of a paragraph
            continue
        letter = _is_letter(initial)
        if letter and not _is_paragraph(initial, lines, words):
            continue
        first = lines[0]
        for line in lines[1:]:
            found[line.at] = _from(initial.box[0], line.word)
        if letter and not _is_word(initial, lines, words):
            joined = replace(first.word, text=initial.text + first.word.text)
            found[first.at] = _from(initial.box[0], joined)
            gone.add(at)
        else:
            found[at] = _before(initial, first.word)
    return [word for at, word in enumerate(found) if at not in gone]


def _may_be(word: Word, usual: float) -> bool:
    return word.size >= _LARGER * usual and len(word.text) <= _LONGEST


def _is_letter(word: Word) -> bool:
    letters = word.text.strip(_MARKS)
    return bool(letters) and all(
        c.isalpha() and unicodedata.normalize("NFKC", c) == c for c in letters if c not in _MARKS
    )


def _beside(initial: Word, words: Sequence[Word]) -> list[_Line]:
    """Return the lines beside a large letter that begin at one place, the first one at its top."""
    base = initial.box[3] - _DESCENT * initial.size
    raised = _CJK_RAISED if is_cjk(initial.text[-1]) else _RAISED
    top, bottom = base - raised * initial.size, base + _LOWER * initial.size
    reach = _AHEAD if _is_letter(initial) else _FAR
    lines: list[_Line] = []
    for at, word in enumerate(words):
        if word.size * _LARGER > initial.size or word is initial:
            continue
        gap = word.box[0] - initial.box[2]
        if not -_BACK * word.size <= gap <= reach * word.size or word.box[0] <= initial.box[0]:
            continue
        if word.box[1] < bottom and word.box[1] > top - _ABOVE * word.size:
            lines.append(_Line(at, word, word.box[2]))
    lines = _leftmost(lines)
    if not lines or lines[0].word.box[1] > top + _ABOVE * lines[0].word.size:
        return []
    lines = [line for line in lines if _is_open(initial, line.word, words)]
    found = lines[:1]
    for line in lines[1 : _MOST_LINES + 1]:
        above = found[-1].word
        step = line.word.box[3] - above.box[3]
        if step > _PITCH * line.word.size or abs(line.word.size - above.size) > 1:
            break
        if len(found) > 1 and abs(line.word.box[0] - above.box[0]) > _NEAR * above.size:
            break
        found.append(line)
    return [line._replace(right=_end(line.word, words)) for line in found]


def _leftmost(lines: Sequence[_Line]) -> list[_Line]:
    """Return the first word of each line, from the top."""
    found: list[_Line] = []
    for line in sorted(lines, key=lambda line: (line.word.box[3], line.word.box[0])):
        if found and line.word.box[3] - found[-1].word.box[3] <= _SAME_LINE * line.word.size:
            if line.word.box[0] < found[-1].word.box[0]:
                found[-1] = line
        else:
            found.append(line)
    return found


def _is_open(initial: Word, word: Word, words: Sequence[Word]) -> bool:
    """Whether nothing is between a line and the large letter, or at the letter's place."""
    middle = (word.box[1] + word.box[3]) / 2
    return not any(
        other is not initial
        and other.box[1] < middle < other.box[3]
        and other.box[0] < word.box[0] - 0.1
        and other.box[2] > initial.box[0] + 1
        for other in words
    )


def _end(first: Word, words: Sequence[Word]) -> float:
    """Return the end of a line, at the first wide gap."""
    middle = (first.box[1] + first.box[3]) / 2
    level = sorted(
        (w.box[0], w.box[2])
        for w in words
        if w.box[1] < middle < w.box[3] and w.box[0] >= first.box[0]
    )
    right = first.box[2]
    for left, end in level:
        if left - right > 2 * first.size:
            break
        right = max(right, end)
    return right


def _has_company(initial: Word, words: Sequence[Word]) -> bool:
    """Whether other letters as large are beside it: then it is a heading."""
    left, top, right, bottom = initial.box
    return any(
        word is not initial
        and word.size * _LARGER > initial.size
        and word.box[1] < bottom
        and word.box[3] > top
        and word.box[0] < right + initial.size
        and word.box[2] > left - initial.size
        for word in words
    )


def _is_paragraph(initial: Word, lines: Sequence[_Line], words: Sequence[Word]) -> bool:
    """Whether the lines form a paragraph: it continues below its letter, or fills them."""
    size = lines[0].word.size
    steps = [b.word.box[3] - a.word.box[3] for a, b in pairwise(lines)]
    last = lines[-1].word
    returns = any(
        abs(word.box[0] - initial.box[0]) <= _NEAR * size
        and abs(word.size - size) <= 1
        and abs(word.box[3] - last.box[3] - steps[-1]) <= _SAME_PITCH * size
        for word in words
    )
    end = max(line.right for line in lines)
    full = all(
        end - line.right <= below.word.box[2] - below.word.box[0] + 2 * _SPACE * size
        for line, below in pairwise(lines)
    )
    return full and end - lines[0].word.box[0] >= _NARROWEST * size and (returns or len(lines) > 1)


def _is_word(initial: Word, lines: Sequence[_Line], words: Sequence[Word]) -> bool:
    """Whether a large letter is a word by itself, as "A" and "I" are."""
    letter, rest = initial.text[-1], lines[0].word.text.strip(".,;:!?\"'“”‘’").casefold()
    if letter not in _WORDS or not rest.isalpha():
        return letter in _WORDS and initial.text[-1:].isalpha() and not rest[:1].isalpha()
    first, second = lines[0].word, lines[1].word
    if _SHORT_SPACE * first.size < first.box[0] - second.box[0] < _NEAR * first.size:
        return True  # a space before the first line alone
    known = {word.text.strip(".,;:!?\"'“”‘’()").casefold() for word in words}
    if (letter.casefold() + rest) in known:
        return False
    others = {
        word.text.strip(".,;:!?\"'“”‘’()").casefold()
        for at, word in enumerate(words)
        if at != lines[0].at
    }
    if rest in others and rest not in _RESTS:
        return True
    return letter in _ARTICLES and rest not in _RESTS and _begins_a_word(rest)


def _begins_a_word(rest: str) -> bool:
    return len(rest) > 1 and _VOWELS.intersection(rest) != set() and _opens(rest)


def _opens(rest: str) -> bool:
    """Whether a word can begin with these letters: no English word begins with "nd"."""
    match = _ONSET.match(rest)
    if match is None:
        return False
    onset = match.group()
    return len(onset) > 1 or rest[0] in _VOWELS or rest[1] in _VOWELS


def _from(left: float, word: Word) -> Word:
    return replace(word, box=(left, *word.box[1:]))


def _before(initial: Word, first: Word) -> Word:
    """Return a large word on the first line, in the size of the words there."""
    left, top, _, bottom = initial.box[0], *first.box[1:]
    right = max(first.box[0] - _SPACE * first.size, left + 1)
    return replace(initial, box=(left, top, right, bottom), size=first.size, line=first.line)
