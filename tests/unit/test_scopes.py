"""Every route of the server says what it needs; one that does not is closed to everybody."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from served_app import ServedApp, served_app
from starlette.types import Scope

from kb.server.errors import RefusalError
from kb.server.scopes import KEY_SCOPES, RouteTable, declared, needs, needs_nothing

OPEN = {"/health", "/healthz", "/readyz"}
"""What anybody may ask, without a key."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with served_app(tmp_path_factory.mktemp("served")) as running:
        yield running


def request(path: str, method: str = "GET") -> Scope:
    return {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}


def test_every_route_of_the_server_declares_what_it_needs(served: ServedApp) -> None:
    routes = served.gate.table.routes
    assert len(routes) > 6
    assert [route for route in routes if declared(route) is None] == []


def test_only_what_says_that_the_server_lives_or_is_ready_is_open_to_everybody(
    served: ServedApp,
) -> None:
    found = {getattr(route, "path", ""): declared(route) for route in served.gate.table.routes}
    assert {path for path, each in found.items() if each is not None and each.is_open} == OPEN


def test_a_route_without_a_declared_scope_is_closed_to_everybody() -> None:
    router = APIRouter()

    @router.get("/forgotten")
    def forgotten() -> None:
        raise AssertionError

    table = RouteTable(FastAPI(routes=router.routes).routes)
    with pytest.raises(RefusalError, match="/forgotten declares no scope") as refused:
        table.place(request("/forgotten"))
    assert refused.value.status == 403


@pytest.mark.parametrize("inner", ["mounted", "included"])
def test_what_hides_its_routes_is_closed_to_everybody(inner: str) -> None:
    hidden = FastAPI() if inner == "mounted" else APIRouter()

    @hidden.get("/deep")
    @needs("read")
    def deep() -> None:
        raise AssertionError

    app = FastAPI(openapi_url=None)
    if isinstance(hidden, FastAPI):
        app.mount("/inner", hidden)
    else:
        app.include_router(hidden, prefix="/inner")
    with pytest.raises(RefusalError, match="declares no scope"):
        RouteTable(app.routes).place(request("/inner/deep"))


def test_a_place_is_the_path_as_the_route_writes_it() -> None:
    router = APIRouter()

    @router.get("/v1/deep/{name}")
    @needs("read", "write", collections="asked")
    def deep(name: str) -> str:
        return name

    place = RouteTable(FastAPI(routes=router.routes).routes).place(request("/v1/deep/x"))
    assert place.path == "/v1/deep/{name}"
    assert (place.needs.scopes, place.needs.collections) == (("read", "write"), "asked")


def test_no_route_is_opened_by_forgetting_the_scope_itself() -> None:
    with pytest.raises(TypeError, match="name a scope"):
        needs()
    assert needs_nothing()(lambda: None) is not None
    assert KEY_SCOPES == ("embed", "read", "write")


def test_routes_that_are_there_are_answered(served: ServedApp) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        for path in ("/health", "/openapi.json", "/v1/models", "/v1/collections"):
            assert client.get(path).status_code == 200, path
