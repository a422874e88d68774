"""Where a page of documents ends, as those who ask for the next one say it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from kb.errors import SettingsError

CURSOR = re.compile("^([0-9]{1,17}-[0-9]{1,19})?$")
"""What a cursor looks like; empty for the first page."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor(added_at: str, document_id: int) -> str:
    """Return what asks for the documents after one, by when it was added and its id."""
    return f"{(datetime.fromisoformat(added_at) - _EPOCH) // _MICROSECOND}-{document_id}"


def place(cursor: str) -> tuple[str, int]:
    """Return when the document was added that a cursor stands behind, and its id.

    Raises:
        SettingsError: it is no cursor.
    """
    found = CURSOR.fullmatch(cursor)
    try:
        since, document_id = map(int, found[0].split("-") if found else ())
        added_at = (_EPOCH + since * _MICROSECOND).isoformat(timespec="microseconds")
    except ValueError as error:
        msg = (
            f"there is no page of documents after {cursor[:80]!r}; give what the page before has "
            "as `next`"
        )
        raise SettingsError(msg) from error
    return added_at, min(document_id, 2**63 - 1)
