"""The end of a transaction after an error: undone, without hiding that error."""

from __future__ import annotations

import logging
import sqlite3

_log = logging.getLogger(__name__)


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo the transaction, if any; never raise, because another error is being raised.

    SQLite undoes it by itself after some errors: a full or failing disk, too little memory.
    """
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        _log.warning("a transaction could not be undone, so its connection is closed: %s", error)


def is_idle(connection: sqlite3.Connection) -> bool:
    """Return whether a connection is open, outside of a transaction, and so usable again."""
    try:
        return not connection.in_transaction
    except sqlite3.Error:
        return False
