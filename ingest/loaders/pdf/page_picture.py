"""Draws one page of a PDF as a picture, with a passage marked on it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.errors import DamagedFileError, EncryptedFileError
from ingest.loaders.page_pictures import Box, PagePicture, PictureRequest
from ingest.loaders.pdf.passage import find_passage
from ingest.loaders.pdf.pdfium import PdfiumFile

DPI = 130
MAX_PIXELS = 4_000_000
_MARK = (255, 226, 89)  # multiplied with the page, so that its text stays as black as it was
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
        boxes: Sequence[Box] = request.boxes
        if not boxes and request.passage:
            boxes = find_passage(request.passage, file.characters(request.index))
    finally:
        file.close()
    picture = pixels[:, :, ::-1].copy()  # blue first to red first
    place = _marked(picture.shape[:2], boxes)
    picture[place] = (picture[place].astype("uint16") * _MARK // 255).astype("uint8")
    target = BytesIO()
    Image.fromarray(picture).save(target, "PNG")
    return PagePicture(png=target.getvalue(), marked=bool(place.any()))


def _marked(shape: tuple[int, ...], boxes: Sequence[Box]) -> npt.NDArray[np.bool_]:
    """Return which pixels lie in a box; where boxes overlap nothing is marked twice."""
    height, width = shape
    place = np.zeros(shape, dtype=np.bool_)
    for left, top, right, bottom in boxes:
        rows = slice(max(0, int((top - _MARGIN) * height)), int((bottom + _MARGIN) * height) + 1)
        place[rows, max(0, int(left * width)) : int(right * width) + 1] = True
    return place
