"""The command on a Ray cluster, with the default model. Run by test_ray.py."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster
from ray_cluster import SAMPLES, WAIT_S, assert_same, held, two_nodes
from synthetic_texts import made_text

from ingest.engines.choice import RayCluster
from ingest.engines.cluster.actors import NEEDS_MODEL, READY, EmbeddingActor
from ingest.engines.cluster.engine import RayEngine
from ingest.engines.cluster.library import actor_on
from ingest.engines.cluster.model import file_parts
from ingest.run import ingest
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

INTERRUPTED_RUN = Path(__file__).parents[1] / "e2e" / "interrupt_run.py"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        with two_nodes(tmp_path_factory.mktemp("path")) as started:
            yield started


def command(settings: Settings, *arguments: str | Path, moment: str = "") -> tuple[int, str]:
    """Run the command, with SIGINT when a function is called; return its status and output."""
    program = ["-m", "ingest"]
    if moment:
        program = [str(INTERRUPTED_RUN), moment, "SIGINT", "1", "ingest"]
    done = subprocess.run(
        [sys.executable, *program, *map(str, arguments), "--json"],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KB_DATA_DIR": str(settings.data_dir)},
        timeout=5 * WAIT_S,
    )
    return done.returncode, done.stdout.removeprefix("ready\n")


def test_the_samples_become_the_same_with_the_default_model_and_an_interrupted_run_goes_on(
    cluster: Cluster, base: KnowledgeBase, embedder: Embedder, tmp_path: Path
) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(SAMPLES, folder)
    (folder / "torn.pdf").write_bytes(b"%PDF-1.7 and no more")
    ingest(base, folder)
    data = tmp_path / "ray"
    data.mkdir()
    (data / "models").symlink_to(base.settings.models_dir.resolve())
    settings = Settings(data_dir=data)
    arguments = (folder, "--engine", "ray", "--address", cluster.address)

    status, out = command(settings, *arguments, moment="ingest.pipeline.pipeline:Pipeline._store")
    assert status == 130
    assert json.loads(out)["interrupted"]

    status, out = command(settings, *arguments)
    report = json.loads(out)
    assert status == 1
    assert [file["path"] for file in report["files"] if file["outcome"] == "failed"] == ["torn.pdf"]
    assert report["unrefined"] == 0

    (folder / "torn.pdf").unlink()
    status, out = command(settings, *arguments, "--prune")
    assert status == 0

    ingest(base, folder)
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        assert opened.check().ok
        assert [run.status for run in opened.runs()] == ["finished", "finished", "interrupted"]
        there = held(opened)
        query = "How long is the warranty?"
        assert opened.search(query)[0].sources == base.search(query)[0].sources
    here = held(base)
    here.pop("torn.pdf", None)
    assert_same(there, here)


@pytest.mark.parametrize(
    "moment",
    [
        "ingest.engines.cluster.connection:Connection.__init__",
        "ingest.engines.cluster.reader:RayReader.submit",
        "ingest.engines.cluster.embedder:RayEmbedder.embed_documents",
    ],
)
def test_a_run_may_be_interrupted_at_any_moment_and_ray_address_names_the_cluster(
    cluster: Cluster,
    base: KnowledgeBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    folder, data = tmp_path / "files", tmp_path / "ray"
    for made in (folder, data):
        made.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(made_text(number))
    (data / "models").symlink_to(base.settings.models_dir.resolve())
    settings = Settings(data_dir=data)

    status, out = command(settings, folder, "--engine", "ray", moment=moment)

    assert status == 130
    assert json.loads(out)["interrupted"]
    status, out = command(settings, folder, "--engine", "ray")
    counts = json.loads(out)["counts"]
    assert (status, sum(counts.values())) == (0, 6)
    with KnowledgeBase.open(settings) as opened:
        assert opened.check().ok
        assert opened.collection().documents == 6


def test_a_node_without_the_model_is_sent_it_once_and_embeds_the_same(
    cluster: Cluster, base: KnowledgeBase, embedder: Embedder, tmp_path: Path
) -> None:
    texts = ["Dough rests for an hour.", "软件著作权登记"]
    with (
        KnowledgeBase.open(base.settings) as opened,
        closing(RayEngine(opened, RayCluster(address=cluster.address))) as engine,
    ):
        connection, terms = engine._connected()
        shared = terms.model.file
        assert shared is not None
        elsewhere = replace(shared.file, path=tmp_path / "nowhere" / shared.file.path.name)
        lacking = replace(terms.model, file=replace(shared, file=elsewhere))
        make = actor_on(connection.nodes[0].id, EmbeddingActor, cpus=0.5, gpus=0, threads=1)
        actor = make.remote(replace(terms, model=lacking), 1)

        assert ray.get(actor.prepare.remote()) == NEEDS_MODEL
        parts = [ray.put(part) for part in file_parts(shared.file.path)]
        assert ray.get(actor.prepare.remote(parts)) == READY
        vectors = ray.get(actor.embed.remote("documents", texts))

        other = make.remote(replace(terms, model=lacking), 1)
        assert ray.get(other.prepare.remote()) == READY
    np.testing.assert_allclose(vectors, embedder.embed_documents(texts), atol=1e-5)


def test_a_node_without_the_model_fetches_it_from_where_the_command_says(
    cluster: Cluster, base: KnowledgeBase, embedder: Embedder, tmp_path: Path
) -> None:
    afar = tmp_path / "afar"
    afar.mkdir()
    there = RayCluster(address=cluster.address, models_at=f"file://{afar}/")
    with (
        KnowledgeBase.open(base.settings) as opened,
        closing(RayEngine(opened, there)) as engine,
    ):
        connection, terms = engine._connected()
        shared = terms.model.file
        assert shared is not None
        name = shared.file.path.name
        assert shared.url == f"file://{afar}/{name}"
        # Under a name of its own: this machine may keep a copy of an earlier test.
        shutil.copy(shared.file.path, afar / f"other-{name}")
        elsewhere = replace(shared.file, path=tmp_path / "nowhere" / f"other-{name}")
        lacking = replace(shared, file=elsewhere, url=f"file://{afar}/other-{name}")
        terms = replace(terms, model=replace(terms.model, file=lacking))
        make = actor_on(connection.nodes[0].id, EmbeddingActor, cpus=0.5, gpus=0, threads=1)
        actor = make.remote(terms, 1)

        assert ray.get(actor.prepare.remote()) == READY
        vectors = ray.get(actor.embed.remote("documents", ["Dough rests for an hour."]))
    np.testing.assert_allclose(
        vectors, embedder.embed_documents(["Dough rests for an hour."]), atol=1e-5
    )
