"""Nodes that come late, and clusters that die as a whole. Run by test_ray.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from company_embedder import CompanyEmbedder
from hashing_embedder import HashingEmbedder
from ray.cluster_utils import Cluster
from ray_cluster import HANGS, HELPERS, STORE_BYTES, WAIT_S, add_node, assert_same, held, two_nodes
from synthetic_texts import made_text

from ingest.engines.choice import EngineChoice, RayCluster
from ingest.errors import ClusterError
from ingest.pipeline.report import IngestReport
from ingest.results import FileEvent
from ingest.run import ingest
from kb import KnowledgeBase, Settings

COMMAND = Path(__file__).with_name("s3_command.py")
FILES = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("texts")
    for number in range(FILES):
        (made / f"{number}.txt").write_text(made_text(number))
    return made


def opened(data: Path) -> KnowledgeBase:
    return KnowledgeBase.open(Settings(data_dir=data, sentences=False), embedder=HashingEmbedder())


def assert_as_here(data: Path, folder: Path, tmp_path: Path) -> None:
    """Compare what a folder became with what it becomes on one machine."""
    with opened(data) as there, opened(tmp_path / "local") as here:
        ingest(here, folder)
        assert there.check().ok
        assert_same(held(there), held(here))


def test_a_node_that_comes_during_a_run_gets_work(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    folder = tmp_path / "texts"
    for each in (marks, folder):
        each.mkdir()
    for number in range(6):  # each longer than what one node embeds at a time
        (folder / f"{number}.txt").write_text(made_text(number, paragraphs=300))
    came: list[subprocess.Popen[bytes]] = []
    with two_nodes(tmp_path, more=0) as cluster:

        def come(event: FileEvent) -> None:
            if event.stage == "embedding" and not came:
                came.append(_node(cluster))

        with KnowledgeBase.open(
            Settings(data_dir=tmp_path / "data", sentences=False), embedder=CompanyEmbedder(marks)
        ) as base:
            try:
                report = ingest(
                    base, folder, engine=RayCluster(address=cluster.address), on_event=come
                )
            finally:
                for node in came:
                    node.terminate()
                    node.wait(WAIT_S)

    assert len(list(marks.iterdir())) == 2
    assert report.summary() == {"added": 6}
    assert_as_here(tmp_path / "data", folder, tmp_path)


def test_a_run_whose_nodes_all_die_says_so_and_the_next_does_the_rest(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.engines.cluster.crew._NO_NODE_S", 2.0)
    data = tmp_path / "data"
    texts = tmp_path / "texts"
    shutil.copytree(folder, texts)
    hangs = texts / f"{HANGS}.txt"  # so that the run cannot end before
    hangs.write_text(made_text(FILES))
    with two_nodes(tmp_path, head_cpus=0) as cluster:
        there = RayCluster(address=cluster.address)

        def kill() -> None:
            for node in list(cluster.worker_nodes):
                cluster.remove_node(node, allow_graceful=False)

        with pytest.raises(ClusterError, match=r"none is left.*What was stored stays"):
            _run(data, texts, there, kill)
        with opened(data) as base:
            stored = _stored(base)
            assert base.check().ok
        hangs.rename(texts / "late.txt")
        add_node(cluster)
        report = _run(data, texts, there)

    assert 1 <= stored <= FILES
    assert report.summary() == {"unchanged": stored, "added": FILES + 1 - stored}
    assert_as_here(data, texts, tmp_path)


@pytest.mark.parametrize(
    ("died", "said"),
    [
        ("gcs_server", "the head of the Ray cluster, "),
        ("raylet", "the Ray node of this machine has ended"),
    ],
)
def test_a_command_whose_head_or_node_dies_ends_with_an_error_and_the_next_does_the_rest(
    folder: Path, tmp_path: Path, died: str, said: str
) -> None:
    data = tmp_path / "data"
    texts = tmp_path / "texts"
    shutil.copytree(folder, texts)
    hangs = texts / f"{HANGS}.txt"  # so that the run cannot end before
    hangs.write_text(made_text(FILES))
    with (
        two_nodes(tmp_path) as cluster,
        _command(data, texts, cluster.address) as process,
    ):
        with opened(data) as base:
            _wait(lambda: _stored(base) > 0 or process.poll() is not None)
        (info,) = cluster.head_node.all_processes[died]
        info.process.kill()
        _, err = process.communicate(timeout=WAIT_S)

    assert process.returncode == 1, err
    assert f"error: {said}" in err
    assert "what was stored stays" in err
    assert "Traceback" not in err
    with opened(data) as base:
        stored = _stored(base)
        assert base.check().ok
    assert stored >= 1
    hangs.rename(texts / "late.txt")
    with (
        two_nodes(tmp_path) as cluster,
        _command(data, texts, cluster.address) as process,
    ):
        out, err = process.communicate(timeout=2 * WAIT_S)
    assert process.returncode == 0, err
    assert f"{FILES + 1 - stored} added" in out
    assert_as_here(data, texts, tmp_path)


def _run(
    data: Path, folder: Path, engine: EngineChoice, when_stored: Callable[[], None] | None = None
) -> IngestReport:
    """Ingest, and do something once the first file is stored."""
    left = [when_stored] if when_stored else []

    def on_event(event: FileEvent) -> None:
        if event.stage == "stored" and left:
            left.pop()()

    with opened(data) as base:
        return ingest(base, folder, engine=engine, on_event=on_event)


def _command(data: Path, folder: Path, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(COMMAND), str(folder), "--engine", "ray", "--address", address],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((os.environ["PYTHONPATH"], str(HELPERS))),
            "KB_DATA_DIR": str(data),
            "KB_SENTENCES": "off",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _stored(base: KnowledgeBase) -> int:
    return sum(each.documents for each in base.collections())


def _wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2 * WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _node(cluster: Cluster) -> subprocess.Popen[bytes]:
    """Start one more node as people do, from whatever thread."""
    options = ("--num-cpus=1", f"--object-store-memory={STORE_BYTES}", "--disable-usage-stats")
    program = (sys.executable, "-m", "ray.scripts.scripts", "start", "--block")
    return subprocess.Popen(
        [*program, "--address", cluster.address, *options], stdout=subprocess.DEVNULL
    )
