"""Merges chunks with the same text: overlapping neighbours, and copies in other documents."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from kb.catalog.chunks import Passage

# Neighbours share the splitter's overlap (an eighth of a chunk) by design. Hits are the same
# passage only if most of the shorter lies in the other.
_SAME_SHARE = 0.5
# Characters that align two texts; only copies share a run of this length.
_PROBE = 48
# Punctuation of sentences; marks inside numbers and names stay.
_MARKS = re.compile(r"[.,;:!?…]+(?=\s|$)|[，。；：！？、]")
# Texts that are not parsed again in the next search; a small library has no more.
_REMEMBERED = 2048


@dataclass(slots=True)
class Kept:
    """A shown passage, and the documents that contain it, its own first."""

    passage: Passage
    document_ids: list[int]


def collapse(passages: Iterable[Passage], wanted: int | None = None) -> list[Kept]:
    """Return the first ``wanted`` of ``passages``, best first, without repetitions of better ones.

    The first passage collects the documents of all its copies, even of late ones. Passages of two
    documents are the same if most of the longer is in both, ignoring white space and marks at the
    ends of sentences. So two versions of a text that differ in one number are two hits, and so are
    a text and a short quotation of it.
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
    """A text without punctuation of sentences.

    Attributes:
        text: its words, separated by single spaces.
        middle: start of ``probe``.
        probe: the middle of the text; empty for a short one.
        inside: the complete words of the probe.
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
    """Texts in their order of arrival, concatenated in one string."""

    def __init__(self) -> None:
        self._all = "\n"
        self._starts: list[int] = []
        self._places: dict[str, int] = {}
        self._words: set[str] = set()

    def add(self, wording: _Wording) -> None:
        self._places[wording.text] = len(self._starts)
        self._starts.append(len(self._all))
        self._all += wording.text + "\n"  # a separator that no text contains
        self._words.update(wording.text.split(" "))

    def find(self, wording: _Wording) -> int | None:
        """Return the number of the first text that is mostly the same."""
        text, middle, probe, inside = wording
        if text in self._places:
            return self._places[text]
        # If two texts share more than half, they share the middle. Its words are looked up first:
        # searching all other texts for it takes ten times as long.
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
    """Return whether most of the shorter of two passages of a document lies in the other."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared / max(1, min(one.end - one.start, other.end - other.start)) > _SAME_SHARE


def _is_copy(known: str, text: str, shift: int) -> bool:
    """Return whether most of the longer is in both; ``text`` begins at ``shift`` of ``known``."""
    start, end = max(0, -shift), min(len(text), len(known) - shift)
    if end - start <= _SAME_SHARE * max(len(known), len(text)):
        return False
    return text[start:end] == known[start + shift : end + shift]
