"""Runs the statements of a migration inside its transaction."""

import sqlite3


def run(db: sqlite3.Connection, script: str) -> None:
    """Execute statements; each ends at the end of its line, so that triggers stay whole."""
    # executescript() would commit the transaction.
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)
