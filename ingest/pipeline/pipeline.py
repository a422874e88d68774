"""Reads, splits, embeds and stores in parallel, so that the embedder never waits.

One thread decides which files to read, and feeds the reader. One splits the documents that the
reader has not split. One embeds, or several if an engine has many models. One stores. A budget
limits the text between a file's reading and its commit, so that folders of any size need the same
memory.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ingest.engines.base import Embedding, Engine
from ingest.finding.candidate import Candidate
from ingest.loaders.base import LoadOptions
from ingest.pipeline.clocks import StageClocks
from ingest.pipeline.embedding import embed_group, group_chunks
from ingest.pipeline.fetching import Fetcher
from ingest.pipeline.planning import Planner
from ingest.pipeline.queues import Budget, Channel
from ingest.pipeline.reader import Reader
from ingest.pipeline.recording import Recorder
from ingest.pipeline.stages import Embedded, Loaded, Ready
from ingest.reading.base import CutFile
from ingest.results import FileEvent, FileResult, OnEvent
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, FileState
from kb.stopping import StoppedError

# Characters of text under way: ten seconds of work for a fast GPU, 10 to 20 MB with all data
# derived from them.
BUDGET_CHARACTERS = 4_000_000
# Documents stored together: those that one call of the embedder finishes, plus a short wait.
STORE_GROUP_CHUNKS = 256
STORE_PATIENCE_S = 0.1


class Pipeline:
    """One run over a list of files. Use :meth:`run` once.

    Args:
        base: the knowledge base for the documents.
        planner: decides what to do with each file.
        collection: the collection to fill, even after renaming.
        fetcher: has each file on this machine once its decision is made.
        engine: reads files and embeds texts.
        options: options of reading.
        on_event: receives progress.
        cancel: set it to stop after the commit under way.

    Attributes:
        clocks: when each stage was at work.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        planner: Planner,
        *,
        collection: CollectionInfo,
        fetcher: Fetcher,
        engine: Engine,
        options: LoadOptions,
        on_event: OnEvent,
        cancel: threading.Event,
    ) -> None:
        self.clocks = StageClocks.start()
        self._base = base
        self._engine = engine
        self._planner = planner
        self._collection = collection
        self._recorder = Recorder(base, planner, collection=collection, on_event=on_event)
        self._cancel = cancel
        self._budget = Budget(BUDGET_CHARACTERS)
        self._loaded: Channel[Loaded] = Channel()
        self._ready: Channel[Ready] = Channel()
        self._embedded: Channel[Embedded] = Channel()
        self._failure: BaseException | None = None
        self._reader = Reader(
            self._recorder,
            fetcher=fetcher,
            files=engine.reader,
            options=options,
            budget=self._budget,
            loaded=self._loaded,
            clock=self.clocks.reading,
            cancel=cancel,
            on_bug=self._fail,
        )

    @property
    def results(self) -> list[FileResult]:
        """Outcomes of the files so far."""
        return self._recorder.results

    def run(self, candidates: Sequence[Candidate]) -> list[FileResult]:
        """Bring every file up to date and return the outcomes, in order of completion.

        Raises:
            KnowledgeBaseError: the store or the model failed; earlier commits stay.
        """
        stages = [
            threading.Thread(target=self._guard, args=(stage, following), name=stage.__name__)
            for stage, following in (
                (self._split_all, self._ready),
                (self._embed_all, self._embedded),
                (self._store_all, None),
            )
        ]
        for thread in stages:
            thread.start()
        try:
            for candidate in candidates:
                self._recorder.emit(
                    FileEvent(source=candidate.source, stage="waiting", total=candidate.size)
                )
            self._reader.read_all(candidates)
            if self._cancel.is_set():
                self._stop()  # the stages drop work that has not begun
        except BaseException:
            self._stop()
            raise
        finally:
            self._loaded.close()
            try:
                for thread in stages:
                    self._join(thread)
            except BaseException:
                self._stop()
                for thread in stages:
                    thread.join()
                raise
            finally:
                self._reader.close()
        if self._failure is not None:
            raise self._failure
        return self._recorder.results

    def _guard(
        self, stage: Callable[[], None], following: Channel[Ready] | Channel[Embedded] | None
    ) -> None:
        """Run a stage; its end ends the next one, its failure ends the run."""
        try:
            stage()
        except BaseException as error:  # noqa: BLE001 - carried to the caller of run()
            self._fail(error)
        finally:
            if following is not None:
                following.close()

    def _join(self, thread: threading.Thread) -> None:
        # Repeated waits with a timeout: without one, Ctrl-C would wait for the thread.
        while thread.is_alive():
            thread.join(timeout=0.2)
            if self._cancel.is_set():
                self._stop()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._stop()

    def _stop(self) -> None:
        self._cancel.set()
        self._loaded.abort()
        self._ready.abort()
        self._embedded.abort()
        self._engine.stop()

    # Each stage drops its reference to a document before waiting for the next: a loop variable
    # would keep a large document in memory.

    def _split_all(self) -> None:
        while (loaded := self._loaded.get()) is not None:
            ready = self._split(loaded)
            self._recorder.emit(_embedding(ready, 0))
            self._ready.put(ready)
            del loaded, ready

    def _split(self, loaded: Loaded) -> Ready:
        candidate, file = loaded.decision.candidate, loaded.file
        before = loaded.decision.state
        state = FileState(
            source=before.source if before else candidate.source,
            size=file.size,
            mtime_ns=candidate.mtime_ns if candidate.origin.remote else file.mtime_ns,
            revision=candidate.revision,
            content_hash=file.content_hash,
            settings_hash=(
                before.settings_hash if before else self._planner.settings_hash(candidate.path)
            ),
            outcome="warnings" if file.document.notices else "indexed",
        )
        with self.clocks.splitting:
            if isinstance(file, CutFile):
                made = replace(file.made, settings_hash=state.settings_hash)
            else:
                made = self._base.indexing.split(
                    file.document,
                    content_hash=file.content_hash,
                    settings_hash=state.settings_hash,
                    size=file.size,
                )
            prepared = self._base.indexing.look_up(made, self._collection)
        return Ready(state, prepared, loaded.started, loaded.weight)

    def _embed_all(self) -> None:
        first = self._ready.get()
        if first is None:
            return
        embedding = self._engine.embedding()
        self._budget.widen(BUDGET_CHARACTERS * embedding.models)
        lanes = [
            threading.Thread(target=self._guard, args=(partial(self._embed_lane, embedding), None))
            for _ in range(1, embedding.lanes)
        ]
        for lane in lanes:
            lane.start()
        try:
            self._embed([first], embedding)
            del first
            self._embed_lane(embedding)
        finally:
            for lane in lanes:
                lane.join()

    def _embed_lane(self, embedding: Embedding) -> None:
        enough = group_chunks(embedding)
        while group := self._ready.get_group(lambda ready: ready.missing, at_most=enough):
            self._embed(group, embedding)
            del group

    def _embed(self, group: Sequence[Ready], embedding: Embedding) -> None:
        # A stopped engine drops its texts; nobody waits for them then.
        with contextlib.suppress(StoppedError):
            for embedded in embed_group(
                group,
                embedding,
                clock=self.clocks.embedding,
                cancel=self._cancel,
                on_progress=lambda ready, done: self._recorder.emit(_embedding(ready, done)),
            ):
                self._embedded.put(embedded)

    def _store_all(self) -> None:
        while group := self._embedded.get_group(
            lambda done: 1 + len(done.vectors),
            at_most=STORE_GROUP_CHUNKS,
            patience_s=STORE_PATIENCE_S,
        ):
            if self._cancel.is_set():
                return
            self._store(group)
            del group

    def _store(self, group: Sequence[Embedded]) -> None:
        with self.clocks.storing:
            results = self._base.indexing.commit_all([embedded.document for embedded in group])
        for embedded, result in zip(group, results, strict=True):
            ready = embedded.ready
            self._planner.learn(replace(ready.state, document_id=result.document_id))
            self._recorder.finish(
                FileResult(
                    source=ready.state.source,
                    outcome=result.outcome,
                    document_id=result.document_id,
                    chunks=result.chunks,
                    embedded=result.embedded,
                    reused=result.reused,
                    tokens=result.tokens,
                    seconds=time.monotonic() - ready.started,
                    notices=ready.prepared.document.notices,
                )
            )
            self._budget.leave(ready.weight)


def _embedding(ready: Ready, done: int) -> FileEvent:
    return FileEvent(source=ready.state.source, stage="embedding", done=done, total=ready.missing)
