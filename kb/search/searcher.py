"""A search from request to hits: resolve, parse, embed, attempt, highlight."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from kb.catalog.state import State
from kb.cores import available_cores
from kb.embedding.base import Embedder, EmbedderIdentity, Vector
from kb.errors import (
    CollectionGoneError,
    InputTooLongError,
    KnowledgeBaseError,
    SettingsError,
    StoreBusyError,
    StoreError,
)
from kb.languages.neutral import Means
from kb.languages.queries import prepare
from kb.lazy import Lazy
from kb.records import CollectionInfo, SearchHit, SearchMode
from kb.remote.address import names_servers
from kb.reranking.base import Reranker
from kb.search import hits, lexical, marking
from kb.search.answers import UnansweredError, VectorAnswers
from kb.search.attempt import Attempt, chosen
from kb.search.corrections import corrected, corrections
from kb.search.kept import Kept
from kb.search.kept_vectors import may_be_scored_whole
from kb.search.means import LanguageMeans
from kb.search.query import Query, parse, parse_question
from kb.search.query_cache import QueryCache
from kb.search.reasons import explained
from kb.search.request import SearchRequest
from kb.search.reranked import Reranking
from kb.search.resolved import Resolved, Sought
from kb.settings import Settings
from kb.store.identity import require_same_embedder
from kb.store.store import Store

_log = logging.getLogger(__name__)

# Most hits, and most chunks beside them: more than any library has; fits SQLite's integers.
_MOST_COUNTED = 2**32
# Attempts at a search while others commit; a search takes less time than most commits.
_ATTEMPTS = 3
# Requests to vector servers in one attempt: few, unless others change the passing chunks.
_MOST_QUESTIONS = 100


class Searcher:
    """Searches one store. Thread-safe.

    Args:
        settings: defaults for requests.
        store: the store to search.
        embedder: the embedding model, loaded at first use.
        reranker: returns the reranker of the settings, loaded at first use.
        means: the language means of queries and chunks.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        embedder: Lazy[Embedder],
        reranker: Callable[[], Reranker],
        means: LanguageMeans,
    ) -> None:
        self._settings = settings
        self._store = store
        self._loading = embedder
        self._embedder = embedder.get
        self._reranker = reranker
        self._means = means
        self._queries = QueryCache()
        self._kept = Kept()
        self._aside = ThreadPoolExecutor(available_cores(), "search by meaning")

    def close(self) -> None:
        """End the threads that search by meaning; wait for those under way: milliseconds."""
        self._aside.shutdown(cancel_futures=True)

    def adopt(self, settings: Settings) -> None:
        """Use other settings from the next search on."""
        self._settings = settings

    def warm_up(self) -> None:
        """Load what a first search needs: the model, beside it the index of the default collection.

        Raises:
            ModelError: the model is missing, or cannot be loaded.
        """
        with suppress(StoreError, CollectionGoneError):  # of which searches will tell
            prepare()
            with self._store.catalog.reading() as state:
                name = self._settings.collection
                targets = [each for each in state.collections() if each.name == name]
            self._loaded_beside(targets)
        self._embedder()

    def _loaded_beside(self, targets: Sequence[CollectionInfo]) -> None:
        """Read the indexes that searches use, while another thread loads the model: seconds each.

        Nothing is done for collections without need of an index. A model server may keep this
        process waiting, and then Ctrl-C has to end the wait at once: it is asked here, later.

        Raises:
            StoreBusyError: another process writes for too long.
            ModelError: the model is missing, or cannot be loaded.
        """
        indexed = [each for each in targets if not may_be_scored_whole(each)]
        if not indexed or names_servers(self._settings.model):
            return
        with ThreadPoolExecutor(1, "embedding model") as aside:
            loading = aside.submit(self._embedder)
            for each in indexed:
                self._prepare(each)
            loading.result()

    def _prepare(self, target: CollectionInfo) -> None:
        try:
            self._store.vectors.prepare(target.id)
        except StoreBusyError:
            raise
        except StoreError:
            _log.debug("a query will tell of this", exc_info=True)

    def search(self, request: SearchRequest) -> list[SearchHit]:
        """Return the passages that best answer a request, best first; none for a blank query.

        Raises:
            CollectionError: a collection does not exist.
            SettingsError: a query has only exclusions, one of several is blank, or there is an
                instruction and the model takes none.
            EmbedderMismatchError: a collection was made with another model.
            InputTooLongError: the query exceeds the limit of searches or of the model.
        """
        names = (None,) if request.collections is None else request.collections
        while names:
            with self._store.catalog.reading() as state:
                targets = [
                    state.collection(name or self._settings.collection)
                    for name in dict.fromkeys(names)
                ]
                embedders = [state.embedder_of(each.id) for each in targets]
            try:
                return self._search(request, targets, embedders)
            except CollectionGoneError:
                continue  # deleted or re-embedded just now: the name is resolved again
        return []

    def highlight(
        self, query: str, found: Sequence[SearchHit], *, instruct: str = ""
    ) -> list[SearchHit]:
        """Mark in hits why they were found, as a search with marked sentences does."""
        parsed = parse_question(query)
        names = {hit.collection for hit in found}
        with self._store.catalog.reading() as state:
            facts = marking.known(state, found)
            targets = [each for each in state.collections() if each.name in names]
            text = corrected(parsed.text, self._meant(state, targets, parsed))
        tasks = {each.name: self._task(each, instruct) for each in targets}
        embedder = self._embedder()
        # A collection deleted since the search has no instruction any more.
        gone = instruct or self._settings.instruction
        try:
            vectors = {
                hit.collection: self._queries.embed(
                    embedder, parsed.text, tasks.get(hit.collection, gone)
                )
                for hit in found
            }
        except InputTooLongError:  # found by words alone
            return marking.words_marked(text, found, facts)
        return marking.sentences_marked(text, found, facts, vectors, lambda: embedder)

    def did_you_mean(self, query: str, collections: Sequence[str] | None) -> str:
        """Return the query with corrections of words that occur nowhere; empty if there are none.

        Raises:
            CollectionError: a collection does not exist.
            InputTooLongError: the query exceeds the limit of searches.
        """
        names = (None,) if collections is None else dict.fromkeys(collections)
        with self._store.catalog.reading() as state:
            targets = [state.collection(name or self._settings.collection) for name in names]
            meant = corrected(query, self._meant(state, targets, parse(query)))
            # A phrase in quotes that occurs nowhere finds as little as a misspelt word.
            quoted = parse(meant).condition
            stands = not quoted or any(state.best_by_words(each.id, quoted, 1) for each in targets)
        return meant if stands and meant != query else ""

    def _meant(
        self, state: State, targets: Sequence[CollectionInfo], query: Query
    ) -> dict[str, str]:
        sought = [lexical.weigh(state, each, query, self._kept.frequencies) for each in targets]
        return corrections(query, [each.misspelt for each in sought])

    def _search(
        self,
        request: SearchRequest,
        targets: Sequence[CollectionInfo],
        embedders: Sequence[EmbedderIdentity],
    ) -> list[SearchHit]:
        default = request.mode or self._mode(targets)
        modes = [each.mode or default for each in request.asked]
        if not self._loading.is_open and any(how != "keyword" for how in modes):
            self._loaded_beside(targets)
        embedder = self._embedder_for(next((how for how in modes if how != "keyword"), modes[0]))
        if embedder is not None:
            for target, theirs in zip(targets, embedders, strict=True):
                require_same_embedder(target, theirs, embedder.identity, model=self._settings.model)
        rerank = self._reranking(request.rerank)
        marks = embedder is not None and request.highlights in {"sentences", "stored"}
        tasks = [self._task(each, request.instruct) for each in targets]
        queries = [parse_question(each.text) for each in request.asked]
        if blank := [at for at, each in enumerate(queries, start=1) if each.is_blank]:
            if len(queries) == 1:
                return []
            msg = f"query {blank[0]} of {len(queries)} is blank; leave it out"
            raise SettingsError(msg)
        sought = [
            Sought(
                query=query,
                vectors=self._vectors(embedder, query, tasks, how, marks=marks),
                means=self._means_of(embedder, targets, query),
                mode=how,
                weight=each.weight,
            )
            for query, how, each in zip(queries, modes, request.asked, strict=True)
        ]
        asked = Resolved(
            collections=targets,
            queries=sought,
            top_k=min(request.top_k or self._settings.top_k, _MOST_COUNTED),
            where=request.where,
            context=min(request.context, _MOST_COUNTED),
            diversity=request.diversity,
            rerank=rerank,
            task=tasks[0],
        )
        kept, facts, meant = self._attempted(asked, sentences=marks)
        # Found by the correction of a misspelt word, so the correction is marked.
        texts = [corrected(each.query.text, own) for each, own in zip(sought, meant, strict=True)]
        text = " ".join(texts)
        least = self._settings.min_score if request.min_score is None else request.min_score
        kept = explained([hit for hit in kept if hit.score >= least], texts, facts.languages)
        if request.highlights == "none":
            return kept
        if not marks or embedder is None:
            return marking.words_marked(text, kept, facts)
        reading = self._embedder if request.highlights == "sentences" else None
        return marking.sentences_marked_by_query(
            text, kept, facts, asked.vectors, reading, weights=asked.weights
        )

    def _attempted(
        self, asked: Resolved, *, sentences: bool
    ) -> tuple[list[SearchHit], marking.Known, list[dict[str, str]]]:
        """Return the hits, the data for marking them, and each query's corrections."""
        answers = VectorAnswers(self._store, self._aside)
        try:
            for _ in range(_ATTEMPTS):
                generation, found, meant = self._found(asked, answers)
                # Both versions of a document that was replaced just now may have been missed.
                if self._store.generation() == generation:
                    break
                answers.forget()
            kept = chosen(self._store, asked, found)
        except StoreError:
            # The vectors of a collection deleted just now are gone, but this search's snapshot
            # still has the collection.
            with self._store.catalog.reading() as state:
                for each in asked.collections:
                    state.current_collection(each)
            raise
        with self._store.catalog.reading() as state:
            if asked.context:
                kept = hits.with_neighbours(state, kept, asked.context)
            return kept, marking.known(state, kept, sentences=sentences), meant

    def _found(
        self, asked: Resolved, answers: VectorAnswers
    ) -> tuple[int, list[SearchHit], list[dict[str, str]]]:
        """Return the generation of a state, its hits, and each query's corrections."""
        for _ in range(_MOST_QUESTIONS):
            try:
                with self._store.catalog.reading() as state:
                    attempt = Attempt(answers, state, self._kept, asked)
                    return state.generation(), attempt.hits(), attempt.meant
            except UnansweredError as missing:
                answers.ask(missing)
        msg = "other processes keep changing the filtered documents; search again in a moment"
        raise StoreBusyError(msg)

    def _vectors(
        self,
        embedder: Embedder | None,
        query: Query,
        tasks: Sequence[str],
        mode: SearchMode,
        *,
        marks: bool,
    ) -> list[Vector | None]:
        """Return a query's vector for each collection; None for each if it needs none."""
        nothing: list[Vector | None] = [None] * len(tasks)
        if embedder is None or (mode == "keyword" and not marks):
            return nothing
        return self._embedded(embedder, query, tasks, mode) or nothing

    def _embedded(
        self, embedder: Embedder, query: Query, tasks: Sequence[str], mode: SearchMode
    ) -> list[Vector | None] | None:
        """Return the query's vector for each task; None if a search by words works without."""
        try:
            return [self._queries.embed(embedder, query.text, task) for task in tasks]
        except InputTooLongError as error:
            if mode == "keyword":  # the vector would only choose a sentence to mark
                return None
            msg = f"the question is too long: {error}. Shorten it, or search by words"
            raise InputTooLongError(msg) from error

    def _means_of(
        self, embedder: Embedder | None, targets: Sequence[CollectionInfo], query: Query
    ) -> Means:
        if embedder is None:
            return Means()
        with self._store.catalog.reading() as state:
            ids = [each.id for each in targets]
            return self._means.of(state, embedder.identity, ids, query.text)

    def _embedder_for(self, mode: SearchMode) -> Embedder | None:
        """Return the embedding model; None if it fails and a search by words works without."""
        try:
            return self._embedder()
        except KnowledgeBaseError as error:
            if mode != "keyword":
                raise
            _log.warning("searching by words without the embedding model: %s", error)
            return None

    def _reranking(self, wanted: bool | None) -> Reranking | None:  # noqa: FBT001 - a setting, or none
        if wanted is False or (wanted is None and not self._settings.reranker):
            return None
        return Reranking(reranker=self._reranker(), candidates=self._settings.rerank_candidates)

    def _task(self, target: CollectionInfo, instruct: str) -> str:
        return instruct or target.instruction or self._settings.instruction

    def _mode(self, targets: Sequence[CollectionInfo]) -> SearchMode:
        modes = {each.mode or self._settings.mode for each in targets}
        return modes.pop() if len(modes) == 1 else self._settings.mode
