"""What of a model's words is no part of the answer: thinking aloud, and going in circles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_BEGIN, _END = "<think>", "</think>"
_TAIL_CHARACTERS = 1200
_SHORTEST, _LONG, _LONGEST = 8, 60, 600
_LONG_TIMES, _SHORT_TIMES = 2, 4


def without_reasoning(pieces: Iterable[str]) -> Iterator[str]:
    """Give an answer's pieces without the ``<think>…</think>`` in front of it.

    Reasoning models (Qwen3, DeepSeek-R1) write one where the server does not take it out itself.
    One that never ends leaves nothing of the answer.
    """
    held = ""
    answering = False
    for piece in pieces:
        if answering:
            yield piece
            continue
        held = (held + piece).lstrip()
        if held.startswith(_BEGIN):
            if _END not in held:
                continue
            held = held.partition(_END)[2].lstrip()
        if held and not _BEGIN.startswith(held):
            answering = True
            yield held
    if not answering and not held.startswith(_BEGIN) and held:
        yield held


def until_circling(pieces: Iterable[str]) -> Iterator[str]:
    """Give an answer's pieces until it only repeats itself, as small models do.

    Ends after 60 characters or more were said twice in a row, or eight or more four times.
    """
    tail = ""
    for piece in pieces:
        yield piece
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
