"""How a transaction ends after an error: undone, and with that error, not with one of its own."""

from __future__ import annotations

import logging
import sqlite3

_log = logging.getLogger(__name__)


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo the transaction if there is one; never raise, for another error is under way.

    SQLite undoes it by itself after some errors: a full disk, a disk that fails, too little memory.
    """
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        _log.warning("a transaction could not be undone, so its connection is closed: %s", error)


def is_idle(connection: sqlite3.Connection) -> bool:
    """Say whether a connection is open and in no transaction, so that it can be used again."""
    try:
        return not connection.in_transaction
    except sqlite3.Error:
        return False
