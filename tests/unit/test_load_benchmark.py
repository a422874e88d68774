"""The benchmark of load: clients count what a server did; it runs whole over a small store."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kb import KnowledgeBase, Settings

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


class Answering(ThreadingHTTPServer):
    """Answers searches, every fifth of them with 503, and remembers the questions."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.questions: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.mutex = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    server: Answering
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.mutex:
            self.server.questions.append(asked["query"])
            status = 503 if len(self.server.questions) % 5 == 0 else 200
            self.server.statuses[status] += 1
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


@pytest.fixture
def answering() -> Iterator[Answering]:
    with Answering() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def clients(server: Answering, **work: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    asked = {"url": f"http://127.0.0.1:{server.server_port}", "seconds": 0.2, **work}
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "load_clients.py")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_clients_count_every_answer_and_what_was_none(answering: Answering) -> None:
    seen = clients(answering, clients=3, questions=["rye bread", "租赁合同"], own_words=True)
    assert len(seen["times"]) == 3
    assert sum(map(len, seen["times"])) == answering.statuses[200] > 0
    assert seen["failures"] == {"503": answering.statuses[503]}
    assert all(0 < each < seen["seconds"] for own in seen["times"] for each in own)
    # Nothing that remembers a query's vector has an answer ready.
    assert len(set(answering.questions)) == len(answering.questions)


def test_clients_ask_the_same_again_where_they_are_to(answering: Answering) -> None:
    clients(answering, clients=2, questions=["rye bread", "租赁合同"], own_words=False)
    assert set(answering.questions) == {"rye bread", "租赁合同"}


@pytest.mark.slow
def test_searches_are_measured_beside_both_ways_of_ingestion(
    tmp_path: Path, models_dir: Path
) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=folder)) as base:
        base.add("The heron waits in shallow water.", name="birds/heron.txt")
    command = [sys.executable, str(BENCHMARKS / "load.py"), "--store", str(tmp_path)]
    command += ["--seconds", "1", "--clients", "1,3", "--ingest", "jobs,command", "--files", "600"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split("|") for line in done.stdout.splitlines() if line[:1] == "|"][2:]
    names = [(row[0].strip(), int(row[1])) for row in rows]
    assert names == [(way, n) for way in ("jobs", "command") for n in (0, 1, 3)]
    assert all(float(row[2]) > 0 for row in rows if row[1].strip() != "0")
    assert "Not answered" not in done.stdout
    # What came in meanwhile is not in the store that is kept.
    with KnowledgeBase.open(Settings.load(data_dir=folder)) as base:
        assert base.collection().documents == 1
