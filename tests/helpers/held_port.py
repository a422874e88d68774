"""A port for a program that is to be started, which nobody else is given meanwhile."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """Give a free port of this machine; for as long as the block runs no other one is told it.

    A program that takes seconds to start would lose it now and then to one of the many servers
    of other tests. It may listen there all the same: Linux lets a second socket have a port that
    the first one does not listen on, if both say so.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("localhost", 0))
        port: int = held.getsockname()[1]
        if sys.platform != "linux":
            held.close()
        yield port
