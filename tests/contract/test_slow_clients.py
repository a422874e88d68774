"""``kb serve`` and clients that are slow, speak no HTTP, end their side early or go away."""

from __future__ import annotations

import select
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import own_server
import pytest
import raw_client

from kb.server.connections import most_connections
from kb.server.limits import Limits

TEXTS = {"input": ["Keep the receipt."] * 3}
CHUNKED = (
    b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: application/json\r\n\r\n"
)
TOO_LARGE = (
    b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000000\r\n"
    b"Content-Type: application/json\r\n\r\n"
)
HALF_A_BODY = raw_client.request("/v1/embeddings", TEXTS)[:-20]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[str]:
    """A server that waits 1 s for headers and 2 s for bodies, and takes four connections."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "models").symlink_to(models_dir)
    limits = {"headers_s": 1.0, "body_s": 2.0, "connections": 4}
    with own_server.serving(folder, limits=limits) as running:
        yield running.url


def refusal(said: bytes) -> tuple[int, str]:
    """Return status and message of an answer, which must have the API's shape."""
    status, answer = raw_client.answered(said)
    error = answer["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return status, error["message"]


@pytest.mark.parametrize(
    "begun", [b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\n"]
)
def test_headers_that_never_end_are_refused(served: str, begun: bytes) -> None:
    with raw_client.connected(served) as client:
        client.sendall(begun)
        status, message = refusal(raw_client.everything(client))
    assert status == 408
    assert "headers did not arrive within 1 s" in message


def test_a_connection_that_says_nothing_is_closed_without_a_word(served: str) -> None:
    with raw_client.connected(served) as client:
        assert raw_client.everything(client) == b""


def test_the_headers_of_a_second_request_must_end_too(served: str) -> None:
    with raw_client.connected(served) as client:
        client.sendall(raw_client.request("/health"))
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /hea")
        status, _ = refusal(raw_client.everything(client))
    assert status == 408


def test_a_body_that_never_ends_is_refused(served: str) -> None:
    with raw_client.connected(served) as client:
        client.sendall(HALF_A_BODY)
        status, message = refusal(raw_client.everything(client))
    assert status == 408
    assert "body did not arrive within 2 s" in message


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nlong: " + b"x" * 100_000, 431),
        (
            CHUNKED + b"no chunk\r\n",
            400,
        ),
    ],
    ids=["no request", "no header", "too long", "no chunk"],
)
def test_what_is_no_http_is_refused_in_the_shape_of_the_api(
    served: str, sent: bytes, status: int
) -> None:
    with raw_client.connected(served) as client:
        client.sendall(sent)
        said, message = refusal(raw_client.everything(client))
    assert said == status
    assert "no HTTP/1.1" in message


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nlong: " + b"x" * 100_000,
            "its headers have more than 16,384 bytes; send shorter ones",
        ),
        (CHUNKED + b"zz\r\n", "illegal chunk header"),
        (CHUNKED + b"1" * 100_000, "the header of a chunk has more than 16,384 bytes"),
    ],
    ids=["headers", "chunk", "long chunk header"],
)
def test_what_is_no_http_is_told_without_words_of_python(
    served: str, sent: bytes, told: str
) -> None:
    with raw_client.connected(served) as client:
        client.sendall(sent)
        _, message = refusal(raw_client.everything(client))
    assert told in message
    assert not any(word in message for word in ("bytearray", "b'", "buffer", "Receive"))


def test_a_client_that_goes_on_sending_after_a_refusal_reads_it_whole(served: str) -> None:
    with raw_client.connected(served) as client:
        client.sendall(CHUNKED + b"zz\r\n")
        select.select([client], [], [], raw_client.TIMEOUT_S)
        for _ in range(20):  # without a reset, which could take the place of the answer
            client.sendall(b"1" * 10_000)
        client.shutdown(1)
        status, _ = refusal(raw_client.everything(client))
    assert status == 400


@pytest.mark.parametrize(
    ("kind", "status"), [("application/json", 413), ("text/plain", 415)], ids=["too large", "type"]
)
def test_a_client_that_sends_all_before_it_reads_gets_the_refusal(
    served: str, kind: str, status: int
) -> None:
    for _ in range(5):
        url, headers = f"{served}/v1/embeddings", {"Content-Type": kind}
        request = urllib.request.Request(url, b"x" * 40_000_000, headers)  # noqa: S310 - http
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=raw_client.TIMEOUT_S)  # noqa: S310 - likewise
        assert refused.value.code == status
        refused.value.close()


def send_slowly(client: socket.socket, *, seconds: int) -> None:
    for _ in range(seconds * 10):
        client.sendall(b"1")
        time.sleep(0.1)


@pytest.mark.parametrize("begun", [CHUNKED + b"zz\r\n", TOO_LARGE], ids=["no HTTP", "too large"])
def test_a_client_that_never_stops_sending_after_a_refusal_is_cut_off(
    served: str, begun: bytes
) -> None:
    with raw_client.connected(served) as client:
        client.sendall(begun)
        with pytest.raises(ConnectionError):
            send_slowly(client, seconds=60)


def test_those_that_were_refused_and_have_not_gone_give_way_to_others(served: str) -> None:
    refused = [raw_client.opened(served) for _ in range(4)]
    try:
        for client in refused:
            client.sendall(CHUNKED + b"zz\r\n")
        with raw_client.connected(served) as client:
            client.sendall(raw_client.request("/health"))
            client.shutdown(1)
            assert raw_client.answered(raw_client.everything(client))[0] == 200
        assert {refusal(raw_client.everything(client))[0] for client in refused} == {400}
    finally:
        for client in refused:
            client.close()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(
    ("path", "body"), [("/health", None), ("/v1/embeddings", TEXTS)], ids=["get", "post"]
)
def test_a_client_that_ends_its_side_after_the_request_is_answered(
    served: str, path: str, body: dict[str, Any] | None, version: str
) -> None:
    with raw_client.connected(served) as client:
        client.sendall(raw_client.request(path, body, version=version))
        client.shutdown(1)
        status, _ = raw_client.answered(raw_client.everything(client))
    assert status == 200


def test_a_client_that_ends_its_side_is_answered_however_long_it_takes(served: str) -> None:
    with raw_client.connected(served) as client:
        client.sendall(raw_client.request("/v1/embeddings", {"input": ["word " * 400] * 24}))
        client.shutdown(1)
        status, answer = raw_client.answered(raw_client.everything(client))
    assert status == 200
    assert len(answer["data"]) == 24


def test_a_client_that_ends_its_side_inside_the_body_is_told(served: str) -> None:
    with raw_client.connected(served) as client:
        client.sendall(HALF_A_BODY)
        client.shutdown(1)
        status, message = refusal(raw_client.everything(client))
    assert status == 400
    assert "before the body was whole" in message


def test_of_too_many_connections_the_one_that_was_silent_longest_gives_way(served: str) -> None:
    silent = [raw_client.opened(served) for _ in range(4)]
    try:
        for client in silent:
            client.sendall(HALF_A_BODY)
        with raw_client.connected(served) as client:
            client.sendall(raw_client.request("/health"))
            client.shutdown(1)
            assert raw_client.answered(raw_client.everything(client))[0] == 200
        status, message = refusal(raw_client.everything(silent[0]))
        assert status == 503
        assert "more than 4 connections" in message
    finally:
        for client in silent:
            client.close()


def test_large_bodies_beyond_what_is_held_are_refused_and_small_ones_are_not(
    data_dir: Path,
) -> None:
    body = {"input": ["x" * 700_000], "long_inputs": "refuse"}
    large = raw_client.request("/v1/embeddings", body)
    with (
        own_server.serving(data_dir, limits={"held_bytes": 2**20}) as running,
        raw_client.connected(running.url) as first,
        raw_client.connected(running.url) as second,
    ):
        first.sendall(large[:-1])
        second.sendall(large[:-1])
        # Which of the two is heard first, the system decides.
        (refused, *_), _, _ = select.select([first, second], [], [], raw_client.TIMEOUT_S)
        status, message = refusal(raw_client.everything(refused))
        assert status == 429
        assert "1 MiB of requests are under way" in message
        with raw_client.connected(running.url) as small:
            small.sendall(raw_client.request("/v1/embeddings", TEXTS))
            small.shutdown(1)
            assert raw_client.answered(raw_client.everything(small))[0] == 200
        other = second if refused is first else first
        other.sendall(large[-1:])
        other.shutdown(1)
        assert "tokens" in refusal(raw_client.everything(other))[1]


def test_there_are_fewer_connections_than_the_system_has_files_for() -> None:
    assert 16 <= most_connections(Limits(connections=10**9)) < 10**9
    assert most_connections(Limits(connections=20)) <= 20


def test_told_to_end_it_says_so_to_those_whose_body_is_half_there(data_dir: Path) -> None:
    with own_server.serving(data_dir) as running, raw_client.connected(running.url) as client:
        client.sendall(HALF_A_BODY)
        # The server has read it once it has answered another.
        with raw_client.connected(running.url) as other:
            other.sendall(raw_client.request("/health"))
            assert other.recv(1 << 16).startswith(b"HTTP/1.1 200")
        running.process.send_signal(signal.SIGTERM)
        status, message = refusal(raw_client.everything(client))
        assert status == 503
        assert "the server is ending" in message
        assert running.process.wait(90) == 143


def wait_for_texts(url: str) -> None:
    """Wait until the server has read a request and its texts are in the queue."""
    for _ in range(600):
        lines = httpx.get(f"{url}/metrics", timeout=60).text.splitlines()
        waiting = [
            line for line in lines if line.startswith('shelfmark_queue_texts{kind="document"}')
        ]
        if waiting and float(waiting[0].split()[-1]):
            return
        time.sleep(0.05)
    pytest.fail("no text has come into the queue")


def test_told_to_end_it_says_so_to_those_whose_work_takes_longer_than_it_waits(
    data_dir: Path,
) -> None:
    with (
        own_server.serving(data_dir, limits={"grace_s": 0.5}) as running,
        raw_client.connected(running.url) as client,
    ):
        client.sendall(raw_client.request("/v1/embeddings", {"input": ["word " * 400] * 512}))
        wait_for_texts(running.url)
        running.process.send_signal(signal.SIGTERM)
        status, message = refusal(raw_client.everything(client))
        assert status == 503
        assert "the server is ending" in message
        running.process.wait(90)
