"""What of a model's words is no part of the answer: going in circles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_TAIL_CHARACTERS = 1200
_SHORTEST, _LONG, _LONGEST = 8, 60, 600
_LONG_TIMES, _SHORT_TIMES = 2, 4


def until_circling(pieces: Iterable[str]) -> Iterator[str]:
    """Give an answer's pieces until it only repeats itself, as small models do.

    Ends after 60 characters or more were said twice in a row, or eight or more four times.
    """
    tail = ""
    for piece in pieces:
        yield piece
        if not piece:
            continue
        tail = (tail + piece)[-_TAIL_CHARACTERS:]
        if _circles(tail):
            return


def _circles(text: str) -> bool:
    for length in range(_SHORTEST, min(_LONGEST, len(text) // _LONG_TIMES) + 1):
        times = _LONG_TIMES if length >= _LONG else _SHORT_TIMES
        block = text[-length:]
        if text.endswith(block * times) and not _is_rule(block):
            return True
    return False


def _is_rule(block: str) -> bool:
    """Say whether a block draws a line, such as the one below a table's head."""
    return not any(character.isalnum() for character in block)
