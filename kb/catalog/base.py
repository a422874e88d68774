"""The base of all parts of a state and of a change: the transaction's connection."""

from __future__ import annotations

import sqlite3


class Transaction:
    """Holds the connection; nothing outside this package sees it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db


class Counted(Transaction):
    """A transaction that may change what searches find."""

    def count_generation(self) -> int:
        """Tell the searches of all processes about the change; return the new generation."""
        row = self._db.execute("UPDATE generation SET value = value + 1 RETURNING value").fetchone()
        return int(row["value"])
