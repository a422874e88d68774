"""The second half of a run: vectors of sentences of chunks that are already searchable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest.engines.base import Engine
from ingest.pipeline.report import IngestReport
from kb.errors import CollectionGoneError, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo

OnSearchable = Callable[[IngestReport], None]
"""Receives a run's report when all its documents are searchable and sentences remain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refining:
    """Receivers of progress in the second half of a run, and its early end.

    ``wanted`` is False if the caller does it later. ``on_progress`` receives (finished chunks of
    the collection, all of them).
    """

    wanted: bool = True
    on_searchable: OnSearchable = lambda _: None
    on_progress: Callable[[int, int], None] = lambda _done, _total: None


def refined(
    base: KnowledgeBase,
    collection: CollectionInfo,
    report: IngestReport,
    refining: Refining,
    *,
    started: float,
    cancel: threading.Event,
    engine: Engine,
) -> IngestReport:
    """Compute all missing vectors of sentences of the collection; return the complete report.

    It does nothing if the settings disable it, or after an interrupted run.

    Args:
        base: the knowledge base.
        collection: the collection of the run.
        report: the run's results so far.
        refining: receivers of progress.
        started: the run's start on the monotonic clock.
        cancel: set it to end early.
        engine: embeds the sentences.

    Raises:
        CollectionGoneError: the collection was deleted.
    """
    if not base.settings.sentences or report.interrupted or report.dry_run:
        return report
    if not refining.wanted:
        return _with_rest(base, collection, report)
    told = False

    def on_progress(done: int, total: int) -> None:
        nonlocal told
        if not told:
            told = True
            refining.on_searchable(report)
        refining.on_progress(done, total)

    try:
        done = base.refine(
            collection, on_progress, stop=cancel, embedder=lambda: engine.embedding().embedder
        )
    except KeyboardInterrupt:
        return replace(report, interrupted=True)
    except CollectionGoneError:
        raise
    except KnowledgeBaseError as error:  # stored documents are searchable without them
        return replace(_with_rest(base, collection, report), unrefined_reason=str(error))
    seconds = time.monotonic() - started if done.computed and not done.left else None
    return replace(
        report,
        refined=done.computed,
        unrefined=done.left,
        refined_s=seconds,
        interrupted=bool(done.left) and cancel.is_set(),
    )


def _with_rest(
    base: KnowledgeBase, collection: CollectionInfo, report: IngestReport
) -> IngestReport:
    now = base.indexing.current(collection)
    return replace(report, unrefined=now.chunks - now.refined)
