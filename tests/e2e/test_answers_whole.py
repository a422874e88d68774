"""Answers of models that think first, and answers that were cut short and go on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chat_server
import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.answering.markdown import as_markdown
from kb.chat.base import Message
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.errors import ChatError

WARRANTY = "The warranty on the coffee machine lasts 24 months from the day of purchase."
LONG = "The warranty lasts 24 months [1] from the day of purchase, and covers repairs [1]."


@pytest.fixture
def service() -> Iterator[chat_server.ChatService]:
    started = chat_server.ChatService(lambda _: "It lasts 24 months [1].")
    yield started
    started.stop()


@pytest.fixture
def base(tmp_path: Path, service: chat_server.ChatService) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", chat_model=service.model)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(WARRANTY, name="warranty.txt")
        yield opened


def going_on(messages: list[dict[str, str]]) -> str:
    """Answer as a model does that says the next words of its own long answer."""
    said = messages[-2]["content"] if messages[-2]["role"] == "assistant" else ""
    assert LONG.startswith(said)
    return LONG[len(said) :].lstrip()


def test_thinking_is_kept_beside_the_answer(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.thoughts = "Passage 1 [1] says 24."
    answer = base.ask("warranty?").answer
    assert answer.text == "It lasts 24 months [1]."
    assert answer.thinking == "Passage 1 [1] says 24."
    assert "Passage" not in answer.turns[1].content
    assert "Passage" not in as_markdown(answer)


def test_thinking_can_be_stopped_before_the_answer_begins(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.thoughts = "Let me see."
    stream = base.ask("warranty?")
    assert next(iter(stream)) == ""
    stream.close()
    assert stream.so_far.text == ""
    assert stream.so_far.thinking


@pytest.mark.parametrize("marks", ["beside", "in the text", "channels"])
def test_a_model_that_spends_its_tokens_thinking_is_an_error_that_says_so(
    base: KnowledgeBase, service: chat_server.ChatService, marks: str
) -> None:
    thoughts = "I could look at passage 1 first and then at all the others."
    if marks == "beside":
        service.thoughts = thoughts
    else:
        begin = "<think>" if marks == "in the text" else "<|channel|>analysis<|message|>"
        service.reply = lambda _: begin + thoughts
    service.most = 8
    stream = base.ask("warranty?")
    with pytest.raises(ChatError, match=r"all its 1,024 tokens thinking.*KB_CHAT_ANSWER_TOKENS"):
        stream.answer  # noqa: B018 - raises
    assert stream.so_far.text == ""
    assert "I could look" in stream.so_far.thinking
    assert stream.so_far.sources


def test_a_model_that_thinks_and_says_nothing_is_an_error_too(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.thoughts, service.reply = "Hm.", lambda _: ""
    with pytest.raises(ChatError, match="thought and then gave no answer"):
        base.ask("warranty?").answer  # noqa: B018 - raises
    service.thoughts = ""
    with pytest.raises(ChatError, match="an empty answer"):
        base.ask("warranty?").answer  # noqa: B018 - raises


def test_thinking_that_turns_out_as_such_at_its_end_is_taken_back(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.reply = lambda _: "Hm, passage 7 [1]?\n</think>\n\n24 months [1]."
    stream = base.ask("warranty?")
    shown = "".join(stream)
    assert stream.so_far.text == "24 months [1]."
    assert shown.endswith("\n\n24 months [1].")
    assert "passage 7" in stream.so_far.thinking


def test_a_follow_up_is_worded_by_a_model_that_thinks_for_long(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.thoughts = "and then " * 300
    replies = ["How long is the warranty?\nI hope this helps.", "24 months [1]."]
    service.reply = lambda _: replies.pop(0)
    answer = base.ask("And how long?", history=[Message(role="user", content="A warranty?")]).answer
    assert answer.question == "How long is the warranty?"


def test_the_settings_say_how_long_an_answer_may_be(
    tmp_path: Path, service: chat_server.ChatService
) -> None:
    service.window = 4096
    for wanted, given in ((None, 1024), (300, 300), (100_000, 2048)):
        settings = Settings.load(
            data_dir=tmp_path / "data", chat_model=service.model, chat_answer_tokens=wanted
        )
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            base.add(WARRANTY, name="warranty.txt")
            base.ask("warranty?").answer  # noqa: B018 - what was asked is looked at
        assert service.seen[-1]["max_tokens"] == given


def test_an_answer_that_was_cut_short_says_so_and_goes_on_where_it_stopped(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.reply, service.most = going_on, 6
    answer = base.ask("warranty?").answer
    assert answer.cut
    assert answer.text == "The warranty lasts 24 months [1]"
    assert "(The answer was cut short.)" in as_markdown(answer)
    service.most = 1000
    stream = base.continue_answer(answer)
    assert stream.so_far.text == answer.text
    rest = "".join(stream)
    assert stream.so_far.text == LONG
    assert stream.so_far.text.endswith(rest)
    assert not stream.so_far.cut
    assert stream.so_far.cited == (1,)
    assert stream.so_far.sources == answer.sources
    assert stream.so_far.question == answer.question


@pytest.mark.parametrize("text", ["保修期为二十四个月，从购买之日", "One.\n\n- Two th"])
def test_what_was_cut_within_a_word_is_said_anew_from_the_last_whole_one(
    base: KnowledgeBase, service: chat_server.ChatService, text: str
) -> None:
    service.reply, service.most = lambda _: text + " x", len(text.split(" "))
    answer = base.ask("warranty?").answer
    assert answer.text == text
    service.reply, service.most = lambda _: "起算。" if "保" in text else "things.", 1000
    whole = base.continue_answer(answer).answer.text
    assert whole == (text + "起算。" if "保" in text else "One.\n\n- Two things.")


def test_a_rest_that_fails_leaves_what_was_said(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.reply, service.most = going_on, 6
    answer = base.ask("warranty?").answer
    service.faults.append(chat_server.status(500, "broken"))
    stream = base.continue_answer(answer)
    with pytest.raises(ChatError, match="broken"):
        stream.answer  # noqa: B018 - raises
    assert stream.so_far.text == "The warranty lasts 24 months"


def test_an_answer_that_the_servers_filter_cut_short_says_so_and_cannot_go_on(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.finish = "content_filter"
    answer = base.ask("warranty?").answer
    assert (answer.cut, answer.ended, answer.can_go_on) == (True, "content_filter", False)
    assert "(The answer was cut short by the chat server's filter.)" in as_markdown(answer)
    with pytest.raises(ChatError, match=r"filter.*cannot be continued"):
        base.continue_answer(answer)
    service.reply = lambda _: ""
    with pytest.raises(ChatError, match=r"filter of the chat server .* blocked the whole answer"):
        base.ask("warranty?").answer  # noqa: B018 - raises


def test_an_answer_that_ended_for_an_unknown_reason_names_it(
    base: KnowledgeBase, service: chat_server.ChatService
) -> None:
    service.finish = "abort_now"
    answer = base.ask("warranty?").answer
    assert (answer.cut, answer.ended, answer.can_go_on) == (False, "abort_now", False)
    assert r'may not be whole: the chat server ended it with "abort\_now"' in as_markdown(answer)
    service.reply = lambda _: ""
    with pytest.raises(ChatError, match=r'an empty answer \(it ended with "abort_now"\)'):
        base.ask("warranty?").answer  # noqa: B018 - raises


@pytest.fixture
def command_line(
    settings: Settings,
    embedder: Embedder,
    service: chat_server.ChatService,
    monkeypatch: pytest.MonkeyPatch,
) -> CliRunner:
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        opened.add(WARRANTY, name="warranty.txt")
    monkeypatch.setenv("KB_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("KB_CHAT_MODEL", service.model)
    monkeypatch.setenv("COLUMNS", "300")
    return CliRunner()


def test_the_command_says_that_an_answer_was_cut_short_and_how_it_goes_on(
    command_line: CliRunner, service: chat_server.ChatService
) -> None:
    service.reply, service.most = going_on, 6
    done = command_line.invoke(app, ["ask", "warranty?"])
    assert done.stdout.startswith("The warranty lasts 24 months [1]\n")
    assert "cut short" in done.stdout
    assert "kb ask --whole" in done.stdout
    assert json.loads(command_line.invoke(app, ["ask", "warranty?", "--json"]).stdout)["cut"]
    whole = command_line.invoke(app, ["ask", "warranty?", "--whole", "--json"])
    assert json.loads(whole.stdout)["answer"] == LONG
    printed = command_line.invoke(app, ["ask", "warranty?", "--whole"]).stdout
    assert "cut short" not in printed
    assert printed.count("from the day of purchase, and covers") == 1


def test_the_command_says_what_else_ended_an_answer(
    command_line: CliRunner, service: chat_server.ChatService
) -> None:
    service.finish = "content_filter"
    done = command_line.invoke(app, ask_keywords("--whole"))
    assert done.exit_code == 0
    assert "cut short by the chat server's filter" in done.stdout
    assert "kb ask --whole" not in done.stdout
    assert len(service.seen) == 1
    as_json = json.loads(command_line.invoke(app, ask_keywords("--json")).stdout)
    assert (as_json["cut"], as_json["ended"]) == (True, "content_filter")
    service.finish = "abort"
    assert 'ended it with "abort"' in command_line.invoke(app, ask_keywords()).stdout
    service.finish = "tool_calls"
    done = command_line.invoke(app, ask_keywords())
    assert done.exit_code == 1
    assert "called a tool instead of answering" in done.stderr
    service.finish = "stop"
    assert "ended" not in command_line.invoke(app, ask_keywords()).stdout


def test_the_command_ends_with_the_error_of_a_model_that_only_thought(
    command_line: CliRunner, service: chat_server.ChatService
) -> None:
    service.thoughts, service.most = "and so on " * 20, 8
    done = command_line.invoke(app, ["ask", "warranty?"])
    assert done.exit_code == 1
    assert "tokens thinking" in done.stderr
    assert "do not say" not in done.stdout


TAKEN_BACK = "I think hard\n</think>\n\nAnswer: dog [1]."


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Run a command on a terminal, both outputs; return its status and what stands there."""
    ours, its = pytest.importorskip("pty").openpty()
    command = [sys.executable, "-m", "kb", *arguments]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        shown = b""
        # Linux: reading fails when the last writer has gone; others: it gives nothing.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                shown += more
        os.close(ours)
        status = process.wait(60)
    return status, re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


def ask_keywords(*options: str) -> list[str]:
    return ["ask", "warranty?", "--mode", "keyword", *options]


@pytest.mark.parametrize("reply", [TAKEN_BACK, "I think hard</think>Answer: dog [1]."])
def test_the_command_prints_no_thinking_where_its_output_is_no_terminal(
    command_line: CliRunner, service: chat_server.ChatService, reply: str
) -> None:
    service.reply = lambda _: reply
    done = command_line.invoke(app, ask_keywords())
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Answer: dog [1].\n\n[1] warranty.txt")
    as_json = command_line.invoke(app, ask_keywords("--json"))
    assert json.loads(as_json.stdout)["answer"] == "Answer: dog [1]."


@pytest.mark.usefixtures("command_line")
def test_the_command_marks_on_a_terminal_what_turned_out_to_be_thinking(
    service: chat_server.ChatService,
) -> None:
    service.reply = lambda _: TAKEN_BACK
    status, shown = on_a_terminal(*ask_keywords())
    assert status == 0, shown
    remark = "(That was the model thinking. The answer:)"
    assert shown.startswith(f"I think hard\n\n{remark}\n\nAnswer: dog [1].\n\n[1] warranty.txt")


def test_the_error_of_an_answer_that_breaks_off_has_a_line_of_its_own(
    command_line: CliRunner, service: chat_server.ChatService
) -> None:
    service.faults.append(chat_server.break_off)
    status, shown = on_a_terminal(*ask_keywords())
    assert status == 1
    assert shown.startswith("Half an\nerror: the chat server")
    service.faults.append(chat_server.break_off)
    assert command_line.invoke(app, ask_keywords()).output.startswith("Half an\nerror: the chat")
    service.faults.append(chat_server.status(500, "broken"))
    assert command_line.invoke(app, ask_keywords()).output.startswith("error: the chat server")


def test_a_rest_that_fails_leaves_the_whole_answer_so_far_where_there_is_no_terminal(
    command_line: CliRunner, service: chat_server.ChatService
) -> None:
    service.most = 6

    def reply(messages: list[dict[str, str]]) -> str:
        service.faults.append(chat_server.status(500, "broken"))
        return going_on(messages)

    service.reply = reply
    done = command_line.invoke(app, ask_keywords("--whole"))
    assert done.exit_code == 1
    assert done.stdout == "The warranty lasts 24 months [1]\n"
