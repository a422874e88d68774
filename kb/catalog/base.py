"""The base of all parts of a state and of a change: the transaction's connection."""

from __future__ import annotations

import sqlite3


class Transaction:
    """Holds the connection; nothing outside this package sees it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
