"""Draws one page of a PDF as a picture, with a passage or the unread parts marked."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ingest.errors import DamagedFileError, EncryptedFileError
from ingest.loaders.page_pictures import (
    ON_PURPOSE,
    Box,
    PagePicture,
    PictureRequest,
    UnreadPlace,
)
from ingest.loaders.pdf.left_unread import unread_places
from ingest.loaders.pdf.passage import find_passage
from ingest.loaders.pdf.pdfium import PdfiumFile

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

DPI = 130
MAX_PIXELS = 4_000_000
_MARK = (255, 226, 89)  # multiplied with the page, so that its text stays black
_UNREAD = (190, 30, 50)
_FRAME_PX, _NUMBER_PX = 3, 18
_MARGIN = 0.002  # of the page's height, around each line


def draw_page(path: Path, request: PictureRequest) -> PagePicture:
    """Draw a page of a PDF.

    Raises:
        EncryptedFileError: none of the passwords opens the file.
        DamagedFileError: PDFium cannot open the file or load the page.
    """
    from PIL import Image  # noqa: PLC0415 - workers that read texts never pay for it

    file, refused = PdfiumFile.open(path, request.passwords)
    if file is None:
        if refused:
            raise EncryptedFileError.after(path.name, len(request.passwords))
        msg = f"{path.name} cannot be drawn: PDFium cannot open it; open the original instead."
        raise DamagedFileError(msg)
    try:
        pixels = None
        if 0 <= request.index < file.pages:
            pixels = file.draw(request.index, dpi=DPI, max_pixels=MAX_PIXELS)
        if pixels is None:
            msg = f"page {request.index + 1} of {path.name} cannot be drawn; open the original."
            raise DamagedFileError(msg)
        unread = unread_places(file, request) if request.reading is not None else []
        boxes: Sequence[Box] = request.boxes if request.reading is None else ()
        if not boxes and request.passage:
            boxes = find_passage(request.passage, file.characters(request.index))
    finally:
        file.close()
    picture = pixels[:, :, ::-1].copy()  # blue first to red first
    place = _marked(picture.shape[:2], boxes)
    picture[place] = (picture[place].astype("uint16") * _MARK // 255).astype("uint8")
    drawn = Image.fromarray(picture)
    _frame(drawn, [place for place in unread if place.kind not in ON_PURPOSE])
    target = BytesIO()
    drawn.save(target, "PNG")
    return PagePicture(png=target.getvalue(), marked=bool(place.any()), unread=tuple(unread))


def _frame(picture: Picture, unread: Sequence[UnreadPlace]) -> None:
    """Draw a frame with a number around each unread part."""
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415 - see draw_page

    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(_NUMBER_PX)
    width, height = picture.size
    for number, place in enumerate(unread, start=1):
        left, top, right, bottom = place.box
        corners = (
            left * width - _FRAME_PX,
            top * height - _FRAME_PX,
            right * width + _FRAME_PX,
            bottom * height + _FRAME_PX,
        )
        pen.rectangle(corners, outline=_UNREAD, width=_FRAME_PX)
        # The number is beside the frame, to hide nothing inside; at the page's edge it is inside.
        at = (max(0.0, corners[0] - _NUMBER_PX * 1.3), max(0.0, corners[1]))
        size = pen.textbbox(at, str(number), font=font)
        pen.rectangle((size[0] - 3, size[1] - 3, size[2] + 3, size[3] + 3), fill=_UNREAD)
        pen.text(at, str(number), fill="white", font=font)


def _marked(shape: tuple[int, ...], boxes: Sequence[Box]) -> npt.NDArray[np.bool_]:
    """Return the pixels inside boxes; overlapping boxes mark a pixel once."""
    height, width = shape
    place = np.zeros(shape, dtype=np.bool_)
    for left, top, right, bottom in boxes:
        rows = slice(max(0, int((top - _MARGIN) * height)), int((bottom + _MARGIN) * height) + 1)
        place[rows, max(0, int(left * width)) : int(right * width) + 1] = True
    return place
