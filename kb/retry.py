"""When to retry a request, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

AWAY_STATUSES = frozenset({429, 502, 503, 504})
"""Statuses of a server that is overloaded, or of the proxy of one that is down."""

LONGEST_REQUESTED_WAIT_S = 120.0
"""Longest wait that a server may ask for, in seconds; longer ones end the retries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter: a time drawn evenly between nothing and a limit.

    The limit doubles with each failure in a row. So the clients of a recovered server do not all
    call it at the same moment (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture
    Blog, 2015). The defaults bridge half a minute: for that long a starting server answers 503
    while it loads its model.

    Attributes:
        attempts: highest number of requests for one batch of documents, including the first.
        query_attempts: the same for a query; a person waits for it.
        base_s: the limit after the first failure, seconds.
        cap_s: the highest limit, seconds.
    """

    attempts: int = 8
    query_attempts: int = 4
    base_s: float = 0.5
    cap_s: float = 30.0

    def delay_s(
        self,
        failures: int,
        requested_s: float | None = None,
        *,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> float:
        """Return the seconds to wait after ``failures`` in a row, at least ``requested_s``."""
        limit = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 32))
        return (requested_s or 0.0) + uniform(0.0, limit)


def requested_wait_s(header: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for; None if it names none.

    It accepts both forms of RFC 9110, section 10.2.3: a number of seconds, or a date.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
