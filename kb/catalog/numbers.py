"""Numbers that callers give, as SQLite compares them."""

from __future__ import annotations

from kb.errors import DocumentNotFoundError, SettingsError

MOST_OFFSET = 10**9
"""As many as a server passes over; no document or job has more of anything."""

_LONGEST_BITS = 256  # of a number that is shown whole


def storable(number: int) -> int:
    """Return ``number`` as SQLite compares it: the nearest one of 64 bits."""
    return max(-(2**63), min(number, 2**63 - 1))


def check_page(limit: int | None, offset: int) -> None:
    """Refuse what bounds no page.

    Raises:
        SettingsError: ``limit`` is below 1, or ``offset`` below 0.
    """
    if (limit is not None and limit < 1) or offset < 0:
        msg = f"limit is {limit} and offset {offset}, but must be 1 or more, and 0 or more"
        raise SettingsError(msg)


def document_number(number: object) -> int:
    """Return the number of a document as SQLite compares it.

    Raises:
        DocumentNotFoundError: it is no whole number, so there is no such document.
    """
    # True and 1.0 are equal to 1, and SQLite would find document 1 by them.
    if isinstance(number, bool) or not isinstance(number, int):
        msg = (
            f"there is no document {number!r:.80}: the number of a document is a whole number; "
            "`kb documents` lists them all"
        )
        raise DocumentNotFoundError(msg)
    return storable(number)


def no_document(number: int) -> DocumentNotFoundError:
    """Return the error for a whole number that no document has."""
    # Python prints no numbers of more than 4,300 digits.
    shown = str(number) if number.bit_length() < _LONGEST_BITS else "of so many digits"
    return DocumentNotFoundError(f"there is no document {shown}; `kb documents` lists them all")
