"""The chat model of this process: answers that nobody takes, and templates that think."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from llama_server import smollm2

from kb import KnowledgeBase, Settings
from kb.chat.base import Message
from kb.chat.llama import LocalChat, _control_marks
from kb.embedding.base import Embedder
from kb.errors import ChatError
from ui.answering import RunningAnswer

COUNT = [Message(role="user", content="Count to a thousand.")]
GREET = [Message(role="user", content="Hi")]
TURNS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)


@pytest.fixture
def chat() -> Iterator[LocalChat]:
    with closing(LocalChat(smollm2(), window_tokens=2048)) as opened:
        yield opened


def within(seconds: float, work: Callable[[], object]) -> object:
    """Return what ``work`` returns; fails if it takes longer, without waiting for its end."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    return found[0]


def nobody_writes(seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while any(thread.name == "chat" for thread in threading.enumerate()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_closing_does_not_wait_for_an_answer_that_nobody_takes() -> None:
    opened = LocalChat(smollm2(), window_tokens=2048)
    pieces = opened.stream(COUNT, most_tokens=1000)
    assert next(pieces)
    within(30, opened.close)
    with pytest.raises(ChatError, match="closed"):
        list(pieces)


def test_an_answer_that_nobody_takes_keeps_no_other_waiting(chat: LocalChat) -> None:
    pieces = chat.stream(COUNT, most_tokens=100)
    first = next(pieces)
    assert within(60, lambda: chat.complete(GREET, most_tokens=8))
    rest = "".join(pieces)
    assert first + rest == chat.stream(COUNT, most_tokens=100).whole()


def test_an_answer_that_is_dropped_ends_the_models_work(chat: LocalChat) -> None:
    pieces = chat.stream(COUNT, most_tokens=1500)
    next(pieces)
    del pieces
    gc.collect()
    assert nobody_writes()
    with closing(chat.stream(COUNT, most_tokens=1500)) as again:
        next(again)
    assert nobody_writes()


def test_an_answer_whose_browser_tab_is_gone_keeps_neither_the_next_nor_the_end_waiting(
    tmp_path: Path,
) -> None:
    settings = Settings.load(data_dir=tmp_path, chat_model=str(smollm2()))
    base = KnowledgeBase.open(settings, embedder=HashingEmbedder())
    base.add("The warranty on the coffee machine lasts 24 months.", name="warranty.txt")
    gone = RunningAnswer("warranty?", base.ask("What lasts 24 months?"))
    while not gone.so_far.text:
        time.sleep(0.01)
    gone.stop()
    del gone
    assert within(60, lambda: base.ask("How long does the warranty last?").answer)
    left = RunningAnswer("warranty?", base.ask("How long does the warranty last?"))
    while not left.so_far.text and left.state == "working":
        time.sleep(0.01)
    within(30, base.close)


def test_a_command_whose_reader_has_gone_ends(settings: Settings, embedder: Embedder) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("The warranty on the coffee machine lasts 24 months.", name="warranty.txt")
    ask = f'"{sys.executable}" -m kb ask "Tell me all about the warranty of the coffee machine."'
    done = subprocess.run(
        ["bash", "-c", f"{ask} | head -c 1"],
        env={
            **os.environ,
            "KB_DATA_DIR": str(settings.data_dir),
            "KB_CHAT_MODEL": str(smollm2()),
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert len(done.stdout) == 1
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def with_template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the small chat model another chat template."""
    folder = tmp_path_factory.mktemp("templates")

    def make(template: str) -> Path:
        target = folder / f"{abs(hash(template))}.gguf"
        file = folder / "template.jinja"
        file.write_text(template, "utf-8")
        command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", str(smollm2())]
        command += [str(target), "--chat-template-file", str(file), "--force"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return target

    return make


def slow(template: str) -> object:
    """A template that `make test` leaves out: a model of 90 MB is written and opened for each."""
    return pytest.param(template, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "template",
    [
        # As Qwen3 writes it, and Granite or DeepSeek-V3.1, and DeepSeek-R1, which has no switch.
        slow(TURNS + "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"),
        TURNS + "{% if not thinking %}<think>\n\n</think>\n\n{% else %}<think>\n{% endif %}",
        slow(TURNS + "<think>\n"),
    ],
    ids=["enable_thinking", "thinking", "always"],
)
def test_thinking_is_switched_off_where_the_template_knows_of_it(
    with_template: Callable[[str], Path], template: str
) -> None:
    with closing(LocalChat(with_template(template), window_tokens=1024)) as chat:
        prompt = chat._model.detokenize(chat._template.tokens(GREET))
        assert prompt.endswith("assistant\n<think>\n\n</think>\n\n")
        stream = chat.stream(GREET, most_tokens=16)
        assert stream.whole()
        assert stream.thinking == ""


def test_thinking_that_the_model_writes_as_text_is_told_apart(
    chat: LocalChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [Message(role="user", content="Name three birds and what they eat.")]
    written = chat.complete(asked, most_tokens=60)
    # The small model writes no such marks, so words that it does write stand for them.
    words = written.split(" ")
    begin, end = words[0], f" {words[3]} "
    assert written.index(end) == len(" ".join(words[:3]))
    monkeypatch.setattr("kb.chat.thinking.PAIRS", ((begin, end),))
    monkeypatch.setattr("kb.chat.thinking._BEGINS", (begin,))
    stream = chat.stream(asked, most_tokens=60)
    assert stream.whole() == " ".join(words[4:])
    assert stream.thinking == " " + " ".join(words[1:3])


def test_marks_that_are_control_tokens_have_their_text(
    chat: LocalChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.chat.llama.MARKS", frozenset({"<|im_start|>", "<think>"}))
    marks = _control_marks(chat._model)
    assert list(marks.values()) == ["<|im_start|>"]
    assert chat._model.piece(next(iter(marks))) == b""


def test_an_answer_that_fills_its_tokens_is_cut_and_one_that_ends_is_not(chat: LocalChat) -> None:
    short = chat.stream(COUNT, most_tokens=5)
    assert short.whole()
    assert short.cut
    asked = [Message(role="user", content="What is the capital of France? Answer with one word.")]
    whole = chat.stream(asked, most_tokens=40)
    assert "Paris" in whole.whole()
    assert not whole.cut
