"""``kb eval --answers``: citations checked against their passages, questions without an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import chat_server
import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import Settings, SettingsError
from kb.chat.opening import open_chat_model
from kb.cli.app import app
from kb.errors import ChatError
from kb.evaluation import answers, runs
from kb.evaluation.judged import JudgedSet, read_set
from kb.evaluation.judging import Judge

THINGS = {
    "machine": "The coffee machine has a warranty of 24 months from the day of purchase. ",
    "kestrel": "Kestrels hover above meadows and look for mice until the sun is gone. ",
    "harbour": "The harbour clerk counts seven barrels each morning before the tide. ",
    "garden": "Tomatoes in the garden are watered twice a week, always in the evening. ",
}
MORE = "Whoever reads on finds that the {} has a second sentence to tell about itself."
QUERIES = {
    "q1": "How long is the warranty of the coffee machine?",
    "q2": "How many barrels does the harbour clerk count?",
}


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    folder = tmp_path / "set"
    folder.mkdir()
    documents = {name: text + MORE.format(name) for name, text in THINGS.items()}
    for name, items in (("corpus.jsonl", documents), ("queries.jsonl", QUERIES)):
        lines = [json.dumps({"id": key, "text": text}) for key, text in items.items()]
        (folder / name).write_text("\n".join(lines))
    (folder / "qrels.tsv").write_text("q1\tmachine\t1\nq2\tharbour\t1\n")
    return read_set(folder)


@pytest.fixture
def service() -> Iterator[chat_server.ChatService]:
    started = chat_server.ChatService(reply)
    yield started
    started.stop()


def reply(messages: list[dict[str, str]]) -> str:
    """Answer from the first passage that says it, decline else; judge by the whole sentence."""
    content = messages[-1]["content"]
    if "Sentence: " in content:
        passage, _, sentence = content.partition("\n\nSentence: ")
        return "Yes." if sentence.strip() in passage else "No."
    told, _, question = content.rpartition("Question")
    for number, passage in enumerate(told.split("<passage ")[1:], start=1):
        if "warranty" in question and "24 months" in passage:
            return f"{THINGS['machine'].strip(' .')} [{number}]."
        if "barrels" in question and "barrels" in passage:
            return f"The clerk counts nine barrels [{number}]."
    return "The documents do not say."


def ran(
    judged: JudgedSet, tmp_path: Path, service: chat_server.ChatService, *, judge: bool = True
) -> answers.AnswerRun:
    settings = Settings.load(data_dir=tmp_path / "data", chat_model=service.model, top_k=2)
    chat = open_chat_model(settings)
    texts = [document.text for document in judged.documents]
    with runs.ingested(judged, settings, HashingEmbedder()) as base:
        who = Judge(chat, texts) if judge else None
        done = answers.run(base, judged, chat, judge=who, mode="hybrid", count=50)
    chat.close()
    return done


def share(run: answers.AnswerRun, name: str) -> float | None:
    found = run.shares()[name]
    return None if found is None else found[0]


def test_a_question_is_asked_with_and_without_the_documents_that_answer_it(
    judged: JudgedSet, tmp_path: Path, service: chat_server.ChatService
) -> None:
    run = ran(judged, tmp_path, service)
    assert run.answerable == ("answered", "answered")
    assert run.unanswerable == ("declined", "declined")
    assert share(run, "passage found") == 1
    assert share(run, "declined, answerable") == 0
    assert share(run, "declined, unanswerable") == 1


def test_a_citation_whose_passage_says_otherwise_does_not_hold(
    judged: JudgedSet, tmp_path: Path, service: chat_server.ChatService
) -> None:
    run = ran(judged, tmp_path, service)
    held = {each.query: (each.held, each.judged) for each in run.citations}
    assert held["q1"] == (True, True)
    assert held["q2"][1] is False
    assert [each.query for each in run.worst(5)] == ["q2"]
    assert share(run, "citations held, as judged") == 0.5


def test_a_model_that_cannot_judge_known_sentences_judges_no_citations(
    judged: JudgedSet, tmp_path: Path, service: chat_server.ChatService
) -> None:
    service.reply = lambda messages: (
        "Yes." if "Sentence: " in messages[-1]["content"] else reply(messages)
    )
    run = ran(judged, tmp_path, service)
    assert run.controls == (3, 6)
    assert share(run, "citations held, as judged") is None
    assert share(run, "citations held, by words") is not None


def test_an_answer_without_citations_counts_as_one(
    judged: JudgedSet, tmp_path: Path, service: chat_server.ChatService
) -> None:
    service.reply = lambda messages: reply(messages).replace("[1]", "").replace("[2]", "")
    run = ran(judged, tmp_path, service, judge=False)
    assert run.cited == (False, False)
    assert share(run, "answers with citations") == 0
    assert share(run, "citations held, by words") is None


def test_one_question_that_the_model_is_silent_about_is_one_of_many_and_all_are_an_error(
    judged: JudgedSet, tmp_path: Path, service: chat_server.ChatService
) -> None:
    service.reply = lambda messages: (
        "" if "barrels" in messages[-1]["content"].rpartition("Question")[2] else reply(messages)
    )
    run = ran(judged, tmp_path, service, judge=False)
    assert sorted(run.answerable) == ["answered", "failed"]
    service.reply = lambda _: ""
    with pytest.raises(ChatError, match="empty answer"):
        ran(judged, tmp_path, service, judge=False)


@pytest.mark.usefixtures("judged")
def test_the_command_prints_the_shares_and_what_holds_least(
    tmp_path: Path,
    data_dir: Path,
    service: chat_server.ChatService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KB_CHAT_MODEL", service.model)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    asked = ["eval", str(tmp_path / "set"), "--answers", "--mode", "keyword"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    assert "declined, unanswerable     1.000" in shown.stdout
    assert "The clerk counts nine barrels." in shown.stdout
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert told[0]["shares"]["declined, answerable"]["mean"] == 0
    assert told[0]["judge"] == {"model": service.model, "right": 6, "controls": 6}


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("also", [["--spans"], ["--save", "run.json"]])
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, also: list[str]) -> None:
    done = CliRunner().invoke(app, ["eval", str(tmp_path / "set"), "--answers", *also])
    assert done.exit_code == 2
    assert "--answers" in done.stderr


@pytest.mark.usefixtures("judged")
def test_without_a_chat_model_it_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KB_CHAT_MODEL", raising=False)
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    done = CliRunner().invoke(app, ["eval", str(tmp_path / "set"), "--answers"])
    assert done.exit_code == 2
    assert "KB_CHAT_MODEL" in done.stderr
    with pytest.raises(SettingsError):
        open_chat_model(Settings.load(data_dir=tmp_path))
