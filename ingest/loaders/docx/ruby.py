"""Readings above the characters of a line, as in Japanese and Chinese texts.

Each reading follows its characters. Readings of neighbouring characters are joined, so that
searches find the word: ``東京(とうきょう)``.
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
    """The readings still to be written, in one paragraph."""

    _waiting: list[str] = field(default_factory=list)
    _inside: int = 0

    def begin(self, ruby: etree._Element) -> None:
        """Begin the reading of the characters that follow."""
        self._inside += 1
        letters = (own_text(each) for each in ruby.iterfind(f"{W}rt//{W}t"))
        self._waiting.append(" ".join("".join(letters).split()))

    def end(self) -> None:
        """End the characters of a reading."""
        self._inside -= 1

    def due(self) -> str:
        """Return the readings due before other text, in brackets."""
        if self._inside or not self._waiting:
            return ""
        waiting, self._waiting = self._waiting, []
        return in_brackets(waiting)


def in_brackets(readings: Sequence[str]) -> str:
    """Return readings in the form that follows their characters, "" for none."""
    found = [reading.strip() for reading in readings if reading.strip()]
    joint = "" if all(_SYLLABLES.fullmatch(reading) for reading in found) else " "
    return f"({joint.join(found)})" if found else ""
