"""Attacks on `kb serve`: bodies made to be costly, clients that go away or never finish."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import own_server
import pytest
import raw_client
from processes import peak_mib, resident_mib

from kb import KnowledgeBase, Settings

Report = Callable[[str, str, str], None]

JSON = {"Content-Type": "application/json"}
SIZE = 7_000_000
LONG_TEXTS = {"input": ["A chunk of a long document about birds and rivers. " * 20] * 96}


def _members(value: str) -> bytes:
    """Return the inside of an object of as many different keys as a body has room for."""
    return ",".join(f'"{number:x}":{value}' for number in range(SIZE // (10 + len(value)))).encode()


# Lists and objects are the largest that Python makes of so few characters.
BODIES = {
    "lists": ("/v1/embeddings", b'{"input":[' + b"[]," * (SIZE // 3) + b"[]]}"),
    "objects": ("/v1/embeddings", b'{"input":[' + b'{"":0},' * (SIZE // 7) + b"0]}"),
    "one text": ("/v1/embeddings", b'{"input":"' + b"a " * (SIZE // 2) + b'"}'),
    "one word": ("/embedding", b'{"content":"' + b"a" * SIZE + b'"}'),
    "contents": ("/embeddings", b'{"content":[' + b"[]," * (SIZE // 3) + b"[]]}"),
    "options": ("/api/embed", b'{"model":"x","options":{' + _members("[]") + b"}}"),
    "names": ("/api/show", b"{" + _members("1") + b"}"),
    "ranking": ("/v1/rerank", b'{"query":"","documents":[' + b"{}," * (SIZE // 3) + b"{}]}"),
    "texts": ("/rerank", b'{"query":"","texts":[' + b"0," * (SIZE // 2) + b"0]}"),
    "unknown keys": ("/v1/embeddings", b"{" + _members("1") + b"}"),
    "tokens": ("/tokenize", b'{"input":[' + b"1," * (SIZE // 2) + b"1]}"),
    "documents": (
        "/v1/search",
        b'{"query":"","filters":{"documents":[' + b'"",' * (SIZE // 3) + b"1]}}",
    ),
    "collections": ("/v1/search", b'{"query":"","collection":[' + b"0," * (SIZE // 2) + b"0]}"),
    "metadata": (
        "/v1/search",
        b'{"query":"","filters":{"metadata":{' + _members("[]") + b"}}}",
    ),
    "queries": ("/v1/search", b'{"queries":[' + b"{}," * (SIZE // 3) + b"{}]}"),
    "turns": ("/v1/answer", b'{"question":"q","history":[' + b"[]," * (SIZE // 3) + b"[]]}"),
    "an answer given back": (
        "/v1/answer/continue",
        b'{"answer":{"sources":[' + b'{"":0},' * (SIZE // 7) + b"0]}}",
    ),
    "tagged": ("/v1/tags", b'{"documents":[' + b'"",' * (SIZE // 3) + b"1]}"),
    "what a collection is": ("/v1/collections", b"{" + _members("[]") + b"}"),
    "passwords": ("/v1/jobs/1/retry", b'{"passwords":[' + b"[]," * (SIZE // 3) + b"[]]}"),
    "to be cancelled": ("/v1/jobs/1/cancel", b"{" + _members("{}") + b"}"),
}


PART = b'Content-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nThe heron waits.'


def _upload(body: bytes, *, more: int = 0) -> bytes:
    """Return an upload as bytes; ``more`` bytes are promised and not sent."""
    head = (
        "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n"
        f"Content-Length: {len(body) + more}\r\n\r\n"
    )
    return head.encode() + body


def _bomb() -> bytes:
    """Return a zip of three documents of 100 MB each, a third of a MB as it is sent."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.txt", b"a" * 100_000_000)
    return written.getvalue()


def _form(*parts: bytes) -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"


def _named(name: str, content: bytes) -> bytes:
    head = f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + content


FORMS = {
    "empty files": _form(*[_named("a.txt", b"")] * 60_000),
    "fields": _form(*[b'Content-Disposition: form-data; name="password"\r\n\r\nx'] * 60_000),
    "a zip bomb": _form(_named("bomb.zip", _bomb())),
    "one long header": _form(b"X: " + b"y" * SIZE + b"\r\n" + PART),
    "many headers": _form(b"".join(b"X-%d: y\r\n" % n for n in range(500_000)) + PART),
    "nothing but ends": b"--B\r\n" * (SIZE // 5),
    "nothing but dashes": b"-" * SIZE,
    "names": _form(*[_named("../" * 1000 + "a.txt", b"x")] * 2000),
}


@pytest.fixture
def library(data_dir: Path) -> Path:
    """A data folder with a few documents."""
    with KnowledgeBase.open(Settings.load(data_dir=data_dir)) as base:
        for number in range(40):
            base.add(f"Passage {number} about herons, kestrels and rivers.", name=f"{number}.txt")
    return data_dir


@pytest.fixture
def served(library: Path) -> Iterator[own_server.Served]:
    """`kb serve` over it."""
    with own_server.serving(library) as running:
        yield running


def search(url: str, query: str = "heron") -> httpx.Response:
    body = {"query": query, "mode": "keyword"}
    return httpx.post(f"{url}/v1/search", json=body, timeout=120, trust_env=False)


def slowest_health(url: str, until: threading.Event) -> float:
    """Ask for /health over and over; return the longest time that an answer took, in seconds."""
    slowest = 0.0
    with httpx.Client(base_url=url, trust_env=False, timeout=300) as client:
        while True:
            began = time.monotonic()
            assert client.get("/health").status_code == 200
            slowest = max(slowest, time.monotonic() - began)
            if until.wait(0.02):
                return slowest


def test_large_bodies_of_wrong_types_neither_block_the_server_nor_fill_its_memory(
    served: own_server.Served, report: Report
) -> None:
    assert search(served.url).status_code == 200
    before = resident_mib(served.process.pid)
    done = threading.Event()
    statuses = {}
    with ThreadPoolExecutor(1) as watcher:
        slowest = watcher.submit(slowest_health, served.url, done)
        try:
            for name, (path, body) in BODIES.items():
                answer = httpx.post(
                    f"{served.url}{path}", content=body, headers=JSON, timeout=600, trust_env=False
                )
                statuses[name] = answer.status_code
                assert len(answer.content) < 2000
        finally:
            done.set()
        waited = slowest.result()
    grown = peak_mib(served.process.pid) - before
    report(
        "7 MB of wrong types",
        "/health waits 38.2 s, 3,824 MiB more",
        f"/health waits {waited:.1f} s, {grown:,.0f} MiB more",
    )
    assert set(statuses.values()) <= {400, 413}, statuses
    assert waited < 2
    assert grown < 200


def test_forms_made_to_be_costly_neither_block_the_server_nor_stay_on_its_disk(
    served: own_server.Served, library: Path, report: Report
) -> None:
    assert search(served.url).status_code == 200
    before = resident_mib(served.process.pid)
    done = threading.Event()
    statuses = {}
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    with ThreadPoolExecutor(1) as watcher:
        slowest = watcher.submit(slowest_health, served.url, done)
        try:
            for name, body in FORMS.items():
                answer = httpx.post(
                    f"{served.url}/v1/uploads",
                    content=body,
                    headers=kind,
                    timeout=600,
                    trust_env=False,
                )
                statuses[name] = answer.status_code
                assert len(answer.content) < 5_000_000
        finally:
            done.set()
        waited = slowest.result()
    grown = peak_mib(served.process.pid) - before
    report(
        "forms made to be costly",
        "there were no uploads",
        f"/health waits {waited:.1f} s, {grown:,.0f} MiB more: {statuses}",
    )
    assert set(statuses.values()) <= {202, 400, 413}, statuses
    assert statuses["a zip bomb"] == 400
    assert waited < 2
    assert grown < 300
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:
        for job in client.get("/v1/jobs").json()["data"]:
            client.post(f"/v1/jobs/{job['id']}/cancel", json={})
        deadline = time.monotonic() + 60
        while any(each.is_dir() for each in (library / "spool").iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert client.get("/v1/collections").status_code == 200


def test_uploads_whose_clients_go_away_leave_nothing_and_keep_nobody_waiting(
    served: own_server.Served, library: Path, report: Report
) -> None:
    half = _upload(b"--B\r\n" + PART + b"\r\n--B\r\n" + PART + b"x" * 2_000_000, more=10**8)
    for _ in range(40):
        with raw_client.connected(served.url) as client:
            client.sendall(half)
    began = time.monotonic()
    body = {"files": ("heron.txt", b"The heron waits in shallow water.")}
    answer = httpx.post(f"{served.url}/v1/uploads", files=body, timeout=600, trust_env=False)
    waited = time.monotonic() - began
    assert answer.status_code == 202
    deadline = time.monotonic() + 60
    while any(each.is_dir() for each in (library / "spool").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    report("40 uploads broken off, the next one's wait", "there were none", f"{waited:.1f} s")
    assert waited < 15
    documents = httpx.get(f"{served.url}/v1/documents", trust_env=False).json()
    assert documents["total"] == 41


def test_a_query_of_400_000_words_is_refused_at_once(library: Path, report: Report) -> None:
    query = " ".join(f"heron{number}" for number in range(400_000))
    body = json.dumps({"query": query, "mode": "keyword"}).encode()
    with own_server.serving(library) as running:
        began = time.monotonic()
        answer = httpx.post(
            f"{running.url}/v1/search", content=body, headers=JSON, timeout=600, trust_env=False
        )
        seconds = time.monotonic() - began
        longest = " ".join(
            f"heron{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}"
            for n in range(1800)
        )
        began = time.monotonic()
        assert search(running.url, longest[:16_000]).status_code == 200
        allowed = time.monotonic() - began
    report(
        "a keyword query of 400,000 words",
        "32 s",
        f"refused after {seconds:.2f} s; the longest allowed takes {allowed:.1f} s",
    )
    assert answer.status_code == 413
    assert seconds < 5
    assert allowed < 5


def test_the_work_of_clients_that_have_gone_keeps_nobody_waiting(
    served: own_server.Served, report: Report
) -> None:
    body = raw_client.request("/v1/embeddings", LONG_TEXTS)
    for _ in range(16):
        with raw_client.connected(served.url) as client:
            client.sendall(body)
            time.sleep(0.1)
    began = time.monotonic()
    texts = {"input": ["The next client's text."]}
    while True:
        answer = httpx.post(f"{served.url}/v1/embeddings", json=texts, timeout=600, trust_env=False)
        if answer.status_code != 429:
            break
        time.sleep(0.25)
    waited = time.monotonic() - began
    report("16 clients gone, the next one's wait", "103 s", f"{waited:.1f} s")
    assert answer.status_code == 200
    assert waited < 15


def test_told_to_end_it_does_not_wait_for_clients_that_have_gone(
    served: own_server.Served, report: Report
) -> None:
    body = raw_client.request("/v1/embeddings", LONG_TEXTS)
    for _ in range(16):
        with raw_client.connected(served.url) as client:
            client.sendall(body)
            time.sleep(0.1)
    began = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(300) == 143
    seconds = time.monotonic() - began
    report("16 clients gone, SIGTERM", "103 s", f"{seconds:.1f} s")
    assert seconds < 15


HALVES = {
    "headers": b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Le",
    "bodies": raw_client.request("/v1/embeddings", LONG_TEXTS)[:-20],
    "uploads": _upload(b"--B\r\n" + PART + b"\r\n" + b"--B\r\n" + PART, more=1000),
}


@pytest.mark.parametrize(
    ("what", "before"),
    [
        ("headers", "7 of 10 searches answered"),
        ("bodies", "2 of 10 searches answered"),
        ("uploads", "there were none"),
    ],
)
def test_300_half_sent_requests_leave_the_server_answering(
    library: Path, report: Report, what: str, before: str
) -> None:
    half_open = []
    with own_server.serving(library, files=256) as running:
        answered = 0
        waits = []
        try:
            for number in range(300):
                client = raw_client.opened(running.url)
                half_open.append(client)
                client.sendall(HALVES[what])
                if number % 30 == 29:
                    began = time.monotonic()
                    with contextlib.suppress(httpx.HTTPError):
                        answered += search(running.url).status_code == 200
                    waits.append(time.monotonic() - began)
        finally:
            for client in half_open:
                client.close()
    report(
        f"300 half-sent {what} under `ulimit -n 256`",
        before,
        f"{answered} of {len(waits)} searches answered, the slowest after {max(waits):.1f} s",
    )
    assert answered == len(waits)


def test_a_client_that_does_not_read_is_left(library: Path, report: Report) -> None:
    with (
        own_server.serving(library, limits={"stalled_s": 1.0}) as running,
        raw_client.connected(running.url) as client,
    ):
        # Pipelined, so that answers pile up far beyond what the system holds for a connection.
        client.sendall(raw_client.request("/openapi.json") * 2000)
        time.sleep(3)
        answers = raw_client.everything(client).count(b"HTTP/1.1 200")
    report(
        "a client that does not read", "kept for minutes", f"left after {answers} of 2,000 answers"
    )
    assert answers < 2000
