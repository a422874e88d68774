"""Runs that share one node with each other, and with other jobs. Run by test_ray.py."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import ray
from hashing_embedder import HashingEmbedder
from ray.cluster_utils import Cluster
from ray_cluster import HELPERS, WAIT_S, two_nodes
from synthetic_texts import made_text

from ingest.engines.choice import RayCluster
from ingest.engines.cluster import bookings
from ingest.run import ingest
from kb import KnowledgeBase, Settings

RUN = Path(__file__).parent / "ray_run.py"
CORES = 2
FILES = 30


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of one node, which says that it has a GPU."""
    with two_nodes(tmp_path_factory.mktemp("path"), head_cpus=0, more=0) as started:
        started.add_node(num_cpus=CORES, num_gpus=1, object_store_memory=80 * 2**20)
        started.wait_for_nodes()
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "texts"
    made.mkdir()
    for number in range(FILES):
        (made / f"{number}.txt").write_text(made_text(number))
    return made


class Holder:
    """An actor of somebody else."""

    def here(self) -> bool:
        return True


@contextmanager
def held(cluster: Cluster, cores: int) -> Iterator[None]:
    """Have another job hold cores."""
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        holders = [ray.remote(Holder).options(num_cpus=1).remote() for _ in range(cores)]
        assert all(ray.get([holder.here.remote() for holder in holders]))
        yield
    finally:
        ray.shutdown()


def test_two_runs_at_once_both_end(cluster: Cluster, folder: Path, tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, str(RUN), str(tmp_path / name), str(folder), cluster.address],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HELPERS)},
        )
        for name in ("one", "other")
    ]
    try:
        said = [run.communicate(timeout=2 * WAIT_S)[0] for run in runs]
    finally:
        for run in runs:
            run.kill()
            run.wait()

    reports = [json.loads(out.splitlines()[-1]) for out in said]
    assert [report["counts"] for report in reports] == [{"added": FILES}] * 2


def test_a_run_takes_what_another_job_leaves_of_the_only_node(
    cluster: Cluster, folder: Path, tmp_path: Path
) -> None:
    stop = threading.Event()
    timer = threading.Timer(2 * WAIT_S, stop.set)
    timer.start()
    try:
        with (
            held(cluster, CORES - 1),
            KnowledgeBase.open(
                Settings(data_dir=tmp_path / "data", sentences=False), embedder=HashingEmbedder()
            ) as base,
        ):
            report = ingest(base, folder, engine=RayCluster(address=cluster.address), cancel=stop)
    finally:
        timer.cancel()

    assert report.summary() == {"added": FILES}


@pytest.mark.parametrize("gpus", [0, 0.5])
def test_who_waits_for_cores_that_others_hold_says_so_and_can_stop(
    cluster: Cluster, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: float
) -> None:
    monkeypatch.setattr(bookings, "_SAID_AFTER_S", 0.5)
    stop = threading.Event()
    said: list[str] = []

    class Listens(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())
            stop.set()

    log = logging.getLogger(bookings.__name__)
    handler = Listens()
    log.addHandler(handler)
    try:
        with (
            held(cluster, CORES),
            KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base,
        ):
            report = ingest(
                base,
                folder,
                engine=RayCluster(address=cluster.address, gpus_per_actor=gpus),
                cancel=stop,
            )
    finally:
        log.removeHandler(handler)

    assert report.interrupted
    assert report.files == ()
    assert len(said) == 1
    assert "reading has waited 0.5 s for 1 core of node" in said[0]
