"""Ingestion while `kb serve` answers searches, for `load.py`: by the server, or beside it.

It is given more files than it can read in the time, so that it works until it is told to stop.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from own_server import Served

WAYS = ("jobs", "command")
"""By the job queue of the server, from an upload; or by `python -m ingest` beside it."""

_FILES = 5000
_SENTENCES = 12
_PATIENCE_S = 120
_LOOK_S = 0.05


class Ingest:
    """Ingestion that is under way.

    Args:
        url: the server's.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._before = self.documents()
        self._began = time.perf_counter()

    def documents(self) -> int:
        """Return how many documents can be searched."""
        told = httpx.get(f"{self._url}/v1/collections", timeout=60, trust_env=False).json()
        return sum(int(each["documents"]) for each in told["data"])

    def started(self) -> None:
        """Wait until documents come in; count from then on."""
        until = time.monotonic() + _PATIENCE_S
        while self.documents() == self._before:
            if time.monotonic() > until:
                sys.exit(f"no document was ingested in {_PATIENCE_S} s")
            time.sleep(_LOOK_S)
        self.lap()

    def lap(self) -> float:
        """Return documents a second since the last lap."""
        documents, now = self.documents(), time.perf_counter()
        rate = (documents - self._before) / (now - self._began)
        self._before, self._began = documents, now
        return rate


def write_files(folder: Path, sentences: Sequence[str], count: int = _FILES) -> None:
    """Write files that are a chunk each, none like another."""
    folder.mkdir(parents=True)
    draw = random.Random("ingested meanwhile")  # noqa: S311 - a benchmark
    for number in range(count):
        text = " ".join(draw.choice(sentences) for _ in range(_SENTENCES))[:1000]
        (folder / f"{number}.txt").write_text(f"{number} {text}", "utf-8")


@contextmanager
def ingesting(way: str, served: Served, data_dir: Path, folder: Path) -> Iterator[Ingest]:
    """Have a folder ingested for as long as the block lasts.

    Args:
        way: one of :data:`WAYS`.
        served: the server.
        data_dir: its knowledge base.
        folder: of more files than can be read in the time.
    """
    ingest = Ingest(served.url)
    if way == "jobs":
        job = _uploaded(served.url, folder)
        ingest.started()
        try:
            yield ingest
        finally:
            _ended(served.url, job)
        return
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    command = [sys.executable, "-m", "ingest", str(folder)]
    with subprocess.Popen(
        command,
        env={**kept, "KB_DATA_DIR": str(data_dir)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            ingest.started()
            yield ingest
            if process.poll() is not None:
                sys.exit("the ingestion ended before the searches had; give more --files")
        finally:
            process.terminate()


def _uploaded(url: str, folder: Path) -> int:
    """Send a folder's files; return the job that ingests them."""
    files = [
        ("files", (path.name, path.read_bytes(), "text/plain")) for path in sorted(folder.iterdir())
    ]
    answer = httpx.post(f"{url}/v1/uploads", files=files, timeout=300, trust_env=False)
    answer.raise_for_status()
    return int(answer.json()["job"]["id"])


def _ended(url: str, job: int) -> None:
    """Cancel a job and wait until it has ended."""
    answer = httpx.post(f"{url}/v1/jobs/{job}/cancel", timeout=60, trust_env=False)
    if answer.status_code == httpx.codes.CONFLICT:
        sys.exit("all files were ingested before the searches had ended; give more --files")
    answer.raise_for_status()
    while httpx.get(f"{url}/v1/jobs/{job}", timeout=60, trust_env=False).json()["ended_at"] is None:
        time.sleep(_LOOK_S)
