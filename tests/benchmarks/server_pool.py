"""How much faster several model servers are than one, where each takes a fixed time for a text.

    .venv/bin/python tests/benchmarks/server_pool.py [--milliseconds 20] [--texts 640]

The servers are processes that sleep instead of computing, so what is measured is this project's
part: HTTP, the pool, and with ``--ingest`` reading, splitting and storing. Ideal is the time of one
server divided by their number.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np

# A file beside this one has the name of the package: the package goes first.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from timed_server import timed_servers, unit

from ingest import ingest
from kb import KnowledgeBase, Settings
from kb.embedding.remote.embedder import ServerEmbedder

COUNTS = (1, 2, 4)


def embedding_seconds(count: int, *, texts: int, seconds: float) -> float:
    """Return how long ``count`` servers take for texts; their vectors are checked."""
    sent = [f"text {number} of many about birds" for number in range(texts)]
    with (
        timed_servers(count, seconds=seconds) as urls,
        closing(ServerEmbedder(", ".join(urls), prompts="none")) as embedder,
    ):
        for _ in urls:  # each is met before, as in a long run
            embedder.embed_documents(sent[: 32 * count])
        started = time.perf_counter()
        vectors = embedder.embed_documents(sent)
        taken = time.perf_counter() - started
    np.testing.assert_allclose(vectors, unit(sent), atol=1e-6)
    return taken


def ingest_seconds(count: int, *, files: int, seconds: float) -> tuple[float, int]:
    """Return how long an ingestion of made files takes with ``count`` servers, and its chunks."""
    with (
        tempfile.TemporaryDirectory() as folder,
        timed_servers(count, seconds=seconds) as urls,
    ):
        source = Path(folder, "files")
        source.mkdir()
        for number in range(files):
            lines = [f"Sentence {line} of report {number} about birds." for line in range(80)]
            (source / f"{number}.txt").write_text("\n\n".join(lines), "utf-8")
        settings = Settings.load(data_dir=Path(folder, "data"), model=", ".join(urls))
        with KnowledgeBase.open(settings) as base:
            started = time.perf_counter()
            report = ingest(base, [source])
            taken = time.perf_counter() - started
            assert report.ok, report
            return taken, sum(result.chunks for result in report.files)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milliseconds", type=float, default=20.0)
    parser.add_argument("--texts", type=int, default=640)
    parser.add_argument("--ingest", action="store_true", help="a folder of files, too")
    options = parser.parse_args()
    seconds = options.milliseconds / 1000
    alone = 0.0
    for count in COUNTS:
        taken = embedding_seconds(count, texts=options.texts, seconds=seconds)
        alone = alone or taken
        _say("texts", count, taken, alone)
    alone = 0.0
    for count in COUNTS if options.ingest else ():
        taken, chunks = ingest_seconds(count, files=60, seconds=seconds)
        alone = alone or taken
        _say(f"ingest ({chunks} chunks)", count, taken, alone)


def _say(what: str, count: int, taken: float, alone: float) -> None:
    ideal = alone / count
    sys.stdout.write(
        f"{what}: {count} servers {taken:.2f} s, {alone / taken:.2f} times as fast as one, "
        f"{taken / ideal - 1:+.1%} of ideal\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
