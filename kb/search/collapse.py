"""Chunks that say the same become one: overlapping neighbours, and copies in other documents."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from kb.catalog.chunks import Passage

# Neighbours share the splitter's overlap (an eighth of a chunk) by design; hits are the same
# passage only where the shorter lies in the other for the most part.
_SAME_SHARE = 0.5
# Characters that place one text on the other; a run this long is in two texts by copying only.
_PROBE = 48
# Marks of sentences; those inside of numbers and names are left.
_MARKS = re.compile(r"[.,;:!?…]+(?=\s|$)|[，。；：！？、]")
# Texts that are not taken apart again in the next search; a small library has no more.
_REMEMBERED = 2048


@dataclass(slots=True)
class Kept:
    """A passage that is shown, and the documents that hold it, its own first."""

    passage: Passage
    document_ids: list[int]


def collapse(passages: Iterable[Passage], wanted: int | None = None) -> list[Kept]:
    """Return the first ``wanted`` of ``passages``, best first, without those that repeat a better.

    The documents of all copies are added to the one that stays, however late the copy comes.
    Passages of two documents are the same where most of the longer is in both, to the letter but
    for white space and the marks that end sentences: two versions of a text that differ in one
    number are two hits, and so are a text and a short quotation of it.
    """
    kept: list[Kept] = []
    by_document: dict[int, list[int]] = {}
    texts = _Texts()
    for passage in passages:
        full = wanted is not None and len(kept) >= wanted
        wording = _wording(passage.text)
        place = texts.find(wording)
        if place is None and not full:
            near = by_document.get(passage.document_id, ())
            place = next((i for i in near if _overlap(kept[i].passage, passage)), None)
        if place is not None:
            if passage.document_id not in kept[place].document_ids:
                kept[place].document_ids.append(passage.document_id)
        elif not full:
            by_document.setdefault(passage.document_id, []).append(len(kept))
            texts.add(wording)
            kept.append(Kept(passage, [passage.document_id]))
    return kept


class _Wording(NamedTuple):
    """A text without the marks of its sentences.

    Attributes:
        text: words with one space between.
        middle: where ``probe`` begins.
        probe: the middle of the text; empty for a short one.
        inside: the words that lie in the probe whole.
    """

    text: str
    middle: int
    probe: str
    inside: frozenset[str]


@lru_cache(maxsize=_REMEMBERED)
def _wording(text: str) -> _Wording:
    text = " ".join(_MARKS.sub(" ", text).split())
    middle = max(0, (len(text) - _PROBE) // 2)
    probe = text[middle : middle + _PROBE]
    if len(probe) < _PROBE:
        return _Wording(text, middle, "", frozenset())
    return _Wording(text, middle, probe, frozenset(probe.split(" ")[1:-1]))


class _Texts:
    """Texts in the order in which they were added, one after the other in one string."""

    def __init__(self) -> None:
        self._all = "\n"
        self._starts: list[int] = []
        self._places: dict[str, int] = {}
        self._words: set[str] = set()

    def add(self, wording: _Wording) -> None:
        self._places[wording.text] = len(self._starts)
        self._starts.append(len(self._all))
        self._all += wording.text + "\n"  # which no text holds
        self._words.update(wording.text.split(" "))

    def find(self, wording: _Wording) -> int | None:
        """Return the place of the first text that is, for the most part, the same."""
        text, middle, probe, inside = wording
        if text in self._places:
            return self._places[text]
        # Where more than half of a text is shared, its middle is. Its words are looked up first:
        # to look for a text in all the others takes ten times as long.
        at = self._all.find(probe) if probe and inside <= self._words else -1
        while at >= 0:
            place = bisect_right(self._starts, at) - 1
            start = self._starts[place]
            known = self._all[start : self._all.index("\n", start)]
            if _is_copy(known, text, at - start - middle):
                return place
            at = self._all.find(probe, start + len(known))
        return None


def _overlap(one: Passage, other: Passage) -> bool:
    """Say whether the shorter of two passages of a document lies in the other for the most part."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared / max(1, min(one.end - one.start, other.end - other.start)) > _SAME_SHARE


def _is_copy(known: str, text: str, shift: int) -> bool:
    """Say whether most of the longer is in both; ``text`` begins at ``shift`` of ``known``."""
    start, end = max(0, -shift), min(len(text), len(known) - shift)
    if end - start <= _SAME_SHARE * max(len(known), len(text)):
        return False
    return text[start:end] == known[start + shift : end + shift]
