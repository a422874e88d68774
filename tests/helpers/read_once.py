"""OCR that reads a picture once in a process, however many tests show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ingest.loaders.pictures import ocr

if TYPE_CHECKING:
    from ingest.loaders.pictures.lines import PictureLines


@contextmanager
def each_picture_once() -> Iterator[None]:
    """Have every picture read by the real OCR the first time, and remembered then.

    What is remembered is found by all pixels of a picture, so a picture that differs in one is
    read. A page of scanned text costs two seconds.
    """
    known: dict[tuple[tuple[int, ...], bytes, int], PictureLines] = {}
    read = ocr.read_lines

    def read_once(picture: ocr.Picture, *, threads: int = 1) -> PictureLines:
        key = (picture.shape, picture.tobytes(), threads)
        if key not in known:
            known[key] = read(picture, threads=threads)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocr, "read_lines", read_once)
        yield
