"""Words the pages of a citation, the same way everywhere."""

from __future__ import annotations


def page_span(
    first: int, last: int | None = None, *, first_label: str = "", last_label: str = ""
) -> str:
    """Return one page, or the first and last of several: ``xxiv–xxv``, else ``24–25``.

    Both ends are printed page labels, or both are page numbers from 1. A mixture would read as a
    range that does not exist: page 12 to 25.

    Args:
        first: number of the first page.
        last: number of the last page; None or ``first`` for a single page.
        first_label: printed label of the first page; empty for none.
        last_label: printed label of the last page; empty for none.
    """
    if last is None or last == first:
        return first_label or str(first)
    if first_label and last_label and first_label != last_label:
        return f"{first_label}–{last_label}"
    return f"{first}–{last}"
