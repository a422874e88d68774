"""The stretches of a white strip that separate columns: sections end at white lines across it.

A strip extends past everything that is too short to cross it: a heading at the left alone, the
signatures above a recipe, the answers of a chat. So it is divided at white lines over both of its
sides, if a band has words on one side only. Columns of prose that fill the page are divided only at
headings, because paragraphs end side by side by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.layout.gutters import Gutter, Item, usual_size
from ingest.loaders.pdf.page import Box

_ABOVE_USUAL = 0.5  # heights of the font by which white between bands is wider than between lines
_SHRINK = 0.15  # of a box's height, above and below
_SAME_SIZE = 0.12
_SAME_LINE = 0.5  # heights of the font
_RAGGED = 3.0  # heights of the font by which a full line may end before the gutter
_FULL_LINES, _MORE_FULL_LINES = 2, 3
_HEADING = 2.6  # heights of the font that a heading of up to two lines takes


@dataclass(slots=True)
class _Band:
    """Lines between two white lines; the sides with words: the first one to read, the other."""

    top: float
    bottom: float
    first: bool
    second: bool

    @property
    def both(self) -> bool:
        return self.first and self.second


def stretches_of(
    gutter: Gutter,
    items: Sequence[Item],
    size: float,
    *,
    certain: bool,
    last: bool,
    backwards: bool,
) -> list[Gutter]:
    """Return the parts of a gutter with words on both sides; a single section unchanged.

    Args:
        gutter: a white strip.
        items: of the page, or of its part with the gutter.
        size: the usual height of the font.
        certain: whether both sides are columns of many lines of prose.
        last: whether nothing is below it: then a column may be longer than the other.
        backwards: whether the right side is read first.
    """
    sides: tuple[list[Item], list[Item]] = ([], [])
    for item in items:
        if gutter.top <= (item.box[1] + item.box[3]) / 2 <= gutter.bottom:
            sides[(item.box[0] >= gutter.left) != backwards].append(item)
    bands = _bands(sides, size)
    apart = [_is_heading(bands, at, size) if certain else not b.both for at, b in enumerate(bands)]
    if certain:
        apart[-1:] = [not last and len(bands) > 1 and _heads_below(bands[-1], sides[0], size)]
    else:
        _keep_ends(bands, apart, sides[0], gutter.right if backwards else gutter.left, last=last)
    if not any(apart):
        return [gutter]
    found: list[Gutter] = []
    group: list[_Band] = []
    for band, alone in [*zip(bands, apart, strict=True), (None, True)]:
        if not alone and band is not None:
            group.append(band)
            continue
        if any(b.both for b in group):
            found.append(gutter.between(group[0].top, group[-1].bottom))
        group = []
    return found


def _bands(sides: Sequence[Sequence[Item]], size: float) -> list[_Band]:
    """Return the bands between white lines, from the top."""
    runs = [_runs([item.box for item in side]) for side in sides]
    whites = sorted(b[0] - a[1] for side in runs for a, b in pairwise(side))
    usual = whites[len(whites) // 3] if whites else 0.0
    least = usual + _ABOVE_USUAL * size
    found: list[_Band] = []
    for top, bottom, second in sorted(
        (top, bottom, at) for at, side in enumerate(runs) for top, bottom in side
    ):
        if found and top - found[-1].bottom < least:
            found[-1].bottom = max(found[-1].bottom, bottom)
        else:
            found.append(_Band(top, bottom, first=False, second=False))
        found[-1].second |= bool(second)
        found[-1].first |= not second
    return found


def _runs(boxes: Sequence[Box]) -> list[tuple[float, float]]:
    """Return the lines of one side as stretches downwards."""
    found: list[list[float]] = []
    for _, top, _, bottom in sorted(boxes, key=lambda box: box[1]):
        inset = _SHRINK * (bottom - top)
        if found and top + inset <= found[-1][1]:
            found[-1][1] = max(found[-1][1], bottom - inset)
        else:
            found.append([top + inset, bottom - inset])
    return [(top, bottom) for top, bottom in found]


def _is_heading(bands: Sequence[_Band], at: int, size: float) -> bool:
    """Whether a band is a heading of the text below on both sides, with columns above it, too."""
    band = bands[at]
    return (
        band.first
        and not band.second
        and band.bottom - band.top <= _HEADING * size
        and 0 < at < len(bands) - 1
        and bands[at - 1].both
        and any(below.second for below in bands[at + 1 :])
    )


def _heads_below(band: _Band, first: Sequence[Item], size: float) -> bool:
    """Whether the last band is a heading of the text below the columns."""
    if band.second or band.bottom - band.top > _HEADING * size:
        return False
    words = [item.word for item in first if item.word and item.box[3] > band.top]
    return bool(words) and min(word.size for word in words) > (1 + _SAME_SIZE) * usual_size(first)


def _keep_ends(
    bands: Sequence[_Band], apart: list[bool], first: Sequence[Item], edge: float, *, last: bool
) -> None:
    """Keep with a column its continuation below the shorter one, if it is as wide as the column."""
    if not any(band.both for band in bands):
        return
    end = max(at for at, band in enumerate(bands) if band.both)
    if any(band.second for band in bands[end + 1 :]):
        return
    usual = usual_size(first)
    alike, full = True, 0
    for at, band in enumerate(bands[end + 1 :], end + 1):
        inside = [i for i in first if band.top <= (i.box[1] + i.box[3]) / 2 <= band.bottom]
        alike &= all(i.word and abs(i.word.size - usual) <= _SAME_SIZE * usual for i in inside)
        for line in _lines([i for i in inside if i.word], usual):
            left, right = line[0][0], line[-1][2]
            if any(b[0] - a[2] > _RAGGED * usual for a, b in pairwise(line)):
                full, alike = full - 1, False  # cells
            else:
                full += min(abs(edge - left), abs(edge - right)) <= _RAGGED * usual
        if full >= (_FULL_LINES if last else _MORE_FULL_LINES):
            apart[end + 1 : at + 1] = [False] * (at - end)
    if last and alike:
        apart[end + 1 :] = [False] * (len(bands) - end - 1)


def _lines(items: Sequence[Item], size: float) -> list[list[Box]]:
    """Return boxes by lines, each from the left."""
    lines: list[list[Box]] = []
    low = float("-inf")
    for box in sorted((item.box for item in items), key=lambda box: box[1] + box[3]):
        if (box[1] + box[3]) / 2 - low > _SAME_LINE * size:
            lines.append([])
            low = (box[1] + box[3]) / 2
        lines[-1].append(box)
    return [sorted(line) for line in lines]
