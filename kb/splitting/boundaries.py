"""Quality of every position of a text as a cut: paragraph, sentence, word or worse.

numpy computes one byte per code point, in blocks. Anchors, packing, overlap and token limit all use
these levels; regular expressions for each of them were several times slower than all of splitting
may be.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T", bound=np.generic)

_BLOCK = 1 << 18
_BACK = 4  # how many characters before a position decide its level
_TABLE_SIZE = 0xE0200  # only private and unassigned code points lie beyond


class Level(IntEnum):
    """Quality of a cut just before a character, worst first."""

    INSIDE_CLUSTER = 0
    INSIDE_WORD = 1
    SOFT = 2
    WORD = 3
    CLAUSE = 4
    SENTENCE = 5
    LINE = 6
    PARAGRAPH = 7
    SECTION = 8


class _Class(IntEnum):
    OTHER = 0
    SPACE = 1
    NEWLINE = 2
    END = 3  # ends a sentence when white space follows
    WIDE_END = 4  # ends a sentence whatever follows
    COMMA = 5
    WIDE_COMMA = 6
    CLOSER = 7
    OPENER = 8
    JOINT = 9  # a long URL or identifier may break after it
    WIDE = 10
    EXTEND = 11
    JOINER = 12


_CHARACTERS = {
    _Class.END: ".!?؟۔।॥։‼⁇⁈⁉",
    _Class.WIDE_END: "。！？；…‥｡．﹒﹔﹖﹗።፧⸺",
    _Class.COMMA: ",;:—–،؛",
    _Class.WIDE_COMMA: "，、：､﹐﹑﹕",
    _Class.CLOSER: "\"')]}”’»›」』）】》〉〕〗〙〛］｝｣﹂﹄",
    _Class.OPENER: "([{“‘«‹「『（【《〈〔〖〘〚［｛｢﹁﹃",
    _Class.JOINT: "/-_&=+\\|~@#",
}
# Han, kana, bopomofo and their supplements: scripts without spaces between words. Hangul is not
# among them: Korean has spaces, and a cut inside a Korean word is as bad as inside a Latin one.
_WIDE_RANGES = (
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3031, 0x3035), (0x3041, 0x3096), (0x309D, 0x30FF),
    (0x3105, 0x312F), (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D), (0x1B000, 0x1B16F), (0x20000, 0x323AF),
)  # fmt: skip
# Parts of one visible character, in addition to Unicode's mark categories: conjoining vowels and
# final consonants, half-width voicing marks, skin tones, tags.
_EXTEND_RANGES = (
    (0x1160, 0x11FF), (0xD7B0, 0xD7FF), (0xFF9E, 0xFF9F), (0x1F3FB, 0x1F3FF), (0xE0020, 0xE007F),
)  # fmt: skip
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]{2,}")


def levels(text: str, section_starts: Iterable[int] = ()) -> bytes:
    """Return one :class:`Level` per position: the quality of a cut before that character.

    A separator belongs to the left piece, so the level of a sentence's end is at the first
    character of the next sentence.
    """
    parts = []
    for low in range(0, len(text), _BLOCK):
        head = text[max(0, low - _BACK) : low].rjust(_BACK, "\n")
        parts.append(_block(_classes(head + text[low : low + _BLOCK])))
    result = np.concatenate(parts) if parts else np.zeros(0, np.uint8)
    for flags in _FLAGS.finditer(text):
        # Two regional indicators make one flag: a run may be cut only between pairs.
        result[flags.start() + 1 : flags.end() : 2] = Level.INSIDE_CLUSTER
    for start in section_starts:
        result[start] = Level.SECTION
    return result.tobytes()


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """Return the text's code points; a lone surrogate counts as one, as in Python."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@lru_cache(maxsize=1)
def _table() -> npt.NDArray[np.uint8]:
    table = np.zeros(_TABLE_SIZE, np.uint8)
    # Planes 2 to 13 hold ideographs and no combining characters.
    for code in (*range(0x20000), *range(0xE0100, 0xE01F0)):
        character = chr(code)
        if unicodedata.category(character) in ("Mn", "Mc", "Me"):
            table[code] = _Class.EXTEND
        elif character.isspace():
            table[code] = _Class.SPACE
    for low, high in _WIDE_RANGES:
        table[low : high + 1] = np.where(table[low : high + 1] == 0, _Class.WIDE, _Class.EXTEND)
    for low, high in _EXTEND_RANGES:
        table[low : high + 1] = _Class.EXTEND
    for kind, characters in _CHARACTERS.items():
        table[[ord(character) for character in characters]] = kind
    table[ord("\n")] = _Class.NEWLINE
    table[0x200D] = _Class.JOINER
    return table


def _classes(text: str) -> npt.NDArray[np.uint8]:
    return _table()[np.minimum(code_points(text), _TABLE_SIZE - 1)]


def _among(classes: npt.NDArray[np.uint8], *kinds: _Class) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(_Class), np.bool_)
    chosen[list(kinds)] = True
    return chosen[classes]


def _block(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the levels of all but the first ``_BACK`` characters."""

    def back(array: npt.NDArray[_T], by: int) -> npt.NDArray[_T]:
        return array[_BACK - by : len(array) - by]

    kind = classes[_BACK:]
    before = back(classes, 1)
    second = back(classes, 2)

    # ended[i]: character i ends a sentence, closing quotes and brackets included.
    end = _among(classes, _Class.END, _Class.WIDE_END)
    wide = classes == _Class.WIDE_END
    # An ASCII mark between two ideographs ends a sentence without a space.
    wide[1:-1] |= (
        (classes[1:-1] == _Class.END) & (classes[:-2] == _Class.WIDE) & (classes[2:] == _Class.WIDE)
    )
    closer = classes == _Class.CLOSER
    ended, wide_ended = end, wide
    for _ in range(2):
        ended = ended.copy()
        wide_ended = wide_ended.copy()
        ended[1:] |= closer[1:] & ended[:-1]
        wide_ended[1:] |= closer[1:] & wide_ended[:-1]

    blank = _among(kind, _Class.SPACE, _Class.NEWLINE)
    opens = ~blank & ~_among(
        kind, _Class.CLOSER, _Class.END, _Class.WIDE_END, _Class.COMMA, _Class.WIDE_COMMA
    )
    word = (before == _Class.SPACE) & ~blank

    level = np.full(len(kind), Level.INSIDE_WORD, np.uint8)
    soft = (kind == _Class.WIDE) | (before == _Class.WIDE)
    soft |= (before == _Class.JOINT) & (kind != _Class.JOINT)
    level[soft & opens & (before != _Class.OPENER)] = Level.SOFT
    level[word] = Level.WORD
    level[(before == _Class.WIDE_COMMA) & opens] = Level.CLAUSE
    level[word & _among(second, _Class.COMMA, _Class.WIDE_COMMA)] = Level.CLAUSE
    level[back(wide_ended, 1) & opens] = Level.SENTENCE
    sentence = back(ended, 2) | ((second == _Class.SPACE) & back(ended, 3))
    level[word & sentence] = Level.SENTENCE
    line = (before == _Class.NEWLINE) & (kind != _Class.NEWLINE)
    level[line] = Level.LINE
    level[line & (second == _Class.NEWLINE)] = Level.PARAGRAPH
    cluster = _among(kind, _Class.EXTEND, _Class.JOINER) | (before == _Class.JOINER)
    level[cluster] = Level.INSIDE_CLUSTER
    return level
