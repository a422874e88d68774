"""Cut a document into chunks: on structure first, then by size, never beyond what a model reads.

Sections (tiny ones joined) are cut in small pieces by langchain, between anchors that only the
text around them decides; pieces are joined to chunks along the cheapest path, which an edit
changes for a few chunks only; and chunks with too many tokens are divided evenly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from kb.splitting.anchors import anchors
from kb.splitting.boundaries import levels
from kb.splitting.limits import MaxTokens, TokenLimits, finish
from kb.splitting.options import SplitOptions
from kb.splitting.packing import Packer, Part
from kb.splitting.pieces import piece_ends
from kb.splitting.rulers import CountTokens, Ruler
from kb.splitting.structure import Structure
from kb.splitting.tables import Headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.records import Chunk, Document

__all__ = ["SPLITTER_VERSION", "CountTokens", "MaxTokens", "SplitOptions", "split"]

SPLITTER_VERSION = 4
"""Counts up whenever the same document is cut differently, so that it is split again."""

# Anchors are about two radii apart. Near ones make the pieces independent of all text but their
# own; far ones are where groups of tiny sections end, each costing half a chunk on average.
_NEAR, _FAR = 0.06, 3
_CHARACTERS_PER_TOKEN = 3
# A header row may take a third of a chunk.
_HEADER_SHARE = 3
# Small pieces give the packing about ten places for each end to choose from.
_PIECE_SHARE = 16
_SMALLEST_PIECE, _LARGEST_PIECE = 8, 64


def split(
    document: Document,
    options: SplitOptions,
    *,
    count_tokens: CountTokens,
    max_tokens: MaxTokens,
) -> list[Chunk]:
    """Return the document's chunks in reading order.

    ``document.text[chunk.start:chunk.end] == chunk.text`` for each; every character besides
    white space is in at least one chunk. A chunk that begins inside a table carries its header row
    beside its text, counted in its size. ``count_tokens`` gives the tokens of each text alone,
    and ``Chunk.tokens`` is that count, header row included: the caller adds prompt and special
    tokens.

    Raises:
        SettingsError: ``max_tokens`` leaves too little room for any text.
    """
    text = document.text
    structure = Structure(document)
    if not structure.spans:
        return []
    text_levels = levels(text, (start for start, _ in structure.spans))
    in_tokens = options.unit == "tokens"
    characters = options.chunk_size * (_CHARACTERS_PER_TOKEN if in_tokens else 1)
    piece_size = min(max(characters // _PIECE_SHARE, _SMALLEST_PIECE), _LARGEST_PIECE)
    spans = structure.spans
    near = anchors(text, text_levels, int(characters * _NEAR))
    far = anchors(text, text_levels, characters * _FAR) if len(spans) > 1 else []
    stops = sorted({0, len(text), *near, *chain.from_iterable(spans)})

    ruler = Ruler()
    if in_tokens:
        ruler = Ruler.of_tokens(text, _piece_ends(text, stops, piece_size), count_tokens)
    measure = (lambda row: count_tokens([row])[0]) if in_tokens else len
    headers = Headers(document, measure, options.chunk_size // _HEADER_SHARE)
    packer = Packer(text, text_levels, ruler, options.chunk_size, options.chunk_overlap, headers)
    parts: list[Part] = []
    for group in structure.groups(ruler, options.chunk_size, frozenset(far)):
        kind = structure.kind(*group)
        if ruler.size(*group) + headers.units(group[0]) <= options.chunk_size:
            parts.append(Part(group[0], group[0], group[1], group, kind))
            continue
        inside = stops[bisect_left(stops, group[0]) : bisect_right(stops, group[1])]
        parts.extend(packer.pack(group, kind, _piece_ends(text, inside, piece_size)))
    limits = TokenLimits(
        document,
        max_tokens,
        at_most=options.chunk_size if in_tokens else None,
    )
    return finish(structure, packer, parts, count_tokens, limits)


def _piece_ends(text: str, stops: Sequence[int], size: int) -> list[int]:
    return [low + end for low, high in pairwise(stops) for end in piece_ends(text[low:high], size)]
