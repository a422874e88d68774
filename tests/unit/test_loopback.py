"""Which addresses lead to this machine alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb import loopback
from kb.loopback import is_loopback
from kb.remote.address import parse_servers
from kb.remote.peer import Peer
from kb.server.errors import RefusalError
from kb.server.guard import check_host

HERE = ["localhost", "LocalHost", "127.0.0.1", "127.8.0.1", "::1", "[::1]", "0:0:0:0:0:0:0:1"]
MAPPED = ["::ffff:127.0.0.1", "::ffff:7f00:1"]
ELSEWHERE = ["0.0.0.0", "::", "192.168.1.4", "host.example", "localhost.example", "::ffff:10.0.0.1"]  # noqa: S104 - refused
NONSENSE = ["", "[", "[]", "127.0.0.1:80", "127.1", "2130706433", "127.0.0.1.", " 127.0.0.1"]


@pytest.mark.parametrize("host", [*HERE, *MAPPED])
def test_this_machine_is_known_by_name_and_by_every_loopback_address(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [*ELSEWHERE, *NONSENSE, None])
def test_what_others_reach_or_may_be_is_not_this_machine(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1:1", "http://127.0.0.2:1", "http://[::1]:1/v1"]
)
def test_no_proxy_stands_before_a_model_server_on_any_loopback_address(url: str) -> None:
    addresses, _ = parse_servers(url)
    assert Peer(named="it", root=addresses[0].root).local


@pytest.mark.parametrize("host", ["localhost:8600", "127.0.0.1:8600", "[::1]:8600", "127.0.0.2"])
def test_a_server_without_a_key_answers_to_the_names_of_this_machine(host: str) -> None:
    check_host({"host": host})


@pytest.mark.parametrize("host", ["evil.example:8600", "10.0.0.1", "", "[::1", "localhost.evil"])
def test_and_to_no_other_name(host: str) -> None:
    with pytest.raises(RefusalError):
        check_host({"host": host})


def test_no_other_module_lists_the_addresses_of_this_machine() -> None:
    root = Path(loopback.__file__).parents[1]
    telling = re.compile(r"\.is_loopback\b|\"::1\"")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    assert [file for file in modules if telling.search(file.read_text("utf-8"))] == [
        root / "kb" / "loopback.py"
    ]
