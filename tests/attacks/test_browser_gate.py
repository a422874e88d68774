"""Attacks on the browser UI by whoever reaches its port and knows no password."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from attack_report import Report
from processes import peak_mib, reset_peak, resident_mib
from ui_client import UiClient
from ui_server import UiServer, served_ui

from ui.access import hashed

PASSWORD = "corréct 马 battery"  # noqa: S105 - a test's
MIB = 1 << 20
MOST_MORE_MIB = 300


@pytest.fixture
def server(tmp_path: Path, data_dir: Path) -> Iterator[UiServer]:
    """The UI with a password, its model loaded and one login done."""
    with served_ui(tmp_path, data_dir=str(data_dir), ui_password_hash=hashed(PASSWORD)) as running:
        with UiClient(running.url) as client:
            client.log_in(PASSWORD)
            assert 'body: "Search"' in client.drawn
        _settle(running.pid)
        yield running
    assert "Traceback" not in running.log.read_text(encoding="utf-8")


def _settle(pid: int) -> None:
    """Wait until loading the model moves the memory no more."""
    since, last = time.monotonic(), resident_mib(pid)
    while time.monotonic() - since < 4:
        time.sleep(0.5)
        now = resident_mib(pid)
        if abs(now - last) > 1:
            since, last = time.monotonic(), now


def more_mib(pid: int, attack: Callable[[], object]) -> float:
    """Make an attack; return how much memory the server takes for it at the most."""
    before = resident_mib(pid)
    reset_peak(pid)
    attack()
    return peak_mib(pid) - before


def test_four_uploads_of_250_mb_before_login_are_refused(
    server: UiServer, data_dir: Path, report: Report
) -> None:
    with UiClient(server.url) as stranger:
        urls = [stranger.upload_url("big.pdf") for _ in range(4)]
        data = bytes(250 * 1000 * 1000)
        answers: list[int] = []

        def attack() -> None:
            with ThreadPoolExecutor(4) as pool:
                sent = [pool.submit(stranger.upload, url, data) for url in urls]
                answers.extend(each.result()[0] for each in sent)

        more = more_mib(server.pid, attack)
    report(
        "four uploads of 250 MB before login",
        "taken, 1.8 GiB",
        f"{answers.count(403)} of 4 refused, {more:.0f} MiB",
    )
    assert answers == [403] * 4
    assert more < 50
    assert not (data_dir / "incoming").exists()


def test_four_uploads_of_250_mb_after_login_are_on_disk(server: UiServer, report: Report) -> None:
    with UiClient(server.url) as member:
        member.log_in(PASSWORD)
        urls = [member.upload_url("big.pdf") for _ in range(4)]
        data = bytes(250 * 1000 * 1000)

        def attack() -> None:
            for url in urls:
                assert member.upload(url, data)[0] == 204

        more = more_mib(server.pid, attack)
    report("four uploads of 250 MB after login", "1.8 GiB", f"on disk, {more:.0f} MiB")
    assert more < 100


def test_sixty_logins_at_once_are_all_answered(server: UiServer, report: Report) -> None:
    seconds: list[float] = []
    right: list[bool] = []

    def attack() -> None:
        with ExitStack() as stack, ThreadPoolExecutor(60) as pool:
            clients = list(pool.map(lambda _: stack.enter_context(UiClient(server.url)), range(60)))
            ready = threading.Barrier(60)

            def log_in(number: int) -> None:
                ready.wait(60)
                started = time.monotonic()
                clients[number].log_in(PASSWORD if number % 2 else "a guess")
                seconds.append(time.monotonic() - started)
                right.append('body: "Search"' in clients[number].drawn)

            list(pool.map(log_in, range(60)))

    more = more_mib(server.pid, attack)
    report(
        "sixty logins at once",
        "30 answered, 2.1 GiB",
        f"{len(seconds)} answered within {max(seconds):.1f} s, {more:.0f} MiB",
    )
    assert right.count(True) == right.count(False) == 30
    assert max(seconds) < 30
    assert more < MOST_MORE_MIB


def test_unfinished_messages_of_as_many_strangers_as_there_may_be(
    server: UiServer, report: Report
) -> None:
    with ExitStack() as stack:

        def attack() -> None:
            for _ in range(200):
                raw = stack.enter_context(
                    socket.create_connection(("localhost", server.port), timeout=10)
                )
                raw.sendall(
                    f"GET /_stcore/stream HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
                    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
                )
                assert b"101 Switching" in raw.recv(4096)
                # A masked binary message of almost 1 MiB, without its last byte.
                size = MIB - 1
                head = bytes([0x82, 0xFF]) + size.to_bytes(8, "big") + bytes(4)
                raw.sendall(head + bytes(size - 1))
            time.sleep(2)

        more = more_mib(server.pid, attack)
        with UiClient(server.url) as client:
            client.log_in(PASSWORD)
            assert 'body: "Search"' in client.drawn
    report(
        "200 unfinished messages before login",
        "200 MB each allowed; 1.6 GiB with 8 MiB each",
        f"{more:.0f} MiB, and a login is answered",
    )
    assert more < MOST_MORE_MIB


def test_three_hundred_login_pages_one_after_another(server: UiServer, report: Report) -> None:
    def attack() -> None:
        for _ in range(300):
            with UiClient(server.url):
                pass

    more = more_mib(server.pid, attack)
    report("300 login pages opened and left", "1 MiB", f"{more:.0f} MiB")
    assert more < MOST_MORE_MIB
