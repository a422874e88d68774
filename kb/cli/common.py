"""Shared parts of all commands: opens the knowledge base, reports errors, prints."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from kb import ending
from kb.errors import KnowledgeBaseError, MissingExtraError, SettingsError
from kb.first_start import greeting
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings

EXIT_FAILED, EXIT_USAGE = 1, 2
_WIDTH_OF_PIPES = 1000

CollectionOption = Annotated[
    str | None, typer.Option("--collection", "-c", help="Collection to use.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

_options: dict[str, bool] = {"debug": False}


def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and log.")] = False,
) -> None:
    """Options of every command."""
    _options["debug"] = debug
    if debug:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


@contextmanager
def expected_errors() -> Iterator[None]:
    """End a command without a traceback on expected errors."""
    try:
        yield
    except (KnowledgeBaseError, PermissionError) as error:
        if _options["debug"]:
            raise
        told = str(error) if isinstance(error, KnowledgeBaseError) else _refused(error)
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            "error:", told, style="red", markup=False
        )
        usage = isinstance(error, SettingsError | MissingExtraError)
        raise typer.Exit(EXIT_USAGE if usage else EXIT_FAILED) from None


def _refused(error: PermissionError) -> str:
    """Return advice on a file that this user may not use: a model, or a file of the spool."""
    return (
        f"{error.filename}: {error.strerror}; run as the user that it belongs to, have its "
        "permissions changed, or set KB_DATA_DIR to another folder"
    )


@contextmanager
def opened(**settings: Any) -> Iterator[KnowledgeBase]:  # noqa: ANN401 - checked by Settings
    """Open the knowledge base for a command; expected errors end it without a traceback."""
    with expected_errors():
        loaded = Settings.load(**settings)
        greet(loaded)
        with KnowledgeBase.open(loaded) as base:
            try:
                yield base
            finally:
                ending.begin()


def greet(settings: Settings) -> None:
    """Name the data folder on standard error at the very first start."""
    text = greeting(settings)
    if text:
        Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def stdout() -> Console:
    """Return the console for results; in a pipe, lines of a table are not shortened."""
    width = None if sys.stdout.isatty() else _WIDTH_OF_PIPES
    return Console(highlight=False, soft_wrap=True, width=width)


def print_json(value: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
