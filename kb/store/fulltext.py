"""The full-text index over chunks: adding, removing, and querying it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def add(db: sqlite3.Connection, items: Iterable[tuple[int, str]]) -> None:
    """Index chunks, given as (chunk id, index text)."""
    db.executemany("INSERT INTO chunk_index (rowid, terms) VALUES (?, ?)", items)


def remove(db: sqlite3.Connection, items: Iterable[tuple[int, str]]) -> None:
    """Remove chunks from the index; it holds no text, so it must be given what it was given."""
    db.executemany(
        "INSERT INTO chunk_index (chunk_index, rowid, terms) VALUES ('delete', ?, ?)", items
    )
