"""Readings above the characters of a line, as Japanese and Chinese texts give them.

They follow the characters that they belong to. Readings of neighbouring characters stand together:
``東京(とうきょう)``, so that the word is found as a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from ingest.loaders.docx.styles import W, own_text

RUBY = f"{W}ruby"
_SYLLABLES = re.compile("[\u3040-\u30ff\u3105-\u312f]+")  # kana and bopomofo


@dataclass(slots=True)
class Readings:
    """The readings that are still to be written, in one paragraph."""

    _waiting: list[str] = field(default_factory=list)
    _inside: int = 0

    def begin(self, ruby: etree._Element) -> None:
        """Take the reading of the characters that follow."""
        self._inside += 1
        letters = (own_text(each) for each in ruby.iterfind(f"{W}rt//{W}t"))
        self._waiting.append(" ".join("".join(letters).split()))

    def end(self) -> None:
        """The characters of a reading end here."""
        self._inside -= 1

    def due(self) -> str:
        """Return what is to be written before other text: readings in brackets."""
        if self._inside or not self._waiting:
            return ""
        waiting, self._waiting = self._waiting, []
        return in_brackets(waiting)


def in_brackets(readings: Sequence[str]) -> str:
    """Return readings as they follow their characters, "" where there are none."""
    found = [reading.strip() for reading in readings if reading.strip()]
    joint = "" if all(_SYLLABLES.fullmatch(reading) for reading in found) else " "
    return f"({joint.join(found)})" if found else ""
