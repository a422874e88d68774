"""Asks whether a Ray cluster answers at an address, before this process depends on it.

Ray itself would try for minutes where another kind of server listens, and nothing ends that. So a
child process asks; it can be ended at any moment.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from ingest.engines.cluster.library import AUTH_MODE, is_refusal, reach

Answer = Literal["answers", "refuses", "silent"]
"""``refuses``: the cluster wants a token, and this one is missing or another."""

_ROOT = Path(__file__).parents[3]
_READY = "ready"
# On a busy machine the import alone may take so long.
_IMPORT_S = 60.0
_PATIENCE_S = 15.0
_POLL_S = 0.1


def ask(address: str, given_up: threading.Event, *, mode: str = "") -> tuple[Answer, str]:
    """Ask a cluster's head for the cluster's id; return its answer and Ray's words for it.

    Args:
        address: of the head, host and port.
        given_up: ends the wait.
        mode: a value of ``RAY_AUTH_MODE``; if empty, that of the environment.

    Raises:
        KeyboardInterrupt: ``given_up`` was set.
    """
    with _asking(address, mode) as said:
        first = _next(said, given_up, _IMPORT_S)
        if first != _READY:
            return "silent", first or "Ray cannot be imported"
        answer, _, words = _next(said, given_up, _PATIENCE_S).partition(" ")
    if answer == "answers":
        return "answers", words
    if answer == "refuses":
        return "refuses", words
    return "silent", words or "what listens there does not answer as one"


@contextlib.contextmanager
def _asking(address: str, mode: str) -> Iterator[queue.Queue[str]]:
    """Start the child; yield what it says, line by line. Ctrl-C in a terminal does not reach it."""
    child = subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, "-P", "-m", __name__, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))),
            **({AUTH_MODE: mode} if mode else {}),
        },
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    said: queue.Queue[str] = queue.Queue()
    listening = threading.Thread(target=_listen, args=(child.stdout, said), daemon=True)
    listening.start()
    try:
        yield said
    finally:
        child.kill()
        child.wait()
        listening.join()
        if child.stdout is not None:
            child.stdout.close()


def _listen(output: IO[str], said: queue.Queue[str]) -> None:
    for line in output:
        said.put(line.strip())
    said.put("")


def _next(said: queue.Queue[str], given_up: threading.Event, patience_s: float) -> str:
    """Return the child's next line; an empty one if it ended or the patience did."""
    until = time.monotonic() + patience_s
    while not given_up.is_set():
        with contextlib.suppress(queue.Empty):
            return said.get(timeout=_POLL_S)
        if time.monotonic() > until:
            return ""
    raise KeyboardInterrupt


def main() -> None:
    """Ask, in the child."""
    _tell(_READY)
    try:
        reach(sys.argv[1])
    except Exception as error:  # noqa: BLE001 - the parent tells it
        answer: Answer = "refuses" if is_refusal(error) else "silent"
        _tell(f"{answer} {' '.join(str(error).split())}")
    else:
        _tell("answers")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
