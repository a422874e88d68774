"""Work on models in the background: downloads and selects, or measures. One at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ingest.mishaps import Mishap, recorded
from kb.choosing_models import choose, to_download
from kb.config_file import write_settings
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.model_offers import Offer
from kb.model_speeds import measure
from kb.models.files import find_model
from kb.models.known import SETTINGS, Kind
from kb.models.references import Hub
from kb.remote.neighbours import ServedModel, served_chat_models
from kb.setting_changes import outranked
from kb.setting_sources import config_path
from kb.settings import Settings
from kb.stopping import StoppedError, stoppable

_FOLLOWED: tuple[Literal["reranker", "chat_model"], ...] = ("reranker", "chat_model")

State = Literal["working", "done", "failed", "cancelled"]


@dataclass(slots=True)
class ModelProgress:
    """Progress of work on a model; ``done`` of ``total`` bytes have arrived."""

    what: Literal["use", "measure"]
    offer: Offer
    kind: Kind
    state: State = "working"
    done: int = 0
    total: int = 0
    error: str | Mishap = ""
    cancel: threading.Event = field(default_factory=threading.Event)


class ModelWork:
    """Works on one model at a time, and lists the models of servers here. Thread-safe.

    Args:
        base: the knowledge base of the models.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._mutex = threading.Lock()
        self._progress: ModelProgress | None = None
        self._thread: threading.Thread | None = None
        self._served: tuple[ServedModel, ...] | None = None
        self._looking: threading.Thread | None = None
        self._file = _stamp(config_path())

    @property
    def progress(self) -> ModelProgress | None:
        """The last work of this process; None before the first and after :meth:`dismiss`."""
        return self._progress

    @property
    def active(self) -> bool:
        """Whether work is under way."""
        return self._progress is not None and self._progress.state == "working"

    @property
    def served(self) -> tuple[ServedModel, ...] | None:
        """Chat models of this machine's servers; None before the first look has ended."""
        return self._served

    def look(self) -> None:
        """Ask servers of this machine in the background, unless they are being asked."""
        with self._mutex:
            if self._looking is None or not self._looking.is_alive():
                self._looking = threading.Thread(target=self._look, name="servers", daemon=True)
                self._looking.start()

    def follow(self) -> None:
        """Use the reranker and the chat model that kb.toml names, if the file has changed.

        A file that is invalid changes nothing.
        """
        stamp = _stamp(config_path())
        with self._mutex:
            if stamp == self._file or self.active:
                return
            self._file = stamp
        try:
            named = Settings.load()
        except KnowledgeBaseError:
            return  # the Status view says what is wrong with it
        for setting in _FOLLOWED:
            value = getattr(named, setting)
            if not outranked(setting) and value != getattr(self._base.settings, setting):
                self._base.use_model(setting, value)

    def use(self, offer: Offer, kind: Kind, *, hub: Hub = "hf") -> None:
        """Download a model if necessary, then use it."""
        told = ModelProgress(what="use", offer=offer, kind=kind)
        self._start(told, lambda: self._use(told, hub))

    def measure(self, offer: Offer, kind: Kind) -> None:
        """Measure the speed of a model."""
        told = ModelProgress(what="measure", offer=offer, kind=kind)
        name, settings = offer.name, self._base.settings
        self._start(told, lambda: measure(find_model(name, settings.models_dir), kind, settings))

    def stop_using(self, kind: Literal["reranking", "chat"]) -> None:
        """Stop using a reranker or a chat model.

        Raises:
            SettingsError: the settings' file is not writable.
        """
        self._write(kind, None)

    def dismiss(self) -> None:
        """Forget work that has ended."""
        with self._mutex:
            if not self.active:
                self._progress = None

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until no work is under way."""
        for thread in (self._thread, self._looking):
            if thread is not None:
                thread.join(timeout_s)

    def close(self) -> None:
        """Interrupt a download; it continues when the model is chosen again."""
        if self._progress is not None:
            self._progress.cancel.set()
        self.wait()

    def _start(self, told: ModelProgress, work: Callable[[], object]) -> None:
        with self._mutex:
            if self.active:
                return
            self._progress = told
            self._thread = threading.Thread(
                target=self._work, args=(told, work), name="model", daemon=True
            )
            self._thread.start()

    def _work(self, told: ModelProgress, work: Callable[[], object]) -> None:
        try:
            with stoppable(told.cancel):
                work()
            told.state = "done"
        except StoppedError:
            told.state = "cancelled"
        except (KnowledgeBaseError, OSError) as error:
            told.error, told.state = str(error), "failed"
        except Exception as error:  # noqa: BLE001 - a bug must show, not end the thread
            told.error, told.state = recorded("the choice of a model", error), "failed"

    def _use(self, told: ModelProgress, hub: Hub) -> None:
        def arrived(done: int, total: int) -> None:
            told.done, told.total = done, total

        settings = self._base.settings
        if download := to_download(told.offer.name, settings, hub=hub):
            download.fetch(settings.models_dir, on_progress=arrived)
        if told.cancel.is_set():
            raise StoppedError
        choice = choose(told.offer.name, settings, kind=told.kind)
        self._write(choice.kind, choice.value)

    def _write(self, kind: Kind, value: str | None) -> None:
        write_settings(config_path(), {SETTINGS[kind]: value})
        if kind == "reranking":
            self._base.use_model("reranker", value)
        elif kind == "chat":
            self._base.use_model("chat_model", value)

    def _look(self) -> None:
        found: tuple[ServedModel, ...] = ()
        with suppress(OSError):  # no sockets left, for instance: then the list stays empty
            found = served_chat_models()
        self._served = found


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is written; None if there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size
