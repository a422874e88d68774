"""The means of languages that searches use, and what makes those that a model lacks.

They come with the program for the default model. For another they are made from our texts once two
languages occur together, in what is searched or in a query beside it: in the background, while
searches go on without them, and at the end of a run of ingestion. Those that do not help the model
are kept with their figures and not used (:mod:`kb.languages.trial`).
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

# A program that searches once has ended by then: it begins nothing that it could not finish.
_PAUSE_S = 2.0
# How long closing waits for the thread, which may be waiting for another process that writes. What
# it does then fails, and is begun anew by the next one.
_PATIENCE_S = 5.0
_ENOUGH = 2  # languages, for a question to be asked across them


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLanguages:
    """What is known of the means of a model's languages.

    Attributes:
        model_id: the model.
        shipped: whether they come with the program.
        figures: by language, used or not, what they are worth.
        used: the languages whose means searches use.
        failed: why the model's means could not be made, if they could not.
    """

    model_id: str
    shipped: bool
    figures: Mapping[str, RecallFigures] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    failed: str = ""


class LanguageMeans:
    """Gives the means to searches and makes what is missing. Thread-safe.

    Args:
        store: what is searched; what is made is kept in its catalog, unless that is read-only.
        embedder: gives the embedding model.
        enabled: otherwise no search has any, and none are made.
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
        """Return the means for one search: all its scores use these.

        What is missing is made from now on, for later searches.

        Args:
            state: of the catalog.
            identity: the model that is searched with.
            collection_ids: what is searched.
            text: what is asked; a language that occurs in it is one of those to be made.
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

    def known(self, state: State, identity: EmbedderIdentity) -> ModelLanguages:
        """Return what is known of a model's means."""
        fingerprint = identity.fingerprint
        shipped = shipped_trials(fingerprint)
        trials = shipped or self._trials(state, fingerprint)
        used = trials if shipped else _used(trials).queries
        return ModelLanguages(
            model_id=identity.model_id,
            shipped=bool(shipped),
            figures={name: trials[name].figures for name in sorted(trials)},
            used=frozenset(used) if self._enabled else frozenset(),
            failed=self._failed.get(fingerprint, ""),
        )

    def known_now(self, identity: EmbedderIdentity) -> ModelLanguages:
        """Return what is known of a model's means, in one state of the catalog."""
        with self._store.catalog.reading() as state:
            return self.known(state, identity)

    def make(self, collection_id: str, *, stop: threading.Event | None = None) -> list[Trial]:
        """Make now what searches of a collection need: its sums, and means of its languages.

        Args:
            collection_id: which collection, of the model in use.
            stop: set it to end early; what is done stays done.

        Returns:
            What was made.

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
        """Do as :meth:`make`; what fails is told by :meth:`known`, for searches do without."""
        with self._store.catalog.reading() as state:
            fingerprint = state.embedder_of(collection_id).fingerprint
        try:
            self.make(collection_id, stop=stop)
        except CollectionGoneError:
            raise
        except KnowledgeBaseError as error:
            self._note_failure(fingerprint, error)

    def close(self) -> None:
        """End what is being made in the background; what is not done is begun anew later."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(_PATIENCE_S)

    # -- making

    def _is_to_be_counted(self, state: State, collection_id: str) -> bool:
        """Say whether sums are not whole; not again until something has changed."""
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
                return  # another model is in use by now
            except Exception as error:  # noqa: BLE001 - nobody waits here, and searches do without
                self._note_failure(fingerprint, error)

    def _note_failure(self, fingerprint: str, error: Exception) -> None:
        if self._stop.is_set():
            return
        _log.warning("what languages have in common is not made: %s", error)
        with self._mutex:
            self._failed[fingerprint] = str(error)

    def _tried(
        self, fingerprint: str, languages: Sequence[str], stop: threading.Event
    ) -> list[Trial]:
        """Make and keep the means of languages, one after another, unless somebody has."""
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
    """Return the languages to be made: those that occur, where there are several."""
    able = set(occurring) & set(questions.languages())
    return sorted(able - set(trials)) if len(able) >= _ENOUGH else []


def _used(trials: Mapping[str, Trial]) -> ModelMeans:
    helping = {name: trial for name, trial in trials.items() if trial.figures.helps}
    return ModelMeans(
        queries={name: trial.query for name, trial in helping.items()},
        passages={name: trial.passage for name, trial in helping.items()},
    )
