"""Counts the seconds that a worker process has for one file, and for the pictures in it."""

from __future__ import annotations

import time

PICTURE_TIMEOUT_S = 60.0
"""Seconds for one page that OCR reads. The file's own clock stops meanwhile: a scan of 200 pages is
not an endless loop. ``LoadOptions.ocr_max_pages`` limits their number."""


class FileClock:
    """Counts a file's seconds; while OCR reads a picture, the picture's seconds instead.

    Args:
        limit_s: seconds for the file without its pictures.
        pictures_s: seconds for all its pictures together.
    """

    def __init__(self, limit_s: float, pictures_s: float) -> None:
        self._limit = limit_s
        self._pictures_limit = pictures_s
        self._spent = 0.0
        self._pictures_spent = 0.0
        self._since = time.monotonic()
        self._in_picture = False

    def remaining(self) -> float:
        """Seconds until the present limit; never negative."""
        passed = time.monotonic() - self._since
        if self._in_picture:
            left = min(PICTURE_TIMEOUT_S, self._pictures_limit - self._pictures_spent) - passed
        else:
            left = self._limit - self._spent - passed
        return max(left, 0.0)

    def picture(self, *, begins: bool) -> None:
        """Switch between the two clocks; a repeated beginning of a picture gains no time."""
        if begins == self._in_picture:
            return
        now = time.monotonic()
        if self._in_picture:
            self._pictures_spent += now - self._since
        else:
            self._spent += now - self._since
        self._since, self._in_picture = now, begins

    def complaint(self, name: str) -> str:
        """Return a sentence about the exceeded limit."""
        if not self._in_picture:
            what = f"reading it took longer than {self._limit:g} s"
        elif self._pictures_limit - self._pictures_spent < PICTURE_TIMEOUT_S:
            what = f"reading its pages by OCR took longer than {self._pictures_limit:g} s"
        else:
            what = f"reading one page by OCR took longer than {PICTURE_TIMEOUT_S:g} s"
        return f"{name} was given up: {what}. Split it, or raise the time limit."
