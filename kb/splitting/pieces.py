"""Cut a stretch of text into small pieces with langchain-text-splitters.

The pieces are what chunks are joined from. langchain cuts them, but does not join them: its
own merging measures every piece several times (one at a time, which a tokenizer cannot
batch), starts an overlap only where a whole piece fits, loses the offsets, and flushes a half
empty chunk before every long paragraph.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

_WIDE = "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CLOSERS = "\"')\\]}”’»」』）】》〉〕］"
# Each keeps what it matches at the end of the left piece.
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
    # No separator is left: take so many characters and whatever combines with the last one.
    r"[\s\S]{6}[\u0300-\u036f\u200d\ufe0f]{0,8}",
)


def piece_ends(text: str, size: int) -> list[int]:
    """Return where the pieces of ``text`` end, in ascending order; the last is its length."""
    if len(text) <= size:
        return [len(text)]
    return list(accumulate(map(len, _splitter(size).split_text(text))))


@lru_cache(maxsize=8)
def _splitter(size: int) -> RecursiveCharacterTextSplitter:
    # Loading langchain takes 0.7 s, which a search never needs.
    from langchain_text_splitters import (  # noqa: PLC0415 - see above
        RecursiveCharacterTextSplitter,
    )

    return RecursiveCharacterTextSplitter(
        separators=list(_SEPARATORS),
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=size,
        chunk_overlap=0,
        # Without stripping and overlap the pieces tile the text, so that their lengths add up
        # to offsets; its own ``add_start_index`` searches and errs on repeated text.
        strip_whitespace=False,
    )
