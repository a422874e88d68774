"""The application: routes over one knowledge base, behind the gate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

from fastapi import FastAPI

from kb.embedding.base import tell_of_tokens
from kb.knowledge_base import KnowledgeBase
from kb.server import about, embeddings, knowledge
from kb.server.agents import http as agents
from kb.server.description import describe
from kb.server.embeddings.engine import Engine
from kb.server.errors import handle_errors
from kb.server.gate import Gate
from kb.server.guard import Guard, Policy
from kb.server.lanes import Lane
from kb.server.limits import Limits
from kb.server.loading import routes as loading
from kb.server.loading.reader import FileReader
from kb.server.metrics import Metrics
from kb.server.queueing.room import Load
from kb.server.scopes import RouteTable
from kb.server.tools import routes as tools

if TYPE_CHECKING:
    from ingest.jobs import Jobs

_MOST_FILES_BYTES = 4 << 30
"""Bytes of all files in one body."""

_RANKED_AT_ONCE = 4  # one reranker serves them all, by turns


@contextmanager
def application(
    base: KnowledgeBase, *, policy: Policy | None = None, limits: Limits | None = None
) -> Iterator[Gate]:
    """Lend the ASGI application over an open knowledge base; loads its model and its index.

    Args:
        base: the knowledge base; stays open.
        policy: whom to let in; by default programs of this machine.
        limits: limits; the defaults if not given.

    Raises:
        ModelError: the model is missing or cannot be loaded.
    """
    limits = _with_files(limits or Limits(), base.settings.max_file_mb)
    base.warm_up()
    embedder = base.embedder
    quick = Lane("requests", limits.threads, most=limits.requests)
    ranking = Lane("requests to rank", _RANKED_AT_ONCE, most=limits.requests)
    engine = Engine(
        embedder,
        quick=quick,
        most=Load(limits.queue_texts, limits.queue_bytes),
        long_inputs=limits.long_inputs,
    )
    reader = FileReader(base.settings)
    serving = knowledge.Serving(base=base, jobs=_jobs(base), quick=quick)
    metrics = Metrics()
    _watch(engine, metrics)
    if tell_of_tokens(embedder, lambda tokens: metrics.add("model_tokens_total", tokens)):
        metrics.paced_by = "model_tokens_total"
    routers = [
        *embeddings.routers(engine, base, ranking=ranking),
        *knowledge.routers(serving),
        tools.routes(serving),
        loading.routes(base, reader=reader),
        about.routes(base, metrics),
    ]
    # FastAPI's pages that show the interface load scripts from other hosts, so they are off.
    app = FastAPI(
        title="Shelfmark",
        version=metadata.version("shelfmark"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=[route for router in routers for route in router.routes],
    )
    guard = Guard(base.keys, policy or Policy())
    described, tools_described = describe(app, needs_keys=guard.needs_keys, apart=tools.ROOT)
    app.router.routes += [
        agents.route(serving, guard),
        about.description("/openapi.json", described),
        about.description(f"{tools.ROOT}/openapi.json", tools_described),
    ]
    handle_errors(app)
    try:
        gate = Gate(app, guard=guard, limits=limits, table=RouteTable(app.routes), metrics=metrics)
        gate.at_end.append(serving.ending.set)
        yield gate
    finally:
        reader.close()
        serving.close()
        ranking.close()
        quick.close()
        engine.close()


def _watch(engine: Engine, metrics: Metrics) -> None:
    engine.count = lambda tokens, wording: metrics.add(
        "tokens_total", tokens, kind=wording.input_type
    )
    metrics.watch("windowed_texts_total", lambda: engine.long_texts)
    metrics.watch("windows_total", lambda: engine.windows)
    queues = {"document": engine.documents, "query": engine.queries}
    metrics.watch(
        "queue_texts", lambda: [({"kind": kind}, q.waiting.texts) for kind, q in queues.items()]
    )
    metrics.watch(
        "queue_bytes", lambda: [({"kind": kind}, q.waiting.size) for kind, q in queues.items()]
    )


def _with_files(limits: Limits, most_mib: int) -> Limits:
    """Let a body of files hold several files, or one of the largest size that is read.

    Routes refuse single files that are larger.
    """
    most = max(_MOST_FILES_BYTES, (most_mib << 20) + limits.small_body_bytes)
    return limits if limits.files_bytes else replace(limits, files_bytes=most)


def _jobs(base: KnowledgeBase) -> Jobs:
    """Start the work on queued jobs, whoever queued them."""
    from ingest.jobs import Jobs  # noqa: PLC0415 - kb stands below ingest

    return Jobs(base)
