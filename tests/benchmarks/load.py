"""How `kb serve` stands load: searches a second, latencies, shares and errors by number of clients.

    python tests/benchmarks/load.py [--seconds 20] [--clients 1,8,64] [--chunks 100000]
        [--store DIR] [--again] [--ingest jobs,command]

One server answers so many clients at once; each sends its next search, by words and by meaning,
when it has the answer to the last. Each question has words of its own, so that no cache answers;
with ``--again`` a hundred questions are asked again and again, so that their vectors are
remembered. Clients are a process of their own (`load_clients.py`).

The samples are searched, or ``--chunks`` of `tests/helpers/synthetic_library.py`; 100,000 take four
minutes to make, and ``--store`` keeps them for another time.

With ``--ingest`` documents come in meanwhile, by the server's job queue or by `python -m ingest`
as a second process (into a copy of the store): first alone, then beside the searches.

Printed is a table. "Shares" are the answers of the client that got fewest and of the one that got
most. "CPU" is what a search took of the server's processor time, then of the clients'; with an
ingestion beside it, that of the server's jobs is counted as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles

# The package goes before ingest.py in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from load_clients import Seen, Work
from load_ingest import WAYS, Ingest, ingesting, write_files
from own_server import Served, serving
from processes import processor_s, resident_mib
from synthetic_library import SyntheticLibrary

from ingest import ingest
from kb import KnowledgeBase, Settings
from kb.embedding import open_embedder

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
CLIENTS = Path(__file__).with_name("load_clients.py")
QUESTIONS = 100
WARM_UP_S = 2.0
FOREVER_S = 1e9


def main() -> None:
    """Measure each number of clients."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as held:
        folder = (arguments.store or Path(scratch)) / str(arguments.chunks or "samples")
        library = filled(folder, arguments.chunks)
        if arguments.ingest:  # what comes in meanwhile does not stay
            copy = Path(held.enter_context(tempfile.TemporaryDirectory(dir=folder.parent)))
            folder = Path(shutil.copytree(folder, copy / "store"))
            write_files(Path(scratch) / "files", library.sentences, arguments.files)
        measured = Measured(library.queries(QUESTIONS), arguments)
        print(
            "| ingestion | clients | searches/s | p50 ms | p95 ms | shares | CPU ms | documents/s |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
        for way in arguments.ingest or [""]:
            with serving(folder) as served:
                measured.rows(served, way, folder, Path(scratch) / "files")
                print(f"The server holds {resident_mib(served.process.pid):,.0f} MiB.", flush=True)


class Measured:
    """Searches of one server, in numbers.

    Args:
        questions: what is asked.
        arguments: of the command.
    """

    def __init__(self, questions: Sequence[str], arguments: argparse.Namespace) -> None:
        self._questions = questions
        self._arguments = arguments

    def rows(self, served: Served, way: str, data_dir: Path, files: Path) -> None:
        """Print a row for each number of clients."""
        self._search(served, 1, WARM_UP_S)
        with _beside(way, served, data_dir, files) as came:
            if came is not None:
                time.sleep(self._arguments.seconds)
                print(f"| {way} | 0 | | | | | | {came.lap():.1f} |", flush=True)
            for clients in self._arguments.clients:
                cpu = processor_s(served.process.pid)
                if came is not None:
                    came.lap()
                seen = self._search(served, clients, self._arguments.seconds)
                documents = f"{came.lap():.1f}" if came is not None else ""
                cpu = processor_s(served.process.pid) - cpu
                print(f"| {way or 'none'} | {clients} | {row(seen, cpu)} | {documents} |")
                print(end="", flush=True)
                if seen.failures:
                    print(f"Not answered: {seen.failures}", flush=True)

    def _search(self, served: Served, clients: int, seconds: float) -> Seen:
        work = Work(
            url=served.url,
            clients=clients,
            seconds=seconds,
            questions=self._questions,
            own_words=not self._arguments.again,
        )
        done = subprocess.run(
            [sys.executable, str(CLIENTS)],
            input=json.dumps(asdict(work)),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return Seen(**json.loads(done.stdout))


def filled(folder: Path, chunks: int) -> SyntheticLibrary:
    """Make a knowledge base of so many chunks, or of the samples, unless it is there."""
    settings = Settings.load(data_dir=folder)
    embedder = open_embedder(settings)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        library = SyntheticLibrary(None, folder.parent, embedder)
        with KnowledgeBase.open(settings, embedder=embedder) as base:
            if chunks:
                library.fill(base, chunks, FOREVER_S)
            elif not base.collections():
                ingest(base, [SAMPLES])
    finally:
        embedder.close()
    return library


def row(seen: Seen, cpu_s: float) -> str:
    """Return what clients saw as cells of the table."""
    times = [each for own in seen.times for each in own]
    cuts = quantiles(times, n=20) if len(times) > 1 else [0.0] * 19
    shares = [len(own) for own in seen.times]
    each_ms = 1000 / max(1, len(times))
    return (
        f"{len(times) / seen.seconds:.1f} | {cuts[9] * 1000:,.0f} | {cuts[18] * 1000:,.0f} "
        f"| {min(shares)} to {max(shares)} | {cpu_s * each_ms:.1f} + {seen.cpu_s * each_ms:.1f}"
    )


@contextmanager
def _beside(way: str, served: Served, data_dir: Path, files: Path) -> Iterator[Ingest | None]:
    if not way:
        yield None
        return
    with ingesting(way, served, data_dir, files) as came:
        yield came


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=_numbers, default=[1, 8, 64])
    parser.add_argument("--chunks", type=int, default=0, help="0: the samples")
    parser.add_argument("--store", type=Path, help="folder to keep the knowledge base in")
    parser.add_argument("--again", action="store_true", help="ask the same questions again")
    parser.add_argument("--ingest", type=_ways, default=[], help="jobs, command or both")
    parser.add_argument("--files", type=int, default=5000, help="that are there to be ingested")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _ways(text: str) -> list[str]:
    ways = text.split(",")
    if unknown := set(ways) - set(WAYS):
        msg = f"{unknown} is no way to ingest: {', '.join(WAYS)}"
        raise argparse.ArgumentTypeError(msg)
    return ways


if __name__ == "__main__":
    os.environ.pop("KB_DATA_DIR", None)
    main()
