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
_LEAST_SEEN, _LEAST_AGREED = 3, 0.5  # pages that have a heading for another, and their share
_NAME = re.compile(r"[A-Za-z0-9_]{2,}")
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
    """Return the English heading for each that a language has for it, from pairs of pages.

    A section is taken for that English one with which it shares most names, options and numbers of
    those that both pages have; what most pages say about a heading holds. Counting sections would
    be wrong wherever English pages have got a new one since they were translated.
    """
    seen: dict[str, Counter[str]] = {}
    for english, page in files:
        mine, theirs = _named(english), _named(page)
        shared = set().union(*mine.values()) & set().union(*theirs.values())
        for title, names in theirs.items():
            alike = {heading: _alike(names & shared, own & shared) for heading, own in mine.items()}
            if alike and max(alike.values()):
                heading = max(alike, key=alike.__getitem__)
                seen.setdefault(title.casefold(), Counter())[heading.upper()] += 1
    learned = {}
    for heading, counted in seen.items():
        ((first, times),) = counted.most_common(1)
        if times >= _LEAST_SEEN and times > _LEAST_AGREED * counted.total():
            learned[heading] = first
    return learned


def _named(page: Page) -> dict[str, set[str]]:
    """Return the names, options and numbers in each section of level 1 after the first."""
    found: dict[str, set[str]] = {}
    heading = ""
    for section in page.sections[1:]:
        heading = section.heading if section.level == 1 else heading
        found.setdefault(heading, set()).update(_NAME.findall(section.text))
    return found


def _alike(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other) or 1)


def matched(
    one: Sequence[Section], other: Sequence[Section], known: Mapping[str, str]
) -> dict[int, Section]:
    """Return the section of ``other`` for each of ``one``, an English page's, that has one."""
    mine, theirs = _tops(one), _tops(other)
    names = ["NAME", *(one[span.start].heading.upper() for span in mine[1:])]
    titles = [known.get(other[span.start].heading.casefold(), f"? {span}") for span in theirs[1:]]
    titles.insert(0, "NAME")
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
