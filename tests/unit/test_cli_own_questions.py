"""``kb eval my-questions``: one's own questions scored, compared and written at the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kb import KnowledgeBase, Settings
from kb.cli.app import app
from kb.embedding.base import Embedder

TEXTS = {
    "heron.txt": "The grey heron waits motionless in shallow water and strikes at passing fish.",
    "tea.txt": "Green tea is steeped for two minutes in water that has stopped boiling.",
}


@pytest.fixture
def filled(data_dir: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    monkeypatch.setenv("KB_CONFIG", str(data_dir / "no.toml"))
    with KnowledgeBase.open(Settings.load(), embedder=embedder) as base:
        for name, text in TEXTS.items():
            base.add(text, name=name)
        (hit,) = base.search("green tea", mode="keyword", top_k=1)
        base.questions.judge("How long is green tea steeped?", hit, good=True)
        base.questions.judge("Which bird?", hit, good=False)
    return data_dir


def evaluated(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["eval", *arguments])


def test_own_questions_are_scored_and_compared(filled: Path) -> None:
    file = str(filled / "run.json")
    done = evaluated("my-questions", "--mode", "keyword", "--save", file)
    assert done.exit_code == 0, done.output
    assert "default: 2 documents" in done.stdout
    assert "not scored: 1 questions" in done.stderr
    again = evaluated("my-questions", "--mode", "keyword", "--compare", file, "--json")
    (run,) = json.loads(again.stdout)
    assert run["metrics"]["recall@1"]["mean"] == 1
    assert run["compared"][0]["difference"] == 0


def test_own_questions_are_written_as_a_set_that_has_a_name(filled: Path) -> None:
    written = evaluated("make", str(filled / "sets" / "mine"), "--mine")
    assert "wrote 1 questions" in written.stdout
    by_name = evaluated("mine", "--mode", "keyword", "--json")
    (run,) = json.loads(by_name.stdout)
    assert (run["set"], run["documents"], run["queries"]) == ("mine", 2, 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("my-questions", "--answers"), "kb eval make FOLDER --mine"),
        (("my-questions", "--collection", "other"), "other"),
        (("birds", "--collection", "default"), "documents of its own"),
        (("make", "x", "--mine", "--ask"), "leave out --ask"),
    ],
)
def test_what_cannot_be_done_with_own_questions_is_said(
    filled: Path, arguments: tuple[str, ...], told: str
) -> None:
    assert filled.is_dir()
    refused = evaluated(*arguments)
    assert refused.exit_code
    assert told in " ".join(refused.stderr.split())
