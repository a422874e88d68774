"""Reads the pictures of a Word document by OCR, within the document's limits, and counts them."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from ingest.errors import LoadError
from ingest.loaders.pictures.notices import PictureCounts
from ingest.loaders.pictures.timing import reading_picture
from kb.errors import MissingExtraError
from kb.records import Notice

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.loaders.base import LoadOptions
    from ingest.loaders.docx.drawings import Picture
    from ingest.loaders.docx.package import DocxPackage
    from ingest.loaders.pictures.ocr import Picture as Pixels
    from ingest.loaders.pictures.ocr import PictureText

SHORTEST_SIDE = 20
"""Least pixels of a picture's shorter side: letters need about half as many."""

FEWEST_PIXELS = 10_000
"""Least pixels of a picture; smaller ones are icons."""

SOURCE_FACTOR = 2
"""Most pixels of a picture before it is reduced, as a multiple of ``ocr_max_pixels``."""

TRUSTED = 0.6
"""Mean confidence above which OCR has read text instead of a photograph's pattern."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")


@dataclass(slots=True)
class PictureReader:
    """Reads the pictures of one document; each file once, even if shown several times."""

    package: DocxPackage
    options: LoadOptions
    unavailable: str = ""
    counts: PictureCounts = field(default_factory=PictureCounts)
    _seen: set[tuple[str, tuple[float, ...]]] = field(default_factory=set)
    _tried: int = 0
    _seconds: float = 0.0

    @property
    def unread(self) -> int:
        """Pictures without text from OCR."""
        counts = self.counts
        return counts.not_read + counts.without_text + counts.over_limit

    def text(self, picture: Picture, part: str) -> str:
        """Return the text in a picture; "" without text, on a repetition, or if unreadable.

        Args:
            picture: its place, and its crop.
            part: its file in the package, "" for none.
        """
        key = (part, picture.crop)
        if part in self.package.names:
            if key in self._seen:
                return ""
            self._seen.add(key)
        found = self._recognise(picture, part)
        if found is None or not _is_text(found):
            return ""
        self.counts.count_read(found.confidence, found.text)
        return found.text

    def notices(self) -> list[Notice]:
        """Return notices about the read pictures, and the unread ones with reasons."""
        out = self.counts.notices(self.options)
        if self.unavailable:
            out.append(Notice(code="ocr_unavailable", message=self.unavailable))
        return out

    def _recognise(self, picture: Picture, part: str) -> PictureText | None:
        """Read a picture, and count it if there is no result."""
        usable = self.options.ocr and not self.unavailable and part in self.package.names
        over = (
            self._tried >= self.options.ocr_max_pages
            or self._seconds > self.options.ocr_max_seconds
        )
        if usable and over:
            self.counts.over_limit += 1
            return None
        pixels = self._pixels(picture, part) if usable else None
        found = None if pixels is None else self._read(pixels)
        if found is None:
            # The preview of an embedded object is counted with the object.
            self.counts.not_read += not picture.preview
        elif not _is_text(found):
            self.counts.without_text += not picture.preview
        return found

    def _read(self, pixels: Pixels) -> PictureText | None:
        from ingest.loaders.pictures.ocr import read_picture  # noqa: PLC0415 - a second to import

        self._tried += 1
        began = time.monotonic()
        try:
            with reading_picture():
                return read_picture(pixels)
        except MissingExtraError as error:
            self.unavailable = str(error)
            return None
        finally:
            self._seconds += time.monotonic() - began

    def _pixels(self, picture: Picture, part: str) -> Pixels | None:
        """Return a picture for OCR; None if it is broken, small, or in another format."""
        import numpy as np  # noqa: PLC0415 - only pictures need it
        from PIL import Image  # noqa: PLC0415 - likewise

        try:
            with warnings.catch_warnings():
                # Its size is checked below; the library's other warnings do not matter.
                warnings.simplefilter("ignore")
                image = Image.open(BytesIO(self.package.read(part)), formats=_FORMATS)
                if image.width * image.height > SOURCE_FACTOR * self.options.ocr_max_pixels:
                    return None
                upright = _prepared(image, picture.crop, self.options.ocr_max_pixels)
        except LoadError:
            return None  # a part that is missing, broken or larger than allowed
        except Exception:  # noqa: BLE001 - broken pictures make their decoders raise almost anything
            return None
        if upright is None:
            return None
        return np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])


def _prepared(image: Image, crop: tuple[float, ...], max_pixels: int) -> Image | None:
    """Return a picture as a reader sees it, on white paper; None if it is too small."""
    from PIL import Image as Images  # noqa: PLC0415 - see its caller
    from PIL import ImageOps  # noqa: PLC0415

    width, height = image.size
    left, top, right, bottom = crop
    seen = (
        int(left * width),
        int(top * height),
        width - int(right * width),
        height - int(bottom * height),
    )
    across, down = seen[2] - seen[0], seen[3] - seen[1]
    if min(across, down) < SHORTEST_SIDE or across * down < FEWEST_PIXELS:
        return None
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA"):
        with_alpha = image.convert("RGBA")
        paper = Images.new("RGBA", with_alpha.size, "white")
        image = Images.alpha_composite(paper, with_alpha)
    image = ImageOps.exif_transpose(image.convert("RGB").crop(seen))
    if across * down > max_pixels:
        scale = (max_pixels / (across * down)) ** 0.5
        image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    return image


def _is_text(found: PictureText) -> bool:
    letters = sum(char.isalnum() for char in found.text)
    return found.confidence >= TRUSTED and letters > 1
