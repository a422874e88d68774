"""The engines' data on a page's annotations: PDF dictionaries, and safe ways to read them.

pypdf's dictionaries are used unchanged, and PDFium's answers in the same form. Every reader of
fields, notes and links uses the functions here. They follow references and trust nothing in the
file.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ingest.loaders.pdf.page import Box

_log = logging.getLogger(__name__)

_Read = TypeVar("_Read")

# pypdf raises many kinds of errors on hostile files, and reads a dictionary's entries only on
# access. Memory errors and interrupts pass.
_ANY_FAILURE = Exception

MOST_ANNOTATIONS = 5_000
"""Most annotations of a page that are read; a page of a large form has some hundreds."""

LONGEST_TEXT = 100_000
"""Most characters of one annotation's text."""

DEEPEST = 32
"""Most generations of a field above its widget."""

Dictionary = Mapping[str, Any]
Frame = Callable[[float, float], tuple[float, float]]
"""Returns the position on the visible page of a point of the file."""

_HIDDEN = 2 | 32  # not shown, and not shown on a screen
_LANGUAGE = re.compile("\x1b[^\x1b]{0,12}\x1b")  # marks a language inside a string
_TWICE = b"\xfe\xff\xfe\xff"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ENDS = re.compile("\r\n?|\u2028|\u2029")


def each(
    annotations: Iterable[Dictionary], read: Callable[[Dictionary], _Read | None]
) -> Iterator[tuple[Dictionary, _Read]]:
    """Yield the result for each annotation; one that fails costs only itself."""
    for annotation in annotations:
        try:
            found = read(annotation)
        except MemoryError:
            raise
        except _ANY_FAILURE as error:  # see _ANY_FAILURE
            _log.info("an annotation cannot be read: %s", type(error).__name__)
            continue
        if found is not None:
            yield annotation, found


def entry(found: object, key: str) -> Any:  # noqa: ANN401 - a file may hold anything anywhere
    """Return the value of a dictionary's key, None if it has none."""
    return resolved(found.get(key)) if isinstance(found, Mapping) else None


def resolved(value: Any) -> Any:  # noqa: ANN401 - see entry
    """Return the target of a reference."""
    value = value.get_object() if hasattr(value, "get_object") else value
    return None if type(value).__name__ == "NullObject" else value


def string(value: object, most: int = LONGEST_TEXT) -> str:
    """Return a string of a file as text with plain line ends, "" for other values."""
    if hasattr(value, "get_data"):  # long texts are in streams
        value = value.get_data()
    if isinstance(value, str) and value.startswith("\ufeff"):
        value = getattr(value, "original_bytes", value)
    if isinstance(value, (bytes, bytearray)):
        value = _decoded(bytes(value[: 4 * most]))
    if not isinstance(value, str):
        return ""
    text = _ENDS.sub("\n", _LANGUAGE.sub("", value[:most]))
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def size_of(value: object) -> int:
    """Return the length of a string in the file, 0 for other values."""
    if hasattr(value, "get_data"):
        value = value.get_data()
    return len(value) if isinstance(value, (str, bytes, bytearray)) else 0


def name(value: object) -> str:
    """Return a name without its slash, "" for other values."""
    return string(value).removeprefix("/") if isinstance(value, str) else ""


def whole(value: object) -> int:
    """Return a whole number, 0 for other values."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return 0
    return int(value)


def items(value: object, most: int = MOST_ANNOTATIONS) -> Iterator[Any]:
    """Yield the entries of an array, resolved; nothing for other values."""
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for at in range(min(len(value), most)):
            yield resolved(value[at])


def numbers(value: object, most: int = 8 * MOST_ANNOTATIONS) -> list[float]:
    """Return the numbers of an array, [] if any entry is not a number."""
    found: list[float] = []
    for number in items(value, most):
        try:
            found.append(float(number))
        except (TypeError, ValueError, OverflowError):
            return []
    return found if all(map(math.isfinite, found)) else []


def family(widget: Dictionary) -> Iterator[Dictionary]:
    """Yield a field's dictionaries from its widget up to the root, each once."""
    seen: set[int] = set()
    field: Any = widget
    for _ in range(DEEPEST):
        if not isinstance(field, Mapping) or id(field) in seen:
            return
        seen.add(id(field))
        yield field
        field = entry(field, "/Parent")


def inherited(widget: Dictionary, key: str) -> Any:  # noqa: ANN401 - see entry
    """Return an entry of a field or of the nearest of its parents that has it."""
    return next((value for f in family(widget) if (value := entry(f, key)) is not None), None)


def is_hidden(annotation: Dictionary) -> bool:
    """Whether no reader shows it on a screen."""
    return bool(whole(entry(annotation, "/F")) & _HIDDEN)


def box_of(annotation: Dictionary, frame: Frame) -> Box | None:
    """Return the place of an annotation on the page, None if it has none."""
    corners = numbers(entry(annotation, "/Rect"), 4)
    return around_points(corners, frame) if len(corners) == 4 else None  # noqa: PLR2004


def quads_of(annotation: Dictionary, frame: Frame) -> list[Box]:
    """Return the boxes of the text that an annotation marks: one a line, or its whole box."""
    corners = numbers(entry(annotation, "/QuadPoints"))
    quads = [around_points(corners[at : at + 8], frame) for at in range(0, len(corners) - 7, 8)]
    box = box_of(annotation, frame)
    return quads or ([box] if box is not None else [])


def around_points(corners: Sequence[float], frame: Frame) -> Box:
    """Return the box around points given as x, y, x, y and so on."""
    points = [frame(corners[at], corners[at + 1]) for at in range(0, len(corners) - 1, 2)]
    across, down = [point[0] for point in points], [point[1] for point in points]
    return min(across), min(down), max(across), max(down)


def _decoded(raw: bytes) -> str:
    if raw.startswith(_TWICE) and not any(raw[4::3]):
        # LaTeX forms contain values that were encoded as UTF-16 twice: three bytes a letter.
        rest = raw[4:]
        raw = raw[:2] + bytes(byte for at, byte in enumerate(rest) if at % 3)
    for mark, encoding in ((b"\xfe\xff", "utf-16"), (b"\xff\xfe", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
