"""Ingestion in one call: finds the files, brings each up to date, reports."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.engines.choice import EngineChoice, open_engine
from ingest.engines.local import LocalEngine
from ingest.finding.candidate import Candidate
from ingest.finding.names import as_text
from ingest.finding.objects.address import local_path, object_address
from ingest.options import IngestOptions
from ingest.pipeline.course import Run
from ingest.pipeline.report import IngestReport
from ingest.pipeline.sentences import Refining
from ingest.results import OnEvent
from ingest.sending.keeping import Sent, keep
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, CollectionRef

if TYPE_CHECKING:
    from kb.client import Client


def ingest(
    base: KnowledgeBase | Client,
    paths: Path | str | Sequence[Path | str],
    *,
    collection: CollectionRef = None,
    options: IngestOptions | None = None,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
    refining: Refining | None = None,
    engine: EngineChoice = "local",
) -> IngestReport:
    """Bring folders and files up to date in a collection.

    A bad file never stops the run: its result has the outcome ``failed`` and a reason. Ctrl-C (or
    ``cancel``) ends the run after the present commit, with a partial report. The run fills one
    collection from start to end, even if that is renamed meanwhile.

    When all documents are searchable, the run embeds the collection's sentences that lack vectors,
    unless the setting ``sentences`` is off. That takes about as long again.

    For a served knowledge base the run sends the files: see :meth:`kb.client.Client.ingest`.

    Args:
        base: the knowledge base for the documents.
        paths: folders, files and URLs (``s3://bucket/minutes``, ``gs://…``); a single one needs no
            list.
        collection: the collection to fill; None means the settings'.
        options: choices of this run.
        on_event: receives each file's progress.
        cancel: set it to end.
        refining: receivers of the sentences' progress, or their postponement.
        engine: ``ray`` or a :class:`~ingest.engines.choice.RayCluster` lets the nodes of a Ray
            cluster read and embed; this process finds the files and stores.

    Raises:
        ClusterError: no cluster answers, or none of its nodes can do the work.
        MissingExtraError: the extra ``ray``, or the package for such URLs, is not installed.
        UnreadableFileError: a path does not exist, or a URL cannot be listed.
        CollectionGoneError: the collection was deleted during the run.
        KnowledgeBaseError: the store or the model failed.
    """
    options = options or IngestOptions()
    paths = [paths] if isinstance(paths, str | Path) else paths
    if not isinstance(base, KnowledgeBase):
        from ingest.sending.serving import ingest_there  # noqa: PLC0415 - few need its client

        if engine != "local":
            msg = "a served knowledge base is sent its files, by this machine: leave the engine out"
            raise SettingsError(msg)
        name = collection.name if isinstance(collection, CollectionInfo) else collection
        return ingest_there(base, paths, collection=name, options=options, on_event=on_event)
    with closing(open_engine(engine, base, cancel)) as chosen:
        run = Run(base, collection, options, on_event, cancel, engine=chosen)
        try:
            run.find(paths)
        except KeyboardInterrupt:
            return run.interrupted()
        report = run.record(
            [told(path) for path in paths],
            lambda: run.finder.candidates,
        )
        return run.refined(report, refining or Refining())


def told(path: Path | str) -> str:
    """Return the name of a given path in messages: the whole path, or the URL."""
    address = object_address(path)
    if address is not None:
        return address.url
    return as_text(str(Path(local_path(path)).expanduser().resolve()))


def ingest_uploads(
    base: KnowledgeBase,
    uploads: Sequence[Sent],
    *,
    collection: CollectionRef = None,
    options: IngestOptions | None = None,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
    refining: Refining | None = None,
) -> IngestReport:
    """Keep originals given as (name, bytes), and ingest them; a known name is replaced.

    A function may stand for the bytes and return them in its turn. Different files of one name are
    all kept under numbered names; the remarks list them.

    Raises:
        CollectionGoneError: the collection was deleted during the run.
        KnowledgeBaseError: the store or the model failed.
    """
    run = Run(
        base, collection, options or IngestOptions(), on_event, cancel, engine=LocalEngine(base)
    )

    def kept() -> list[Candidate]:
        candidates, remarks = keep(base, uploads, collection=run.collection)
        run.remark(remarks)
        return candidates

    # Saved after the run has begun: `kb compact` deletes originals that no source refers to.
    report = run.record([name for name, _ in uploads], kept)
    return run.refined(report, refining or Refining())
