"""Half an hour at `kb serve`: clients that embed, search and write, and others that misbehave.

    python tests/benchmarks/soak_serving.py [--minutes 30]

Clients that embed compare every vector with the one of this process. Others hang up as soon as
they have asked, send bodies that are too large, or leave theirs half sent. One writes documents,
and searches for each right after. Printed are the answers of each sort by status, wrong vectors and
lost documents (0 is right), and the server's memory after the first fifth of the time and at the
end. Fails where a vector is wrong or a document lost.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

# The package goes before ingest.py in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import httpx
import numpy as np
import own_server
import raw_client
from processes import resident_mib

from kb import Settings
from kb.client import Client
from kb.embedding.llama import LlamaEmbedder
from kb.models.files import resolve_model

TEXTS = [
    f"Valve {number} is opened by turning wheel {number * 7} twice. " * 9 for number in range(16)
]
MANY = raw_client.request("/v1/embeddings", {"input": TEXTS * 20})
TOO_LARGE = {"input": "x" * (9 << 20)}
WARM = 0.2
SAME = 1 - 1e-5


class Soak:
    """What the clients of one server saw.

    Args:
        url: the server.
        end: when its clients stop, by the monotonic clock.
    """

    def __init__(self, url: str, end: float) -> None:
        self.url = url
        self.end = end
        self.seen: Counter[str] = Counter()
        self.wrong = 0
        self.written: list[str] = []
        self.lost: list[str] = []
        self._mutex = threading.Lock()

    def embed(self, expected: np.ndarray) -> None:
        """Ask for vectors one by one and compare them."""
        with httpx.Client(base_url=self.url, timeout=300, trust_env=False) as client:
            number = 0
            while time.monotonic() < self.end:
                number = (number + 7) % len(TEXTS)
                answer = client.post("/v1/embeddings", json={"input": TEXTS[number]})
                self._count("embed", answer.status_code)
                if answer.is_success:
                    vector = np.array(answer.json()["data"][0]["embedding"])
                    self.wrong += float(vector @ expected[number]) < SAME

    def hang_up(self) -> None:
        """Ask for hundreds of vectors and go."""
        while time.monotonic() < self.end:
            with raw_client.connected(self.url) as client:
                client.sendall(MANY)
                time.sleep(0.2)
            self._count("hang up", 0)

    def half_a_body(self) -> None:
        """Send half a body, and go after a while."""
        while time.monotonic() < self.end:
            with raw_client.connected(self.url) as client:
                client.sendall(MANY[: len(MANY) // 2])
                time.sleep(3)
            self._count("half a body", 0)

    def too_large(self) -> None:
        """Send bodies that are refused."""
        while time.monotonic() < self.end:
            try:
                answer = httpx.post(
                    f"{self.url}/v1/embeddings", json=TOO_LARGE, timeout=60, trust_env=False
                )
                self._count("too large", answer.status_code)
            except httpx.TransportError:
                self._count("too large, cut off", 0)
            time.sleep(1)

    def write(self) -> None:
        """Add documents, and find each."""
        with Client(self.url) as client:
            number = 0
            while time.monotonic() < self.end:
                number += 1
                name = f"note-{number}.txt"
                client.add(
                    f"Note {number}: the kestrel{number} hovers above the meadow.", name=name
                )
                self.written.append(name)
                found = client.search(f"kestrel{number}", mode="keyword")
                if name not in {hit.source for hit in found}:
                    self.lost.append(name)
                self._count("write and find", 200)

    def _count(self, what: str, status: int) -> None:
        with self._mutex:
            self.seen[f"{what} {status or ''}".strip()] += 1


def main() -> None:
    """Run all clients until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    seconds = parser.parse_args().minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        with closing(LlamaEmbedder(resolve_model(Settings.load(data_dir=data_dir)))) as embedder:
            expected = embedder.embed_documents(TEXTS)
        with own_server.serving(data_dir) as running:
            soak = Soak(running.url, time.monotonic() + seconds)
            work: list[Callable[[], None]] = [
                *[lambda: soak.embed(expected)] * 4,
                *[soak.hang_up] * 2,
                soak.half_a_body,
                soak.too_large,
                soak.write,
            ]
            threads = [threading.Thread(target=each) for each in work]
            for thread in threads:
                thread.start()
            time.sleep(seconds * WARM)
            warm = resident_mib(running.process.pid)
            for thread in threads:
                thread.join()
            with Client(running.url) as client:
                kept = {source.path for each in client.documents() for source in each.sources}
            end = resident_mib(running.process.pid)
    for what, count in sorted(soak.seen.items()):
        print(f"{what}: {count:,}")
    lost = [name for name in soak.written if name not in kept] + soak.lost
    print(f"wrong vectors: {soak.wrong}, lost documents: {len(lost)} of {len(soak.written)}")
    print(f"memory: {warm:.0f} MiB after {WARM:.0%} of the time, {end:.0f} MiB at the end")
    sys.exit(bool(soak.wrong or lost))


if __name__ == "__main__":
    os.environ.pop("KB_MODEL", None)
    main()
