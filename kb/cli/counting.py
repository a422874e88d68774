"""A bar on the error stream that counts what a long command has done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID


class Count:
    """One bar, without a length until something is counted; made by :func:`counted`."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, done: int, total: int) -> None:
        """Show how much of all is done."""
        self._bar.update(self._task, completed=done, total=total)

    def begin(self, what: str) -> None:
        """Show another task, of which nothing is counted yet."""
        self._bar.update(self._task, description=escape(what), completed=0, total=None)


@contextmanager
def counted(what: str) -> Iterator[Count]:
    """Show a bar until the block ends; nothing where the error stream is no terminal.

    Print results after the block: inside it they stand in the bar's line.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Count(bar, bar.add_task(escape(what), total=None))
