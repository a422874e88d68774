"""Numbers from callers, in the form that SQLite compares."""

from __future__ import annotations

from kb.errors import DocumentNotFoundError, SettingsError

MOST_OFFSET = 10**9
"""Highest offset, also of the server; no document or job has more items."""

_LONGEST_BITS = 256  # of a number that messages show whole


def storable(number: int) -> int:
    """Return ``number``, limited to the nearest one of 64 bits."""
    return max(-(2**63), min(number, 2**63 - 1))


def check_page(limit: int | None, offset: int) -> None:
    """Refuse an invalid limit or offset.

    Raises:
        SettingsError: ``limit`` is below 1, or ``offset`` below 0.
    """
    if (limit is not None and limit < 1) or offset < 0:
        msg = f"limit is {limit} and offset {offset}, but must be 1 or more, and 0 or more"
        raise SettingsError(msg)


def document_number(number: object) -> int:
    """Return the number of a document in the form that SQLite compares.

    Raises:
        DocumentNotFoundError: the value is not a whole number, so no document has it.
    """
    # True and 1.0 equal 1, and SQLite would find document 1 by them.
    if isinstance(number, bool) or not isinstance(number, int):
        msg = (
            f"there is no document {number!r:.80}: the number of a document is a whole number; "
            "`kb documents` lists them all"
        )
        raise DocumentNotFoundError(msg)
    return storable(number)


def no_document(number: int) -> DocumentNotFoundError:
    """Return the error for a whole number that no document has."""
    # Python does not print numbers of more than 4,300 digits.
    shown = str(number) if number.bit_length() < _LONGEST_BITS else "of so many digits"
    return DocumentNotFoundError(f"there is no document {shown}; `kb documents` lists them all")
