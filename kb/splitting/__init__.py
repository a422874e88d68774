"""Cuts documents into chunks: by structure first, then by size, always within the model's limit.

langchain cuts sections (tiny ones joined) into small pieces, between anchors that depend only on
the text near them. The cheapest path joins pieces to chunks; an edit changes only a few of these.
Chunks with too many tokens are divided evenly.
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
"""Version of the splitter; a change of the cuts increases it, so that documents are split again."""

# Anchors are about two radii apart. Near anchors make pieces independent of distant text. Far ones
# end the groups of tiny sections, each at the cost of half a chunk on average.
_NEAR, _FAR = 0.06, 3
_CHARACTERS_PER_TOKEN = 3
# Share of a chunk that a header row may take.
_HEADER_SHARE = 3
# Small pieces give the packing about ten candidates for each end.
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

    ``document.text[chunk.start:chunk.end] == chunk.text`` for each chunk. Every character besides
    white space is in at least one chunk. A chunk that begins inside a table also carries the header
    row, which counts in its size. ``count_tokens`` counts the tokens of each text alone.
    ``Chunk.tokens`` is that count, including the header row; the caller adds prompt and special
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
