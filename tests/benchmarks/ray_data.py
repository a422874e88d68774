"""Reading and embedding one folder with Ray Data and with this project's actors, on one cluster.

    .cache/scaling/bin/python tests/benchmarks/ray_data.py [--files 400] [--rounds 3]

`python tests/scaling/install_scaling.py` makes that environment. The cluster has two nodes of one
core each on this machine. Both ways use the same classes on the nodes, so what differs is who
moves the work: ``map_batches`` with pools of actors, or threads of the driver. Nothing is stored.

The last part gives both a file that kills the process that reads it, and says who names it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A file beside this one has the name of the package: the package goes first.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import numpy as np
from ray_cluster import KILLER, two_nodes
from synthetic_texts import made_text

from ingest.engines.choice import RayCluster
from ingest.engines.cluster.actors import EmbeddingActor, ReadingActor, Terms
from ingest.engines.cluster.engine import RayEngine
from ingest.errors import LoadError
from ingest.loaders.base import LoadOptions
from ingest.reading.base import CutFile
from kb import KnowledgeBase, Settings
from kb.hashing import file_sha256

NODES = 2
TEXTS = 16
"""Texts of one call of a model, in both ways."""
_LOOK_S = 0.2

Row = dict[str, Any]


@dataclass(slots=True)
class Done:
    """What one way did. ``told`` is how often the driver heard of a file before it was done."""

    chunks: int
    told: int = 0
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class Measured:
    """What that took."""

    done: Done
    seconds: float
    cpu_seconds: float
    megabytes: float


Way = Callable[[RayEngine, list[Path]], Done]


class Reads:
    """Reads files on a node, as rows of Ray Data."""

    def __init__(self, terms: Terms) -> None:
        self._actor = ReadingActor(terms)
        self._actor.prepare()

    def __call__(self, batch: Row) -> Row:
        rows: Row = {"path": [], "text": []}
        for path in batch["path"]:
            *_, (answer, value) = self._actor.read(str(path), LoadOptions(), file_sha256(path))
            if answer == "file":
                rows["path"] += [str(path)] * len(value.made.chunks)
                rows["text"] += texts_of(value)
        return {name: np.array(column, dtype=object) for name, column in rows.items()}


class Embeds:
    """Embeds texts on a node, as rows of Ray Data."""

    def __init__(self, terms: Terms, threads: int) -> None:
        self._actor = EmbeddingActor(terms, threads)
        self._actor.prepare()

    def __call__(self, batch: Row) -> Row:
        return {
            "path": batch["path"],
            "vector": self._actor.embed("documents", list(batch["text"])),
        }


def texts_of(file: CutFile) -> list[str]:
    """Return what is embedded of a file."""
    return list(file.made.inputs)


def by_ray_data(engine: RayEngine, paths: list[Path]) -> Done:
    """Read and embed with a pool of actors for each step."""
    import ray.data  # noqa: PLC0415 - it brings pandas and pyarrow

    _, terms = engine._connected()
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    made = (
        ray.data.from_items([{"path": str(path)} for path in paths], override_num_blocks=len(paths))
        .map_batches(
            Reads,
            fn_constructor_args=(terms,),
            batch_size=1,
            num_cpus=0.5,
            compute=ray.data.ActorPoolStrategy(size=NODES),
        )
        .map_batches(
            Embeds,
            fn_constructor_args=(terms, 1),
            batch_size=TEXTS,
            num_cpus=0.5,
            compute=ray.data.ActorPoolStrategy(size=NODES),
        )
    )
    return Done(sum(len(batch["vector"]) for batch in made.iter_batches(batch_size=None)))


def by_actors(engine: RayEngine, paths: list[Path]) -> Done:
    """Read and embed as a run does."""
    told: list[tuple[int, int]] = []
    reader = engine.reader()
    embedding = engine.embedding()
    ready: list[str] = []
    refused: list[str] = []
    with ThreadPoolExecutor(embedding.lanes) as lanes:
        calls = []
        futures = [reader.submit(path, None, lambda *far: told.append(far)) for path in paths]
        for future in futures:
            try:
                file = future.result()
            except LoadError as error:
                refused.append(str(error))
                continue
            assert isinstance(file, CutFile)
            ready += texts_of(file)
            while len(ready) >= embedding.call_chunks:
                part, ready = ready[: embedding.call_chunks], ready[embedding.call_chunks :]
                calls.append(lanes.submit(embedding.embedder.embed_documents, part))
        calls.append(lanes.submit(embedding.embedder.embed_documents, ready))
        chunks = sum(len(call.result()) for call in calls)
    return Done(chunks, len(told), tuple(refused))


@dataclass(slots=True)
class Watched:
    """What this process and Ray's took together; pages that they share are counted once."""

    megabytes: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        return sum(self.cpu.values())


@contextmanager
def watched() -> Iterator[Watched]:
    """Note the most memory and the processor seconds of this process and of all below it."""
    seen = Watched()
    before = {each.name: _cpu(each) for each in _processes()}
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_S):
            found = _processes()
            seen.megabytes = max(seen.megabytes, sum(map(_proportional, found)))
            for each in found:
                seen.cpu[each.name] = _cpu(each, seen.cpu.get(each.name, 0.0), before)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _cpu(process: Path, last: float = 0.0, before: dict[str, float] | None = None) -> float:
    """Return the processor seconds of a process since ``before``, ``last`` once it is gone."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return last
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") - (before or {}).get(process.name, 0.0)


def _processes() -> list[Path]:
    """Return this process and all below it: the cluster's nodes are its children."""
    parents: dict[str, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[entry.name] = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
    found = {Path("/proc/self").resolve().name}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return [Path("/proc", each) for each in found]


def _proportional(process: Path) -> float:
    try:
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1000
    except OSError:
        pass
    return 0.0


def measured(
    way: Way,
    address: str,
    paths: list[Path],
    data: Path,
) -> Measured:
    """Measure one way, from the start of its actors to the last vector."""
    with (
        KnowledgeBase.open(Settings.load(data_dir=data, workers=0)) as base,
        closing(RayEngine(base, RayCluster(address=address))) as engine,
    ):
        engine._connected()
        base.embedder.embed_query("warm")
        with watched() as seen:
            started = time.perf_counter()
            done = way(engine, paths)
            taken = time.perf_counter() - started
        return Measured(done, taken, seen.cpu_seconds, seen.megabytes)


def killed(
    way: Way,
    address: str,
    paths: list[Path],
    data: Path,
    patience_s: float,
) -> str:
    """Say what one way says of a file that kills its reader, or that it says nothing."""
    said: list[str] = []

    def go() -> None:
        try:
            done = way(engine, paths)
            said.append(f"{done.chunks} chunks, and {' '.join(done.refused) or 'no error'}")
        except Exception as error:  # noqa: BLE001 - what it says is what is measured
            said.append(f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}")

    with (
        KnowledgeBase.open(Settings.load(data_dir=data)) as base,
        closing(RayEngine(base, RayCluster(address=address))) as engine,
    ):
        engine._connected()
        started = time.perf_counter()
        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        thread.join(patience_s)
        taken = time.perf_counter() - started
    return f"{said[0] if said else 'neither an end nor an error'} after {taken:.0f} s"


WAYS = {"Ray Data": by_ray_data, "actors": by_actors}


def main() -> None:
    """Measure both ways in turn and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patience", type=float, default=90.0, help="seconds for a killing file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as top, two_nodes(_made(top, "path")) as cluster:
        folder = _made(top, "files")
        paths = []
        for number in range(options.files):
            paths.append(folder / f"{number}.md")
            paths[-1].write_text(made_text(number), "utf-8")
        runs: dict[str, list[Measured]] = {name: [] for name in WAYS}
        for _ in range(options.rounds):
            for name, way in WAYS.items():
                runs[name].append(measured(way, cluster.address, paths, _made(top, "data")))
        for name, each in runs.items():
            _say(
                f"{name}: {statistics.median(run.seconds for run in each):.1f} s "
                f"({', '.join(f'{run.seconds:.1f}' for run in each)}), "
                f"{statistics.median(run.cpu_seconds for run in each):.1f} s of processors, "
                f"{max(run.megabytes for run in each):,.0f} MB, {each[0].done.chunks} chunks, "
                f"{each[0].done.told} reports of how far a file is"
            )
        bad = folder / f"{KILLER}.txt"
        bad.write_text("Harm.")
        for name, way in WAYS.items():
            some = [*paths[:5], bad, *paths[5:10]]
            told = killed(way, cluster.address, some, _made(top, "data"), options.patience)
            _say(f"{name}, with {bad.name}: {told}")


def _made(top: str, name: str) -> Path:
    made = Path(top, name)
    made.mkdir(exist_ok=True)
    return made


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
