"""Manual pages of several languages: read, and their sections matched with the English page's."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from roff import Section, sections

ENGLISH = "en"
_LEAST_SEEN, _LEAST_AGREED = 3, 0.6  # pages that have a heading for another, and their share
_NAMED = re.compile(r"\s+[-–—―－]+\s+|\s+[-–—―－]{1,2}(?=\w)")


@dataclass(frozen=True, slots=True)
class Page:
    """A page: what its NAME line says, and its sections in order."""

    name: str
    says: str
    sections: list[Section]


def read_page(path: Path) -> Page | None:
    """Read a page; None where it has no sections of its own."""
    with gzip.open(path, "rb") as file:
        source = file.read().decode("utf-8", "replace")
    found = sections(source)
    says = _NAMED.split(found[0].text.replace("\n", " "), maxsplit=1) if found else []
    if len(says) < 2 or "\ufffd" in source:
        return None
    return Page(path.name.removesuffix(".gz"), says[1].strip(" .。"), found)


def pages(folder: Path, language: str) -> dict[str, Path]:
    """Return the files of a language's pages by name; links are other pages' second names."""
    root = folder if language == ENGLISH else folder / language
    return {path.name: path for path in root.glob("man[1-9]*/*.gz") if not path.is_symlink()}


def headings_of(files: Sequence[tuple[Page, Page]]) -> dict[str, str]:
    """Return the English heading for each that a language has for it, from pairs of pages."""
    seen: dict[str, Counter[str]] = {}
    for english, page in files:
        if [each.level for each in english.sections] == [each.level for each in page.sections]:
            for one, other in zip(english.sections, page.sections, strict=True):
                if one.level == 1:
                    seen.setdefault(other.heading.casefold(), Counter())[one.heading.upper()] += 1
    learned = {}
    for heading, counted in seen.items():
        ((first, times),) = counted.most_common(1)
        if times >= _LEAST_SEEN and times > _LEAST_AGREED * counted.total():
            learned[heading] = first
    return learned


def matched(
    one: Sequence[Section], other: Sequence[Section], known: Mapping[str, str]
) -> dict[int, Section]:
    """Return the section of ``other`` for each of ``one``, an English page's, that has one."""
    mine, theirs = _tops(one), _tops(other)
    names = [one[span.start].heading.upper() for span in mine]
    titles = [known.get(other[span.start].heading.casefold(), f"? {span}") for span in theirs]
    pairs: list[tuple[int, int]] = []
    steps = SequenceMatcher(None, names, titles, autojunk=False).get_opcodes()
    for step, start, end, first, last in steps:
        unknown = all(title.startswith("?") for title in titles[first:last])
        if step == "equal" or (step == "replace" and end - start == last - first and unknown):
            pairs += zip(range(start, end), range(first, last), strict=True)
    found: dict[int, Section] = {}
    for at, place in pairs:
        inside, its = mine[at], theirs[place]
        found[inside.start] = other[its.start]
        if len(inside) == len(its):
            found |= dict(zip(inside, (other[each] for each in its), strict=True))
    return found


def _tops(found: Sequence[Section]) -> list[range]:
    """Return the places of each section of level 1 with its subsections."""
    starts = [at for at, each in enumerate(found) if each.level == 1]
    ends = [*starts[1:], len(found)]
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]
