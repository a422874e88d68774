"""Where insets stand in the text: values after their labels, notes and pictures at their place."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.page import Block, Inset, Sheet, Word


def with_fields(words: Sequence[Word], insets: Sequence[Inset]) -> list[Word]:
    """Return the words of a page with the values of its form fields where they stand."""
    return list(words)


def place(blocks: list[Block], sheet: Sheet) -> list[Block]:
    """Put the insets of a page beside the words that they belong to."""
    return blocks
