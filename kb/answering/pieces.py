"""Ends an answer that repeats itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_TAIL_CHARACTERS = 1200
_SHORTEST, _LONG, _LONGEST = 8, 60, 600
_LONG_TIMES, _SHORT_TIMES = 2, 4


def until_circling(pieces: Iterable[str]) -> Iterator[str]:
    """Yield an answer's pieces until it only repeats itself, as small models do.

    It ends after 60 or more characters twice in a row, or eight or more four times.
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
    """Return whether a block is a line, such as the one below a table's header."""
    return not any(character.isalnum() for character in block)
