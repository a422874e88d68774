"""Cuts a passage into windows: single sentences, or several short ones joined."""

from __future__ import annotations

from itertools import pairwise

from kb.splitting.boundaries import Level, levels

Span = tuple[int, int]
"""Start and end of a window, in code points of its passage."""

CONTEXT: Span = (0, 0)
"""Span of the window for the title and headings before a passage: it has no text in the passage."""

RULES = 2
"""Version of the rules; archived vectors of windows of other versions are ignored."""

LEAST = 80
"""Fewest characters of a window, if there is more text beside it."""

MOST = 400
"""Most characters of a window. A longer sentence is cut between its clauses or words."""

# A line of a list or table is a statement. A line of this length may continue on the next.
_FULL_LINE = 50


def windows(text: str, *, least: int = LEAST) -> list[Span]:
    """Return the spans of a passage's windows, in order; none without a letter or digit.

    Windows do not overlap, and have no white space at their ends. Together they contain every
    letter and digit of the passage.

    Args:
        text: the passage.
        least: short sentences are joined until they have this number of characters.
    """
    cuts = levels(text)
    ends = [at for at in range(1, len(text)) if _ends_sentence(text, cuts, at)]
    found: list[Span] = []
    start = 0
    for end in [*ends, len(text)]:
        span = _trimmed(text, start, end)
        if span is not None and (span[1] - span[0] >= least or end == len(text)):
            found.append(span)
            start = end
    found = _with_rest(found, least)
    parts = (part for span in found for part in _shortened(cuts, span))
    trimmed = (_trimmed(text, *part) for part in parts)
    return [span for span in trimmed if span is not None]


def halves(text: str, span: Span) -> list[Span]:
    """Cut a window into two parts of similar length, at the best place near the middle."""
    start, end = span
    if end - start < 2:  # noqa: PLR2004 - nothing to cut
        return [span]
    third = max(1, (end - start) // 3)
    cut = _best(levels(text), start + third, max(start + third, end - third))
    found = (_trimmed(text, *part) for part in ((start, cut), (cut, end)))
    return [part for part in found if part is not None]


def _ends_sentence(text: str, cuts: bytes, at: int) -> bool:
    level = cuts[at]
    return level >= Level.SENTENCE and not (level == Level.LINE and _goes_on(text, at))


def _goes_on(text: str, at: int) -> bool:
    """Return whether the line at ``at`` continues the sentence of the line before."""
    line = text[text.rfind("\n", 0, at - 1) + 1 : at].strip()
    return len(line) >= _FULL_LINE and text[at].islower() and line[-1].isalnum()


def _trimmed(text: str, start: int, end: int) -> Span | None:
    """Return a span without white space at its ends; None without a letter or digit."""
    part = text[start:end]
    if not any(character.isalnum() for character in part):
        return None
    first = start + len(part) - len(part.lstrip())
    return first, start + len(part.rstrip())


def _with_rest(spans: list[Span], least: int) -> list[Span]:
    """Join a short last window to the one before it."""
    if len(spans) > 1 and spans[-1][1] - spans[-1][0] < least:
        spans[-2:] = [(spans[-2][0], spans[-1][1])]
    return spans


def _shortened(cuts: bytes, span: Span) -> list[Span]:
    """Cut a window that is too long into the fewest parts of similar length."""
    start, end = span
    count = -(-(end - start) // MOST)
    if count == 1:
        return [span]
    size = (end - start) / count
    places = [start]
    for number in range(1, count):
        middle = start + round(number * size)
        reach = max(1, (MOST - round(size)) // 2)
        places.append(_best(cuts, max(places[-1] + 1, middle - reach), middle + reach))
    return list(pairwise([*places, end]))


def _best(cuts: bytes, low: int, high: int) -> int:
    """Return the best place for a cut from ``low`` to ``high``; the last of equal ones."""
    high = min(high, len(cuts) - 1)
    return max(range(low, high + 1), key=lambda at: (cuts[at], at), default=low)
