"""``kb ingest``: the batch command, for users who have only ``kb`` on PATH."""

from __future__ import annotations

import os
import sys

import typer

ALL_OF_INGEST = {"allow_extra_args": True, "ignore_unknown_options": True}


def ingest(context: typer.Context) -> None:
    """Read folders and files into the knowledge base: `python -m ingest`, with all its options."""
    sys.stdout.flush()
    # The new program replaces this process and so has its own signals and exit code. -P keeps the
    # working folder off the import path: it contains documents, and one may be called ingest.py.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ingest", *context.args])  # noqa: S606 - Python itself
