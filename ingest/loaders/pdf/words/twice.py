"""Letters that a file draws twice, for bold type or as a shadow: each counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ingest.loaders.pdf.words.frames import Sign

NEAR = 0.12
"""Heights of the font by which a letter's second drawing may differ: half the width of an "l"."""

SHADOW = 0.3
"""Heights of the font by which the shadow of a whole word may differ."""

_LEAST_WORD = 3
_MOST_BESIDE = 16  # letters of one kind in one place: no page draws them more often
_ROW = 1 << 40  # between the numbers of cells that stand beside each other
_AROUND = tuple(across * _ROW + down for across in (-1, 0, 1) for down in (-1, 0, 1))


def once(signs: Sequence[Sign]) -> list[Sign]:
    """Return signs without repetitions at the same place.

    Letters of one text object are never repetitions: a ligature's letters share one place.
    """
    shadows = _shadows(signs)
    places: dict[str, dict[int, list[Sign]]] = defaultdict(dict)
    kept: list[Sign] = []
    for sign in signs:
        if sign.font < 0 or not sign.text or sign.text.isspace():
            kept.append(sign)
            continue
        if sign.drawn in shadows:
            continue
        step = max(NEAR * sign.size, 0.01)
        across, down = int(sign.left / step), int(sign.base / step)
        cells, cell = places[sign.text], across * _ROW + down
        if any(
            _same(sign, other)
            for near in _AROUND
            if cell + near in cells
            for other in cells[cell + near]
        ):
            continue
        here = cells.setdefault(cell, [])
        if len(here) < _MOST_BESIDE:
            here.append(sign)
        kept.append(sign)
    return kept


def _same(one: Sign, other: Sign) -> bool:
    near = NEAR * one.size
    return (
        one.drawn != other.drawn
        and abs(one.left - other.left) <= near
        and abs(one.base - other.base) <= near
        and abs(one.size - other.size) <= near
    )


def _shadows(signs: Sequence[Sign]) -> set[int]:
    """Return the text objects that repeat an earlier one, slightly beside it."""
    objects: dict[int, list[Sign]] = defaultdict(list)
    for sign in signs:
        if sign.font >= 0 and sign.text and not sign.text.isspace():
            objects[sign.drawn].append(sign)
    known: dict[str, list[tuple[Sign, Sign]]] = defaultdict(list)
    found: set[int] = set()
    for number, letters in objects.items():
        text = "".join(sign.text for sign in letters)
        if len(text) < _LEAST_WORD:
            continue
        first, last = letters[0], letters[-1]
        near = SHADOW * first.size
        if any(
            abs(a.left - b.left) <= near and abs(a.base - b.base) <= near
            for one, other in known[text][-_MOST_BESIDE:]
            for a, b in ((first, one), (last, other))
            if abs((first.left - one.left) - (last.left - other.left)) <= NEAR * first.size
        ):
            found.add(number)
        else:
            known[text].append((first, last))
    return found
