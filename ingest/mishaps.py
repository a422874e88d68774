"""Unexpected errors: the page shows a short number, the log has the traceback under it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

_log = logging.getLogger(__name__)

_NUMBER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Mishap:
    """An error with its ``number`` in the log."""

    number: str


def recorded(doing: str, error: BaseException) -> Mishap:
    """Write an unexpected error and its traceback to the log; ``doing`` names the activity."""
    mishap = Mishap(secrets.token_hex(_NUMBER_BYTES))
    _log.error("error %s: %s failed", mishap.number, doing, exc_info=error)
    return mishap
