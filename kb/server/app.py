"""The application: routes over one knowledge base, behind the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from importlib import metadata

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from kb.knowledge_base import KnowledgeBase
from kb.server import embeddings, finding
from kb.server.description import describe, errors
from kb.server.errors import RefusalError, handle_errors, json_response
from kb.server.gate import Gate, Limits
from kb.server.lanes import Lane
from kb.server.loading import routes as loading
from kb.server.loading.reader import FileReader
from kb.server.replies import HealthReply

_SMALL_BODIES = frozenset({"/v1/search"})


@contextmanager
def application(
    base: KnowledgeBase, *, key: str = "", limits: Limits | None = None
) -> Iterator[Gate]:
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
    reader = FileReader(base.settings)
    routers = [
        embeddings.routes(embedder, bulk=bulk, quick=quick),
        finding.routes(base, quick=quick),
        loading.routes(base, reader=reader),
        _health(),
    ]
    # The pages that show the interface load their scripts from elsewhere, so there are none.
    app = FastAPI(
        title="Shelfmark",
        version=metadata.version("shelfmark"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=[route for router in routers for route in router.routes],
    )
    describe(app, key=bool(key))
    handle_errors(app)
    try:
        yield Gate(app, key=key, limits=limits, largest_body=_largest_body(app, limits))
    finally:
        reader.close()
        bulk.close()
        quick.close()


def _health() -> APIRouter:
    router = APIRouter()

    @router.get("/health", response_model=HealthReply, responses=errors())
    async def health() -> Response:
        """Say that requests are answered; needs no key."""
        return json_response({"status": "ok"})

    return router


def _largest_body(app: FastAPI, limits: Limits) -> Callable[[Scope], int]:
    """Return what says how large the body of a request may be, if it goes anywhere."""

    def largest_body(scope: Scope) -> int:
        methods: set[str] = set()
        for route in app.routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return (
                    limits.small_body_bytes if scope["path"] in _SMALL_BODIES else limits.body_bytes
                )
            if match is Match.PARTIAL and isinstance(route, Route):
                methods |= route.methods or set()
        path = scope["path"][:200]
        if not methods:
            msg = f"there is no {path}; /openapi.json lists what is"
            raise RefusalError(HTTPStatus.NOT_FOUND, msg)
        allowed = ", ".join(sorted(methods))
        msg = f"{path} does not take {scope['method'][:40]}; send {allowed}"
        raise RefusalError(HTTPStatus.METHOD_NOT_ALLOWED, msg, headers={"Allow": allowed})

    return largest_body
