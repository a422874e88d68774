"""Notices about a document's pictures that OCR read, and unread ones with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.records import MetadataValue, Notice

if TYPE_CHECKING:
    from ingest.loaders.base import LoadOptions

_OVER = "not read by OCR: the limit of pictures or seconds per document was reached"


@dataclass(slots=True)
class PictureCounts:
    """Outcomes of a document's pictures; ``confidences`` has each one's mean and letters."""

    read: int = 0
    not_read: int = 0
    without_text: int = 0
    over_limit: int = 0
    confidences: list[tuple[float, int]] = field(default_factory=list)

    def count_read(self, confidence: float, text: str) -> None:
        """Count a picture whose text was read."""
        self.read += 1
        self.confidences.append((confidence, len("".join(text.split()))))

    def notices(self, options: LoadOptions) -> list[Notice]:
        """Return a notice for each count that is not 0."""
        mean = _mean(self.confidences)
        limits: dict[str, MetadataValue] = {
            "limit": options.ocr_max_pages,
            "seconds": options.ocr_max_seconds,
        }
        sure: dict[str, MetadataValue] = {"confidence": round(mean, 2)}
        read = f"{_were(self.read)} read by OCR, mean confidence {mean:.2f}"
        without = f"{_pictures(self.without_text)} in which OCR found no text"
        over = f"{_were(self.over_limit)} {_OVER}"
        unread = f"{_were(self.not_read)} not read"
        none: dict[str, MetadataValue] = {}
        return [
            Notice(code=code, message=message, values={"pictures": count, **values})
            for code, count, message, values in (
                ("pictures_read_by_ocr", self.read, read, sure),
                ("pictures_not_read", self.not_read, unread, none),
                ("pictures_without_text", self.without_text, without, none),
                ("pictures_over_limit", self.over_limit, over, limits),
            )
            if count
        ]


def _mean(confidences: Sequence[tuple[float, int]]) -> float:
    letters = sum(count for _, count in confidences)
    return sum(sure * count for sure, count in confidences) / letters if letters else 0.0


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _were(count: int) -> str:
    return f"{_pictures(count)} {'was' if count == 1 else 'were'}"
