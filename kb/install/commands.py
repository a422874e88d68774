"""Runs other programs: silently for a query, with a log and a progress line for long work."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from .progress import Progress

SHOWN_LINES = 25

# The set-up has kb/ itself on the path, and the packages of kb's other modules may be missing.
answer: Callable[..., str | None] = import_module(
    "nvidia" if __package__ == "install" else "kb.nvidia"
).answer


class SetupError(Exception):
    """Ends the set-up; the message says why and what to do."""


def run_logged(
    command: Sequence[str | Path],
    *,
    what: str,
    log: Path,
    progress: Progress,
    describe: Callable[[str], str | None],
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a long command with its output in ``log`` and its progress worded by ``describe``.

    Raises:
        SetupError: the command failed; the message ends with the last lines of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=SHOWN_LINES)
    with (
        log.open("w", encoding="utf-8") as log_file,
        subprocess.Popen(  # noqa: S603 - as above
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(env) if env is not None else None,
        ) as process,
    ):
        lines = _lines_of(process)
        while True:
            try:
                line = lines.get(timeout=1.0)
            except queue.Empty:
                progress.tick()
                continue
            if line is None:
                break
            log_file.write(line)
            tail.append(line[:500])
            text = describe(line)
            if text is not None:
                progress.update(text)
    if process.returncode != 0:
        shown = "".join(tail)
        message = f"{what} failed. Last lines of its log:\n\n{shown}\nThe whole log is in {log}"
        raise SetupError(message)


def _lines_of(process: subprocess.Popen[str]) -> queue.Queue[str | None]:
    """Read lines in a thread, so that the caller can show the passing time meanwhile."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines
