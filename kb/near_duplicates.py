"""Documents of a collection with mostly the same text: copies, versions, other formats.

Each document has a small sketch of its text (:mod:`kb.shingles`), computed once. Documents with
similar sketches are compared in full, so that the reported share is that of the texts.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from kb.errors import SettingsError
from kb.records import CollectionInfo
from kb.shingles import SKETCH, Hashes, runs_of, share, sketch
from kb.store.store import Store

LEAST_SHARE = 0.7
"""Smallest common share of two texts that makes them near-duplicates."""

# Texts with this common share agree in half of their sketches; the lower bound allows for chance.
_LEAST_AGREEMENT = 0.2
# For hashes that many documents have, such as those of a form, each document is compared only with
# its neighbours.
_MOST_EACH_WITH_EACH = 12
_KEPT_TEXTS = 64

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """Two documents, the older one first, and the common share of their texts."""

    first: int
    second: int
    share: float


class NearDuplicates:
    """Finds documents with mostly the same text. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mutex = threading.Lock()
        self._sketches: dict[int, Hashes] = {}

    def find(
        self,
        collection: CollectionInfo,
        *,
        least: float = LEAST_SHARE,
        on_progress: OnProgress | None = None,
    ) -> list[list[NearDuplicate]]:
        """Return groups of near-duplicates, those with the largest common share first.

        A group is a list of pairs; each of its documents is in one or more pairs. A text inside a
        much longer one is not its near-duplicate. A text with fewer than 16 letters has no
        near-duplicates.

        Args:
            collection: the documents' collection.
            least: smallest common share of both texts, in [0.4, 1].
            on_progress: receives (documents done, all documents).

        Raises:
            SettingsError: ``least`` is outside its bounds.
        """
        if not 0.4 <= least <= 1:  # noqa: PLR2004 - as the docstring says
            msg = f"the least share is {least}; give one from 0.4 to 1"
            raise SettingsError(msg)
        with self._mutex:
            sketches = self._sketched(collection, on_progress)
            return self._groups(sketches, least)

    def _sketched(
        self, collection: CollectionInfo, on_progress: OnProgress | None
    ) -> Mapping[int, Hashes]:
        """Return the sketches of a collection's documents; a document's text never changes."""
        with self._store.catalog.reading() as state:
            ids = [each.id for each in state.glances(collection.id)]
        found: dict[int, Hashes] = {}
        for done, document_id in enumerate(sorted(ids), start=1):
            known = self._sketches.get(document_id)
            if known is None:
                known = self._sketches[document_id] = sketch(self._runs(document_id)).copy()
            found[document_id] = known
            if on_progress is not None and (done % 100 == 0 or done == len(ids)):
                on_progress(done, len(ids))
        return found

    def _runs(self, document_id: int) -> Hashes:
        with self._store.catalog.reading() as state:
            text = state.document_text(document_id)
        return runs_of(text)

    def _groups(self, sketches: Mapping[int, Hashes], least: float) -> list[list[NearDuplicate]]:
        leader = {document_id: document_id for document_id in sketches}

        def lead(document_id: int) -> int:
            while leader[document_id] != document_id:
                leader[document_id] = leader[leader[document_id]]
                document_id = leader[document_id]
            return document_id

        pairs: list[NearDuplicate] = []
        texts: dict[int, Hashes] = {}
        for first, second in _candidates(sketches):
            if lead(first) == lead(second):
                continue  # already in one group
            for each in (first, second):
                if each not in texts:
                    if len(texts) >= _KEPT_TEXTS:
                        del texts[next(iter(texts))]
                    texts[each] = self._runs(each)
            equal = share(texts[first], texts[second])
            if equal >= least:
                leader[lead(second)] = lead(first)
                pairs.append(NearDuplicate(first=first, second=second, share=equal))
        groups: dict[int, list[NearDuplicate]] = {}
        for pair in sorted(pairs, key=lambda pair: (-pair.share, pair.first, pair.second)):
            groups.setdefault(lead(pair.first), []).append(pair)
        return list(groups.values())


def _candidates(sketches: Mapping[int, Hashes]) -> list[tuple[int, int]]:
    """Return the pairs with similar sketches, the most similar first."""
    agreed = Counter(_meetings(sketches))
    least = {document_id: len(each) * _LEAST_AGREEMENT for document_id, each in sketches.items()}
    found = [
        (pair, count)
        for pair, count in agreed.items()
        if count >= min(SKETCH * _LEAST_AGREEMENT, least[pair[0]], least[pair[1]])
    ]
    found.sort(key=lambda each: (-each[1], each[0]))
    return [pair for pair, _ in found]


def _meetings(sketches: Mapping[int, Hashes]) -> Iterator[tuple[int, int]]:
    """Yield each pair of documents once for each hash that both have."""
    if not sketches:
        return
    hashes = np.concatenate(list(sketches.values()))
    owners = np.repeat(list(sketches), [len(each) for each in sketches.values()])
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    ends = np.flatnonzero(np.append(hashes[1:] != hashes[:-1], [True])) + 1
    starts = np.append([0], ends[:-1])
    several = ends - starts > 1
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        members = owners[start:end].tolist()
        yield from (
            combinations(members, 2) if len(members) <= _MOST_EACH_WITH_EACH else pairwise(members)
        )
