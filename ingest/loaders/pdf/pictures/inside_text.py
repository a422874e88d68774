"""Reads the pictures in pages of text, and counts the unread ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.loaders.pdf.page import Box, Inset
from ingest.loaders.pictures.lines import KnownLine
from ingest.loaders.pictures.notices import PictureCounts

if TYPE_CHECKING:
    from ingest.loaders.pdf.page import Sheet
    from ingest.loaders.pdf.pictures.recognising import Recogniser
    from ingest.loaders.pdf.pictures.regions import Region
    from ingest.loaders.pictures.lines import PictureLines
    from kb.records import Notice

TRUSTED = 0.6
"""Mean confidence above which OCR has read text instead of a photograph's pattern."""


@dataclass(slots=True)
class PictureReader:
    """Reads the pictures of pages with text of their own."""

    recogniser: Recogniser
    counts: PictureCounts = field(default_factory=PictureCounts)
    undecodable: list[str] = field(default_factory=list)

    def read(
        self, index: int, regions: Sequence[Region], sheet: Sheet, printed: Sequence[KnownLine]
    ) -> tuple[Inset, ...]:
        """Read places of a page that are pictures; return an inset for each with text.

        Args:
            index: of the page, from 0.
            regions: the places.
            sheet: their page.
            printed: the page's own lines, to exclude.
        """
        insets = []
        for region in regions:
            found = self.recogniser.picture(index, region)
            if isinstance(found, str):
                broken = self._broken(index, region) if found == "blank" else []
                self.undecodable += broken
                self.refuse(found)
                continue
            own = found.over(_within(printed, region.box, sheet), add=False)
            text = own.text().text
            if found.confidence < TRUSTED or own.letters <= 1:
                self.counts.without_text += not (found.letters > own.letters)
                continue
            self.counts.count_read(own.confidence, text)
            insets.append(Inset("picture", text, region.box))
        return tuple(insets)

    def of_page(self, found: PictureLines, sheet: Sheet) -> tuple[Inset, ...]:
        """Return the text read in the picture behind a page of text, an inset per paragraph."""
        text = found.text()
        self.counts.count_read(text.confidence, text.text)
        insets = []
        start = 0
        for paragraph in text.text.split("\n\n"):
            end = start + len(paragraph)
            boxes = [box.box for box in text.boxes if start <= box.start < end]
            start = end + 2
            if not boxes:
                continue
            lefts, tops, rights, bottoms = zip(*boxes, strict=True)
            wide, high = sheet.width, sheet.height
            place = (min(lefts) * wide, min(tops) * high, max(rights) * wide, max(bottoms) * high)
            insets.append(Inset("picture", paragraph, place))
        return tuple(insets)

    def refuse(self, why: str) -> None:
        """Count a picture that was not read, unless it is blank or was read before."""
        self.counts.over_limit += why == "limit"
        self.counts.not_read += why in ("off", "size", "failed")

    def _broken(self, index: int, region: Region) -> list[str]:
        """Return the filter of a picture that draws nothing, if the filter is the reason."""
        return self.recogniser.undecodable(index, region.box)[:1]

    def notices(self) -> list[Notice]:
        """Return notices about the read pictures, and the unread ones with reasons."""
        return self.counts.notices(self.recogniser.options)


def _within(lines: Iterable[KnownLine], box: Box, sheet: Sheet) -> Iterable[KnownLine]:
    """Yield the lines of a page inside a box, in fractions of the box."""
    left, top, right, bottom = box
    for line in lines:
        x1, y1, x2, y2 = line.box
        x1, y1, x2, y2 = x1 * sheet.width, y1 * sheet.height, x2 * sheet.width, y2 * sheet.height
        if x1 < right and left < x2 and y1 < bottom and top < y2:
            wide, high = right - left, bottom - top
            place = ((x1 - left) / wide, (y1 - top) / high, (x2 - left) / wide, (y2 - top) / high)
            yield KnownLine(text=line.text, box=place)
