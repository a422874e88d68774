"""The search for one query of a request, in one state of the catalog: by meaning and by words."""

from __future__ import annotations

from collections.abc import Sequence

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.records import CollectionInfo
from kb.search import fusion, lexical, naming
from kb.search.answers import VectorAnswers
from kb.search.candidates import Candidates, judged, ranked
from kb.search.corrections import Misspelt, corrections, everywhere
from kb.search.hits import Found
from kb.search.kept import Kept
from kb.search.meaning import ByMeaning
from kb.search.resolved import Resolved, Sought
from kb.search.restriction import Restriction
from kb.search.writing import as_typed_first


class QueryAttempt:
    """The search for one query."""

    def __init__(
        self,
        answers: VectorAnswers,
        state: State,
        kept: Kept,
        asked: Resolved,
        sought: Sought,
    ) -> None:
        self._answers = answers
        self._state = state
        self._kept = kept
        self._asked = asked
        self._sought = sought
        self._misspelt: Sequence[Misspelt] = ()

    @property
    def meant(self) -> dict[str, str]:
        """Probable corrections of the query's words that occur nowhere, after the search."""
        return corrections(self._sought.query, self._misspelt)

    def candidates(self, limit: int, *, shown: bool) -> tuple[Found, bool]:
        """Return the best chunks of all collections together, and whether there are no more.

        Each stage returns ``limit`` chunks of each collection. They are ranked together, not by
        collection: the best passage of an irrelevant collection is not as good as that of a
        relevant one.

        Args:
            limit: number of chunks from each stage.
            shown: whether only the first ``limit`` of all are needed, to show them.
        """
        asked, sought, state = self._asked, self._sought, self._state
        found = Candidates()
        exhausted = True
        unknown: list[bool] = []
        # In this state: a search begins a moment earlier.
        collections = [state.current_collection(each) for each in asked.collections]
        begun = [
            self._begun(each, vector, limit)
            for each, vector in zip(collections, sought.vectors, strict=True)
        ]
        words = self._words()
        for at, (each, (restriction, meaning)) in enumerate(zip(collections, begun, strict=True)):
            by_words: list[tuple[int, float]] = []
            if words:
                best = words[at].best_score
                by_words = lexical.nearest(state, each, words[at], limit, restriction)
                by_words = as_typed_first(state, sought.query, by_words)
                last = self._similar(at, restriction, by_words, limit)
                exhausted = exhausted and len(by_words) + len(last) < limit
                by_words = lexical.with_last(by_words, last)
                named = naming.first_passages(state, each, sought.query, restriction)
                unknown.append(words[at].only_codes and not named)
                if named:
                    by_words = naming.with_named(by_words, named, best)
                found.coverage |= fusion.covered(by_words, best)
                if not unknown[-1]:
                    found.evidence |= fusion.evidence(
                        by_words, best, sought.query.text, stands=words[at].codes_stand
                    )
                found.words += by_words
                found.similar |= {chunk_id for chunk_id, _ in last}
            if meaning is not None:
                others = [chunk_id for chunk_id, _ in by_words]
                near = meaning.near(state, restriction, others)
                found.meaning += near.scoring.ranked()
                found.foreign |= near.scoring.foreign()
                exhausted = exhausted and near.exhausted
        found.unknown_codes = bool(unknown) and all(unknown)
        ranking, calibration = ranked(asked.collections, sought, found)
        # The index gave more than the limit, for scoring. Their texts are not needed.
        first = ranking[:limit] if shown else ranking
        exhausted = exhausted and len(first) == len(ranking)
        return judged(state, asked.collections, sought, found, (first, calibration)), exhausted

    def _begun(
        self, collection: CollectionInfo, vector: Vector | None, limit: int
    ) -> tuple[Restriction, ByMeaning | None]:
        """Return the restriction of a collection, and the search by meaning, begun if there is one.

        It begins early only where there is a search by words to do meanwhile.
        """
        sought, kept = self._sought, self._kept
        where = self._asked.where
        restriction = Restriction(self._state, collection, sought.query, where, kept.filters)
        if sought.mode == "keyword" or vector is None:
            return restriction, None
        wanted = self._asked.wanted
        meaning = ByMeaning(
            self._answers, kept, collection, sought, vector=vector, limit=limit, wanted=wanted
        )
        if sought.mode == "hybrid":
            meaning.begin(self._state, restriction)
        return restriction, meaning

    def _words(self) -> list[lexical.Words]:
        """Return the look-ups in each collection; empty ones for a search without words."""
        asked, sought, state = self._asked, self._sought, self._state
        if sought.mode == "dense":
            return []
        words = [
            lexical.weigh(state, each, sought.query, self._kept.frequencies)
            for each in asked.collections
        ]
        self._misspelt = everywhere([each.misspelt for each in words])
        return words

    def _similar(
        self, at: int, restriction: Restriction, found: list[tuple[int, float]], limit: int
    ) -> list[tuple[int, float]]:
        """Return more chunks of a collection, with possible corrections of misspelt words."""
        meant = [name for near in self._misspelt[at].values() for name in near]
        if not meant or len(found) >= limit:
            return []
        there = {chunk_id for chunk_id, _ in found}
        collection = self._asked.collections[at]
        near = lexical.similar(self._state, collection, meant, limit, restriction)
        return [each for each in near if each[0] not in there][: limit - len(found)]
