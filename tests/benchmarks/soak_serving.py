"""Half an hour at `kb serve`: clients that embed, search and write, and others that misbehave.

    python tests/benchmarks/soak_serving.py [--minutes 30]

This is the soak of the server; `soak.py` is that of the knowledge base without one.

Clients that embed compare every vector with the one of this process. Others hang up as soon as
they have asked, send bodies that are too large, send theirs a byte at a time, or leave it half
sent. One writes documents, one uploads files as jobs; each searches for what it wrote right after,
and removes its oldest, so that the library stays as large as it is. One reads: it searches for
documents that must be there.

Printed are the answers of each sort by status, wrong vectors and lost documents (0 is right), and
the server's memory through time. Fails where a vector is wrong, a document lost, one found that was
removed, or the memory of the last fifth more than 5 % above that of the second fifth.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

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
TOO_LARGE = json.dumps({"input": "x" * (9 << 20)}).encode()
JSON = {"Content-Type": "application/json"}
SLOW = 40  # bytes that are sent one by one
KEPT = 100  # documents of each writer
FILES = 4  # of an upload
SAMPLES = 60
MOST_GROWTH = 1.05
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
        self.written = 0
        self.kept: dict[str, str] = {}
        self.lost: list[str] = []
        self.stayed: list[str] = []
        self.ended: list[str] = []
        self._mutex = threading.Lock()

    def run(self, client: Callable[[], None]) -> None:
        """Run a client, and note it if it ends before its time."""
        try:
            client()
        except Exception as error:  # noqa: BLE001 - told at the end
            self.ended.append(repr(error))

    def embed(self, expected: np.ndarray) -> None:
        """Ask for vectors one by one and compare them."""
        with httpx.Client(base_url=self.url, timeout=300, trust_env=False) as client:
            number = 0
            while time.monotonic() < self.end:
                number = (number + 7) % len(TEXTS)
                answer = client.post(
                    "/v1/embeddings", json={"input": TEXTS[number], "input_type": "document"}
                )
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
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as client:
            while time.monotonic() < self.end:
                try:
                    answer = client.post("/v1/embeddings", content=TOO_LARGE, headers=JSON)
                    self._count("too large", answer.status_code)
                except httpx.TransportError:
                    self._count("too large, cut off", 0)
                time.sleep(1)

    def slow_body(self) -> None:
        """Send a body a byte at a time; what is sent in the end is answered."""
        body = raw_client.request("/v1/embeddings", {"input": TEXTS[:1]})
        head = len(body) - SLOW
        while time.monotonic() < self.end:
            with raw_client.connected(self.url) as client:
                client.settimeout(300)  # as long as those that embed
                client.sendall(body[:head])
                for byte in body[head:]:
                    time.sleep(0.1)
                    client.sendall(bytes([byte]))
                said = client.recv(1 << 16)
            self._count("slow body", int(said.split()[1]))

    def write(self) -> None:
        """Add documents, and find each."""
        mine: deque[str] = deque()
        with Client(self.url) as client:
            number = 0
            while time.monotonic() < self.end:
                number += 1
                name = f"note-{number}.txt"
                client.add(_note("kestrel", number), name=name)
                self._wrote(client, name, f"kestrel{number}", mine)
                self._count("write and find", 200)

    def upload(self) -> None:
        """Upload files as jobs, and find each."""
        mine: deque[str] = deque()
        with Client(self.url) as client:
            number = 0
            while time.monotonic() < self.end:
                numbers = range(number + 1, number + 1 + FILES)
                number += FILES
                sent = [(f"file-{each}.md", _note("heron", each).encode()) for each in numbers]
                for file, each in zip(client.ingest(sent), numbers, strict=True):
                    self._count(f"upload {file.stage}", 0)
                    self._wrote(client, f"file-{each}.md", f"heron{each}", mine)

    def read(self) -> None:
        """Search for documents that are there."""
        draw = random.Random(0)  # noqa: S311 - names to search for
        with Client(self.url) as client:
            while time.monotonic() < self.end:
                with self._mutex:
                    kept = list(self.kept.items())
                if not kept:
                    time.sleep(0.2)
                    continue
                name, word = draw.choice(kept)
                hits = client.search(f"Where does the {word} hover?")
                # Its writer takes it out of these before it removes it.
                if name not in {hit.source for hit in hits} and name in self.kept:
                    self.lost.append(f"{name}, for the reader")
                self._count("read", 200)

    def _found(self, client: Client, name: str, word: str) -> list[int]:
        hits = client.search(word, mode="keyword")
        return [hit.document_id for hit in hits if hit.source == name]

    def _wrote(self, client: Client, name: str, word: str, mine: deque[str]) -> None:
        """Find a document that was written just now, and remove the oldest of its writer."""
        if not self._found(client, name, word):
            self.lost.append(name)
        self.written += 1
        self.kept[name] = word
        mine.append(name)
        if len(mine) > KEPT:
            old = mine.popleft()
            word = self.kept.pop(old)
            for number in self._found(client, old, word):
                client.remove(number)
            if self._found(client, old, word):
                self.stayed.append(old)

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
                soak.slow_body,
                soak.too_large,
                soak.write,
                soak.upload,
                soak.read,
            ]
            threads = [threading.Thread(target=soak.run, args=[each]) for each in work]
            for thread in threads:
                thread.start()
            memory = []
            for _ in range(SAMPLES):
                time.sleep(seconds / SAMPLES)
                memory.append(resident_mib(running.process.pid))
            for thread in threads:
                thread.join()
            with Client(running.url) as client:
                there = {source.path for each in client.documents() for source in each.sources}
    sys.exit(not said_well(soak, there, memory))


def said_well(soak: Soak, there: set[str], memory: list[float]) -> bool:
    """Print what was seen, and say whether all of it is as it should be."""
    for what, count in sorted(soak.seen.items()):
        print(f"{what}: {count:,}")
    lost = [*soak.lost, *(soak.kept.keys() - there)]
    stayed = [*soak.stayed, *(there - soak.kept.keys())]
    fifth = SAMPLES // 5
    warm, end = median(memory[fifth : 2 * fifth]), median(memory[-fifth:])
    print(f"wrong vectors: {soak.wrong}; documents written: {soak.written:,}")
    print(f"lost: {len(lost)} {lost[:5]}; there though removed: {len(stayed)} {stayed[:5]}")
    print(f"clients that ended early: {soak.ended}")
    print("memory, MiB:", *(f"{each:.0f}" for each in memory))
    print(f"memory: {warm:.0f} MiB in the second fifth, {end:.0f} in the last ({end / warm:.3f})")
    return not (soak.wrong or lost or stayed or soak.ended) and end <= MOST_GROWTH * warm


def _note(bird: str, number: int) -> str:
    return f"Note {number}: the {bird}{number} hovers above the meadow."


if __name__ == "__main__":
    os.environ.pop("KB_MODEL", None)
    main()
