"""The values of form fields as words of the page, behind their labels: "label: value"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.page import Box, Inset, Word

FARTHEST = 30.0
"""Heights of the font between a label and its field."""

_SMALL = 30.0  # points: a wider field is no box to be ticked
_SQUARE = 1.7
_NEAR = 0.9  # heights of the font between the words of one label
_SPACE = 0.3
_LETTER = 0.5
_SIZE = 10.0
_ASKS = (":", "：", "?", "？", ".", "…")


def with_fields(words: Sequence[Word], insets: Sequence[Inset]) -> list[Word]:
    """Return the words of a page with the values of its form fields where they stand."""
    filled = list(words)
    boxes = [inset.box for inset in insets if inset.kind == "field"]
    for inset in insets:
        if inset.kind == "field" and inset.text.strip():
            _fill(filled, inset, boxes)
    return filled


def _fill(words: list[Word], inset: Inset, boxes: Sequence[Box]) -> None:
    lines = [line.strip() for line in inset.text.split("\n") if line.strip()]
    label = None if inset.label else _label(words, inset.box, boxes)
    if inset.label:
        lines[0] = f"{inset.label.rstrip(':： ')}: {lines[0]}"
    place = inset.box
    size = min(max(place[3] - place[1], 4.0), _SIZE)
    if label is not None:
        word = words[label]
        size = word.size
        if not word.text.endswith(_ASKS):
            words[label] = replace(word, text=word.text + ":")
        left = word.box[2] + _SPACE * size
        # The value stands close behind its label, so that no column's gap comes between them.
        place = (left, word.box[1], left + 1, word.box[3])
    height = place[3] - place[1] if label is not None else size
    for number, line in enumerate(lines):
        top = place[1] + number * 1.2 * height
        if label is None and len(lines) == 1:
            top = (place[1] + place[3] - height) / 2
        across = min(len(line) * _LETTER * size, max(inset.box[2] - inset.box[0], 1.0))
        words.append(Word(line, (place[0], top, place[0] + across, top + height), size))


def _label(words: Sequence[Word], box: Box, boxes: Sequence[Box]) -> int | None:
    """Return which word ends the label of a field: before it, behind a box to tick, or above."""
    ticked = box[2] - box[0] <= _SMALL and box[2] - box[0] <= _SQUARE * (box[3] - box[1])
    beside = [at for at, word in enumerate(words) if _on_line(word.box, box)]
    before = [at for at in beside if words[at].box[2] <= box[0] + 2]
    behind = sorted(
        (at for at in beside if words[at].box[0] >= box[2] - 2), key=lambda at: words[at].box[0]
    )
    if ticked and behind and _clear(words[behind[0]].box, box, boxes):
        last = behind[0]
        for at in behind[1:]:
            if words[at].box[0] - words[last].box[2] > _NEAR * words[last].size:
                break
            last = at
        return last
    if before:
        nearest = max(before, key=lambda at: words[at].box[2])
        gap = box[0] - words[nearest].box[2]
        if gap <= FARTHEST * words[nearest].size and _clear(words[nearest].box, box, boxes):
            return nearest
    above = [
        at
        for at, word in enumerate(words)
        if word.box[0] < box[2]
        and word.box[2] > box[0] - 2
        and 0 <= box[1] - word.box[3] + 3 <= 2 * word.size
    ]
    if not above:
        return None
    low = max(words[at].box[3] for at in above)
    return max((at for at in above if low - words[at].box[3] < 2), key=lambda at: words[at].box[2])  # noqa: PLR2004


def _on_line(word: Box, box: Box) -> bool:
    return box[1] - 2 <= (word[1] + word[3]) / 2 <= box[3] + 2


def _clear(word: Box, box: Box, boxes: Sequence[Box]) -> bool:
    """Whether no other field stands between a word and a field."""
    low, high = min(word[2], box[2]), max(word[0], box[0])
    return not any(
        other != box and low - 1 <= other[0] and other[2] <= high + 1 and _on_line(other, box)
        for other in boxes
    )
