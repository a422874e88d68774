"""Hits below a least score are left out, however it is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import chat_server
import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.answering.prompts import NOT_SAID
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.search.reasons import RELEVANT

TEXTS = {
    "warranty": "The warranty on the coffee machine lasts 24 months.",
    "kestrel": "Kestrels hover above meadows.",
    "harbour": "The clerk counts barrels in the harbour.",
}
ASKED = "How long is the warranty on the coffee machine?"


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for name, text in TEXTS.items():
            opened.add(text, name=name)
        yield opened


def test_hits_below_the_least_score_are_left_out(base: KnowledgeBase) -> None:
    every = base.search(ASKED)
    assert len(every) == 3
    between = (every[0].score + every[1].score) / 2
    assert base.search(ASKED, min_score=between) == every[:1]
    assert base.search(ASKED, min_score=0) == every


def test_the_setting_holds_where_a_request_says_nothing(
    tmp_path: Path, base: KnowledgeBase
) -> None:
    first, second, _ = base.search(ASKED)
    strict = Settings.load(data_dir=tmp_path / "data", min_score=(first.score + second.score) / 2)
    base.close()
    with KnowledgeBase.open(strict, embedder=HashingEmbedder()) as opened:
        assert [hit.source for hit in opened.search(ASKED)] == ["warranty"]
        assert len(opened.search(ASKED, min_score=0)) == 3


def test_an_answer_stands_on_no_passage_below_the_least_score(tmp_path: Path) -> None:
    service = chat_server.ChatService(lambda _: "Seven [1].")
    settings = Settings.load(data_dir=tmp_path / "data", chat_model=service.model)
    try:
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            base.add(TEXTS["kestrel"], name="kestrel")
            assert base.ask(ASKED, min_score=1).answer.text == NOT_SAID
            assert base.ask(ASKED, min_score=0).answer.text == "Seven [1]."
    finally:
        service.stop()


def test_the_command_takes_a_least_score_and_tells_reasons(
    data_dir: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    with KnowledgeBase.open(Settings.load(), embedder=embedder) as base:
        for name, text in TEXTS.items():
            base.add(text, name=name)
    every = json.loads(CliRunner().invoke(app, ["search", ASKED, "--json"]).stdout)
    least = (every[0]["score"] + every[1]["score"]) / 2
    asked = ["search", ASKED, "--min-score", f"{least:.4f}"]
    (only,) = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert only["reasons"] == ["best", "meaning", "words"]
    assert only["matched"] == ["warranty", "coffee", "machine"]
    shown = CliRunner().invoke(app, asked).stdout
    assert "best match, by meaning, words: warranty, coffee, machine" in shown
    assert "fused" not in shown
    none = CliRunner().invoke(app, ["search", ASKED, "--min-score", "1"]).stdout
    assert "no passage has a score of 1 or more: lower --min-score" in none
    misspelt = CliRunner().invoke(app, ["search", "warrenty", "--mode", "keyword"]).stdout
    assert "nothing relevant" not in misspelt
    assert "fused" in CliRunner().invoke(app, [*asked, "--explain"]).stdout
    other = ["search", "Who won the chess championship in Norway?"]
    assert "nothing relevant found" in CliRunner().invoke(app, other).stdout
    told = json.loads(CliRunner().invoke(app, [*other, "--json"]).stdout)
    assert told
    assert all("best" not in hit["reasons"] and hit["score"] < RELEVANT for hit in told)
