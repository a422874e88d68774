"""``kb ingest``: the batch command, for who has ``kb`` on PATH and no Python beside it."""

from __future__ import annotations

import os
import sys

import typer

ALL_OF_INGEST = {"allow_extra_args": True, "ignore_unknown_options": True}


def ingest(context: typer.Context) -> None:
    """Read folders and files into the knowledge base: `python -m ingest`, with all its options."""
    sys.stdout.flush()
    # It takes this process's place: signals and the exit code are its own. -P leaves the working
    # folder off the path: documents lie there, and one of them may be called ingest.py.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ingest", *context.args])  # noqa: S606 - Python itself
