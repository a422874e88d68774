"""Checks of single values from a worker: each returns its value or raises a ValueError.

A worker has read a stranger's file, which may have taken it over. Any value of a wrong type or
range ends the work on that file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from kb.records import MetadataValue

LARGEST = 2**63 - 1
MAX_ERROR_CHARACTERS = 4_000

_SURROGATE = re.compile("[\ud800-\udfff]")
# Characters that normalise() removes from every text, except line ends, which are harmless.
_NEVER_IN_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def text(value: object, what: str) -> str:
    """Return a string that can be stored: no lone surrogates, no NUL."""
    if not isinstance(value, str):
        _refuse(f"{what} is no text")
    if _SURROGATE.search(value) or "\0" in value:
        _refuse(f"{what} holds characters that cannot be stored")
    return value


def document_text(value: object) -> str:
    """Return a document's text; refuse control characters, which no document contains."""
    found = text(value, "the text")
    if _NEVER_IN_TEXT.search(found):
        _refuse("the text holds control characters")
    return found


def one_of(value: object, allowed: tuple[str, ...], what: str) -> Any:  # noqa: ANN401 - one of a Literal's
    """Return a string that is among those allowed."""
    if not isinstance(value, str) or value not in allowed:
        _refuse(f"{what} is none that is known")
    return value


def whole(value: object, what: str, *, least: int = 0, most: int = LARGEST) -> int:
    """Return a whole number within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        _refuse(f"{what} is no number from {least} to {most}")
    return value


def fraction(value: object, what: str) -> float:
    """Return a number in [0, 1]."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        _refuse(f"{what} is no fraction")
    return value


def rows(value: object, what: str, width: int) -> list[list[Any]]:
    """Return a list of lists of ``width`` values each."""
    found = sequence(value, what)
    if not all(isinstance(row, list) and len(row) == width for row in found):
        _refuse(f"{what} are no rows of {width} values")
    return found


def sequence(value: object, what: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        _refuse(f"{what} is no list")
    return value


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return an object with names."""
    if not isinstance(value, dict):
        _refuse(f"{what} is no object")
    return value


def metadata(value: object, what: str) -> dict[str, MetadataValue]:
    """Return names with texts, truth values and numbers that a database can hold."""
    return {text(name, what): _plain(each, what) for name, each in mapping(value, what).items()}


def sha256(value: object) -> str:
    """Return a SHA-256 in hexadecimal."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        _refuse("the hash is no SHA-256")
    return value


def span(start: object, end: object, length: int, what: str) -> tuple[int, int]:
    """Return a span of a text of ``length`` code points."""
    first = whole(start, f"the start of {what}", most=length)
    if not isinstance(end, int) or isinstance(end, bool) or not first <= end <= length:
        _refuse(f"the end of {what} is outside the text")
    return first, end


def _plain(value: object, what: str) -> MetadataValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return whole(value, what, least=-LARGEST - 1)
    if isinstance(value, float):
        if not math.isfinite(value):
            _refuse(f"{what} holds a number that is none")
        return value
    return text(value, what)


def _refuse(problem: str) -> NoReturn:
    raise ValueError(problem)
