"""Waits for a vector server that is down: repeats requests until it answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from kb.errors import VectorServerUnavailableError
from kb.retry import RetryPolicy

_log = logging.getLogger(__name__)

SEARCH_TIMEOUT_S = 10.0
"""How long a search waits for a server that is down or silent, in seconds; a person waits, too."""

_RETRY = RetryPolicy(base_s=0.1, cap_s=2.0)
_T = TypeVar("_T")


def patiently(send: Callable[[float], _T], patience_s: float, interrupted: threading.Event) -> _T:
    """Return the result of ``send``, repeated as long as the server is down.

    Args:
        send: sends once, within the given number of seconds; it must be repeatable.
        patience_s: how long to try, in seconds.
        interrupted: once set, the wait ends.

    Raises:
        VectorServerUnavailableError: the server stayed down.
        KeyboardInterrupt: the event was set.
    """
    deadline = time.monotonic() + patience_s
    failures = 0
    while True:
        try:
            return send(max(deadline - time.monotonic(), 0.1))
        except VectorServerUnavailableError as error:
            failures += 1
            wait_s = _RETRY.delay_s(failures, error.wait_s)
            if time.monotonic() + wait_s >= deadline:
                msg = (
                    f"{error}; waited {patience_s:g} s for it. Is it running? What is stored "
                    "is safe: start it, and run the same command again"
                )
                raise VectorServerUnavailableError(msg) from error
            if failures == 1:
                _log.warning("%s; waiting up to %g s", error, patience_s)
        if interrupted.wait(wait_s):
            raise KeyboardInterrupt
