"""A text that is too long for the model: its overlapping windows, and their one vector.

Clients that cut texts by characters cannot know the limit of a model. The mean of the windows'
vectors, weighted by their tokens, stands for the whole text. So nothing of the text is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kb.embedding.base import Vectors, unit_rows
from kb.errors import InputTooLongError
from kb.splitting.boundaries import Level, levels
from kb.splitting.rulers import CountTokens, Ruler

OVERLAP = 1 / 8
"""Share of a window that the next one repeats, so that one of them has each sentence whole."""

_MARGIN = 0.97  # tokens of parts do not add up exactly to those of the whole
_PIECES = 12  # of a window; inside a piece tokens are taken as evenly spread
_HUGE = 1 << 18  # characters
_LEVELS = [bytes([level]) for level in reversed(Level) if level > Level.INSIDE_CLUSTER]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windowed:
    """Texts as the model reads them, and how they become one vector for each text sent.

    Attributes:
        parts: in order; a text that fits the model is one part.
        owners: the number of each part's text.
        tokens: of each part, as the model reads it.
        around: tokens of each part that are prompt or special tokens; the others weigh its vector.
    """

    parts: list[str]
    owners: list[int]
    tokens: list[int]
    around: int = 0

    @property
    def counts(self) -> dict[int, int]:
        """Number of windows by the number of each text that is too long."""
        found = np.bincount(self.owners) if self.owners else np.zeros(0, np.intp)
        return {int(index): int(found[index]) for index in np.flatnonzero(found > 1)}

    def joined(self, vectors: Vectors) -> Vectors:
        """Return one vector of unit length for each text, from those of its parts.

        Raises:
            EmbeddingError: the vectors of a text's windows cancel each other out.
        """
        if not self.counts:
            return vectors
        sums = np.zeros((self.owners[-1] + 1, vectors.shape[1]), dtype=np.float64)
        weights = np.maximum(1, np.asarray(self.tokens, dtype=np.float64) - self.around)[:, None]
        np.add.at(sums, np.asarray(self.owners, dtype=np.intp), vectors * weights)
        return unit_rows(sums.astype(np.float32))


def windowed(
    texts: Sequence[str],
    tokens: Sequence[int],
    most: int,
    count: CountTokens,
    *,
    most_parts: int,
    check: Callable[[], None],
) -> Windowed:
    """Split the texts that are too long, and keep the others unchanged.

    Args:
        texts: the texts of the request.
        tokens: of each text, as ``count`` returns them.
        most: most tokens that the model reads of one text.
        count: counts the tokens of texts.
        most_parts: limit of parts of all texts together.
        check: called between texts; raises if nobody waits any more.

    Raises:
        InputTooLongError: there would be more parts; names the text that exceeds the limit.
    """
    _check_parts(tokens, most, most_parts)
    parts: list[str] = []
    owners: list[int] = []
    lengths: list[int] = []
    around = count([""])[0] if max(tokens, default=0) > most else 0
    for index, (text, length) in enumerate(zip(texts, tokens, strict=True)):
        check()
        found = [(text, length)] if length <= most else _windows(text, most, around, count)
        parts += [part for part, _ in found]
        owners += [index] * len(found)
        lengths += [part_tokens for _, part_tokens in found]
        if len(parts) > most_parts:
            raise _too_many(index, len(texts), length, most, most_parts)
    return Windowed(parts=parts, owners=owners, tokens=lengths, around=around)


def in_pieces(count: CountTokens) -> CountTokens:
    """Return a function that counts as ``count`` does, but counts huge texts in pieces.

    A tokenizer briefly takes 60 times the memory of a text. The end of a piece may count a token
    too many.
    """

    def pieced(texts: Sequence[str]) -> list[int]:
        if all(len(text) <= _HUGE for text in texts):
            return count(texts)
        around = count([""])[0]
        return [around + sum(each - around for each in _pieces(text, count)) for text in texts]

    return pieced


def _pieces(text: str, count: CountTokens) -> Iterator[int]:
    for start in range(0, max(1, len(text)), _HUGE):
        yield count([text[start : start + _HUGE]])[0]


def _check_parts(tokens: Sequence[int], most: int, most_parts: int) -> None:
    """Refuse texts that need too many parts, before splitting any."""
    least = 0
    for index, length in enumerate(tokens):
        least += max(1, -(-length // most))
        if least > most_parts:
            raise _too_many(index, len(tokens), length, most, most_parts)


def _windows(text: str, most: int, around: int, count: CountTokens) -> list[tuple[str, int]]:
    """Return windows of about the same length, and the tokens of each."""
    cuts = levels(text)

    def count_alone(pieces: Sequence[str]) -> list[int]:
        return [tokens - around for tokens in count(pieces)]

    whole = max(1, count_alone([text])[0])
    piece = max(4, len(text) * (most - around) // (whole * _PIECES))
    ruler = Ruler.of_tokens(text, [*range(piece, len(text), piece), len(text)], count_alone)
    # A word that ends a piece may count more tokens than inside the whole.
    inflated = ruler.size(0, len(text)) / whole
    spans = _spans(ruler, len(text), cuts, (most - around) * _MARGIN * inflated)
    found: list[tuple[int, str, int]] = []
    while spans:
        made = [(start, end, text[start:end].strip()) for start, end in spans]
        counts = count([part for _, _, part in made])
        spans = []
        for (start, end, part), length in zip(made, counts, strict=True):
            if length <= most:
                found.append((start, part, length))
                continue
            if end - start == 1:
                msg = f"one character has {length} tokens, more than the model reads, {most}"
                raise InputTooLongError(msg)
            middle = _best(cuts, start + (end - start) // 3, start + (end - start) * 2 // 3)
            middle = min(max(middle, start + 1), end - 1)
            spans += [(start, middle), (middle, end)]
    found.sort()
    read = [(part, length) for _, part, length in found if part]
    return read or [("", around)]


def _spans(ruler: Ruler, length: int, cuts: bytes, room: float) -> list[tuple[int, int]]:
    """Return the beginning and end of windows of at most ``room`` tokens."""
    total = ruler.size(0, length)
    overlap = room * OVERLAP
    number = max(2, -int(-(total - overlap) // (room - overlap)))
    step = (total - overlap) / number

    def offset(units: float) -> int:
        return ruler.back(length, max(0, round(total - units)))

    spans = []
    reached = 0
    for index in range(number):
        start, end = 0, length
        if index:  # both ends move into the overlap, so that no text falls between two windows
            at = offset(index * step)
            start = _best(cuts, at, offset(index * step + overlap / 2), first=True)
        if index < number - 1:
            at = offset((index + 1) * step + overlap)
            end = _best(cuts, offset((index + 1) * step + overlap / 2), at)
        start = min(start, reached)
        if end > max(start, reached):
            spans.append((start, end))
            reached = end
    return spans


def _best(cuts: bytes, low: int, high: int, *, first: bool = False) -> int:
    """Return the best place for a cut from ``low`` to ``high``."""
    for level in _LEVELS:
        at = cuts.find(level, low, high + 1) if first else cuts.rfind(level, low, high + 1)
        if at >= 0:
            return at
    return min(low if first else high, len(cuts))


def _too_many(index: int, texts: int, tokens: int, most: int, parts: int) -> InputTooLongError:
    msg = (
        f"input {index} of {texts} has {tokens:,} tokens, and the model reads {most} at once: the "
        f"request would take more than {parts:,} windows. Send fewer texts, or split them "
        "(nothing was cut off)"
    )
    return InputTooLongError(msg)
