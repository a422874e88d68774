"""The values of form fields as words of the page, after their labels: "label: value"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.page import Box, Inset, Rule, Word
from ingest.loaders.pdf.placing.captions import caption_of
from ingest.loaders.pdf.placing.labels import Label, is_below_another, label_of
from ingest.loaders.pdf.placing.surroundings import Surroundings
from ingest.loaders.pdf.placing.ticks import colon, named, sign, told, word
from ingest.loaders.printed_lines import bare_letters

MOST_FIELDS = 5_000
MOST_COMPARED = 200_000
"""Most words beside fields to check: on fuller pages values follow their fields' names."""

_SPACE = 0.3
_LETTER = 0.5
_SIZE = 10.0
_LEADING = 1.2
_CERTAIN = 4  # letters: a shorter value may be part of any word
_NOT_WRITTEN = re.compile(r"[\s_.…‥·.\-–—|/□☐☑☒○◯●⬜❑❒\u2610-\u2612\u25a0-\u25ff\u2700-\u27bf]*")
_TO_WRITE_ON = re.compile(r"[_.…]{3,}$")
_OPEN = re.compile(r"[^\W_]$|[)\]）】»”’\"%]$")


def with_fields(
    words: Sequence[Word], insets: Sequence[Inset], rules: Sequence[Rule] = ()
) -> list[Word]:
    """Return the words of a page with the values of its form fields at their places.

    Text typed over the page is at its own place.
    """
    filled = list(words)
    fields = [inset for inset in insets if inset.kind == "field"][:MOST_FIELDS]
    if fields:
        filled = _Filling(words, fields, rules).words()
    for inset in insets:
        if inset.kind == "typed":
            filled += _lines(inset.text, inset.box)
    return filled


class _Filling:
    """One page while fields are filled in."""

    def __init__(
        self, words: Sequence[Word], fields: Sequence[Inset], rules: Sequence[Rule]
    ) -> None:
        self._fields = fields
        self._around = Surroundings(words, fields, rules)
        self._changed: dict[int, Word] = {}
        self._added: list[Word] = []
        self._dropped: set[int] = set()
        self._free = set(range(len(words)))

    def words(self) -> list[Word]:
        found = self._around.words
        if self._around.pairs() > MOST_COMPARED:
            return [*found, *(w for field in self._fields for w in _lines(told(field), field.box))]
        open_fields = [at for at, field in enumerate(self._fields) if self._makes_room(field)]
        self._free -= self._dropped
        captions = {
            at: caption_of(self._around, at, self._free)
            for at in open_fields
            if self._fields[at].ticked is not None
        }
        taken = {at for caption in captions.values() for at in caption}
        free = self._free - taken
        for at in open_fields:
            field, caption = self._fields[at], captions.get(at)
            if caption:
                self._tick_before(field, caption)
            else:
                self._fill(at, field, label_of(self._around, at, free))
        kept = [self._changed.get(at, word) for at, word in enumerate(found)]
        return [word for at, word in enumerate(kept) if at not in self._dropped] + self._added

    def _makes_room(self, field: Inset) -> bool:
        """Remove printed placeholders; return whether the value itself is not printed."""
        inside = self._around.inside(field.box)
        if field.ticked is None and _says([self._around.words[at].text for at in inside], field):
            return False
        self._dropped.update(
            at for at in inside if _NOT_WRITTEN.fullmatch(self._around.words[at].text)
        )
        return True

    def _tick_before(self, field: Inset, caption: tuple[int, ...]) -> None:
        """Put a box's sign before its caption, and its word after it."""
        first, last = self._word(caption[0]), self._word(caption[-1])
        text = " ".join(self._around.words[at].text for at in caption)
        left = min(field.box[0], first.box[0] - 2)
        right = min(max(field.box[2], left + 1), first.box[0] - _SPACE * first.size)
        self._add(sign(field), (left, first.box[1], max(right, left + 1), first.box[3]), first.size)
        state = self._state(field, text)
        if state:
            # The word follows the caption's last one without a gap, so that nothing separates them.
            self._changed[caption[-1]] = replace(last, text=f"{last.text} ({state})")

    @staticmethod
    def _state(field: Inset, caption: str) -> str:
        if not field.one_of:
            return word(field, caption)
        if not field.ticked:
            return ""
        if not field.label or bare_letters(field.label) in bare_letters(caption):
            return word(field, caption)
        return named(field.label, caption.strip() or field.text)

    def _fill(self, at: int, field: Inset, label: Label | None) -> None:
        """Put a value after its label, or at the field's place."""
        if label is None:
            text = told(field) if not is_below_another(self._around, at) else self._value(field, "")
            self._added += _lines(text, self._free_part(field.box))
            return
        word = self._word(label.at)
        value = self._value(field, word.text)
        if label.ruled or label.heads:
            self._added += _lines(value, self._on_row(field.box, word, label))
            return
        lines = [line.strip() for line in value.split("\n") if line.strip()]
        if not lines:
            return
        end = _TO_WRITE_ON.sub("", word.text) or word.text
        if _OPEN.search(end):
            end += colon(end)
        left = word.box[2] + _SPACE * word.size
        if end != word.text:
            self._changed[label.at] = replace(word, text=end)
        if label.side == "above" and len(lines) > 1:
            self._added += _lines("\n".join(lines), self._free_part(field.box))
            return
        # The value follows closely after its label, so that no column's gap comes between them.
        text = " ".join(lines)
        room = max(field.box[2] - field.box[0], 1.0)
        right = left + min(len(text) * _LETTER * word.size, room)
        self._add(text, (left, word.box[1], right, word.box[3]), word.size)

    def _free_part(self, box: Box) -> Box:
        """Return a field's box below its printed text: both would be read as one line."""
        words = [self._around.words[at] for at in self._around.inside(box) if at in self._free]
        top = max((word.box[3] for word in words), default=box[1])
        return box[0], top, box[2], max(box[3], top + 4)

    @staticmethod
    def _on_row(box: Box, word: Word, label: Label) -> Box:
        """Return a field's place on the line of a label before it, as in rows of a table."""
        if label.side != "before" or box[3] - box[1] > 2 * (word.box[3] - word.box[1]):
            return box
        return box[0], word.box[1], box[2], word.box[3]

    @staticmethod
    def _value(field: Inset, beside: str) -> str:
        if field.ticked is None:
            return field.text
        if not field.one_of:
            return f"{sign(field)} {word(field, beside)}"
        if not field.ticked:
            return sign(field)
        return f"{sign(field)} {word(field, beside)}" if beside else told(field)

    def _word(self, at: int) -> Word:
        return self._changed.get(at, self._around.words[at])

    def _add(self, text: str, box: Box, size: float) -> None:
        if text:
            self._added.append(Word(text, box, size))


def _lines(text: str, box: Box) -> list[Word]:
    """Return lines of text as words in a box, from its top; a single one in its middle."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return []
    height = max(box[3] - box[1], 4.0)
    size = min(height / (_LEADING * len(lines)) if len(lines) > 1 else height, _SIZE)
    step = _LEADING * size
    top = box[1] if len(lines) > 1 else (box[1] + box[3] - size) / 2
    found = []
    for number, line in enumerate(lines):
        right = box[0] + max(min(len(line) * _LETTER * size, box[2] - box[0]), 1.0)
        upper = top + number * step
        found.append(Word(line, (box[0] + 1, upper, right + 1, upper + size), size))
    return found


def _says(printed: Sequence[str], field: Inset) -> bool:
    """Whether the words printed inside a field are its value."""
    value = bare_letters(field.text)
    if len(value) < _CERTAIN:
        if not value:
            return field.text in printed
        return any(value == bare_letters(text) for text in printed)
    return value in bare_letters("".join(printed))
