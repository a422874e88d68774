"""Runs on a Ray cluster give what local runs give, whatever dies meanwhile. Run by test_ray.py."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from hashing_embedder import HashingEmbedder
from ray.cluster_utils import Cluster
from ray_cluster import (
    HELPERS,
    KILLER,
    SAMPLES,
    WAIT_S,
    add_node,
    assert_same,
    held,
    kill_one,
    two_nodes,
)
from synthetic_texts import made_text

from ingest.engines.choice import EngineChoice, RayCluster
from ingest.options import IngestOptions
from ingest.pipeline.report import IngestReport
from ingest.results import FileEvent
from ingest.run import ingest
from kb import KnowledgeBase, Settings

RUN = Path(__file__).parent / "ray_run.py"
NOBODY = RayCluster(address="127.0.0.1:1")
"""A cluster that does not exist: whoever asks for it fails."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with two_nodes(tmp_path_factory.mktemp("path")) as started:
        yield started


@pytest.fixture(scope="module")
def engine(cluster: Cluster) -> RayCluster:
    return RayCluster(address=cluster.address)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred files: texts, Markdown, all samples, some that cannot be read, some alike."""
    made = tmp_path_factory.mktemp("hundred")
    for path in SAMPLES.iterdir():
        shutil.copy(path, made)
    (made / "empty.txt").touch()
    (made / "torn.pdf").write_bytes(b"%PDF-1.7 and no more")
    (made / "broken.docx").write_bytes(b"PK")
    (made / "twin.txt").write_text(made_text(0))
    for number in range(100 - len(list(made.iterdir()))):
        below = made / ("notes" if number % 2 else "texts")
        below.mkdir(exist_ok=True)
        (below / f"{number}{'.md' if number % 2 else '.txt'}").write_text(made_text(number))
    assert sum(path.is_file() for path in made.rglob("*")) == 100
    return made


@pytest.fixture(scope="module")
def expected(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a local run makes of the hundred files."""
    data = tmp_path_factory.mktemp("local")
    run(data, folder, "local")
    return held_in(data)


def run(
    data: Path,
    folder: Path,
    engine: EngineChoice,
    on_event: Callable[[FileEvent], None] | None = None,
    **options: bool,
) -> IngestReport:
    settings = Settings(data_dir=data, sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        return ingest(
            base, folder, engine=engine, on_event=on_event, options=IngestOptions(**options)
        )


def held_in(data: Path) -> dict[str, Any]:
    with KnowledgeBase.open(Settings(data_dir=data), embedder=HashingEmbedder()) as base:
        assert base.check().ok
        return held(base)


def after(stored: int, do: Callable[[], None]) -> Callable[[FileEvent], None]:
    """Return what does something once so many files are stored."""
    seen = 0

    def on_event(event: FileEvent) -> None:
        nonlocal seen
        if event.stage == "stored":
            seen += 1
            if seen == stored:
                do()

    return on_event


def test_a_hundred_files_become_the_same_documents_chunks_and_vectors_as_here(
    engine: RayCluster, folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    report = run(tmp_path, folder, engine)

    assert_same(held_in(tmp_path), expected)
    assert report.summary() == {"added": 97, "failed": 3}
    assert not report.interrupted
    assert set(report.timeline) == {"reading", "splitting", "embedding", "storing"}


def test_incremental_rules_are_those_of_a_local_run(
    engine: RayCluster, folder: Path, tmp_path: Path
) -> None:
    copies = {}
    for name, there in (("ray", engine), ("local", "local")):
        own = tmp_path / name / "files"
        shutil.copytree(folder, own)
        run(tmp_path / name / "data", own, there)
        (own / "twin.txt").rename(own / "moved.txt")
        (own / "notes" / "1.md").write_text("# Another\n\nIt says something else now.\n")
        (own / "notes" / "3.md").unlink()
        (own / "new.txt").write_text("A new one.")
        report = run(tmp_path / name / "data", own, there, prune=True)
        copies[name] = report.summary()
        again = run(tmp_path / name / "data", own, NOBODY if name == "ray" else "local")
        assert again.summary() == {"unchanged": 97, "failed": 3}

    assert copies["ray"] == copies["local"]
    assert copies["ray"]["changed"] == 1
    assert copies["ray"]["removed"] == 1
    left, right = (held_in(tmp_path / name / "data") for name in copies)
    for facts in (*left.values(), *right.values()):
        del facts["stat"]
    assert_same(left, right)


@pytest.mark.parametrize("kind", ["ReadingActor", "EmbeddingActor"])
def test_nothing_is_lost_or_doubled_when_an_actor_is_killed(
    cluster: Cluster, folder: Path, expected: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    killed = []
    there = RayCluster(address=cluster.address)
    run(tmp_path, folder, there, after(1, lambda: killed.append(kill_one(cluster, kind))))

    assert killed
    assert_same(held_in(tmp_path), expected)


def test_nothing_is_lost_or_doubled_when_a_node_dies(
    cluster: Cluster, engine: RayCluster, folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    (node,) = cluster.worker_nodes
    killed = []

    def kill() -> None:
        cluster.remove_node(node, allow_graceful=False)
        killed.append(node)

    try:
        run(tmp_path, folder, engine, after(1, kill))
    finally:
        add_node(cluster)

    assert killed
    assert_same(held_in(tmp_path), expected)


def test_a_driver_that_was_killed_goes_on_where_it_was(
    cluster: Cluster, folder: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    command = [sys.executable, str(RUN), str(tmp_path), str(folder), cluster.address]
    environment = {**os.environ, "PYTHONPATH": str(HELPERS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as driver:
        assert driver.stdout is not None
        for _ in range(3):
            assert driver.stdout.readline().startswith("stored")
        driver.send_signal(signal.SIGKILL)
        driver.wait(WAIT_S)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)

    assert json.loads(done.stdout.splitlines()[-1])["counts"]["unchanged"] >= 3
    assert_same(held_in(tmp_path), expected)


def test_a_file_that_kills_its_reader_on_every_node_is_named_once_and_not_tried_again(
    engine: RayCluster, tmp_path: Path
) -> None:
    texts = tmp_path / "files"
    texts.mkdir()
    for number in range(6):
        (texts / f"{number}.txt").write_text(made_text(number))
    (texts / f"{KILLER}.txt").write_text("Harm.")

    report = run(tmp_path / "data", texts, engine)

    assert report.summary() == {"added": 6, "failed": 1}
    (failure,) = report.failures
    assert (failure.source.path, failure.reason_code) == (f"{KILLER}.txt", "crash")
    again = run(tmp_path / "data", texts, NOBODY)
    assert again.summary() == {"unchanged": 6, "failed": 1}
    assert [each.reason_code for each in again.failures] == ["crash"]


def test_a_full_object_store_costs_nothing(
    cluster: Cluster, engine: RayCluster, tmp_path: Path
) -> None:
    texts = tmp_path / "files"
    texts.mkdir()
    for number in range(3):
        (texts / f"{number}.txt").write_text("\n\n".join(map(made_text, range(400))) + f"{number}")
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        pinned = [ray.put(np.full(9 * 2**20, part, np.uint8)) for part in range(8)]
        views = [ray.get(part) for part in pinned]  # what is looked at cannot be moved to the disk
        report = run(tmp_path / "ray", texts, engine)
        assert ray.is_initialized()
        assert [int(view[0]) for view in views] == list(range(8))
        del views, pinned
    finally:
        ray.shutdown()
    run(tmp_path / "local", texts, "local")

    assert report.summary() == {"added": 3}
    assert_same(held_in(tmp_path / "ray"), held_in(tmp_path / "local"))
