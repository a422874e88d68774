"""Reads the text in a picture of a page with RapidOCR on onnxruntime; no other module imports it.

The three models are inside the ``rapidocr`` package. Their paths are explicit, because RapidOCR
downloads any model that it cannot find.
"""

from __future__ import annotations

import functools
import logging
import math
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.loaders.pictures.lines import PictureLines, confidence_of
from ingest.loaders.pictures.reading_order import Box
from ingest.loaders.pictures.rules import rules_in
from ingest.loaders.pictures.text import PictureText
from ingest.loaders.pictures.words import words_along
from ingest.loaders.printed_lines import clean
from kb.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

_log = logging.getLogger(__name__)

__all__ = ["DPI", "PictureLines", "PictureText", "read_lines", "read_picture"]

DPI = 200
"""Resolution for drawing pages: 7 point letters are then 19 pixels high."""

DETECTOR_SIDE = 1280
"""Longest side of the picture for finding lines; they are read at full size."""

STRAY_SIDE = 640
"""Longest side of the picture for finding more lines.

A short word that stands alone ("Page 12", a title) is not found at :data:`DETECTOR_SIDE` when its
letters are more than about 20 pixels high there, but is in a smaller picture.
"""

STRAY_SCORE = 0.8
"""Least confidence of a stray word: alone, a round ornament reads as an O at 0.6."""

MIN_SCORE = 0.5
"""Lines read with less confidence than this are specks and ornaments, not text."""

DOUBTFUL = 0.9
"""Mean confidence below which a page may be upside down or on its side.

Prose upside down has 0.6, but numbers upside down read as other numbers: 0.8.
"""

_TALL = 1.5
_SAME = 0.9  # of what was read: lines that run down are read as well as the page set upright

_DETECTOR = "PP-OCRv6_det_small.onnx"
_RECOGNISER = "PP-OCRv6_rec_small.onnx"

_lock = threading.Lock()


def read_picture(picture: Picture, *, threads: int = 1) -> PictureText:
    """Read a picture of a page; see :func:`read_lines`."""
    return read_lines(picture, threads=threads).text()


def read_lines(picture: Picture, *, threads: int = 1) -> PictureLines:
    """Read a picture of a page; turn it upright if its text is sideways or upside down.

    Args:
        picture: uint8, shape (height, width, 3), blue first.
        threads: cores that onnxruntime may use.
    """
    import numpy as np  # noqa: PLC0415 - only scans need it

    with _lock:
        boxes = _boxes(picture, threads)
        turns = 0
        for candidate in _turns_to_try(boxes):
            turned = _boxes(np.ascontiguousarray(np.rot90(picture, candidate)), threads)
            least = _worth(boxes) * (_SAME if candidate == 1 else 1.0)
            if _worth(turned) > least:
                boxes, turns = turned, candidate
                if confidence_of(boxes) >= DOUBTFUL:
                    break
    height, width = picture.shape[:2]
    upright = np.rot90(picture, turns) if turns else picture
    rules = rules_in(upright) if len(boxes) > 1 else ()
    return PictureLines(boxes=tuple(boxes), width=width, height=height, turns=turns, rules=rules)


def _boxes(picture: Picture, threads: int) -> list[Box]:
    """Find and read the lines of a picture; corners in its pixels."""
    engine = _engine(threads)
    result = engine(picture, use_det=True, use_rec=True, return_word_box=True)
    found: list[tuple[Any, str, float, Any]] = []
    if result.boxes is not None and len(result.boxes):
        words = result.word_results or [()] * len(result.txts)
        found += zip(result.boxes.tolist(), result.txts, result.scores, words, strict=True)
    strays = _strays(engine, picture, [corners for corners, *_ in found])
    found += [(*stray, ()) for stray in strays]
    return [
        Box(
            corners=_corners(corners),
            text=line,
            score=float(score),
            words=words_along(line, words, _corners(corners)),
        )
        for corners, text, score, words in found
        if score >= MIN_SCORE and (line := clean(text).replace("\n", " "))
    ]


def _strays(
    engine: Any,  # noqa: ANN401 - see _engine
    picture: Picture,
    known: list[list[list[float]]],
) -> list[tuple[Any, str, float]]:
    """Find and read overlooked isolated text: see :data:`STRAY_SIDE`."""
    detector = engine.text_det
    detector.limit_side_len = STRAY_SIDE
    try:
        again = engine(picture, use_det=True, use_rec=False)
    finally:
        detector.limit_side_len = DETECTOR_SIDE
    if again.boxes is None:
        return []
    taken = [_bounds(corners) for corners in known]
    out: list[tuple[Any, str, float]] = []
    for corners in again.boxes.tolist():
        left, top, right, bottom = bounds = _bounds(corners)
        if any(_touch(bounds, other) for other in taken):
            continue
        part = picture[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
        read = engine(part, use_det=False, use_rec=True)
        if read.txts and read.scores[0] >= STRAY_SCORE:
            out.append((corners, read.txts[0], float(read.scores[0])))
    return out


def _bounds(corners: list[list[float]]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return (max(0.0, min(xs)), max(0.0, min(ys)), max(xs), max(ys))


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@functools.lru_cache(maxsize=1)
def _engine(threads: int) -> Any:  # noqa: ANN401 - RapidOCR's result types are a union of five
    try:
        import cv2  # noqa: PLC0415 - only scans need it
        from rapidocr import RapidOCR  # noqa: PLC0415 - a second to import
    except ModuleNotFoundError as error:
        msg = (
            f"Reading scanned pages needs the package {error.name}; install it with "
            "`pip install rapidocr onnxruntime opencv-python-headless`, or turn OCR off."
        )
        raise MissingExtraError(msg) from error
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    cv2.setNumThreads(threads)
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        msg = "The package rapidocr has no folder on disk; install it as a plain wheel."
        raise MissingExtraError(msg)
    models = Path(spec.origin).parent / "models"
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.text_score": MIN_SCORE,
            # Lines are cut out of the whole picture and only searched in a smaller one.
            "Global.max_side_len": 10_000,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTOR_SIDE,
            "Det.model_path": str(models / _DETECTOR),
            "Rec.model_path": str(models / _RECOGNISER),
            # One line at a time: a batch is padded to its longest line. Measured on one core
            # against batches of six: 25 % faster, 1.0 instead of 1.8 GB of address space.
            "Rec.rec_batch_num": 1,
            # The classifier of upside-down lines turned two good lines of 150 over.
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        },
    )


def _corners(corners: list[list[float]]) -> tuple[Any, Any, Any, Any]:
    first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
    return (first, second, third, fourth)


def _worth(boxes: list[Box]) -> float:
    """Number of read characters, each weighted by its confidence above guessing."""
    return sum(max(0.0, box.score - MIN_SCORE) * len("".join(box.text.split())) for box in boxes)


def _turns_to_try(boxes: list[Box]) -> tuple[int, ...]:
    """Return the quarter turns that may set a page upright.

    Vertical lines are read like horizontal ones, because tall boxes are turned before reading. They
    belong to a page on its side, or are columns of Chinese or Japanese: upright, both are lines
    that follow each other downwards.
    """
    tall = sum(len(box.text) for box in boxes if _is_tall(box))
    if tall * 2 > sum(len(box.text) for box in boxes):
        return (1, 3)
    return (2,) if boxes and confidence_of(boxes) < DOUBTFUL else ()


def _is_tall(box: Box) -> bool:
    (x0, y0), (x1, y1), _, (x3, y3) = box.corners
    return math.dist((x0, y0), (x3, y3)) > _TALL * math.dist((x0, y0), (x1, y1))
