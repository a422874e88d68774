"""How fast `kb serve` embeds for many clients, beside the servers that others run.

    python tests/benchmarks/serving.py [--seconds 20] [--clients 1,8,64] [--at-once 500]
        [--llama-server PATH]

The same model in every server, one after another: this one, `llama_cpp.server` (the extra of the
package) and llama.cpp's `llama-server` (`tests/peers/llama_server.sh` builds it; left out without
its path). Each client sends chunks of about 230 tokens one by one, each with a text of its own; at
the end all requests come at once, each on its own connection. Printed is a table: texts a second,
median and 95th percentile of the time that an answer took, and the share that was refused or got
no answer. The first line is the model in this process, called by one thread. Every server's
vectors are compared with those.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, quantiles
from typing import Self
from urllib.parse import urlsplit

# The package goes before ingest.py in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import numpy as np
import own_server
from llama_server import llama_server, native_server

from kb import Settings
from kb.cores import available_cores
from kb.embedding.llama import LlamaEmbedder
from kb.models.files import resolve_model

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
NAMES = ("data-backup-guide.md", "hiking-safety.txt", "home-composting.txt")
WORDS_OF_A_CHUNK = 165
PREFIX = "passage: "  # of the model's documents; servers are sent it with the texts
TIMEOUT_S = 600
ALIKE = 0.999


@dataclass
class Peer:
    """A server that runs: where texts are sent."""

    name: str
    url: str


@dataclass
class Figures:
    """Times of answers in seconds, and what was not answered."""

    times: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0

    def row(self, name: str, what: str) -> str:
        """Return a row of the table."""
        cuts = quantiles(self.times, n=20) if len(self.times) > 1 else [0.0] * 19
        share = self.refused / max(1, self.refused + len(self.times))
        rate = len(self.times) / self.seconds
        return (
            f"| {name} | {what} | {rate:.1f} | {cuts[9] * 1000:,.0f} | {cuts[18] * 1000:,.0f} "
            f"| {share:.0%} |"
        )


def main() -> None:
    """Measure each server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", default="1,8,64")
    parser.add_argument("--at-once", type=int, default=500)
    parser.add_argument("--llama-server", type=Path, help="program built by tests/peers")
    parser.add_argument("--only", default="", help="part of the name of the servers to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        model = resolve_model(Settings.load(data_dir=Path(folder)))
        embedder = LlamaEmbedder(model)
        held.callback(embedder.close)
        texts = chunks()
        some = list(itertools.islice(texts, 50))
        tokens = mean(embedder.count_read(some))
        print(f"{available_cores()} cores, {model.model_id}, {tokens:.0f} tokens a text\n")
        print("| server | load | texts/s | p50 ms | p95 ms | refused |")
        print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
        print(in_process(embedder, texts, arguments.seconds), flush=True)
        expected = embedder.embed_documents(some[:4])
        starts = [
            ("kb serve", lambda: kb_serve(Path(folder))),
            ("llama_cpp.server", lambda: package_server(model.path, Path(folder))),
        ]
        if arguments.llama_server:
            starts.append(
                (
                    "llama-server",
                    lambda: own_of_llama(arguments.llama_server, model.path, Path(folder)),
                )
            )
        for name, start in starts:
            if arguments.only not in name:
                continue
            with start() as peer:
                check_same(peer, some[:4], expected)
                for clients in map(int, arguments.clients.split(",")):
                    figures = closed_loop(peer, texts, clients, arguments.seconds)
                    print(figures.row(name, f"{clients} clients"), flush=True)
                print(at_once(peer, texts, arguments.at_once).row(name, "at once"), flush=True)


def chunks() -> Iterator[str]:
    """Yield texts of the samples' words, each its own."""
    words = " ".join((SAMPLES / name).read_text("utf-8") for name in NAMES).split()
    for number in itertools.count():
        start = number * 37 % (len(words) - WORDS_OF_A_CHUNK)
        yield f"{number} " + " ".join(words[start : start + WORDS_OF_A_CHUNK])


def in_process(embedder: LlamaEmbedder, texts: Iterator[str], seconds: float) -> str:
    """Return the row of the model itself, called by one thread."""
    figures = Figures()
    embedder.embed_documents([next(texts)])
    began = time.perf_counter()
    while (at := time.perf_counter()) < began + seconds:
        embedder.embed_documents([next(texts)])
        figures.times.append(time.perf_counter() - at)
    figures.seconds = time.perf_counter() - began
    return figures.row("in this process", "1 thread")


@contextmanager
def kb_serve(data_dir: Path) -> Iterator[Peer]:
    """Start this project's server."""
    with own_server.serving(data_dir) as running:
        yield Peer("kb serve", running.url)


@contextmanager
def package_server(model: Path, folder: Path) -> Iterator[Peer]:
    """Start `llama_cpp.server` on all cores, with the limits of the model."""
    sizes = {"n_ctx": 512, "n_batch": 512, "n_ubatch": 512, "n_threads": available_cores()}
    log = folder / "llama_cpp.log"
    with llama_server(model, log, embedding="true", flash_attn="true", **sizes) as address:
        yield Peer("llama_cpp.server", address.removesuffix("/v1"))


@contextmanager
def own_of_llama(program: Path, model: Path, folder: Path) -> Iterator[Peer]:
    """Start `llama-server` with calls that take a text of each of its slots."""
    options = ["--embeddings", "--ctx-size", "2048", "--batch-size", "2048"]
    options += ["--ubatch-size", "2048", "--parallel", "4"]
    with native_server(program, model, folder / "llama-server.log", *options) as address:
        yield Peer("llama-server", address)


def check_same(peer: Peer, texts: list[str], expected: np.ndarray) -> None:
    """Stop where a server computes something else; also its warm-up."""
    for text, vector in zip(texts, expected, strict=True):
        with Client(peer) as client:
            found = np.array(client.vector(text))
            alike = float(found @ vector / np.linalg.norm(found))
            if alike < ALIKE:
                sys.exit(f"{peer.name} gives other vectors: cosine {alike:.4f}")


class Client:
    """One connection, kept open."""

    def __init__(self, peer: Peer) -> None:
        place = urlsplit(peer.url)
        self._connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=TIMEOUT_S
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, text: str) -> tuple[int, bytes]:
        """Send one text; return the status and the body of the answer."""
        body = json.dumps({"input": PREFIX + text})
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/v1/embeddings", body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def vector(self, text: str) -> list[float]:
        """Return a text's vector."""
        _, answer = self.ask(text)
        vector: list[float] = json.loads(answer)["data"][0]["embedding"]
        return vector


def closed_loop(peer: Peer, texts: Iterator[str], clients: int, seconds: float) -> Figures:
    """Have each client send its next text when it has the answer to the last."""
    figures = Figures()
    mutex = threading.Lock()
    began = time.perf_counter()

    def work() -> None:
        with Client(peer) as client:
            while time.perf_counter() < began + seconds:
                with mutex:
                    text = next(texts)
                _measure(figures, lambda text=text: client.ask(text))

    _together(clients, work)
    figures.seconds = time.perf_counter() - began
    return figures


def at_once(peer: Peer, texts: Iterator[str], count: int) -> Figures:
    """Send so many requests at once, each on its own connection."""
    figures = Figures()
    waiting = list(itertools.islice(texts, count))
    gate = threading.Barrier(count)

    def work() -> None:
        text = waiting.pop()
        gate.wait()
        with Client(peer) as client:
            _measure(figures, lambda: client.ask(text))

    began = time.perf_counter()
    _together(count, work)
    figures.seconds = time.perf_counter() - began
    return figures


def _measure(figures: Figures, ask: Callable[[], tuple[int, bytes]]) -> None:
    at = time.perf_counter()
    try:
        status, _ = ask()
    except (OSError, http.client.HTTPException):
        figures.refused += 1
        return
    if status == http.client.OK:
        figures.times.append(time.perf_counter() - at)
    else:
        figures.refused += 1


def _together(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    os.environ.pop("KB_MODEL", None)
    main()
