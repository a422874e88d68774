"""Citations in an answer: keeps those of existing passages and removes the others."""

from __future__ import annotations

import re

# Both kinds of brackets, and several numbers in one pair.
_CITATION = re.compile(r"[\[【]\s*\d{1,4}(?:\s*[,，、;]\s*\d{1,4})*\s*[\]】]")
_BEGUN = re.compile(r"\s*(?:[\[【][\d\s,，、;]*)?$")
_LONGEST = 40  # characters of an open bracket that may become a citation


class CitationFilter:
    """Takes an answer piece by piece and returns it with correct citations.

    With two passages it removes ``[3]`` and the space before it, and turns ``[1, 3]`` into ``[1]``.
    Text that may become a citation is held back until that is clear.

    Args:
        passages: number of passages; their numbers start from 1.
    """

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._held = ""
        self._cited: set[int] = set()

    @property
    def cited(self) -> tuple[int, ...]:
        """The passages cited so far, in the order of their numbers."""
        return tuple(sorted(self._cited))

    def feed(self, piece: str) -> str:
        """Return the part of the answer that is certain after this piece."""
        text = self._held + piece
        begun = _BEGUN.search(text)
        at = begun.start() if begun and len(text) - begun.start() <= _LONGEST else len(text)
        self._held = text[at:]
        return self._put_right(text[:at])

    def end(self) -> str:
        """Return the text held back."""
        held, self._held = self._held, ""
        return self._put_right(held).rstrip()

    def _put_right(self, text: str) -> str:
        parts: list[str] = []
        at = 0
        for found in _CITATION.finditer(text):
            numbers = [int(number) for number in re.findall(r"\d+", found[0])]
            there = [n for n in dict.fromkeys(numbers) if 1 <= n <= self._passages]
            before = text[at : found.start()]
            parts.append(before if there else before.rstrip(" \t"))
            parts += [f"[{number}]" for number in there]
            self._cited.update(there)
            at = found.end()
        return "".join([*parts, text[at:]])
