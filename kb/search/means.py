"""The language means that searches use, and the computation of missing ones.

The program includes them for the default model. For other models they are computed from our texts
once two languages occur together, in collections or in a query: in the background, while searches
continue without them, and at the end of an ingestion run. Means that do not help the model are kept
with their figures, but not used (:mod:`kb.languages.trial`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kb.catalog.state import State
from kb.embedding.base import Embedder, EmbedderIdentity
from kb.errors import CollectionGoneError, EmbedderMismatchError, KnowledgeBaseError
from kb.languages import questions
from kb.languages.neutral import Means, ModelMeans
from kb.languages.queries import query_languages
from kb.languages.shipped import shipped_means, shipped_trials
from kb.languages.trial import RecallFigures, Trial, Trials
from kb.stopping import StoppedError, stoppable
from kb.store.language_counts import count_missing
from kb.store.store import Store

_log = logging.getLogger(__name__)

# A program that searches once has ended by then, so it starts nothing that it cannot finish.
_PAUSE_S = 2.0
# How long closing waits for the thread, which may be waiting for another process's write. Its later
# work then fails, and the next process repeats it.
_PATIENCE_S = 5.0
_ENOUGH = 2  # languages that make queries across languages possible


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLanguages:
    """The known means of a model's languages.

    Attributes:
        model_id: the model.
        shipped: whether the program includes them.
        figures: measured benefit by language, for used and unused means.
        used: the languages whose means searches use.
        failed: error of computing the means; empty if there was none.
    """

    model_id: str
    shipped: bool
    figures: Mapping[str, RecallFigures] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    failed: str = ""


class LanguageMeans:
    """Provides means for searches and computes missing ones. Thread-safe.

    Args:
        store: the searched store; its catalog keeps the results unless it is read-only.
        embedder: returns the embedding model.
        enabled: whether searches use means; otherwise none are computed either.
    """

    def __init__(self, store: Store, embedder: Callable[[], Embedder], *, enabled: bool) -> None:
        self._store = store
        self._embedder = embedder
        self._enabled = enabled
        self._mutex = threading.Lock()
        self._making = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._wishes: dict[str, None] = {}
        self._uncounted: set[str] = set()
        self._looked: dict[str, int] = {}
        self._here: dict[tuple[str, str], Trial] = {}
        self._failed: dict[str, str] = {}

    def of(
        self,
        state: State,
        identity: EmbedderIdentity,
        collection_ids: Sequence[str],
        text: str = "",
    ) -> Means:
        """Return the means for all scores of one search.

        It starts the computation of missing means, for later searches.

        Args:
            state: a state of the catalog.
            identity: the model of the search.
            collection_ids: the searched collections.
            text: the query; its languages count as occurring.
        """
        if not self._enabled:
            return Means()
        sums = {each: state.chunk_sums(each) for each in collection_ids}
        uncounted = [each for each in collection_ids if self._is_to_be_counted(state, each)]
        model = shipped_means(identity.fingerprint)
        missing: list[str] = []
        if model is None:
            trials = self._trials(state, identity.fingerprint)
            model = _used(trials)
            occurring = {name for each in sums.values() for name in each} | set(
                query_languages(text)
            )
            missing = _missing(occurring, trials)
        if uncounted or missing:
            self._wish(identity.fingerprint, missing, uncounted)
        return Means(model=model, chunks=sums)

    def known(self, identity: EmbedderIdentity) -> ModelLanguages:
        """Return the known means of a model."""
        fingerprint = identity.fingerprint
        shipped = shipped_trials(fingerprint)
        with self._store.catalog.reading() as state:
            trials = shipped or self._trials(state, fingerprint)
        used = trials if shipped else _used(trials).queries
        return ModelLanguages(
            model_id=identity.model_id,
            shipped=bool(shipped),
            figures={name: trials[name].figures for name in sorted(trials)},
            used=frozenset(used) if self._enabled else frozenset(),
            failed=self._failed.get(fingerprint, ""),
        )

    def make(self, collection_id: str, *, stop: threading.Event | None = None) -> list[Trial]:
        """Compute what searches of a collection need: its sums, and its languages' means.

        Args:
            collection_id: id of a collection of the model in use.
            stop: set it to end early; finished languages are kept.

        Returns:
            The trials of the computed means.

        Raises:
            EmbeddingError: the model failed.
            StoreError: a store failed, or the folder is read-only.
        """
        if not self._enabled:
            return []
        ends = stop or threading.Event()
        count_missing(self._store, collection_id, ends)
        with self._store.catalog.reading() as state:
            fingerprint = state.embedder_of(collection_id).fingerprint
            if shipped_means(fingerprint) is not None:
                return []
            missing = _missing(state.chunk_sums(collection_id), self._trials(state, fingerprint))
        return self._tried(fingerprint, missing, ends) if missing else []

    def make_if_possible(self, collection_id: str, *, stop: threading.Event | None = None) -> None:
        """Do as :meth:`make`; :meth:`known` reports errors, because searches work without means."""
        with self._store.catalog.reading() as state:
            fingerprint = state.embedder_of(collection_id).fingerprint
        try:
            self.make(collection_id, stop=stop)
        except CollectionGoneError:
            raise
        except KnowledgeBaseError as error:
            self._note_failure(fingerprint, error)

    def close(self) -> None:
        """End the background computation; the next process repeats unfinished work."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(_PATIENCE_S)

    # -- computing

    def _is_to_be_counted(self, state: State, collection_id: str) -> bool:
        """Return whether sums are incomplete; False again until something has changed."""
        if state.is_counted(collection_id):
            return False
        generation = state.generation()
        with self._mutex:
            looked, self._looked[collection_id] = self._looked.get(collection_id), generation
        return looked != generation

    def _wish(self, fingerprint: str, missing: Iterable[str], uncounted: Iterable[str]) -> None:
        with self._mutex:
            if fingerprint not in self._failed:
                self._wishes |= dict.fromkeys(missing)
            if self._store.snapshot is None:
                self._uncounted |= set(uncounted)
            idle = self._thread is None or not self._thread.is_alive()
            if idle and (self._wishes or self._uncounted) and not self._stop.is_set():
                self._thread = threading.Thread(
                    target=self._work, args=(fingerprint,), name="language means", daemon=True
                )
                self._thread.start()

    def _work(self, fingerprint: str) -> None:
        while not self._stop.wait(_PAUSE_S):
            with self._mutex:
                missing, self._wishes = list(self._wishes), {}
                uncounted, self._uncounted = self._uncounted, set()
            if not missing and not uncounted:
                return
            try:
                for collection_id in uncounted:
                    count_missing(self._store, collection_id, self._stop)
                self._tried(fingerprint, missing, self._stop)
            except EmbedderMismatchError:
                return  # another model is in use now
            except Exception as error:  # noqa: BLE001 - nobody waits here, and searches do without
                self._note_failure(fingerprint, error)

    def _note_failure(self, fingerprint: str, error: Exception) -> None:
        if self._stop.is_set():
            return
        _log.warning("the means of languages cannot be computed: %s", error)
        with self._mutex:
            self._failed[fingerprint] = str(error)

    def _tried(
        self, fingerprint: str, languages: Sequence[str], stop: threading.Event
    ) -> list[Trial]:
        """Compute and keep the means of languages one by one, unless another process has."""
        made: list[Trial] = []
        embedder = self._embedder() if languages else None
        if embedder is None or embedder.identity.fingerprint != fingerprint:
            return made
        trials = Trials(embedder)
        with self._making, stoppable(stop):
            for language in languages:
                with self._store.catalog.reading() as state:
                    if stop.is_set() or language in self._trials(state, fingerprint):
                        continue
                try:
                    trial = trials.of(language)
                except StoppedError:
                    break
                self._keep(fingerprint, trial)
                made.append(trial)
        return made

    def _keep(self, fingerprint: str, trial: Trial) -> None:
        figures = trial.figures
        _log.info(
            "means of %s: across languages %.2f -> %.2f, within %.2f -> %.2f",
            trial.language,
            figures.across_before,
            figures.across_after,
            figures.within_before,
            figures.within_after,
        )
        with self._mutex:
            self._here[fingerprint, trial.language] = trial
            self._failed.pop(fingerprint, None)
        if self._store.snapshot is None:
            with self._store.change_catalog() as change:
                change.put_model_means(fingerprint, trial)

    def _trials(self, state: State, fingerprint: str) -> dict[str, Trial]:
        with self._mutex:
            here = {
                name: each for (model, name), each in self._here.items() if model == fingerprint
            }
        return state.model_means(fingerprint) | here


def _missing(occurring: Iterable[str], trials: Mapping[str, Trial]) -> list[str]:
    """Return the languages to compute: those that occur, if there are several."""
    able = set(occurring) & set(questions.languages())
    return sorted(able - set(trials)) if len(able) >= _ENOUGH else []


def _used(trials: Mapping[str, Trial]) -> ModelMeans:
    helping = {name: trial for name, trial in trials.items() if trial.figures.helps}
    return ModelMeans(
        queries={name: trial.query for name, trial in helping.items()},
        passages={name: trial.passage for name, trial in helping.items()},
    )
