"""What a model thinks is told from what it answers, in whatever pieces both come."""

from __future__ import annotations

from collections.abc import Iterator

import chat_server
import pytest

from kb.chat.base import ChatStream, Message, Piece
from kb.chat.remote import ChatServer
from kb.chat.thinking import PAIRS, ThinkingSplitter
from kb.errors import ChatError

ASKED = [Message(role="user", content="How long?")]
HARMONY = (
    "<|channel|>analysis<|message|>Hm, 24?<|end|><|start|>assistant<|channel|>final<|message|>"
)


def split(said: str, size: int) -> ChatStream:
    """Send a text through the splitter in pieces of ``size`` and take all of it."""

    def pieces() -> Iterator[Piece]:
        splitter = ThinkingSplitter()
        for at in range(0, len(said), size):
            yield from splitter.feed(said[at : at + size])
        yield from splitter.end()

    return ChatStream(iter(pieces()))  # type: ignore[arg-type] # nothing closes it here


SIZES = pytest.mark.parametrize("size", [1, 3, 4, 7, 1000])


@SIZES
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<think>Hm, 24?</think>\n\nTwo years.", "Two years."),
        ("\n<think></think>Two years.", "Two years."),
        ("Two <think>years</think>.", "Two <think>years</think>."),
        ("<thin", "<thin"),
        ("<think>and so on", ""),
        ("  ", ""),
    ],
)
def test_thinking_aloud_is_left_out(said: str, shown: str, size: int) -> None:
    assert split(said, size).whole() == shown


@SIZES
@pytest.mark.parametrize(("begin", "end"), PAIRS)
def test_each_familys_marks_are_known(begin: str, end: str, size: int) -> None:
    stream = split(f"{begin}Hm, 24?\n{end}\n\nTwo years.", size)
    assert stream.whole() == "Two years."
    assert stream.thinking.strip() == "Hm, 24?"


@SIZES
def test_channels_that_are_not_final_are_thinking(size: int) -> None:
    stream = split(f"{HARMONY}Two years [1].<|return|>", size)
    assert stream.whole() == "Two years [1]."
    assert stream.thinking == "Hm, 24?"
    unfinished = split("<|channel|>analysis<|message|>Hm", size)
    assert unfinished.whole() == ""
    assert unfinished.thinking == "Hm"
    tools = "<|start|>assistant<|channel|>commentary to=a.b <|constrain|>json<|message|>{}<|call|>"
    assert split(f"{tools}{HARMONY}Two years.", size).whole() == "Two years."


@SIZES
def test_thinking_after_thinking_is_left_out(size: int) -> None:
    assert split("<think>a</think>\n<think>b</think>c", size).whole() == "c"


@SIZES
def test_thinking_whose_beginning_the_template_wrote_is_taken_back(size: int) -> None:
    stream = split("Hm, 24? Yes.\n</think>\n\nTwo years.", size)
    assert stream.whole() == "Two years."
    assert stream.thinking.strip() == "Hm, 24? Yes."
    assert stream.taken_back == 1


@SIZES
@pytest.mark.parametrize(
    "said",
    [
        "I think hard</think>Two years.",
        "I think hard </think>Two years.",
        "I think hard.</think> Two years.",
        "I think hard.\n</think> Two years.",
        "I think hard.\n</think>**Two** years.",
        "Is it `a` or `b`? I think `b`.</think>保修期",
    ],
)
def test_thinking_is_taken_back_without_a_new_line_after_its_end_too(said: str, size: int) -> None:
    thought, _, answer = said.partition("</think>")
    stream = split(said, size)
    assert stream.whole() == answer.strip()
    assert stream.thinking.strip() == thought.strip()
    assert stream.taken_back == 1


@SIZES
@pytest.mark.parametrize("said", ["I think hard</think>", "Hm. 24.\n</think>", "Hm. </think>  "])
def test_thinking_that_no_answer_follows_is_no_answer(said: str, size: int) -> None:
    stream = split(said, size)
    assert stream.whole() == ""
    assert stream.thinking.strip() == said.partition("</think>")[0].strip()


@SIZES
@pytest.mark.parametrize(
    "said",
    [
        "Close it with `</think>`, then go on.",
        "The mark is </think>",
        "The mark </think> ends it.",
        "Write `x</think>y` there, or `</think>y`.",
        "Write <think>Hm</think>Yes, as they do.",
        "Nothing comes after </think>.",
        "a < b </thinker>\nand </think",
        "1 <|end|> 2",
    ],
)
def test_an_answer_about_marks_stays_whole(said: str, size: int) -> None:
    stream = split(said, size)
    assert stream.whole() == said
    assert stream.thinking == ""


@pytest.fixture
def service() -> Iterator[chat_server.ChatService]:
    started = chat_server.ChatService(lambda _: "It lasts 24 months.")
    yield started
    started.stop()


@pytest.fixture
def chat(service: chat_server.ChatService) -> Iterator[ChatServer]:
    with ChatServer(service.model, timeout_s=5) as opened:
        yield opened


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_that_a_server_sends_beside_the_answer_are_no_part_of_it(
    service: chat_server.ChatService, chat: ChatServer, field: str, *, streams: bool
) -> None:
    service.thoughts, service.thoughts_in, service.streams = "Let me see.", field, streams
    stream = chat.stream(ASKED)
    assert stream.whole() == "It lasts 24 months."
    assert stream.thinking == "Let me see."
    assert not stream.cut


@pytest.mark.parametrize("streams", [True, False])
def test_an_answer_that_the_server_cuts_says_so(
    service: chat_server.ChatService, chat: ChatServer, *, streams: bool
) -> None:
    service.most, service.streams = 3, streams
    stream = chat.stream(ASKED)
    assert stream.whole() == "It lasts 24"
    assert stream.cut


BOTH_WAYS = pytest.mark.parametrize("streams", [True, False])


@BOTH_WAYS
@pytest.mark.parametrize("reason", ["stop", "STOP", "eos", "eos_token", "end_turn", "", None])
def test_the_ordinary_ends_of_servers_need_no_remark(
    service: chat_server.ChatService, chat: ChatServer, reason: str | None, *, streams: bool
) -> None:
    service.finish, service.streams = reason, streams
    stream = chat.stream(ASKED)
    assert stream.whole() == "It lasts 24 months."
    assert (stream.cut, stream.ended) == (False, "")


@BOTH_WAYS
@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_an_answer_is_cut_in_the_words_of_each_server(
    service: chat_server.ChatService, chat: ChatServer, reason: str, *, streams: bool
) -> None:
    service.finish, service.streams = reason, streams
    stream = chat.stream(ASKED)
    assert stream.whole() == "It lasts 24 months."
    assert (stream.cut, stream.ended) == (True, "")


@BOTH_WAYS
@pytest.mark.parametrize(
    ("reason", "cut", "ended"),
    [
        ("content_filter", True, "content_filter"),
        ("Content_Filter", True, "content_filter"),
        ("abort", False, "abort"),
        ("\x1b[2J\nodd " * 50, False, ("\ufffd[2J\ufffdodd " * 50)[:60].strip()),
    ],
)
def test_any_other_end_is_kept_with_its_reason(
    service: chat_server.ChatService,
    chat: ChatServer,
    reason: str,
    ended: str,
    *,
    cut: bool,
    streams: bool,
) -> None:
    service.finish, service.streams = reason, streams
    stream = chat.stream(ASKED)
    assert stream.whole() == "It lasts 24 months."
    assert (stream.cut, stream.ended) == (cut, ended)


@BOTH_WAYS
@pytest.mark.parametrize("reason", ["tool_calls", "function_call"])
def test_a_model_that_calls_a_tool_instead_of_answering_is_an_error(
    service: chat_server.ChatService, chat: ChatServer, reason: str, *, streams: bool
) -> None:
    service.finish, service.streams = reason, streams
    with pytest.raises(ChatError, match="called a tool instead of answering"):
        chat.complete(ASKED)


SWITCHES = [
    pytest.param(
        ("chat_template_kwargs", {"enable_thinking": False, "thinking": False}), id="template"
    ),
    pytest.param(("reasoning_effort", "none"), id="effort"),
]


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("others", ["ignored", "400", "422", "400 without a name"])
def test_thinking_is_switched_off_in_the_words_that_the_server_takes(
    service: chat_server.ChatService,
    chat: ChatServer,
    switch: tuple[str, object],
    others: str,
) -> None:
    service.thoughts, service.switch = "Let me see.", switch
    (other,) = {"chat_template_kwargs", "reasoning_effort"} - {switch[0]}
    if others != "ignored":
        name = "" if "without" in others else f": {other}"
        service.refused = {other: (int(others[:3]), f"Unrecognized request argument{name}")}
    stream = chat.stream(ASKED)
    assert stream.whole() == "It lasts 24 months."
    # A server that does not say which field it minds is asked without any.
    assert bool(stream.thinking) == ("without" in others)


def test_what_a_server_refuses_is_not_sent_to_it_again(
    service: chat_server.ChatService, chat: ChatServer
) -> None:
    service.refused = {
        "chat_template_kwargs": (400, "Unknown parameter: 'chat_template_kwargs'."),
        "reasoning_effort": (400, "Unsupported value: 'reasoning_effort' does not support 'none'"),
    }
    assert chat.complete(ASKED) == "It lasts 24 months."
    assert len(service.seen) == 3
    assert chat.complete(ASKED) == "It lasts 24 months."
    assert len(service.seen) == 4
    assert not service.refused.keys() & service.seen[-1].keys()


def test_a_refusal_for_another_reason_is_told_and_forgotten(
    service: chat_server.ChatService, chat: ChatServer
) -> None:
    service.faults.extend([chat_server.status(400, "bad temperature")] * 2)
    with pytest.raises(ChatError, match="bad temperature"):
        chat.complete(ASKED)
    assert len(service.seen) == 2
    chat.complete(ASKED)
    assert "chat_template_kwargs" in service.seen[-1]
