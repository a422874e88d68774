"""The reader of a Ray cluster keeps the contract of all readers. Run by test_ray.py."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from file_readers import FileReaderContract
from hashing_embedder import HashingEmbedder
from hashing_server import hashing_server
from objects_in_memory import bucket_in_memory
from ray.cluster_utils import Cluster
from ray_cluster import KILLER, UNSEEN, WAIT_S, assert_same, held, two_nodes
from synthetic_texts import made_text

from ingest.engines.choice import RayCluster, open_engine
from ingest.engines.cluster.actors import SentBytes
from ingest.errors import ClusterError, LoaderCrashError
from ingest.loaders import load_file
from ingest.reading.base import CutFile, FileReader
from ingest.run import ingest
from kb import KnowledgeBase, Settings
from kb.errors import KnowledgeBaseError, SettingsError
from kb.hashing import file_sha256


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with two_nodes(tmp_path_factory.mktemp("path")) as started:
        yield started


class TestRayReader(FileReaderContract):
    @pytest.fixture
    def reader(self, cluster: Cluster, tmp_path: Path) -> Iterator[FileReader]:
        settings = Settings(data_dir=tmp_path / "data")
        with (
            KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base,
            closing(open_engine(RayCluster(address=cluster.address), base)) as engine,
        ):
            yield engine.reader()

    def test_one_file_at_a_time_is_read_on_each_core_of_each_node(self, reader: FileReader) -> None:
        assert reader.workers == 2

    def test_a_file_is_cut_where_it_is_read(self, reader: FileReader, tmp_path: Path) -> None:
        path = tmp_path / "notes.md"
        path.write_text("# Dough\n\nRest it for an hour.\n")

        read = reader.submit(path, content_hash=file_sha256(path)).result(WAIT_S)

        assert isinstance(read, CutFile)
        assert [chunk.heading_path for chunk in read.made.chunks] == [("Dough",)]

    def test_a_node_that_does_not_see_a_file_is_sent_its_bytes(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        paths = [tmp_path / f"{UNSEEN}-{number}.md" for number in range(3)]
        for path in paths:
            path.write_text(f"# Far\n\nFrom here: {path.stem}.")

        known = [file_sha256(path) for path in paths]
        futures = [
            reader.submit(path, content_hash=has) for path, has in zip(paths, known, strict=True)
        ]
        read = [future.result(WAIT_S) for future in futures]

        for path, file in zip(paths, read, strict=True):
            expected = load_file(path)
            assert file.document == expected.document
            assert (file.content_hash, file.size) == (expected.content_hash, expected.size)
            assert file.mtime_ns == expected.mtime_ns

    def test_a_node_with_another_file_at_the_path_is_sent_the_bytes(
        self, reader: FileReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "hours.txt"
        path.write_text("The harbour opens at seven.")
        here = load_file(path)
        sent = SentBytes(content=path.read_bytes(), mtime_ns=here.mtime_ns)
        monkeypatch.setattr("ingest.engines.cluster.reader._bytes_of", lambda *_: sent)
        path.write_text("An old copy: at nine.")  # as a node may have it

        read = reader.submit(path, content_hash=here.content_hash).result(WAIT_S)

        assert read.document.text == here.document.text
        assert (read.content_hash, read.mtime_ns) == (here.content_hash, here.mtime_ns)

    def test_a_file_that_kills_its_reader_on_every_node_is_named_and_the_others_are_read(
        self, reader: FileReader, tmp_path: Path
    ) -> None:
        bad = tmp_path / f"{KILLER}.txt"
        bad.write_text("Harm.")
        others = [tmp_path / f"{number}.txt" for number in range(6)]
        for path in others:
            path.write_text("Good.")

        futures = [reader.submit(path) for path in (*others[:3], bad, *others[3:])]

        error = futures.pop(3).exception(WAIT_S)
        assert isinstance(error, LoaderCrashError)
        assert bad.name in str(error)
        assert "3 times" in str(error)
        assert [future.result(WAIT_S).document.text for future in futures] == ["Good."] * 6


def test_a_pool_of_model_servers_embeds_what_the_nodes_read(
    cluster: Cluster, tmp_path: Path
) -> None:
    texts = tmp_path / "files"
    texts.mkdir()
    for number in range(12):
        (texts / f"{number}.txt").write_text(made_text(number))
    found = []
    with (
        hashing_server(tmp_path / "one", text_s=0) as (one, _),
        hashing_server(tmp_path / "two", text_s=0) as (two, _),
    ):
        for engine in (RayCluster(address=cluster.address), "local"):
            data = tmp_path / ("local" if engine == "local" else "ray")
            with KnowledgeBase.open(Settings(data_dir=data, model=f"{one},{two}")) as base:
                assert ingest(base, texts, engine=engine).summary() == {"added": 12}
                found.append(held(base))
    assert_same(*found)


def test_a_gpu_is_shared_out_to_as_many_models_as_fit_beside_the_readers_of_its_only_core(
    cluster: Cluster, tmp_path: Path
) -> None:
    near = HashingEmbedder()
    texts = [f"text {number}" for number in range(1000)]
    paths = [tmp_path / f"{number}.txt" for number in range(6)]
    for path in paths:
        path.write_text("Good.")
    with (
        KnowledgeBase.open(Settings(data_dir=tmp_path / "data"), embedder=near) as base,
        closing(
            open_engine(RayCluster(address=cluster.address, gpus_per_actor=0.25), base)
        ) as engine,
    ):
        reader = engine.reader()
        futures = [reader.submit(path) for path in paths]
        assert [future.result(WAIT_S).document.text for future in futures] == ["Good."] * 6
        embedding = engine.embedding()
        told: list[int] = []

        vectors = embedding.embedder.embed_documents(texts, told.append)

        assert embedding.models == 4
        assert sum(told) == len(texts)
        np.testing.assert_array_equal(vectors, near.embed_documents(texts))
        manned = embedding.embedder._crew._roster.manned.values()
        deadline = time.monotonic() + WAIT_S
        while not all(each.actor for each in manned):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_cluster_without_the_gpus_that_are_asked_for_is_named(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.engines.cluster.crew._NO_NODE_S", 0.5)
    with (
        KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base,
        closing(open_engine(RayCluster(address=cluster.address, gpus_per_actor=8), base)) as engine,
        pytest.raises(ClusterError, match="can do embedding: none is left, or none has the"),
    ):
        engine.embedding().embedder.embed_documents(["text"])


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with (
        KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base,
        closing(open_engine(RayCluster(address="127.0.0.1:1"), base)) as engine,
        pytest.raises(ClusterError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"),
    ):
        engine.reader()


@pytest.mark.parametrize(
    ("address", "kind", "said"),
    [
        ("127.0.0.1:1", ClusterError, "127.0.0.1:1, which the variable RAY_ADDRESS names"),
        ("127.0.0.1", SettingsError, "127.0.0.1 in the variable RAY_ADDRESS is no address"),
        ("ray://head:10001", SettingsError, "ray://head:10001 in the variable RAY_ADDRESS is no"),
    ],
)
def test_a_variable_that_names_no_cluster_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    kind: type[KnowledgeBaseError],
    said: str,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    with (
        KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base,
        closing(open_engine("ray", base)) as engine,
        pytest.raises(kind, match=re.escape(said)),
    ):
        engine.reader()


def test_objects_are_fetched_by_the_driver_and_read_on_the_nodes(
    cluster: Cluster, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", sentences=False)
    engine = RayCluster(address=cluster.address)
    with (
        bucket_in_memory() as bucket,
        KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base,
    ):
        for number in range(6):
            bucket.put(f"docs/{number}.md", f"# Dough {number}\n\nRest it for {number} hours.\n")
        bucket.put("docs/broken.pdf", b"%PDF-1.7 and nothing else")

        first = ingest(base, bucket.url, engine=engine)
        second = ingest(base, bucket.url, engine=engine)

        assert first.summary() == {"added": 6, "failed": 1}
        assert first.failures[0].reason.startswith("broken.pdf ")
        assert second.summary() == {"unchanged": 6, "failed": 1}
        assert all(state.revision for state in base.files.states())
    assert not list((tmp_path / "data" / "fetched").glob("*/object-*"))
