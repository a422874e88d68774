"""Limits the requests of each key: a minute's worth at once, then a steady rate."""

from __future__ import annotations

import math
import time
from http import HTTPStatus

from kb.server.caller import Caller
from kb.server.errors import RefusalError

_MINUTE_S = 60.0


class Rates:
    """A bucket of requests for each key; each server process has its own.

    Args:
        rate: requests a minute of a key without a limit of its own; None for no limit.
    """

    def __init__(self, rate: int | None = None) -> None:
        self._rate = rate
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: Caller) -> None:
        """Count a request.

        Raises:
            RefusalError: the key has used up its requests (429); names the seconds to wait.
        """
        rate = caller.rate or self._rate
        if not caller.key or rate is None:
            return
        now = time.monotonic()
        left, since = self._left.get(caller.key, (float(rate), now))
        left = min(float(rate), left + (now - since) * rate / _MINUTE_S)
        if left < 1:
            self._left[caller.key] = (left, now)
            wait = math.ceil((1 - left) * _MINUTE_S / rate)
            msg = (
                f"the key {caller.key!r} has sent {rate:,} requests in a minute, the most that it "
                f"may; try again in {wait} s"
            )
            raise RefusalError(
                HTTPStatus.TOO_MANY_REQUESTS,
                msg,
                code="rate_limited",
                headers={"Retry-After": str(wait)},
            )
        self._left[caller.key] = (left - 1, now)
