"""Words the pages of a citation, the same way in every place that shows one."""

from __future__ import annotations


def page_span(
    first: int, last: int | None = None, *, first_label: str = "", last_label: str = ""
) -> str:
    """Return a page, or the first and the last of several: ``xxiv–xxv``, else ``24–25``.

    Both ends are labels as they are printed on the pages, or both are numbers counted from 1. A
    label beside a number would read as a range that there is not: page 12 to 25.

    Args:
        first: number of the first page.
        last: number of the last; None or ``first`` where there is one.
        first_label: what the document calls the first page, empty for nothing.
        last_label: what it calls the last.
    """
    if last is None or last == first:
        return first_label or str(first)
    if first_label and last_label and first_label != last_label:
        return f"{first_label}–{last_label}"
    return f"{first}–{last}"
