"""The binary state of a form's controls in Office's format ([MS-OFORMS] 2.2.1, 2.2.4, 2.2.5).

A mask lists the properties that follow. Each is aligned to a multiple of its own size. The lengths
of strings are among them, the strings after them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_VERSION = b"\x00\x02"
_COMPRESSED = 1 << 31
_SIZE = 8  # width and height, before or after the strings
_BOX_STYLES = range(4, 7)

_VALUE, _CAPTION, _GROUP = 22, 23, 32
_STYLE, _EXTENT, _PASSWORD = 6, 8, 9
# The bit of each property in the mask, and its number of bytes.
_MORPH = (
    (0, 4), (1, 4), (2, 4), (3, 4), (4, 1), (5, 1), (_STYLE, 1), (7, 1), (_PASSWORD, 2), (10, 4),
    (11, 2), (12, 2), (13, 2), (14, 2), (15, 2), (16, 1), (17, 1), (18, 1), (20, 1), (21, 1),
    (_VALUE, 4), (_CAPTION, 4), (24, 4), (25, 4), (26, 4), (27, 2), (28, 2), (29, 2), (_GROUP, 4),
)  # fmt: skip
_FIRST_CAPTION = 3
_LABEL = ((0, 4), (1, 4), (2, 4), (_FIRST_CAPTION, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control's state; ``is_box`` marks check boxes, radio buttons and toggle buttons."""

    value: str = ""
    caption: str = ""
    is_box: bool = False


def morph(data: bytes) -> Control | None:
    """Return a text box, list, check box or radio button; None for others or if cut short.

    The value of a password box is omitted.
    """
    try:
        mask, end = _head(data, "<Q")
        values, at = _numbers(data, 12, mask, _MORPH)
        at += _SIZE if mask >> _EXTENT & 1 else 0
        value, at = _string(data[:end], at, values.get(_VALUE, 0))
        caption, _ = _string(data[:end], at, values.get(_CAPTION, 0))
    except (struct.error, ValueError):
        return None
    return Control(
        value="" if values.get(_PASSWORD) else value,
        caption=caption,
        is_box=values.get(_STYLE, 1) in _BOX_STYLES,
    )


def captioned(data: bytes) -> Control | None:
    """Return a label or a push button; None for others or if cut short."""
    try:
        mask, end = _head(data, "<L")
        values, _ = _numbers(data, 8, mask, _LABEL)
        length = values.get(_FIRST_CAPTION, 0)
        # The caption precedes the size, which ends the bytes that the head counts.
        padded = (length & ~_COMPRESSED) + 3 & ~3
        caption, _ = _string(data[:end], end - _SIZE - padded, length)
    except (struct.error, ValueError):
        return None
    return Control(caption=caption)


def _head(data: bytes, form: str) -> tuple[int, int]:
    """Return the mask, and where the properties and strings end."""
    if data[:2] != _VERSION:
        raise ValueError
    (length,) = struct.unpack_from("<H", data, 2)
    (mask,) = struct.unpack_from(form, data, 4)
    if 4 + length > len(data):
        raise ValueError
    return mask, 4 + length


def _numbers(
    data: bytes, at: int, mask: int, properties: Sequence[tuple[int, int]]
) -> tuple[dict[int, int], int]:
    """Return the properties that the mask names, and where they end."""
    found: dict[int, int] = {}
    for bit, size in properties:
        if mask >> bit & 1:
            at = -(-at // size) * size
            (found[bit],) = struct.unpack_from({1: "<B", 2: "<H", 4: "<L"}[size], data, at)
            at += size
    return found, -(-at // 4) * 4


def _string(data: bytes, at: int, length: int) -> tuple[str, int]:
    """Return a string and the beginning of the next one; a flag marks letters of one byte."""
    count = length & ~_COMPRESSED
    if at < 0 or at + count > len(data):
        raise ValueError
    raw = data[at : at + count]
    # A compressed string omits the upper bytes, which are all zero.
    text = raw.decode("latin-1" if length & _COMPRESSED else "utf-16-le", "replace")
    return text.rstrip("\0"), at + (count + 3 & ~3)
