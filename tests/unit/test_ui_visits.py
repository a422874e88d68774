"""Connections before the gate: how many there may be, and what ends with them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import own_loop
import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ui.gate import Gate
from ui.incoming import Incoming
from ui.visits import Visit, Visits


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "in", most_file=1000)


def arrive(visits: Visits, address: str) -> Visit:
    visit = visits.arrive(address)
    assert visit is not None
    return visit


def wait_for(incoming: Incoming, session: str) -> None:
    arrival = incoming.begin(session)
    arrival.write(b"text")
    incoming.hand_out(session, "file", arrival.end())


def test_where_too_many_strangers_wait_the_oldest_of_the_busiest_address_gives_way() -> None:
    visits = Visits(most_strangers=4)
    guest = arrive(visits, "guest")
    crowd = [arrive(visits, "crowd") for _ in range(3)]
    late = arrive(visits, "late")
    assert [visit.ended.is_set() for visit in crowd] == [True, False, False]
    more = [arrive(visits, "crowd") for _ in range(10)]
    assert not guest.ended.is_set()
    assert not late.ended.is_set()
    assert [visit.ended.is_set() for visit in more] == [True] * 8 + [False] * 2


def test_who_was_let_in_gives_way_to_no_stranger(incoming: Incoming) -> None:
    visits = Visits(most_strangers=2)
    member = arrive(visits, "crowd")
    visits.admit(member.mark, "session", incoming)
    for _ in range(10):
        arrive(visits, "crowd")
    assert not member.ended.is_set()
    assert visits.incoming("session") is incoming


def test_connections_of_members_are_bounded_too(incoming: Incoming) -> None:
    visits = Visits(most=3)
    for number in range(3):
        visits.admit(arrive(visits, "a").mark, f"session-{number}", incoming)
    assert visits.arrive("a") is None


def test_a_connection_that_is_gone_lets_no_session_in(incoming: Incoming) -> None:
    visits = Visits()
    visit = arrive(visits, "a")
    visits.leave(visit)
    visits.admit(visit.mark, "session", incoming)
    visits.admit("forged", "session", incoming)
    assert visits.incoming("session") is None


def test_a_session_expires_with_its_files_unless_its_browser_came_back(incoming: Incoming) -> None:
    visits = Visits()
    visit = arrive(visits, "a")
    visits.admit(visit.mark, "session", incoming)
    wait_for(incoming, "session")
    visits.leave(visit)
    again = arrive(visits, "a")
    visits.admit(again.mark, "session", incoming)
    visits.expire("session")
    assert incoming.size == 4
    visits.leave(again)
    visits.expire("session")
    assert incoming.size == 0
    assert visits.incoming("session") is None


async def until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - of several things, some of them of threads
            await asyncio.sleep(0.005)


class Server:
    """Stands where Streamlit stands: lets everybody in and reads until the end."""

    def __init__(self, visits: Visits, incoming: Incoming) -> None:
        self.visits = visits
        self.incoming = incoming
        self.got: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        mark = Headers(scope=scope)["x-shelfmark-visit"]
        session = scope["query_string"].decode()
        if session:
            self.visits.admit(mark, session, self.incoming)
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.got.append(message)


class Connection:
    """The other end of a websocket; what is sent to one that is gone fails with ``gone``."""

    def __init__(self, gate: Gate, *, session: str = "", gone: Exception | None = None) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "query_string": session.encode(),
            "headers": [(b"host", b"localhost")],
            "client": ("192.0.2.1", 1),
        }

        async def send(message: Message) -> None:
            if gone is not None and message["type"] == "websocket.send":
                raise gone
            self.sent.append(message)

        self.task = asyncio.ensure_future(gate(scope, self.messages.get, send))


def test_the_files_of_a_session_are_deleted_when_its_browser_stays_away(incoming: Incoming) -> None:
    async def scene() -> None:
        visits = Visits()
        server = Server(visits, incoming)
        gate = Gate(server, visits=visits, turned_away=lambda _: None, grace_s=0.02)
        connection = Connection(gate, session="session")
        await until(lambda: visits.incoming("session"))
        wait_for(incoming, "session")
        await connection.messages.put({"type": "websocket.receive", "bytes": b"hello"})
        await connection.messages.put({"type": "websocket.disconnect", "code": 1001})
        await connection.task
        assert server.got == [{"type": "websocket.receive", "bytes": b"hello"}]
        await until(lambda: incoming.size == 0)
        assert visits.incoming("session") is None

    own_loop.run(scene())


def test_a_connection_that_gives_way_is_closed_for_both_sides(incoming: Incoming) -> None:
    async def scene() -> None:
        visits = Visits(most_strangers=1)
        gate = Gate(Server(visits, incoming), visits=visits, turned_away=lambda _: None)
        first = Connection(gate)
        await until(lambda: first.sent)
        second = Connection(gate)
        await first.task
        assert first.sent[-1] == {"type": "websocket.close", "code": 1013}
        await second.messages.put({"type": "websocket.disconnect", "code": 1001})
        await second.task
        assert [message["type"] for message in second.sent] == ["websocket.accept"]

    own_loop.run(scene())


@pytest.mark.parametrize(
    "gone",
    [
        ConnectionResetError(),
        RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'."),
    ],
    ids=["not answering", "closed"],
)
def test_an_answer_to_a_browser_that_is_gone_is_no_error(gone: Exception) -> None:
    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        with pytest.raises(WebSocketDisconnect):
            await socket.send_bytes(b"page")
        await socket.close()

    async def scene() -> None:
        gate = Gate(streamlit, visits=Visits(), turned_away=lambda _: None)
        connection = Connection(gate, gone=gone)
        await connection.messages.put({"type": "websocket.connect"})
        await connection.task

    own_loop.run(scene())
