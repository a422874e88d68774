"""Runs the statements of a step inside the transaction that holds the step together."""

import sqlite3


def run(db: sqlite3.Connection, script: str) -> None:
    """Execute statements; each ends with its line, so that triggers stay whole."""
    # executescript() would commit the transaction.
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)
