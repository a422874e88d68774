"""Groups texts into requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

MOST_CHARACTERS = 200_000
"""Most characters of one request: at four bytes each, it stays below the megabyte of proxies."""

_FEWEST = 4


def plan_requests(lengths: Sequence[int], *, lanes: int, most: int) -> Iterator[list[int]]:
    """Group rows, in order, into requests of at most ``most`` texts and 200,000 characters.

    A few texts spread over all ``lanes``, but with at least four a request, because a GPU needs
    batches. A text of more characters has a request of its own.
    """
    share = max(_FEWEST, -(-len(lengths) // max(1, lanes)))
    limit = max(1, min(most, share))
    rows: list[int] = []
    characters = 0
    for row, length in enumerate(lengths):
        if rows and (len(rows) == limit or characters + length > MOST_CHARACTERS):
            yield rows
            rows, characters = [], 0
        rows.append(row)
        characters += length
    if rows:
        yield rows
