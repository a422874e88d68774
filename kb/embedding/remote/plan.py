"""Which texts go together into one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

MOST_CHARACTERS = 200_000
"""Most text of one request: with four bytes a character still under the megabyte of proxies."""

_FEWEST = 4


def plan_requests(lengths: Sequence[int], *, lanes: int, most: int) -> Iterator[list[int]]:
    """Group rows, in order, into requests of at most ``most`` texts and 200,000 characters.

    Few texts are spread over all ``lanes``, but not below four a request: a GPU wants batches.
    A longer text goes alone.
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
