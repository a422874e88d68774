"""What the server notes of each request: an id, a line without anybody's text, and counts."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import raw_client
from fastapi import APIRouter
from served_app import ServedApp, served_app

from kb import SettingsError
from kb.catalog.job_records import JobFile, JobState, NewJob
from kb.server.journal import AccessLog
from kb.server.metrics import Metrics
from kb.server.scopes import needs

WORDS = "the quetzal hides in the cloud forest"


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return []


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]]
) -> Iterator[ServedApp]:
    router = APIRouter()

    @router.get("/fails")
    @needs("read")
    async def fails() -> None:
        raise ZeroDivisionError

    with served_app(tmp_path_factory.mktemp("served"), note=lines.append) as running:
        running.gate.table.routes.extend(router.routes)  # type: ignore[attr-defined]
        running.base.add(f"{WORDS}.", name="quetzal.txt", collection="birds")
        yield running


@pytest.fixture
def client(served: ServedApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened:
        yield opened


def line_of(answer: httpx.Response, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the line about an answer, which is written when that is on its way."""
    deadline = time.monotonic() + 60
    while True:
        for line in lines:
            if line["id"] == answer.headers["X-Request-ID"]:
                return line
        assert time.monotonic() < deadline
        time.sleep(0.01)


def samples(text: str) -> dict[str, float]:
    """Return the numbers of a text in Prometheus's format; fail where it is in another."""
    found: dict[str, float] = {}
    kinds: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in kinds, f"{name} stands in two places"
            kinds[name] = kind
            continue
        if line.startswith("# HELP "):
            continue
        label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
        match = re.fullmatch(rf"([a-z_]+)(\{{(?:{label},?)*\}})? (\S+)", line)
        assert match, line
        base = re.sub("_(bucket|sum|count)$", "", match[1])
        assert match[1] in kinds or kinds[base] == "histogram", line
        found[match[1] + (match[2] or "")] = float(match[3])
    return found


def told(client: httpx.Client) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


def test_every_answer_has_an_id_refusals_and_failures_too(client: httpx.Client) -> None:
    seen = set()
    for path in ("/v1/models", "/nowhere", "/fails", "/health"):
        seen.add(client.get(path).headers["X-Request-ID"])
    seen.add(client.get("/v1/models", headers={"Host": "evil.example"}).headers["X-Request-ID"])
    assert len(seen) == 5


def test_a_failure_keeps_the_connection_and_is_logged_under_its_id(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/fails")
    assert answer.status_code == 500
    assert "Connection" not in answer.headers
    assert client.get("/health").status_code == 200
    (logged,) = [each for each in caplog.records if each.name == "kb.server.journal"]
    assert logged.getMessage() == f"request {answer.headers['X-Request-ID']} failed"
    assert logged.exc_info is not None


def test_an_id_that_is_given_is_taken_and_nonsense_is_not(
    client: httpx.Client, lines: list[dict[str, Any]]
) -> None:
    given = "trace-0af7651916cd43dd"
    answer = client.get("/health", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given
    assert line_of(answer, lines)["route"] == "/health"
    for nonsense in ("", "a b", 'a"b', "x" * 129, "é"):
        answer = client.get("/health", headers={b"X-Request-ID": nonsense.encode("latin-1")})
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])


def test_a_line_says_who_asked_for_what_and_how_it_ended(
    client: httpx.Client, served: ServedApp, lines: list[dict[str, Any]]
) -> None:
    body = json.dumps({"query": WORDS, "collection": "birds"}).encode()
    kind = {"Content-Type": "application/json"}
    answer = client.post("/v1/search", content=body, headers=kind)
    line = line_of(answer, lines)
    assert line == {
        "time": line["time"],
        "id": answer.headers["X-Request-ID"],
        "client": "127.0.0.1",
        "key": "",
        "method": "POST",
        "route": "/v1/search",
        "status": 200,
        "ms": line["ms"],
        "received": len(body),
        "sent": len(answer.content),
    }
    _, token = served.base.keys.create("bot", scopes=["read"])
    line = line_of(client.get("/v1/models", headers={"Authorization": f"Bearer {token}"}), lines)
    assert (line["key"], line["status"]) == ("bot", 200)
    line = line_of(client.get("/v1/models"), lines)
    assert (line["key"], line["status"]) == ("", 401)
    served.base.keys.revoke("bot")


def test_no_line_holds_a_text_a_name_or_a_key(
    client: httpx.Client, served: ServedApp, lines: list[dict[str, Any]]
) -> None:
    _, token = served.base.keys.create("bot", scopes=["embed", "read", "write"])
    headers = {"Authorization": f"Bearer {token}"}
    answers = [
        client.get(path, headers=headers)
        for path in ("/quetzal", "/v1/models/quetzal", "/v1/documents?collection=quetzal")
    ]
    for path in ("v1/search", "v1/embeddings", "tokenize"):
        body = {"query": WORDS, "input": WORDS}
        answers.append(client.post(f"/{path}", json=body, headers=headers))
        answers.append(client.request("QUETZAL", f"/{path}", headers=headers))
    served.base.keys.revoke("bot")
    written = json.dumps([line_of(answer, lines) for answer in answers])
    assert "quetzal" not in written.lower()
    assert token.split("_", 2)[2] not in written


def test_a_client_that_hangs_up_is_noted_as_such(
    served: ServedApp, lines: list[dict[str, Any]]
) -> None:
    given = b"X-Request-ID: gone-before-the-end\r\n\r\n"
    body = raw_client.request("/v1/search", {"query": "x" * 100}).replace(
        b"\r\n\r\n", b"\r\n" + given
    )
    with raw_client.connected(served.url) as connection:
        connection.sendall(body[:-20])
        time.sleep(0.1)
    deadline = time.monotonic() + 60
    while not (found := [line for line in lines if line["id"] == "gone-before-the-end"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (found[0]["route"], found[0]["status"]) == ("/v1/search", 499)


def test_metrics_count_requests_by_route_and_status(
    client: httpx.Client, lines: list[dict[str, Any]]
) -> None:
    name = 'shelfmark_requests_total{method="GET",route="/v1/models/{model}",status="404"}'
    before = told(client).get(name, 0)
    for model in ("a", "b"):
        line_of(client.get(f"/v1/models/{model}"), lines)
    after = told(client)
    assert after[name] == before + 2
    bucket = 'shelfmark_request_seconds_bucket{method="GET",route="/v1/models/{model}",le="+Inf"}'
    assert after[bucket] == after[bucket.replace("_bucket", "_count").replace(',le="+Inf"', "")]
    assert after["shelfmark_requests_under_way"] == 1  # this one


def test_made_up_paths_and_methods_make_no_metrics_of_their_own(
    client: httpx.Client, lines: list[dict[str, Any]]
) -> None:
    def make_up(number: int) -> set[str]:
        client.request(f"M{number}", f"/nowhere/{number}")
        line_of(client.request(f"M{number}", "/v1/models"), lines)
        return set(told(client))

    make_up(0)  # what comes of the first /metrics, too
    before = make_up(1)
    assert make_up(2) == before


def test_metrics_count_tokens_jobs_and_what_is_stored(
    client: httpx.Client, served: ServedApp
) -> None:
    before = told(client)
    documents = 'shelfmark_tokens_total{kind="none"}'
    client.post("/v1/embeddings", json={"input": ["a b c", "d e"]})
    client.post("/v1/embeddings", json={"input": "a b", "input_type": "query"})
    served.base.jobs.add(
        NewJob(
            kind="uploads",
            collection="birds",
            collection_id=None,
            spool="",
            files=(JobFile(name="x"),),
        )
    )
    after = told(client)
    assert after[documents] == before.get(documents, 0) + 5
    assert after['shelfmark_tokens_total{kind="query"}'] >= 2
    assert after["shelfmark_tokens_per_second"] > 0
    for queue in ("queue_texts", "queue_bytes"):
        assert after[f'shelfmark_{queue}{{kind="document"}}'] == 0
    jobs = {f'shelfmark_jobs{{state="{state}"}}' for state in get_args(JobState)}
    assert jobs == {name for name in before if name.startswith("shelfmark_jobs")}  # no gaps
    assert sum(after[name] for name in jobs) == 1  # whatever has become of it by now
    assert (after["shelfmark_documents"], after["shelfmark_chunks"]) == (1, 1)
    assert after["shelfmark_collections"] == 1
    assert after["shelfmark_store_bytes"] > 10_000
    assert after["shelfmark_resident_bytes"] > 10**7
    assert abs(after["shelfmark_started_seconds"] - time.time()) < 600


def test_metrics_count_texts_that_are_longer_than_the_model_reads(client: httpx.Client) -> None:
    before = told(client)
    answer = client.post("/v1/embeddings", json={"input": "word " * 9000})
    assert answer.status_code == 200, answer.text
    after = told(client)
    texts, windows = "shelfmark_windowed_texts_total", "shelfmark_windows_total"
    assert after[texts] == before[texts] + 1
    assert after[windows] >= before[windows] + 2


def test_metrics_need_a_key_of_all_collections(client: httpx.Client, served: ServedApp) -> None:
    _, every = served.base.keys.create("all", scopes=["embed"])
    _, some = served.base.keys.create("some", scopes=["read"], collections=["birds"])
    for token, status in (("", 401), (some, 403), (every, 200)):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        assert client.get("/metrics", headers=headers).status_code == status
    for path in ("/health", "/healthz", "/readyz"):
        assert client.get(path).json() == {"status": "ok"}
    for name in ("all", "some"):
        served.base.keys.revoke(name)


def test_labels_are_escaped() -> None:
    metrics = Metrics()
    metrics.add("jobs", state='a"b\\c\nd')
    assert 'shelfmark_jobs{state="a\\"b\\\\c\\nd"} 1' in metrics.text()
    samples(metrics.text())


def test_what_has_no_description_cannot_be_counted() -> None:
    with pytest.raises(KeyError):
        Metrics().add("made_up")


def test_a_server_whose_store_fails_lives_and_is_not_ready(tmp_path: Path) -> None:
    with served_app(tmp_path) as running:
        running.base._store.catalog.close()
        statuses = {
            path: httpx.get(f"{running.url}{path}", trust_env=False, timeout=60).status_code
            for path in ("/healthz", "/readyz", "/v1/models", "/metrics")
        }
        assert statuses == {"/healthz": 200, "/readyz": 503, "/v1/models": 503, "/metrics": 503}


def test_an_access_log_writes_lines_of_json_to_the_end_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("before\n", encoding="utf-8")
    log = AccessLog.to(path)
    for number in range(100):
        log.add({"id": number, "key": "鍵\n"})
    log.close()
    first, *rest = path.read_text("utf-8").splitlines()
    assert first == "before"
    assert [json.loads(line)["id"] for line in rest] == list(range(100))
    with pytest.raises(SettingsError, match="choose another --access-log"):
        AccessLog.to(tmp_path)


def test_a_log_that_nobody_reads_keeps_nobody_waiting() -> None:
    class Stuck(io.StringIO):
        def __init__(self) -> None:
            super().__init__()
            self.free = threading.Event()

        def write(self, text: str, /) -> int:
            self.free.wait()
            return super().write(text)

    stream = Stuck()
    log = AccessLog(stream)
    for number in range(30_000):
        log.add({"id": number})
    stream.free.set()
    deadline = time.monotonic() + 60
    while log._waiting.qsize():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    log.add({"id": "last"})
    log.close()
    written = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert written[-1]["id"] == "last"
    lost = sum(line.get("lost_lines", 0) for line in written)
    assert lost > 10_000
    assert len(written) - 1 + lost == 30_000
