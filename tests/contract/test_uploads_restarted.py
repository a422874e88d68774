"""Uploads that a server was killed over: the next one goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import httpx
from hashing_embedder import HashingEmbedder
from hashing_server import hashing_server

from ingest.jobs import Jobs
from kb import KnowledgeBase, Settings, wire
from kb.catalog.job_records import JobInfo

FILES = [(f"{number}.txt", f"Passage {number} about herons and rivers.") for number in range(12)]


def job_at(client: httpx.Client, path: str) -> JobInfo:
    return wire.job_from_json(client.get(path).raise_for_status().json())


def test_an_upload_survives_a_server_that_is_killed(tmp_path: Path) -> None:
    with (
        hashing_server(tmp_path, text_s=0.4) as (url, process),
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        sent = [("files", (name, text.encode())) for name, text in FILES]
        path = client.post("/v1/uploads", files=sent).raise_for_status().headers["Location"]
        deadline = time.monotonic() + 60
        while job_at(client, path).state == "queued":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        killed = job_at(client, path)
        assert killed.active
        os.kill(process.pid, signal.SIGKILL)
        process.wait(90)
    with (
        hashing_server(tmp_path, text_s=0.0) as (url, _),
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        with client.stream("GET", f"{path}/events") as answer:
            last = list(wire.events_of(answer.iter_lines()))[-1]
        job = wire.job_from_json(last.data)
        assert (last.name, job.state, job.failed) == ("end", "done", 0)
        assert {file.name for file in job.files if file.settled} == {name for name, _ in FILES}
        listed = client.get("/v1/documents").json()
        assert listed["total"] == len(FILES)
        name, text = FILES[-1]
        found = client.post("/v1/search", json={"query": text, "mode": "keyword"}).json()["data"]
        assert found[0]["sources"][0]["path"] == name


def test_an_upload_is_seen_by_the_browser_of_another_process_while_it_runs(
    tmp_path: Path,
) -> None:
    with (
        hashing_server(tmp_path, text_s=0.5) as (url, _),
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
        KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as base,
    ):
        browser = Jobs(base, working=False)
        sent = [("files", (name, text.encode())) for name, text in FILES]
        path = client.post("/v1/uploads", files=sent).raise_for_status().headers["Location"]
        seen = list(browser.follow(int(path.rpartition("/")[2])))
        assert {file.name for file in seen[0].files} == {name for name, _ in FILES}
        assert any(job.state == "running" and not job.ended for job in seen)
        assert (seen[-1].state, seen[-1].finished) == ("done", len(FILES))
        assert client.get(path).json() == json.loads(json.dumps(wire.job_json(seen[-1])))
        # And the other way round: what the browser queues is done by the server, and seen there.
        batch = browser.batch()
        job_id = browser.add_uploads([batch.add("late.txt", [b"The owl comes late."])])
        with client.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
            last = list(wire.events_of(answer.iter_lines()))[-1]
        assert last.data["state"] == "done"
        assert "late.txt" in {info.name for info in base.documents()}
        browser.close()


def test_a_server_that_is_told_to_end_does_not_wait_for_those_who_look_on(tmp_path: Path) -> None:
    with (
        hashing_server(tmp_path, text_s=1.0) as (url, process),
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        sent = [("files", (name, text.encode())) for name, text in FILES]
        path = client.post("/v1/uploads", files=sent).raise_for_status().headers["Location"]
        with client.stream("GET", f"{path}/events") as answer:
            lines = answer.iter_lines()
            next(lines)
            began = time.monotonic()
            assert process.stdin is not None
            process.stdin.close()
            told = [event.name for event in wire.events_of(lines)]
        assert "end" not in told
        process.wait(90)
        # Requests at work get 30 s to end; a stream of events ends at once.
        assert time.monotonic() - began < 25
