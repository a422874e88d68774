"""Runs judged sets in the background, and keeps the runs for comparison."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.mishaps import Mishap, recorded
from kb.errors import KnowledgeBaseError
from kb.evaluation import own, runs, trials
from kb.evaluation.judged import SETS, read_set
from kb.evaluation.runs import Run
from kb.knowledge_base import KnowledgeBase
from kb.records import SearchMode
from kb.settings import Settings

_log = logging.getLogger(__name__)

FOLDER = "evaluations"
"""Folder of kept runs, below the data folder."""

MOMENT = "%Y-%m-%dT%H.%M.%S"
"""How the name of a kept run's file begins: its moment, of local time."""


_ABBREVIATIONS = {"ndcg": "nDCG", "mrr": "MRR"}


def metric_name(metric: str) -> str:
    """Return a metric's name as people write it: ``nDCG@10``, ``recall@5``."""
    name, at, depth = metric.partition("@")
    return f"{_ABBREVIATIONS.get(name, name)}{at}{depth}"


class _CancelledError(Exception):
    """Raised inside a run that was cancelled."""


@dataclass(slots=True)
class Progress:
    """Progress of an evaluation: ``done`` of ``total`` documents are ingested.

    ``own`` means that the set is the own questions of the collection ``set_name``.
    """

    set_name: str
    own: bool = False
    state: str = "working"
    done: int = 0
    total: int = 0
    mode: str = ""
    error: str | Mishap = ""
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A collection's own questions with the present settings and with others."""

    collection: str
    changes: Mapping[str, object]
    before: Run
    after: Run


class Evaluations:
    """Runs one evaluation at a time and keeps the results. Thread-safe.

    Args:
        base: the knowledge base with the settings and the model; its documents stay unchanged.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._folder = base.settings.data_dir / FOLDER
        self._mutex = threading.Lock()
        self._progress: Progress | None = None
        self._trial: Trial | None = None

    @property
    def progress(self) -> Progress | None:
        """The latest evaluation of this process, None before the first."""
        return self._progress

    @property
    def trial(self) -> Trial | None:
        """The last finished trial of other settings in this process."""
        return self._trial

    @property
    def active(self) -> bool:
        """Whether an evaluation runs."""
        return self._progress is not None and self._progress.state == "working"

    def sets(self) -> list[Path]:
        """Return the names of the available judged sets."""
        folder = self._base.settings.data_dir / SETS
        return sorted(path.parent for path in folder.glob("*/qrels.tsv"))

    def start(self, folder: Path, modes: Sequence[SearchMode]) -> None:
        """Run a set in the background, unless an evaluation runs."""
        self._start(Progress(folder.name), lambda told: self._run_set(folder, modes, told))

    def start_own(self, collection: str, modes: Sequence[SearchMode]) -> None:
        """Run a collection's own questions in the background, unless an evaluation runs."""
        self._start(
            Progress(collection, own=True), lambda told: self._run_own(collection, modes, told)
        )

    def try_out(self, collection: str, changes: Mapping[str, object]) -> None:
        """Compare other settings with the present ones by own questions, likewise."""
        self._start(
            Progress(collection, own=True), lambda told: self._try(collection, changes, told)
        )

    def kept(self) -> list[tuple[str, Run]]:
        """Return all kept runs with their times, newest first; ignore other files.

        The times are local: ``2026-11-30T14.05.09``.
        """
        found: list[tuple[str, Run]] = []
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            try:
                loaded = runs.load(path)
            except KnowledgeBaseError as error:
                _log.warning("%s", error)
                continue
            found += [(path.stem.partition(" ")[0], each) for each in loaded]
        return found

    def _start(self, told: Progress, work: Callable[[Progress], list[Run]]) -> None:
        with self._mutex:
            if self.active:
                return
            self._progress = told
        threading.Thread(
            target=self._work, args=(work, told), name="evaluation", daemon=True
        ).start()

    def _work(self, work: Callable[[Progress], list[Run]], told: Progress) -> None:
        try:
            found = work(told)
            self._folder.mkdir(parents=True, exist_ok=True)
            moment = datetime.now(UTC).astimezone().strftime(MOMENT)
            # A collection's name may hold what no file's name can.
            name = own.NAME if told.own else told.set_name
            runs.save(found, self._folder / f"{moment} {name}.json")
            told.state = "done"
        except _CancelledError:
            told.state = "cancelled"
        except (KnowledgeBaseError, OSError) as error:
            told.error, told.state = str(error), "failed"
        except Exception as error:  # noqa: BLE001 - a bug must show, not end the thread
            told.error, told.state = recorded("the evaluation", error), "failed"

    def _run_set(self, folder: Path, modes: Sequence[SearchMode], told: Progress) -> list[Run]:
        documents = _documents(told)
        judged = read_set(folder)
        found = []
        settings: Settings = self._base.settings
        with runs.ingested(judged, settings, self._base.embedder, documents) as scratch:
            for mode in modes:
                documents(told.done, told.total)
                told.mode = mode
                found.append(runs.run(scratch, judged, mode=mode))
        return found

    def _run_own(self, collection: str, modes: Sequence[SearchMode], told: Progress) -> list[Run]:
        judged = own.own_set(self._base, collection)
        found = []
        for mode in modes:
            told.mode = mode
            found.append(own.run(self._base, judged, mode=mode, on_progress=_asking(told)))
        return found

    def _try(self, collection: str, changes: Mapping[str, object], told: Progress) -> list[Run]:
        judged = own.own_set(self._base, collection)
        told.mode = trials.mode_of(self._base, collection)
        before, after = trials.compare_settings(
            self._base,
            judged,
            changes,
            on_documents=_documents(told),
            on_questions=_asking(told),
        )
        self._trial = Trial(collection=collection, changes=changes, before=before, after=after)
        return [after, before]


def _documents(told: Progress) -> Callable[[int, int], None]:
    """Return a function that records ingested documents, and raises after a cancellation."""

    def note(done: int, total: int) -> None:
        told.done, told.total, told.mode = done, total, ""
        if told.cancel.is_set():
            raise _CancelledError

    return note


def _asking(told: Progress) -> Callable[[int, int], None]:
    def note(_done: int, _total: int) -> None:
        if told.cancel.is_set():
            raise _CancelledError

    return note
