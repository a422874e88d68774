"""Chat models on servers: streamed answers, and every way of failing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import chat_server
import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.chat.base import Message
from kb.chat.remote import ChatServer
from kb.cli.app import app
from kb.errors import ChatError, SettingsError
from kb.evaluation.judged import read_set
from kb.evaluation.making import make_set, question_about

ASKED = [Message(role="user", content="哪种鸟会盘旋？")]


@pytest.fixture
def service() -> Iterator[chat_server.ChatService]:
    started = chat_server.ChatService(lambda messages: f"You said: {messages[-1]['content']}")
    yield started
    started.stop()


@pytest.fixture
def chat(service: chat_server.ChatService, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("KB_API_KEY", "sesame")
    with ChatServer(service.model, timeout_s=0.5) as opened:
        yield opened


def test_an_answer_comes_piece_by_piece(service: chat_server.ChatService, chat: ChatServer) -> None:
    assert list(chat.stream(ASKED)) == ["You", " said:", " 哪种鸟会盘旋？"]
    (seen,) = service.seen
    assert (seen["path"], seen["model"]) == ("/v1/chat/completions", "tiny")
    assert seen["key"] == "Bearer sesame"
    assert seen["messages"] == [{"role": "user", "content": "哪种鸟会盘旋？"}]


def test_a_server_that_does_not_stream_is_understood(
    service: chat_server.ChatService, chat: ChatServer
) -> None:
    service.streams = False
    assert chat.complete(ASKED) == "You said: 哪种鸟会盘旋？"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (chat_server.status(401, "no key"), "401: 'no key'; set KB_API_KEY"),
        (chat_server.status(404, "no model"), "check the address and the model's name"),
        (chat_server.status(401, "wrong: sesame"), "401: 'wrong: …'; set KB_API_KEY"),
        (chat_server.status(500, "broken"), "500: 'broken'"),
        (chat_server.page, "no JSON; is it a chat server"),
        (chat_server.nested, "no JSON; is it a chat server"),
        (chat_server.stall, "no answer in time"),
        (chat_server.break_off, "ended its answer too early"),
        (chat_server.fail_midway, "failed: out of memory"),
    ],
    ids=[
        "401",
        "404",
        "key said back",
        "500",
        "page",
        "nested",
        "stall",
        "break off",
        "fails midway",
    ],
)
def test_failures_name_the_server_and_what_to_do(
    service: chat_server.ChatService, chat: ChatServer, fault: chat_server.Fault, words: str
) -> None:
    service.faults.append(fault)
    with pytest.raises(ChatError, match=words) as caught:
        chat.complete(ASKED)
    assert chat.where in str(caught.value)
    assert "sesame" not in str(caught.value)


WHOLE = '{"choices": [{"delta": {"content": "one, two"}, "finish_reason": "stop"}]}'
PARTED = WHOLE.replace(", ", ",\ndata: ").replace("one,\ndata: two", "one, two")


@pytest.mark.parametrize(
    "stream",
    [
        f"data: {WHOLE}\n\n",
        f"data:{WHOLE}\n\ndata:[DONE]\n\n",
        f": still there\n\nevent: piece\nid: 7\nretry: 10\ndata: {WHOLE}\n\n",
        f"data: {WHOLE}\r\n\r\ndata: [DONE]\r\n\r\n",
        f"data: {WHOLE}\r\rdata: [DONE]\r\r",
        f"data: {PARTED}\n\n",
        f"data\n\ndata:\n\ndata: {WHOLE}\n\n",
    ],
    ids=["plain", "no space", "other fields", "CRLF", "CR", "several lines", "empty"],
)
def test_a_stream_is_read_as_the_standard_writes_it(
    service: chat_server.ChatService, chat: ChatServer, stream: str
) -> None:
    service.faults.append(chat_server.written(stream))
    assert chat.complete(ASKED) == "one, two"


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x7f"])
def test_a_sign_that_ends_lines_elsewhere_is_text_in_a_stream(
    service: chat_server.ChatService, chat: ChatServer, sign: str
) -> None:
    service.faults.append(chat_server.written(f"data: {WHOLE.replace(', two', sign + 'two')}\n\n"))
    assert chat.complete(ASKED) == f"one{sign}two"


def test_what_came_before_a_failure_is_given(
    service: chat_server.ChatService, chat: ChatServer
) -> None:
    service.faults.append(chat_server.break_off)
    pieces = chat.stream(ASKED)
    assert next(pieces) == "Half an"
    with pytest.raises(ChatError):
        next(pieces)


def test_who_stops_listening_ends_the_request(
    service: chat_server.ChatService, chat: ChatServer
) -> None:
    service.faults.append(chat_server.talk_on)
    with closing(chat.stream(ASKED)) as pieces:
        assert next(pieces) == "and on "
    assert service.hung_up.wait(60)


def test_a_server_that_is_off_is_named() -> None:
    with (
        ChatServer("http://127.0.0.1:9/v1#x", timeout_s=1) as chat,
        pytest.raises(ChatError, match=r"no connection to the chat server http://127\.0\.0\.1:9"),
    ):
        chat.complete(ASKED)


@pytest.mark.parametrize("model", ["", "qwen", "http://a:1/v1, http://b:1/v1", "ftp://a"])
def test_what_is_no_single_address_is_refused(model: str) -> None:
    with pytest.raises(SettingsError):
        ChatServer(model)


def test_questions_for_a_set_are_written_by_the_model(
    service: chat_server.ChatService, chat: ChatServer, tmp_path: Path
) -> None:
    service.reply = lambda messages: f'\n"Which bird is {messages[-1]["content"][:7]}?"\nSure!'
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("Kestrels hover above meadows and dive. " * 4, name="kestrel.txt")
        made = make_set(
            base,
            tmp_path / "set",
            collection=None,
            count=1,
            ask=lambda passage: question_about(passage, chat),
        )
    assert made == 1
    assert list(read_set(tmp_path / "set").queries.values()) == ["Which bird is Kestrel?"]
    orders, passage = service.seen[0]["messages"]
    assert orders["role"] == "system"
    assert passage["content"].startswith("Kestrels hover")


def test_a_set_is_not_begun_when_the_model_fails(
    service: chat_server.ChatService, chat: ChatServer, tmp_path: Path
) -> None:
    service.faults.append(chat_server.status(500, "broken"))
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("Kestrels hover above meadows and dive. " * 4, name="kestrel.txt")
        with pytest.raises(ChatError):
            make_set(
                base,
                tmp_path / "set",
                collection=None,
                count=1,
                ask=lambda passage: question_about(passage, chat),
            )
    assert not (tmp_path / "set").exists()


def test_the_command_says_that_a_chat_model_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["eval", "make", str(tmp_path / "set"), "--ask"])
    assert done.exit_code == 2
    assert "KB_CHAT_MODEL" in done.stderr
    assert "Traceback" not in done.output
