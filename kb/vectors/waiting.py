"""Waiting for a vector server that is away: requests are sent again until it answers."""

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
"""How long a search waits for a server that is away or silent: a person sits before it."""

_RETRY = RetryPolicy(base_s=0.1, cap_s=2.0)
_T = TypeVar("_T")


def patiently(send: Callable[[float], _T], patience_s: float, interrupted: threading.Event) -> _T:
    """Return what ``send`` does, done again for as long as the server is away.

    Args:
        send: does it once, given the seconds that are left; it can be done twice.
        patience_s: how long to try.
        interrupted: its setting ends the waiting.

    Raises:
        VectorServerUnavailableError: the server stayed away.
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
