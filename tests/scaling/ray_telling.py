"""What a run on a Ray cluster tells while it runs, and how it stops. Run by test_ray.py."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder
from ray.cluster_utils import Cluster
from ray_cluster import SAMPLES, two_nodes
from synthetic_texts import made_text

from ingest.engines.choice import EngineChoice, RayCluster
from ingest.pipeline import pipeline
from ingest.pipeline.stages import Embedded
from ingest.results import FileEvent
from ingest.run import ingest
from kb import KnowledgeBase, Settings

FILES = 60
TEXT = made_text(0)
BUDGET = 3 * len(TEXT)
# Two readers, one file that waits for them, and the last one that the budget let in.
MOST_BEYOND_BUDGET = 4


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with two_nodes(tmp_path_factory.mktemp("path")) as started:
        yield started


def told(
    data: Path, folder: Path, engine: EngineChoice, also: Callable[[FileEvent], None] = print
) -> list[FileEvent]:
    """Ingest a folder; return what was told meanwhile."""
    events: list[FileEvent] = []

    def on_event(event: FileEvent) -> None:
        events.append(event)
        also(event)

    settings = Settings(data_dir=data, sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        ingest(base, folder, engine=engine, on_event=on_event)
    return events


def courses(events: list[FileEvent]) -> dict[str, Any]:
    """Return the course of each file: its stages in order, its totals, and its end."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"stages": [], "totals": {}})
    for event in events:
        course = found[event.source.path]
        if course["stages"][-1:] != [event.stage]:
            course["stages"].append(event.stage)
        if event.total:
            course["totals"][event.stage] = event.total
        course["end"] = (event.outcome, event.reason_code, event.notices)
    return dict(found)


def test_each_file_is_told_of_as_in_a_local_run(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(SAMPLES, folder)
    (folder / "empty.txt").touch()
    (folder / "torn.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "long.txt").write_text("\n\n".join(map(made_text, range(300))))

    there = courses(told(tmp_path / "ray", folder, RayCluster(address=cluster.address)))
    here = courses(told(tmp_path / "local", folder, "local"))

    assert there == here
    assert here["long.txt"]["stages"] == ["waiting", "reading", "embedding", "stored"]


def test_readers_wait_for_a_slow_writer(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.txt").write_text(f"{TEXT} {number}")
    monkeypatch.setattr(pipeline, "BUDGET_CHARACTERS", BUDGET)
    store = pipeline.Pipeline._store

    def slowly(run: pipeline.Pipeline, group: Sequence[Embedded]) -> None:
        time.sleep(0.1)
        store(run, group)

    monkeypatch.setattr(pipeline.Pipeline, "_store", slowly)
    under_way: set[str] = set()
    most = 0

    def count(event: FileEvent) -> None:
        nonlocal most
        if event.stage == "reading":
            under_way.add(event.source.path)
        elif event.outcome is not None:
            under_way.discard(event.source.path)
        most = max(most, len(under_way))

    events = told(tmp_path / "data", folder, RayCluster(address=cluster.address), count)

    assert sum(event.outcome == "added" for event in events) == FILES
    assert most <= BUDGET // len(TEXT) + MOST_BEYOND_BUDGET
