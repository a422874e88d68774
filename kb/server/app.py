"""The application: routes over one knowledge base, behind the gate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp

from kb.knowledge_base import KnowledgeBase
from kb.server import embeddings, finding
from kb.server.answers import handle_errors, json_response
from kb.server.gate import Gate, Limits
from kb.server.lanes import Lane


@contextmanager
def application(
    base: KnowledgeBase, *, key: str = "", limits: Limits | None = None
) -> Iterator[ASGIApp]:
    """Lend the ASGI application over an open knowledge base; loads its model.

    Args:
        base: what is served; stays open.
        key: API key that every request must bring; ``""`` for none.
        limits: bounds, the defaults if not given.

    Raises:
        ModelError: the model is missing or cannot be loaded.
    """
    limits = limits or Limits()
    embedder = base.embedder
    bulk = Lane("requests with documents to embed", limits.bulk)
    quick = Lane("requests", limits.requests)
    # The pages that show the interface load their scripts from elsewhere, so there are none.
    app = FastAPI(
        title="Shelfmark",
        version=metadata.version("shelfmark"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    handle_errors(app)
    app.include_router(embeddings.routes(embedder, bulk=bulk, quick=quick))
    app.include_router(finding.routes(base, quick=quick))

    @app.get("/health")
    async def health() -> Response:
        return json_response({"status": "ok"})

    try:
        yield Gate(app, key=key, limits=limits)
    finally:
        bulk.close()
        quick.close()
