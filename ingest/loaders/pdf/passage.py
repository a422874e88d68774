"""Finds a passage of a document's text among the characters of a page.

Another engine read the text than the one that knows the positions of characters, and the text was
normalised. So line ends, hyphens, ligatures and the order of columns differ. The sequence of
letters and digits stays the same, at least over short distances.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.loaders.page_pictures import Box

GRAM = 8
"""Least consecutive letters that agree: about two words, or a clause of Chinese."""

LEAST_RUN = 20
"""Consecutive letters below which an agreement counts as chance, unless the passage is shorter."""

LEAST_COVER = 0.6
"""Share of the passage's letters on the page that counts as finding it."""


@dataclass(frozen=True, slots=True)
class Character:
    """One character on a page, and its box."""

    text: str
    box: Box


def find_passage(passage: str, characters: Sequence[Character]) -> list[Box]:
    """Return the boxes of a passage's lines; empty if the passage is not found.

    Args:
        passage: the part of the passage on this page.
        characters: of the page, in the file's order.
    """
    wanted, _ = letters_of([passage])
    page, owners = letters_of(character.text for character in characters)
    if not wanted or not page:
        return []
    at = page.find(wanted)
    found = set(range(at, at + len(wanted))) if at >= 0 else _similar(wanted, page)
    return _lines([characters[index].box for index in sorted({owners[i] for i in found})])


def letters_of(parts: Iterable[str]) -> tuple[str, list[int]]:
    """Return the letters and digits of all parts, folded, with the part of each."""
    letters: list[str] = []
    owners: list[int] = []
    for number, part in enumerate(parts):
        folded = unicodedata.normalize("NFKC", part).casefold()
        kept = [letter for letter in folded if letter.isalnum()]
        letters += kept
        owners += [number] * len(kept)
    return "".join(letters), owners


def _similar(wanted: str, page: str) -> set[int]:
    """Return the places in ``page`` that agree with ``wanted`` in sufficiently long runs."""
    size = min(GRAM, len(wanted))
    grams = {wanted[at : at + size] for at in range(len(wanted) - size + 1)}
    starts = [at for at in range(len(page) - size + 1) if page[at : at + size] in grams]
    runs: list[list[int]] = []
    for at in starts:
        if runs and at <= runs[-1][1]:
            runs[-1][1] = at + size
        else:
            runs.append([at, at + size])
    least = min(LEAST_RUN, len(wanted))
    kept = [(start, end) for start, end in runs if end - start >= least]
    seen = {page[at : at + size] for start, end in kept for at in range(start, end - size + 1)}
    covered: set[int] = set()
    for at in range(len(wanted) - size + 1):
        if wanted[at : at + size] in seen:
            covered.update(range(at, at + size))
    if len(covered) < LEAST_COVER * len(wanted):
        return set()
    return {at for start, end in kept for at in range(start, end)}


def _lines(boxes: Sequence[Box]) -> list[Box]:
    """Join the boxes of consecutive characters on a line."""
    return [box for box, _ in joined_lines(boxes)]


def joined_lines(boxes: Sequence[Box]) -> list[tuple[Box, list[int]]]:
    """Join the boxes of consecutive characters on a line; return the line of each."""
    lines: list[tuple[Box, list[int]]] = []
    for number, (left, top, right, bottom) in enumerate(boxes):
        if right <= left or bottom <= top:
            continue
        if lines:
            (first, above, last, below), members = lines[-1]
            height = min(bottom, below) - max(top, above)
            beside = left >= first and left - last < 3 * (below - above)
            if beside and height > 0.5 * min(bottom - top, below - above):
                joined = (first, min(top, above), max(right, last), max(bottom, below))
                members.append(number)
                lines[-1] = (joined, members)
                continue
        lines.append(((left, top, right, bottom), [number]))
    return lines
