"""Searches whose best hits a reranker orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import rerank_server
from hashing_embedder import HashingEmbedder
from rerank_server import RerankServer
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.cli.app import app
from kb.doctor import examine
from kb.embedding.base import Embedder
from kb.errors import ModelError, RerankingError, SettingsError

QUERY = "kettle warranty months"
TEXTS = {
    "kettle.txt": "The kettle, the kettle, the kettle has no number.",
    "answer.txt": "Its warranty runs for 24 months; the kettle must be sent back in its box.",
    "other.txt": "A heron stands by the river.",
}


@pytest.fixture
def server() -> Iterator[RerankServer]:
    started = RerankServer()
    # Against the order of every other stage, so that it shows who decided.
    started.score = lambda _, text: float("heron" in text)  # type: ignore[method-assign] # a test's
    yield started
    started.stop()


@pytest.fixture
def base(tmp_path: Path, server: RerankServer) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", reranker=server.url, server_timeout_s=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for name, text in TEXTS.items():
            opened.add(text, name=name)
        yield opened


def test_the_reranker_decides_and_each_stages_score_stays(base: KnowledgeBase) -> None:
    before = base.search(QUERY, rerank=False)
    after = base.search(QUERY)
    assert before[0].source != "other.txt"
    assert "reranked" not in before[0].scores
    assert after[0].source == "other.txt"
    assert after[0].score == after[0].scores["reranked"] == 1.0
    assert after[0].ranks["reranked"] == 1
    assert {"dense", "fused"} <= after[0].scores.keys()
    rest = [hit.source for hit in after[1:]]
    assert rest == [hit.source for hit in before if hit.source != "other.txt"]


def test_it_reads_the_candidates_and_at_least_as_many_as_are_asked_for(
    base: KnowledgeBase, server: RerankServer
) -> None:
    settings = base.settings.model_copy(update={"rerank_candidates": 1})
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as careful:
        assert len(careful.search(QUERY, top_k=1)) == 1
        assert len(server.seen[-1]["documents"]) == 1
        assert len(careful.search(QUERY, top_k=3)) == 3
        assert len(server.seen[-1]["documents"]) == 3


def test_a_reranker_that_fails_is_an_error_and_the_search_without_it_is_not(
    base: KnowledgeBase, server: RerankServer
) -> None:
    server.faults.append(rerank_server.status(401))
    with pytest.raises(RerankingError, match=r"reranking server.*--no-rerank"):
        base.search(QUERY)
    assert base.search(QUERY, rerank=False)


def test_what_is_stored_while_the_reranker_reads_is_found_by_the_next_search(
    base: KnowledgeBase, server: RerankServer
) -> None:
    waiting = ["A heron came while the others were being read: no kettle."]

    def score(_: str, text: str) -> float:
        if waiting:
            base.add(waiting.pop(), name="late.txt")
        return float("heron" in text)

    server.score = score  # type: ignore[method-assign] # a test's
    hits = base.search(QUERY)
    read = [text for seen in server.seen for text in seen["documents"]]
    assert sorted(hit.source for hit in hits) == sorted(TEXTS)
    assert len(read) == len(set(read)) == 3
    assert "late.txt" in [hit.source for hit in base.search(QUERY)]


def test_doctor_says_which_reranker_answers_and_why_one_does_not(
    base: KnowledgeBase, server: RerankServer
) -> None:
    found = examine(base, check=False)["reranker"]
    assert found == {"name": server.url, "servers": server.url}
    server.faults.append(rerank_server.status(401))
    found = examine(base, check=False)["reranker"]
    assert "set KB_API_KEY" in found["problem"]


def test_a_reranker_is_taken_into_use_and_out_again_without_a_new_start(
    settings: Settings, embedder: Embedder, server: RerankServer
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        for name, text in TEXTS.items():
            base.add(text, name=name)
        before = [hit.source for hit in base.search(QUERY)]
        base.use_model("reranker", server.url)
        assert base.settings.reranker == server.url
        assert "reranked" in base.search(QUERY)[0].scores
        base.use_model("reranker", None)
        assert [hit.source for hit in base.search(QUERY)] == before


def test_reranking_without_a_reranker_says_how_to_set_one(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("A heron.", name="heron")
        assert base.search("heron")
        with pytest.raises(SettingsError, match="KB_RERANKER"):
            base.search("heron", rerank=True)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("bge-reranker-v2-m3", "not on this machine yet: run `kb models pull bge-reranker-v2-m3`"),
        ("no-such.gguf", "there is no reranker 'no-such.gguf': set KB_RERANKER to one of Qwen3"),
        ("hf:owner/repository/file.gguf", "run `kb models pull hf:owner/repository/file.gguf`"),
    ],
)
def test_a_reranker_that_is_not_there_says_how_to_get_one(
    tmp_path: Path, name: str, advice: str
) -> None:
    settings = Settings.load(data_dir=tmp_path, reranker=name)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("A heron.", name="heron")
        with pytest.raises(ModelError, match=advice):
            base.search("heron")
        assert base.search("heron", rerank=False)


def test_the_command_shows_the_rerankers_score(
    settings: Settings, embedder: Embedder, server: RerankServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        for name, text in TEXTS.items():
            base.add(text, name=name)
    monkeypatch.setenv("KB_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("KB_RERANKER", server.url)
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(app, ["search", QUERY, "--explain"]).stdout
    assert "1. other.txt  1.00" in shown
    assert "reranked 1.000 from fused" in shown
    found = CliRunner().invoke(app, ["search", QUERY, "--no-rerank", "--json"]).stdout
    assert "reranked" not in json.loads(found)[0]["scores"]
