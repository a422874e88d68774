"""Cuts text into small pieces with langchain-text-splitters.

Chunks are joined from these pieces. langchain cuts them but does not join them, because its merging
has four faults. It measures every piece several times and singly, so a tokenizer cannot batch. It
starts an overlap only at a whole piece. It loses the offsets. It ends a half-empty chunk before
every long paragraph.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

_WIDE = "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CLOSERS = "\"')\\]}”’»」』）】》〉〕］"
# Each separator stays at the end of the left piece.
_SENTENCE_END = (
    rf"[。！？；…｡．]+[{_CLOSERS}]*|(?<=[{_WIDE}])[!?][{_CLOSERS}]*(?=[{_WIDE}])"
    rf"|[.!?؟۔।][{_CLOSERS}]*[^\S\n]+"
)
_SEPARATORS = (
    r"\n(?:[^\S\n]*\n)+",
    r"\n",
    _SENTENCE_END,
    r"[，、：､]|[,;:—–،؛][^\S\n]+",
    r"\s+",
    rf"[{_WIDE}]{{6}}|[/_&=|-]",
    # No separator is left: take this many characters and all that combine with the last one.
    r"[\s\S]{6}[\u0300-\u036f\u200d\ufe0f]{0,8}",
)


def piece_ends(text: str, size: int) -> list[int]:
    """Return the ends of the pieces of ``text``, ascending; the last is its length."""
    if len(text) <= size:
        return [len(text)]
    return list(accumulate(map(len, _splitter(size).split_text(text))))


@lru_cache(maxsize=8)
def _splitter(size: int) -> RecursiveCharacterTextSplitter:
    # Loading langchain takes 0.7 s, and a search never needs it.
    from langchain_text_splitters import (  # noqa: PLC0415 - see above
        RecursiveCharacterTextSplitter,
    )

    return RecursiveCharacterTextSplitter(
        separators=list(_SEPARATORS),
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=size,
        chunk_overlap=0,
        # Without stripping and overlap the pieces tile the text, so offsets are sums of lengths.
        # langchain's ``add_start_index`` searches for pieces and errs on repeated text.
        strip_whitespace=False,
    )
