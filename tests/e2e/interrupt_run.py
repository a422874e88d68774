"""Runs a command that gets a signal from itself at the moment when a named function is called.

Run by ``test_interrupt.py``::

    interrupt_run.py MODULE:FUNCTION SIGNAL TIMES ingest|kb ARGUMENT…

An empty first argument leaves the moment to the test, which is told ``ready`` on standard output.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import reduce
from importlib import import_module

from kb.interrupts import end_at_once

# Longer than two signals of one key press may be apart; then the process must have ended.
BETWEEN_S = 0.7


def main() -> None:
    moment, number, times, program = sys.argv[1:5]
    end_at_once()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if moment:
        strike_at(moment, signal.Signals[number], int(times))
    sys.argv = [program, *sys.argv[5:]]
    if program == "ingest":
        from ingest.cli import main as command  # noqa: PLC0415 - imported as the command does it
    else:
        from kb.__main__ import main as command  # noqa: PLC0415 - as above
    command()


def strike_at(moment: str, number: signal.Signals, times: int) -> None:
    """Let the function be what it is, but for the signals before its first call goes on."""
    module, _, path = moment.partition(":")
    *owners, name = path.split(".")
    owner = reduce(getattr, owners, import_module(module))
    function: Callable[..., object] = getattr(owner, name)
    struck = False

    def striking(*args: object, **kwargs: object) -> object:
        nonlocal struck
        if not struck:
            struck = True
            for turn in range(times):
                os.kill(os.getpid(), number)
                time.sleep(BETWEEN_S if turn + 1 < times else 0.05)
        return function(*args, **kwargs)

    setattr(owner, name, striking)


if __name__ == "__main__":
    main()
