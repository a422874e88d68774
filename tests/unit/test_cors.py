"""Pages of configured origins may read answers; pages of others may not."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from kb.server.cors import Cors
from tests.helpers.own_loop import run

OURS = "https://chat.example:8443"


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    answer = PlainTextResponse(f"{request.method} reached", status_code=207)
    answer.headers["Vary"] = "Accept"
    await answer(scope, receive, send)


def asked(method: str, origins: tuple[str, ...] = (OURS,), **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Cors(behind, origins))
        async with httpx.AsyncClient(transport=transport, base_url="http://kb") as client:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, "/v1/search", headers=sent)

    return run(ask())


def allowed(answer: httpx.Response) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith("access-control-allow")
    }


def test_a_page_of_a_configured_origin_may_read_the_answer() -> None:
    answer = asked("POST", origin=OURS)
    assert answer.text == "POST reached"
    assert allowed(answer) == {"access-control-allow-origin": OURS}
    for name in ("Retry-After", "X-Long-Inputs", "Content-Disposition"):
        assert name in answer.headers["access-control-expose-headers"]
    assert answer.headers["vary"] == "Accept, Origin"


def test_what_a_browser_asks_before_it_sends_is_answered_without_reaching_a_route() -> None:
    answer = asked(
        "OPTIONS",
        origin=OURS,
        access_control_request_method="POST",
        access_control_request_headers="authorization, content-type,x-mine",
        access_control_request_private_network="true",
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert allowed(answer) == {
        "access-control-allow-origin": OURS,
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": "authorization, content-type,x-mine",
        "access-control-allow-private-network": "true",
    }


@pytest.mark.parametrize(
    "origin",
    [
        "https://chat.example",
        "http://chat.example:8443",
        "https://chat.example:8443.evil.example",
        "https://evil.example/https://chat.example:8443",
        "https://CHAT.example:8443",
        "null",
        "*",
        "",
    ],
)
def test_pages_of_other_origins_get_no_permission(origin: str) -> None:
    for method in ("POST", "OPTIONS"):
        answer = asked(method, origin=origin, access_control_request_method="POST")
        assert answer.text == f"{method} reached"
        assert allowed(answer) == {}
        assert "Origin" in answer.headers["vary"]


def test_without_configured_origins_nothing_is_added() -> None:
    answer = asked("POST", (), origin=OURS)
    assert allowed(answer) == {}
    assert answer.headers["vary"] == "Accept"


def test_a_plain_options_request_and_odd_header_names_are_no_permission() -> None:
    assert asked("OPTIONS", origin=OURS).text == "OPTIONS reached"
    answer = asked(
        "OPTIONS",
        origin=OURS,
        access_control_request_method="GET",
        access_control_request_headers="a b; c",
    )
    assert "access-control-allow-headers" not in answer.headers
