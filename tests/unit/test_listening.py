"""Addresses to listen on: all of a name, on one port, taken whole or not at all."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

import kb
from kb import SettingsError
from kb.listening import take_addresses, url_of

ROOT = Path(kb.__file__).parents[1]
LOOPBACKS = {each[4][0] for each in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            SettingsError, match=f"cannot listen on 127.0.0.1 port {port}: .*--port"
        ):
            take_addresses("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.7 port 8600: .*--host"):
        take_addresses("192.0.2.7", 8600)


def test_a_name_that_nobody_has_is_named() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on nobody\.invalid port 0: .*--host"):
        take_addresses("nobody.invalid", 0)


@pytest.mark.parametrize("port", [0, None])
def test_all_addresses_of_a_name_are_taken_on_one_port(port: int | None) -> None:
    if port is None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    with ExitStack() as held:
        taken = [held.enter_context(each) for each in take_addresses("localhost", port)]
        assert {each.getsockname()[0] for each in taken} == LOOPBACKS
        assert len({each.getsockname()[1] for each in taken}) == 1


@pytest.mark.skipif(len(LOOPBACKS) == 1, reason="localhost has one address here")
def test_where_one_address_of_a_name_is_taken_none_is_kept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match="cannot listen on localhost"):
            take_addresses("localhost", port)
        with socket.socket(socket.AF_INET6) as again:
            again.bind(("::1", port))


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no sockets for both kinds here")
def test_every_address_of_this_machine_is_also_reached_by_ipv4() -> None:
    (taken,) = take_addresses("::", 0)
    with taken:
        taken.listen()
        with socket.create_connection(("127.0.0.1", taken.getsockname()[1]), timeout=10):
            pass


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8600"),
        ("localhost", "http://localhost:8600"),
        ("::1", "http://[::1]:8600"),
        ("0.0.0.0", "http://localhost:8600"),  # noqa: S104 - named, not bound
        ("::", "http://localhost:8600"),
        ("", "http://localhost:8600"),
    ],
)
def test_an_address_is_told_as_a_person_here_reaches_it(host: str, url: str) -> None:
    assert url_of(host, 8600) == url
    assert url_of(host, 8600, scheme="https") == url.replace("http:", "https:")


def test_no_other_module_binds_addresses_or_runs_a_server() -> None:
    binding = re.compile(r"\.bind\(|\bcreate_server\(|uvicorn\.(Server|run)\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (ROOT / folder).rglob("*.py")]

    assert [file for file in modules if binding.search(file.read_text("utf-8"))] == [
        ROOT / "kb" / "listening.py"
    ]
