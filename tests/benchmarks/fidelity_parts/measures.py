"""How much of a document's truth a reading holds: exact shares, one for each kind of fault.

Words are compared after NFKC, so that ligatures and wide digits are what they stand for. Latin
words are runs of letters and digits; Chinese and Japanese, which put no spaces between words, are
compared by pairs of neighbouring characters, so that a space or a break inside a sentence counts.

**Order** is the length of the longest common subsequence of the truth's and the reading's words,
over the words that are found: the share of words that would stand right if the fewest others were
taken out. Counting neighbours that stayed together was rejected: two columns read line by line,
which no one can follow, keep five neighbours of six.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from fidelity_parts.truth import Cell, Truth

_WIDE = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"[{_WIDE}]+|(?:(?![{_WIDE}])\w)+(?:(?:(?<=\d)[.,:](?=\d)|['’](?=\w))(?:(?![{_WIDE}])\w)+)*"
)
_IS_WIDE = re.compile(f"[{_WIDE}]")
_MARKS = re.compile("[⁰¹²³⁴-⁹₀-₉]+")  # footnote marks; NFKC would glue them to the word
_SOFT = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_CELL_BREAK = re.compile(r"\t| \| |^\s*\| ?| ?\|\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``right`` of ``all``; 1 where there is nothing to be right."""

    right: int = 0
    all: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(right=self.right + other.right, all=self.all + other.all)

    @property
    def value(self) -> float:
        """The share as a number."""
        return self.right / self.all if self.all else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of one reading, or of many together.

    ``found``: words of the truth that the reading has. ``order``: words found that stand in order.
    ``cells``: cells, fields and lines of code beside what they belong to. ``invented``: words of
    the reading that stand nowhere in the truth. ``repeated``: words that it has too often.
    """

    found: Share
    order: Share
    cells: Share
    invented: Share
    repeated: Share

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )


def clean(text: str) -> str:
    """Return text without what is not seen, compatibility characters replaced."""
    return unicodedata.normalize("NFKC", _MARKS.sub(" ", text).translate(_SOFT))


def units(text: str) -> list[str]:
    """Return the words that are looked for: Latin words, pairs of Chinese characters."""
    found: list[str] = []
    for token in _TOKEN.findall(clean(text)):
        if len(token) > 1 and _IS_WIDE.match(token):
            found.extend(token[at : at + 2] for at in range(len(token) - 1))
        else:
            found.append(token)
    return found


def words(text: str) -> list[str]:
    """Return the words that could be invented: Latin words, single Chinese characters."""
    found: list[str] = []
    for token in _TOKEN.findall(clean(text)):
        found.extend(token if _IS_WIDE.match(token) else [token])
    return found


def common(one: Sequence[str], two: Sequence[str]) -> int:
    """Return the length of the longest common subsequence (bits of a long integer, Hyyrö 2004)."""
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | (1 << at)
    full = (1 << len(one)) - 1
    row = full
    for word in two:
        hit = row & places.get(word, 0)
        row = ((row + hit) | (row - hit)) & full
    return len(one) - row.bit_count()


def measure(truth: Truth, reading: str) -> Figures:
    """Compare a reading with the truth."""
    said = units(reading)
    counted = Counter(said)
    streams = [units(stream) for stream in truth.streams]
    wanted = Counter(unit for stream in streams for unit in stream)
    found = sum((wanted & counted).values())
    ordered = sum(common(stream, said) for stream in streams)
    possible = sum(sum((Counter(stream) & counted).values()) for stream in streams)
    lines = reading.split("\n")
    beside = _cells(truth.cells, lines) + _pairs(truth.pairs, lines) + _code(truth.code, lines)
    return Figures(
        found=Share(right=found, all=wanted.total()),
        order=Share(right=ordered, all=possible),
        cells=beside,
        invented=_invented(truth, reading),
        repeated=_repeated(truth, reading),
    )


def _invented(truth: Truth, reading: str) -> Share:
    known = set(words("\n".join((*truth.streams, *truth.running, truth.allowed))))
    said = words(reading)
    return Share(right=sum(word not in known for word in said), all=len(said))


def _repeated(truth: Truth, reading: str) -> Share:
    once = Counter(words("\n".join((*truth.streams, *truth.running))))
    free = set(words(truth.allowed))
    said = Counter(words(reading))
    surplus = sum(
        count - once[word]
        for word, count in said.items()
        if word in once and word not in free and count > once[word]
    )
    return Share(right=surplus, all=said.total())


def squeeze(text: str) -> str:
    """Return a cell's text for comparison: single spaces, none between Chinese characters."""
    text = " ".join(clean(text).split())
    return re.sub(f"(?<=[{_WIDE}]) (?=[{_WIDE}])", "", text)


def _cells(wanted: Sequence[Cell], lines: Sequence[str]) -> Share:
    rows = [[squeeze(part) for part in _CELL_BREAK.split(line)] for line in lines]
    by_text: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for text in set(row):
            by_text.setdefault(text, []).append(number)
    right = 0
    for cell in wanted:
        held = [_holds(cell, squeeze(name), rows, by_text) for name in cell.rows]
        right += all(held) if cell.every else any(held)
    return Share(right=right, all=len(wanted))


def _holds(cell: Cell, name: str, rows: list[list[str]], by_text: dict[str, list[int]]) -> bool:
    """Whether a line has the row's name, and the cell where the line of names has its column's."""
    column, text = squeeze(cell.column), squeeze(cell.text)
    headers = set(by_text.get(column, ())) & set(by_text.get(squeeze(cell.corner), ()))
    for number in by_text.get(name, ()):
        header = max((h for h in headers if h < number), default=None)
        if header is None:
            continue
        place = rows[header].index(column)
        if place < len(rows[number]) and rows[number][place] == text:
            return True
    return False


def _pairs(wanted: Iterable[tuple[str, tuple[str, ...]]], lines: Sequence[str]) -> Share:
    flat = [squeeze(line) for line in lines]
    asked = [(squeeze(label), [squeeze(value) for value in values]) for label, values in wanted]
    right = sum(
        any(
            value in line[line.index(label) + len(label) :]
            for line in flat
            if label in line
            for value in values
        )
        for label, values in asked
    )
    return Share(right=right, all=len(asked))


def _code(listings: Iterable[tuple[str, ...]], lines: Sequence[str]) -> Share:
    """Lines of code that stand alone and are as far in from the first line as they were."""
    depths: dict[str, list[int]] = {}
    for line in map(str.expandtabs, lines):
        depths.setdefault(" ".join(line.split()), []).append(len(line) - len(line.lstrip()))
    right = every = 0
    for listing in listings:
        first = depths.get(" ".join(listing[0].split()), [0])[0]
        for line in filter(str.strip, listing):
            depth = len(line) - len(line.lstrip()) - (len(listing[0]) - len(listing[0].lstrip()))
            every += 1
            right += any(found - first == depth for found in depths.get(" ".join(line.split()), ()))
    return Share(right=right, all=every)
