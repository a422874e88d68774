"""Connections to the catalog: what ends a transaction is said, and costs no other one anything."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import pytest

from kb.catalog import migrations
from kb.catalog.connections import Connections
from kb.errors import StoreError

FIRST = "the first error"

Kind = Literal["read", "write"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Connections]:
    opened = Connections(tmp_path / "catalog.sqlite3")
    yield opened
    opened.close()


def block(database: Connections, kind: Kind) -> AbstractContextManager[sqlite3.Connection]:
    return database.read() if kind == "read" else database.write()


def fail_after(
    database: Connections, kind: Kind, change: Callable[[sqlite3.Connection], object]
) -> None:
    """Let a block change its connection, then fail; expect that failure."""

    def run() -> None:
        with block(database, kind) as db:
            change(db)
            raise ZeroDivisionError(FIRST)

    with pytest.raises(ZeroDivisionError, match=FIRST):
        run()


def assert_usable(database: Connections) -> None:
    for _ in range(3):
        with database.write() as db:
            db.execute("UPDATE generation SET value = value + 1")
        with database.read() as db:
            assert db.execute("SELECT count(*) FROM generation").fetchone()[0] == 1


@pytest.mark.parametrize("kind", ["read", "write"])
def test_the_first_error_is_raised_where_sqlite_has_undone_the_transaction_itself(
    database: Connections, kind: Kind
) -> None:
    # As SQLite does by itself where the disk is full.
    fail_after(database, kind, lambda db: db.execute("ROLLBACK"))
    assert_usable(database)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_the_first_error_is_raised_where_undoing_fails_and_its_connection_is_not_used_again(
    database: Connections, kind: Kind
) -> None:
    fail_after(database, kind, lambda db: db.close())
    assert_usable(database)


def test_a_full_disk_is_named_in_the_middle_of_a_write(database: Connections) -> None:
    def fill() -> None:
        with database.write() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages}")
            db.execute("CREATE TABLE filling (text)")
            db.executemany("INSERT INTO filling VALUES (?)", [("x" * 4000,)] * 1000)

    with pytest.raises(StoreError, match=r"full.* Free disk space"):
        fill()
    database._idle[0].execute("PRAGMA max_page_count = 1073741823")
    assert_usable(database)


def test_a_step_of_the_catalog_fails_with_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise ZeroDivisionError(FIRST)

    monkeypatch.setattr(migrations, "MIGRATIONS", (step,))
    monkeypatch.setattr(migrations, "CURRENT_VERSION", 1)
    with pytest.raises(ZeroDivisionError, match=FIRST):
        Connections(tmp_path / "new.sqlite3")
