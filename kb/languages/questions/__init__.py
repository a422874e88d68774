"""Our own queries, answers and other sentences, the same in each language, line by line.

Each language has a file named by its ISO 639-1 code (``de.txt``), with three parts between empty
lines: 40 queries as people type them, the answers to the first 30, and 12 sentences that answer
none. Their subjects vary over everyday and technical life, so that the texts of one language have
only the language in common.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of one language; ``answers`` belong to the first of the ``queries``."""

    queries: tuple[str, ...]
    answers: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def passages(self) -> tuple[str, ...]:
        """All texts but the queries."""
        return self.answers + self.others


@cache
def languages() -> tuple[str, ...]:
    """Return the languages with texts, ISO 639-1, in alphabetical order."""
    names = (each.name for each in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".txt") for name in names if name.endswith(".txt")))


@cache
def texts(language: str) -> Texts:
    """Return the texts of one of :func:`languages`."""
    content = files(__name__).joinpath(f"{language}.txt").read_text("utf-8")
    queries, answers, others = (part.splitlines() for part in content.strip().split("\n\n"))
    return Texts(queries=tuple(queries), answers=tuple(answers), others=tuple(others))


def vocabulary(word: str) -> frozenset[str]:
    """Return the languages whose texts contain a word, casefolded."""
    return _vocabulary().get(word, frozenset())


@cache
def _vocabulary() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for language in languages():
        known = texts(language)
        for line in (*known.queries, *known.passages):
            for word in _WORD.findall(line):
                found.setdefault(word.casefold(), set()).add(language)
    return {word: frozenset(each) for word, each in found.items()}
