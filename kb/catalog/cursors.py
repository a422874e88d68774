"""Cursors of document pages: the end of one page, to request the next."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from kb.errors import SettingsError

CURSOR = re.compile("^([0-9]{1,17}-[0-9]{1,19})?$")
"""Form of a cursor; empty for the first page."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor(added_at: str, document_id: int) -> str:
    """Return the cursor for the documents after one, from its time of addition and id."""
    return f"{(datetime.fromisoformat(added_at) - _EPOCH) // _MICROSECOND}-{document_id}"


def place(cursor: str) -> tuple[str, int]:
    """Return time of addition and id of the document before a cursor.

    Raises:
        SettingsError: the text is not a cursor.
    """
    found = CURSOR.fullmatch(cursor)
    try:
        since, document_id = map(int, found[0].split("-") if found else ())
        added_at = (_EPOCH + since * _MICROSECOND).isoformat(timespec="microseconds")
    except ValueError as error:
        msg = (
            f"there is no page of documents after {cursor[:80]!r}; give the `next` of the previous "
            "page"
        )
        raise SettingsError(msg) from error
    return added_at, min(document_id, 2**63 - 1)
