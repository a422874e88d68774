"""Makes chunks of parts, and divides chunks that exceed the model's token limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kb.errors import SettingsError
from kb.records import Chunk, Document, with_header
from kb.splitting.structure import Structure, stripped
from kb.splitting.tables import shortened

if TYPE_CHECKING:
    from kb.splitting.packing import Packer, Part
    from kb.splitting.rulers import CountTokens

MaxTokens = int | Callable[[tuple[str, ...]], int]
"""Most tokens of a chunk: one number, or one for each heading path."""

_FEWEST = 16  # one character may take several tokens
_BATCH = 4096  # texts per call, so that a long document is not held twice
_MARGIN = 0.97  # tokens are not quite evenly spread


class TokenLimits:
    """Highest token counts by heading path, computed once; ``at_most`` bounds all of them."""

    def __init__(self, document: Document, most: MaxTokens, *, at_most: int | None) -> None:
        self._title = document.title
        self._most = most
        self._at_most = at_most
        self._known: dict[tuple[str, ...], int] = {}

    def for_path(self, path: tuple[str, ...]) -> int:
        """Return the limit of chunks under ``path``.

        Raises:
            SettingsError: the limit leaves too little room for any text.
        """
        if path not in self._known:
            self._known[path] = self._ask(path)
        return self._known[path]

    def _ask(self, path: tuple[str, ...]) -> int:
        limit = self._most if isinstance(self._most, int) else self._most(path)
        if limit < _FEWEST:
            place = f" under {' › '.join(path)!r}" if path else ""
            msg = (
                f"only {limit} tokens are left for a chunk of {self._title or 'a document'!r}"
                f"{place}, and {_FEWEST} are needed; use a model with a longer context, "
                "or turn contextual prefixes off"
            )
            raise SettingsError(msg)
        return limit if self._at_most is None else min(limit, self._at_most)


def finish(
    structure: Structure,
    packer: Packer,
    parts: Sequence[Part],
    count_tokens: CountTokens,
    limits: TokenLimits,
) -> list[Chunk]:
    """Return the chunks of ``parts`` in reading order, each within its limit."""
    done: list[tuple[int, Chunk]] = []
    fitted: dict[str, str] = {}  # header rows that take too much of the model's limit
    for low in range(0, len(parts), _BATCH):
        waiting = list(parts[low : low + _BATCH])
        while waiting:
            made = [
                (part, chunk)
                for part in waiting
                if (chunk := _chunk(structure, packer, part, fitted)) is not None
            ]
            counts = count_tokens([with_header(chunk.header, chunk.text) for _, chunk in made])
            waiting = []
            for (part, chunk), tokens in zip(made, counts, strict=True):
                limit = limits.for_path(chunk.heading_path)
                if tokens <= limit:
                    done.append((part.start, replace(chunk, tokens=tokens)))
                    continue
                row = count_tokens([with_header(chunk.header, "")])[0] if chunk.header else 0
                if row > limit // 2:
                    shorter, _ = shortened(
                        chunk.header, lambda text: count_tokens([text])[0], limit // 2
                    )
                    fitted[packer.headers.at(chunk.start)] = shorter
                    waiting.append(part)
                else:
                    waiting.extend(_smaller(packer, part, tokens - row, limit - row))
    done.sort(key=lambda item: item[0])
    kept: list[Chunk] = []
    for _, chunk in reversed(done):
        # A small part of a divided chunk may lie inside the next chunk's overlap. Then it is
        # dropped.
        if not kept or chunk.start < kept[-1].start:
            kept.append(chunk)
    return [replace(chunk, ordinal=ordinal) for ordinal, chunk in enumerate(reversed(kept))]


def _chunk(
    structure: Structure, packer: Packer, part: Part, fitted: Mapping[str, str]
) -> Chunk | None:
    """Return the part as a chunk; None if it adds only white space."""
    start, end = stripped(structure.text, part.lead, part.end, part.kind)
    if end <= part.start:
        return None
    page_first, page_last = structure.pages(start, end)
    header = packer.headers.at(start)
    return Chunk(
        ordinal=0,
        text=structure.text[start:end],
        start=start,
        end=end,
        heading_path=structure.heading_path(start, end),
        kind=structure.kind(start, end),
        page_first=page_first,
        page_last=page_last,
        header=fitted.get(header, header),
    )


def _smaller(packer: Packer, part: Part, tokens: int, limit: int) -> list[Part]:
    """Divide a part into as few even parts as will probably fit, or remove its overlap."""
    length, whole = part.end - part.start, part.end - part.lead
    per_character = tokens / whole
    if length < whole and length * per_character <= limit / 2:
        return [replace(part, lead=part.start)]
    if length == 1:
        msg = (
            f"one character takes {tokens} tokens and the limit is {limit}; make chunk_size larger"
        )
        raise SettingsError(msg)
    overlap = min(packer.overlap, length // 8)
    room = max(limit * _MARGIN - overlap * per_character, limit / 2)
    return packer.divide(part, min(length, max(2, -int(-length * per_character // room))))
