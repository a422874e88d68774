"""``/health``, ``/metrics`` and ``/openapi.json``: the state and the description of the server.

``/healthz`` answers while the process runs. ``/readyz`` answers while the server can serve
requests. Kubernetes or a load balancer may ask for both without a key.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.routing import Route

from kb.catalog.job_records import JobState
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.server.caller import CALLER, Caller
from kb.server.description import errors
from kb.server.errors import RefusalError, json_response
from kb.server.metrics import CONTENT_TYPE, Metrics
from kb.server.replies import HealthReply
from kb.server.scopes import ENDING, KEY_SCOPES, needs, needs_nothing

_log = logging.getLogger(__name__)
_STATM = Path("/proc/self/statm")


def routes(base: KnowledgeBase, metrics: Metrics) -> APIRouter:
    """Return the routes that report the server's state."""
    router = APIRouter()
    _watch(base, metrics)

    async def health() -> Response:
        """Report that the process answers; needs no key."""
        return json_response({"status": "ok"})

    for path, name in (("/health", "check_health"), ("/healthz", "check_liveness")):
        router.add_api_route(
            path,
            needs_nothing()(health),
            methods=["GET"],
            name=name,
            response_model=HealthReply,
            responses=errors(),
        )

    @router.get("/readyz", response_model=HealthReply, responses=errors())
    @needs_nothing()
    async def check_readiness(request: Request) -> Response:
        """Report whether the server can serve requests: the store answers, and no end has begun."""
        if request.scope[ENDING]:
            why = "the server is ending"
            raise _not_ready(why)
        try:
            await asyncio.to_thread(lambda: base.generation)
        except KnowledgeBaseError as error:
            _log.warning("not ready: %s", error)
            why = "the store does not answer; the log says why"
            raise _not_ready(why) from error
        return json_response({"status": "ok"})

    @router.get(
        "/metrics",
        response_class=Response,
        responses={
            **errors(),
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        },
    )
    @needs(*KEY_SCOPES)
    async def read_metrics() -> Response:
        """Return counts of requests, tokens, jobs and stored data, for Prometheus."""
        return Response(await asyncio.to_thread(metrics.text), media_type=CONTENT_TYPE)

    return router


def description(path: str, described: Callable[[Caller], Any]) -> Route:
    """Return the route that describes to each key the routes that it may use."""

    @needs(*KEY_SCOPES, collections="none")
    async def openapi(request: Request) -> Response:
        return json_response(described(request.scope[CALLER]))

    return Route(path, openapi)


def _watch(base: KnowledgeBase, metrics: Metrics) -> None:
    def jobs() -> Iterator[tuple[Mapping[str, str], float]]:
        counts = base.jobs.counts()
        return (({"state": state}, counts.get(state, 0)) for state in sorted(get_args(JobState)))

    metrics.watch("jobs", jobs)
    metrics.watch("collections", lambda: len(base.collections()))
    metrics.watch("documents", lambda: sum(each.documents for each in base.collections()))
    metrics.watch("chunks", lambda: sum(each.chunks for each in base.collections()))
    metrics.watch("refined_chunks", lambda: sum(each.refined for each in base.collections()))
    metrics.watch("store_bytes", lambda: _bytes_in(base.settings.store_dir))
    metrics.watch("resident_bytes", _resident_bytes)


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # deleted since it was listed
            continue
    return total


def _resident_bytes() -> int:
    """Return the memory of this process; its peak on systems that report only the peak."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _not_ready(why: str) -> RefusalError:
    msg = f"{why}; try again in a moment"
    return RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="not_ready")
