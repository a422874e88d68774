"""The positions of the words of a line read in a picture, from the reader's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.loaders.pictures.reading_order import Point

_APART = 0.9
"""White between consecutive letters without a space, in heights of the line."""

_SPACE = 0.3
"""Least white of a space: the reader's words sometimes touch."""

Word = tuple[str, float, float]


def words_along(
    text: str, told: Sequence[Any], corners: tuple[Point, Point, Point, Point]
) -> tuple[Word, ...]:
    """Return the words of a horizontal line, with the beginning and end of each along it.

    Args:
        text: the line.
        told: its words from the reader: text, score, corners of the word's box.
        corners: of the line's box.
    """
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    height = max(max(y for _, y in corners) - min(y for _, y in corners), 1.0)
    if right - left <= height or "".join(word[0] for word in told) != "".join(text.split()):
        return ()
    found: list[Word] = []
    at = 0
    for letters, _, box in told:
        begin = text.find(letters, at)
        edges = [float(x) for x, _ in box]
        start, end = _along(min(edges), left, right), _along(max(edges), left, right)
        last = found[-1] if found else ("", 0.0, 0.0)
        white = (start - last[2]) * (right - left) / height
        if found and begin == at and white < _APART:
            found[-1] = (last[0] + letters, last[1], max(end, last[2]))
        else:
            if found and white < _SPACE:
                shorter = max(last[1], start - _SPACE * height / (right - left))
                found[-1] = (last[0], last[1], shorter)
            found.append((letters, start, end))
        at = begin + len(letters)
    return tuple(found)


def _along(x: float, left: float, right: float) -> float:
    return min(max((x - left) / (right - left), 0.0), 1.0)
