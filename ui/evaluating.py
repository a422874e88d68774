"""Judged sets run in the background, and the runs that are kept to compare with."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.mishaps import Mishap, recorded
from kb.errors import KnowledgeBaseError
from kb.evaluation import runs
from kb.evaluation.judged import read_set
from kb.evaluation.runs import Run
from kb.knowledge_base import KnowledgeBase
from kb.records import SearchMode
from kb.settings import Settings

_log = logging.getLogger(__name__)

FOLDER = "evaluations"
"""Folder of kept runs, below the data folder."""
SETS = "sets"
"""Folder of judged sets that are offered by name, below the data folder."""


class _CancelledError(Exception):
    """Raised inside a run that was cancelled."""


@dataclass(slots=True)
class Progress:
    """Where an evaluation is; ``done`` of ``total`` documents are ingested."""

    set_name: str
    state: str = "working"
    done: int = 0
    total: int = 0
    mode: str = ""
    error: str | Mishap = ""
    cancel: threading.Event = field(default_factory=threading.Event)


class Evaluations:
    """Runs one evaluation at a time and keeps what was found. Thread-safe.

    Args:
        base: whose settings and model are used; its documents are not touched.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._folder = base.settings.data_dir / FOLDER
        self._mutex = threading.Lock()
        self._progress: Progress | None = None

    @property
    def progress(self) -> Progress | None:
        """The latest evaluation of this process, None before the first."""
        return self._progress

    @property
    def active(self) -> bool:
        """Whether one is under way."""
        return self._progress is not None and self._progress.state == "working"

    def sets(self) -> list[Path]:
        """Return the judged sets that are offered by name."""
        folder = self._base.settings.data_dir / SETS
        return sorted(path.parent for path in folder.glob("*/qrels.tsv"))

    def start(self, folder: Path, modes: Sequence[SearchMode]) -> None:
        """Run a set in the background, unless one is under way."""
        with self._mutex:
            if self.active:
                return
            self._progress = Progress(set_name=folder.name)
        threading.Thread(
            target=self._work, args=(folder, modes, self._progress), name="evaluation", daemon=True
        ).start()

    def kept(self) -> list[tuple[str, Run]]:
        """Return all kept runs with their names, newest first; files that are none are left."""
        found: list[tuple[str, Run]] = []
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            try:
                loaded = runs.load(path)
            except KnowledgeBaseError as error:
                _log.warning("%s", error)
                continue
            moment = path.stem.partition(" ")[0]
            found += [(f"{each.set_name} · {each.mode} · {moment}", each) for each in loaded]
        return found

    def _work(self, folder: Path, modes: Sequence[SearchMode], told: Progress) -> None:
        def documents(done: int, total: int) -> None:
            told.done, told.total = done, total
            if told.cancel.is_set():
                raise _CancelledError

        try:
            judged = read_set(folder)
            found = []
            settings: Settings = self._base.settings
            with runs.ingested(judged, settings, self._base.embedder, documents) as scratch:
                for mode in modes:
                    documents(told.done, told.total)
                    told.mode = mode
                    found.append(runs.run(scratch, judged, mode=mode))
            self._folder.mkdir(parents=True, exist_ok=True)
            moment = datetime.now(UTC).astimezone().strftime("%Y-%m-%dT%H.%M.%S")
            runs.save(found, self._folder / f"{moment} {judged.name}.json")
            told.state = "done"
        except _CancelledError:
            told.state = "cancelled"
        except (KnowledgeBaseError, OSError) as error:
            told.error, told.state = str(error), "failed"
        except Exception as error:  # noqa: BLE001 - a bug must show, not end the thread
            told.error, told.state = recorded("the evaluation", error), "failed"
