"""Bodies of files reach their route as they arrive, bounded in size, time and memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import raw_client
from fastapi import APIRouter, Request
from served_app import ServedApp, served_app

from kb.server.gate import Limits
from kb.server.scopes import needs

MIB = 2**20
LIMITS = Limits(files_bytes=4 * MIB, body_s=1.0, files=2)


class Seen:
    """What the route of this test has seen of bodies."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.size = 0
        self.largest_part = 0

    def forget(self) -> None:
        self.begun.clear()
        self.ended.clear()
        self.size = 0


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, seen: Seen) -> Iterator[ServedApp]:
    router = APIRouter()

    @router.put("/taken")
    @needs("write", body="files")
    async def taken(request: Request) -> dict[str, int]:
        seen.begun.set()
        try:
            async for part in request.stream():
                seen.size += len(part)
                seen.largest_part = max(seen.largest_part, len(part))
        finally:
            seen.ended.set()
        return {"size": seen.size}

    @router.put("/unread")
    @needs("write", body="files")
    async def unread() -> str:
        return "not wanted"

    with served_app(tmp_path_factory.mktemp("served"), limits=LIMITS) as running:
        running.gate.table.routes.extend(router.routes)  # type: ignore[attr-defined]
        yield running


@pytest.fixture(autouse=True)
def _fresh(seen: Seen) -> None:
    seen.forget()


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"PUT {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def told(client: socket.socket) -> tuple[int, str]:
    status, body = raw_client.answered(raw_client.everything(client))
    return status, body["error"]["message"]


def test_a_body_of_any_type_arrives_whole_and_in_small_parts(served: ServedApp, seen: Seen) -> None:
    answer = httpx.put(f"{served.url}/taken", content=b"\x00" * 3 * MIB, trust_env=False)
    assert answer.json() == {"size": 3 * MIB}
    assert seen.largest_part <= 256 * 1024


def test_a_route_gets_the_first_part_before_the_last_is_sent(served: ServedApp, seen: Seen) -> None:
    def parts() -> Iterator[bytes]:
        yield b"first"
        assert seen.begun.wait(10)
        yield b"last"

    answer = httpx.put(f"{served.url}/taken", content=parts(), trust_env=False)
    assert answer.json() == {"size": 9}


def test_a_body_that_says_that_it_is_too_large_is_refused_unread(
    served: ServedApp, seen: Seen
) -> None:
    with raw_client.connected(served.url) as client:
        client.sendall(head("/taken", f"Content-Length: {5 * MIB}"))
        status, message = told(client)
    assert (status, seen.begun.is_set()) == (413, False)
    assert "at most 4 MiB here; send fewer files at once" in message


def test_a_body_that_turns_out_too_large_is_refused_on_the_way(
    served: ServedApp, seen: Seen
) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with raw_client.connected(served.url) as client:
        client.sendall(head("/taken", "Transfer-Encoding: chunked"))
        for _ in range(4 * MIB // 0x10000):
            client.sendall(chunk)
        # No more than one byte: what nobody reads has the system break off the connection.
        client.sendall(b"1\r\nx\r\n")
        status, _ = told(client)
    assert status == 413
    assert seen.ended.wait(10)
    assert seen.size <= 4 * MIB


def test_a_body_that_stops_arriving_is_refused_and_its_route_ends(
    served: ServedApp, seen: Seen
) -> None:
    with raw_client.connected(served.url) as client:
        client.sendall(head("/taken", "Content-Length: 100") + b"half")
        status, message = told(client)
    assert (status, "did not arrive within 1 s" in message) == (408, True)
    assert seen.ended.wait(10)


def test_a_client_that_hangs_up_ends_its_route(served: ServedApp, seen: Seen) -> None:
    with raw_client.connected(served.url) as client:
        client.sendall(head("/taken", "Content-Length: 100") + b"half")
        assert seen.begun.wait(10)
    assert seen.ended.wait(10)


def test_a_route_that_reads_nothing_is_answered_and_the_connection_closed(
    served: ServedApp,
) -> None:
    with raw_client.connected(served.url) as client:
        client.sendall(head("/unread", f"Content-Length: {3 * MIB}") + b"x" * 1000)
        said = raw_client.everything(client)
    assert raw_client.answered(said) == (200, "not wanted")


def test_more_bodies_of_files_than_may_arrive_at_once_are_told_to_come_back(
    served: ServedApp, seen: Seen
) -> None:
    with raw_client.connected(served.url) as one, raw_client.connected(served.url) as two:
        for client in (one, two):
            seen.begun.clear()
            client.sendall(head("/taken", "Content-Length: 10") + b"half")
            assert seen.begun.wait(10)
        answer = httpx.put(f"{served.url}/taken", content=b"x", trust_env=False)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    deadline = time.monotonic() + 10
    while answer.status_code == 429:
        assert time.monotonic() < deadline
        answer = httpx.put(f"{served.url}/taken", content=b"x", trust_env=False)
    assert answer.status_code == 200


def test_a_compressed_body_is_refused(served: ServedApp) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = httpx.put(f"{served.url}/taken", content=b"x", headers=headers, trust_env=False)
    assert answer.status_code == 415


def test_files_of_a_request_are_bounded_together_where_nothing_else_is_said(tmp_path: Path) -> None:
    with served_app(tmp_path) as running:
        running.gate.table.routes.append(_refusing())  # type: ignore[attr-defined]
        most = 4 * 1024 * MIB
        for size, status in ((most, 0), (most + 2 * MIB, 413)):
            with raw_client.connected(running.url) as client:
                client.settimeout(0.3 if status == 0 else 10)
                client.sendall(head("/files", f"Content-Length: {size}"))
                try:
                    found, _ = told(client)
                except TimeoutError:  # it waits for the body
                    found = 0
            assert found == status, size


def _refusing():  # type: ignore[no-untyped-def] # noqa: ANN202
    router = APIRouter()

    @router.put("/files")
    @needs("write", body="files")
    async def files(request: Request) -> int:
        return len(await request.body())

    return router.routes[0]
