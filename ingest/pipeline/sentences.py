"""The second half of a run: vectors of sentences for what can be found already."""

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
"""Told of a run when everything in it can be found and sentences are left to be embedded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refining:
    """Who is told of the second half of a run, and what ends it early.

    ``wanted`` is False for who does it later. ``on_progress`` is told (chunks of the collection
    that are done, of how many).
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
    """Compute the vectors of all sentences that the collection lacks; return the whole report.

    Nothing is done where the settings say so, and after a run that was interrupted.

    Args:
        base: where the collection is.
        collection: what the run has filled.
        report: what the run did until everything could be found.
        refining: who is told.
        started: when the run began, by the monotonic clock.
        cancel: set it to end early.
        engine: who embeds.

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
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
    except KnowledgeBaseError as error:  # what was stored can be found all the same
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
