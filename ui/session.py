"""The one knowledge base of this process, shared by all browser sessions.

No other module of the UI opens it. The model loads in the background from the start, followed by
the libraries of tables and charts, so that no view waits for them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import streamlit as st

from ingest.jobs import Jobs, Upload, retry_options
from ingest.loaders.page_pictures import PagePicture, PictureRequest
from ingest.mishaps import Mishap, recorded
from ingest.reading.sandbox import Sandbox
from kb.embedding.base import Embedder
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.near_duplicates import NearDuplicate, OnProgress
from kb.overview import Overview
from kb.records import CollectionInfo, Facets
from kb.settings import Settings
from kb.text import normalise
from ui.evaluating import Evaluations
from ui.incoming import Incoming
from ui.model_work import ModelWork

_DRAWING_S = 20.0
# Streamlit imports them at the first table and the first chart, which takes seconds on a busy
# machine.
_SLOW_TO_IMPORT = ("pandas", "pyarrow", "altair")


class Session:
    """Shared by all browser sessions: knowledge base, model, jobs. Thread-safe."""

    def __init__(self, settings: Settings, *, embedder: Embedder | None = None) -> None:
        self.base = KnowledgeBase.open(settings, embedder=embedder)
        self.incoming = Incoming(settings.incoming_dir, most_file=settings.max_file_mb << 20)
        self.jobs = Jobs(self.base)
        self.evaluations = Evaluations(self.base)
        self.models = ModelWork(self.base)
        self._draughtsman: Sandbox | None = None
        self._lock = threading.Lock()
        self._overview: tuple[tuple[str, int], Overview] | None = None
        self._facets: tuple[tuple[str, int], Facets] | None = None
        self._near: tuple[tuple[str, int], list[list[NearDuplicate]]] | None = None
        self._model_error: str | Mishap = ""
        self._model_ready = threading.Event()
        self._loader = threading.Thread(target=self._load, name="loading", daemon=True)
        self._loader.start()

    @property
    def settings(self) -> Settings:
        """The settings at the start of this process."""
        return self.base.settings

    @property
    def model_state(self) -> str:
        """One of ``loading``, ``ready``, ``failed``."""
        if not self._model_ready.is_set():
            return "loading"
        return "failed" if self._model_error else "ready"

    @property
    def model_error(self) -> str | Mishap:
        """The reason why the model could not be loaded."""
        return self._model_error

    def find_collection(self, name: str) -> CollectionInfo | None:
        """Return a collection; None if it does not exist (yet)."""
        wanted = normalise(name).strip()
        return next((info for info in self.base.collections() if info.name == wanted), None)

    def facets(self, collection: CollectionInfo) -> Facets:
        """Return the values of filters; looked up again when the store has changed."""
        state = (collection.id, self.base.generation)
        known = self._facets
        if known is None or known[0] != state:
            known = self._facets = (state, self.base.facets(collection=collection.name))
        return known[1]

    def overview(self, collection: CollectionInfo) -> Overview:
        """Return the summary of a collection; computed again when the store has changed."""
        state = (collection.id, self.base.generation)
        known = self._overview
        if known is None or known[0] != state:
            known = self._overview = (state, self.base.overview(collection=collection.name))
        return known[1]

    def near_duplicates(
        self, collection: CollectionInfo, on_progress: OnProgress
    ) -> list[list[NearDuplicate]]:
        """Return mostly equal documents; computed again when the store has changed."""
        state = (collection.id, self.base.generation)
        known = self._near
        if known is None or known[0] != state:
            found = self.base.near_duplicates.find(collection, on_progress=on_progress)
            known = self._near = (state, found)
        return known[1]

    def start_uploads(
        self, uploads: Sequence[Upload], *, collection: str, passwords: tuple[str, ...] = ()
    ) -> int:
        """Read, embed and store files in the background; return the job's id.

        The job tries the passwords on protected files. Only this process knows them, until the job
        has ended.

        Raises:
            StoreError: the data folder is read-only, or its disk is full.
        """
        return self.jobs.add_uploads(
            uploads, collection=collection, options=retry_options(passwords)
        )

    def draw_page(self, path: Path, request: PictureRequest) -> PagePicture:
        """Draw a page of a PDF in a separate process, because the file may be hostile.

        Raises:
            IngestError: the page cannot be drawn, or not in time.
        """
        with self._lock:
            self._draughtsman = self._draughtsman or Sandbox(workers=1, timeout_s=_DRAWING_S)
            drawn = self._draughtsman.draw(path, request)
        return drawn.result()

    def close(self) -> None:
        """Stop jobs, which continue at the next start; then close the knowledge base."""
        self.jobs.close()
        self.models.close()
        with self._lock:
            if self._draughtsman is not None:
                self._draughtsman.close(cancel=True)
        self._loader.join()
        self.incoming.close()
        self.base.close()

    def _load(self) -> None:
        self._load_model()
        for name in _SLOW_TO_IMPORT:
            import_module(name)

    def _load_model(self) -> None:
        try:
            self.base.warm_up()
        except KnowledgeBaseError as error:
            self._model_error = str(error)
        except Exception as error:  # noqa: BLE001 - a bug must show, not hang the views
            self._model_error = recorded("loading the model", error)
        finally:
            self._model_ready.set()


def open_session() -> Session:
    """Open the knowledge base that the settings name.

    Raises:
        KnowledgeBaseError: the settings or the store are invalid.
    """
    return Session(Settings.load())


_opened: list[Session] = []


@st.cache_resource(show_spinner=False, on_release=lambda shared: shared.close())
def session() -> Session:
    """Return this process's session, opened at first use."""
    _opened[:] = [open_session()]
    return _opened[0]


def has_watched_folders(settings: Settings) -> bool:
    """Return whether this program follows any folder."""
    if not settings.store_dir.is_dir():
        return False
    with KnowledgeBase.open(settings) as base:
        return not base.read_only and bool(base.watched.listed())


def stop_jobs(timeout_s: float) -> None:
    """Stop the work on jobs, if a session was opened; it continues at the next start."""
    for shared in _opened:
        shared.jobs.close(timeout_s=timeout_s)
