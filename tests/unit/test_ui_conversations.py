"""Conversations in the ask view: narrowed as searches are, kept, opened again, deleted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from chat_server import ChatService, Handler

from kb.remembering import Scope
from ui.markup import plain

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

    from ui.answering import RunningAnswer

WARRANTY = "The warranty on the coffee machine lasts 24 months from the day of purchase."
SEALS = "The warranty on the coffee machine does not cover the seals, which wear out."
TURNS = "_conversation"
APP = Path(__file__).parents[2] / "ui" / "app.py"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatService]:
    started = ChatService(lambda _: "It lasts 24 months [1].")
    monkeypatch.setenv("KB_CHAT_MODEL", started.model)
    yield started
    started.stop()


@pytest.fixture
def asking(service: ChatService, request: pytest.FixtureRequest) -> UserInterface:
    """The UI over two documents in two collections, with a chat model."""
    assert service
    ui: UserInterface = request.getfixturevalue("ui")
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    ui.shared.base.add(SEALS, name="seals.md", collection="合同")
    return ui


def html(page: AppTest) -> str:
    values = [element.value for element in page.html]
    return "\n".join(value for value in values if not value.startswith("<style"))


def ask(page: AppTest, question: str) -> AppTest:
    page.chat_input[0].set_value(question).run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    assert turn.wait(30)
    page.run()
    assert not page.exception
    return page


def captions(page: AppTest, begin: str) -> list[str]:
    return [each.value for each in page.caption if each.value.startswith(begin)]


def keys(page: AppTest, prefix: str) -> list[str]:
    return [str(b.key) for b in page.button if str(b.key).startswith(prefix)]


def test_questions_are_asked_of_several_collections_and_of_what_passes_the_filters(
    asking: UserInterface, service: ChatService
) -> None:
    page = asking.open("ask")
    ask(page, "What does the warranty cover?")
    assert WARRANTY in str(service.seen[-1]["messages"])
    assert SEALS not in str(service.seen[-1]["messages"])
    page.multiselect(key="filter-also").set_value(["合同"]).run()
    ask(page, "What does the warranty cover?")
    given = str(service.seen[-1]["messages"])
    assert WARRANTY in given
    assert SEALS in given
    page.text_input(key="path").set_value("seals").run()
    ask(page, "What does the warranty cover?")
    given = service.seen[-1]["messages"][-1]["content"]
    assert SEALS in given
    assert WARRANTY not in given


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en-US", "Asked of: default · 合同 · Markdown · *seals* · 2024–"),
        ("zh-CN", "提问范围：default · 合同 · Markdown · *seals* · 2024–"),
    ],
)
def test_a_question_says_what_it_was_asked_of_here_saved_and_opened_again(
    asking: UserInterface, locale: str, told: str
) -> None:
    page = asking.open("ask", locale=locale)
    ask(page, "How long is the warranty?")
    page.multiselect(key="filter-also").set_value(["合同"]).run()
    page.pills(key="type").set_value(["markdown"]).run()
    page.text_input(key="path").set_value("seals").run()
    page.text_input(key="since").set_value("2024").run()
    ask(page, "And the seals?")
    alone = told.partition(" ·")[0]
    shown = [plain(alone), plain(told)]
    assert captions(page, shown[0]) == shown
    again = asking.open("ask", locale=locale)
    again.button(key="history-open-1").click().run()
    assert captions(again, shown[0]) == shown
    saved = exported(asking, locale=locale)
    assert f"\n{told}\n".replace("*", "\\*") in saved


def test_a_question_without_conditions_says_nothing_where_there_is_one_collection(
    service: ChatService, request: pytest.FixtureRequest
) -> None:
    assert service
    ui: UserInterface = request.getfixturevalue("ui")
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    page = ask(ui.open("ask"), "How long is the warranty?")
    assert not captions(page, "Asked of")
    assert "Asked of" not in exported(ui)
    page.text_input(key="path").set_value("warr").run()
    ask(page, "And the seals?")
    assert captions(page, "Asked of") == [plain("Asked of: *warr*")]


@pytest.mark.parametrize(
    ("locale", "one", "both"),
    [
        ("en-US", "Answers come from one document", "Answers come from 2 documents"),
        ("zh-CN", "回答取自 1 个文档", "回答取自 2 个文档"),
    ],
)
def test_passages_of_several_collections_name_theirs_and_the_hint_counts_all_documents(
    asking: UserInterface, service: ChatService, locale: str, one: str, both: str
) -> None:
    name = '<span class="kb-place">合同</span>'
    page = asking.open("ask", locale=locale)
    assert any(caption.value.startswith(one) for caption in page.caption)
    page.multiselect(key="filter-also").set_value(["合同"]).run()
    assert any(caption.value.startswith(both) for caption in page.caption)
    service.reply = lambda _: "It does not cover the seals [1], [2]."
    ask(page, "What does the warranty cover?")
    assert html(page).count(name) == 1
    # Of one collection, another than the chosen one: as an earlier conversation may be.
    page.multiselect(key="filter-also").set_value([]).run()
    assert html(page).count(name) == 1
    ask(page, "What does the warranty cover?")
    assert '<span class="kb-place">default</span>' not in html(page).split("kb-answer")[-1]


def test_passages_beside_an_answer_that_grows_name_their_collections(
    asking: UserInterface, service: ChatService
) -> None:
    seen = threading.Event()

    def wait(handler: Handler) -> None:
        handler.begin()
        handler.piece("It does not cover the seals [1], [2]. ")
        seen.wait(60)

    service.faults.append(wait)
    page = asking.open("ask")
    page.multiselect(key="filter-also").set_value(["合同"]).run()
    page.chat_input[0].set_value("What does the warranty cover?").run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    deadline = time.monotonic() + 60
    while len(turn.so_far.cited) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    page.run()
    assert "kb-beside" in html(page)
    assert html(page).count('<span class="kb-place">合同</span>') == 1
    seen.set()
    assert turn.wait(30)


@pytest.mark.parametrize(
    ("locale", "menu", "empty"),
    [
        ("en-US", "Save all as Markdown", "No earlier conversations yet"),
        ("zh-CN", "全部保存为 Markdown", "还没有历史对话"),
    ],
)
def test_a_conversation_is_kept_as_it_grows_and_opened_in_another_tab(
    asking: UserInterface, service: ChatService, locale: str, menu: str, empty: str
) -> None:
    page = asking.open("ask", locale=locale)
    assert any(caption.value == empty for caption in page.caption)
    replies = ["24 months [1].", "What else?", "Repairs [1]."]
    service.reply = lambda _: replies.pop(0)
    ask(page, "How long is the warranty?")
    (info,) = asking.shared.base.remembered.conversations()
    assert (info.title, info.turns) == ("How long is the warranty?", 1)
    ask(page, "And what else?")
    (info,) = asking.shared.base.remembered.conversations()
    assert info.turns == 2

    other = asking.open("ask", locale=locale)
    assert "kb-answer" not in html(other)
    assert any(button.label == menu for button in other.get("download_button"))
    other.button(key=f"history-open-{info.id}").click().run()
    assert not other.exception
    assert html(other).count("kb-answer") == 2
    assert WARRANTY in html(other)
    service.reply = lambda _: "Nothing [1]."
    ask(other, "Anything more?")
    assert [each.turns for each in asking.shared.base.remembered.conversations()] == [3]


def test_a_new_conversation_leaves_the_one_before_where_it_is(asking: UserInterface) -> None:
    page = ask(asking.open("ask"), "How long is the warranty?")
    next(button for button in page.button if button.label == "New conversation").click().run()
    ask(page, "How long?")
    titles = [each.title for each in asking.shared.base.remembered.conversations()]
    assert titles == ["How long?", "How long is the warranty?"]


def test_a_conversation_is_deleted_also_where_it_is_open(asking: UserInterface) -> None:
    page = ask(asking.open("ask"), "How long is the warranty?")
    (key,) = keys(page, "history-delete-")
    page.button(key=key).click().run()
    assert not page.exception
    assert asking.shared.base.remembered.conversations() == []
    assert "kb-answer" not in html(page)


def narrowed(page: AppTest) -> tuple[object, ...]:
    """The page's collections and filters."""
    return (
        page.selectbox(key="collection").value,
        page.multiselect(key="filter-also").value,
        page.pills(key="type").value,
        page.text_input(key="path").value,
        page.text_input(key="since").value,
        page.text_input(key="until").value,
    )


EVERYTHING = ("default", [], [], "", "", "")
SEALS_ALONE = ("合同", ["default"], ["text"], "seals", "2024", "")


def ask_of_seals(page: AppTest) -> AppTest:
    """Ask two questions: the first of everything, the last of the fields of SEALS_ALONE."""
    ask(page, "How long is the warranty?")
    page.selectbox(key="collection").set_value("合同").run()
    page.multiselect(key="filter-also").set_value(["default"]).run()
    page.pills(key="type").set_value(["text"]).run()
    page.text_input(key="path").set_value("seals").run()
    page.text_input(key="since").set_value("2024").run()
    assert narrowed(page) == SEALS_ALONE
    return ask(page, "And the seals?")


def arrive(view: str = "ask", **query: str) -> AppTest:
    """A new session that begins at the address of a view."""
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415 - slow to import
    from streamlit.util import calc_hash  # noqa: PLC0415 - likewise

    page = AppTest.from_file(APP, default_timeout=60)
    page._page_hash = calc_hash(view)  # as a browser tells it; switch_page works after a run
    page.context["locale"] = "en-US"
    page.query_params.update(query)
    page.run()
    assert not page.exception
    return page


def reloaded(page: AppTest, **fields: str) -> AppTest:
    """A new session at the address of a page, with the fields that a browser adds itself."""
    return arrive(**{**page.query_params, **fields})


def test_an_opened_conversation_is_asked_on_of_what_its_last_question_was_asked_of(
    asking: UserInterface, service: ChatService
) -> None:
    ask_of_seals(asking.open("ask"))
    page = arrive(path="elsewhere", until="2020")
    page.button(key="history-open-1").click().run()
    assert not page.exception
    assert narrowed(page) == SEALS_ALONE
    assert (page.query_params["collection"], page.query_params["also"]) == ("合同", "default")
    assert "until" not in page.query_params
    ask(page, "What does the warranty not cover?")
    given = service.seen[-1]["messages"][-1]["content"]
    assert SEALS in given
    assert WARRANTY not in given


def test_an_opened_conversation_without_filters_takes_those_of_the_page_away(
    asking: UserInterface,
) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    page = arrive(path="seals", type="Markdown", also="合同", since="2024")
    page.button(key="history-open-1").click().run()
    assert narrowed(page) == EVERYTHING


def test_an_opened_conversation_brings_its_tags_its_language_and_its_document(
    asking: UserInterface,
) -> None:
    (document,) = asking.shared.base.documents(collection="合同")
    asking.shared.base.tag([document.id], add=["kitchen"], collection="合同")
    there = {"collection": "合同", "tag": "kitchen", "language": "en", "document": str(document.id)}
    ask(arrive(**there), "And the seals?")
    page = asking.open("ask")
    page.button(key="history-open-1").click().run()
    assert page.multiselect(key="filter-tag").value == ["kitchen"]
    assert page.multiselect(key="filter-language").value == ["en"]
    assert there.items() <= page.query_params.items()
    assert captions(page, "Only in")


def test_an_opened_conversation_of_an_earlier_release_leaves_the_fields_as_they_are(
    asking: UserInterface,
) -> None:
    ask_of_seals(asking.open("ask"))
    kept = asking.shared.base.remembered
    unknown = [replace(turn, scope=Scope()) for turn in kept.conversation(1)]
    kept.keep_conversation(unknown, conversation_id=1)
    page = arrive(path="elsewhere", also="合同")
    before = narrowed(page)
    page.button(key="history-open-1").click().run()
    assert html(page).count("kb-answer") == 2
    assert narrowed(page) == before


@pytest.mark.parametrize("open_by", ["menu", "address"])
def test_an_opened_conversation_leaves_out_collections_that_are_gone(
    asking: UserInterface, open_by: str
) -> None:
    asking.shared.base.add(SEALS, name="copy.md", collection="archive")
    page = arrive(collection="合同", also="archive", path="seals")
    ask(page, "And the seals?")
    asking.shared.base.delete_collection("合同")
    if open_by == "menu":
        page = asking.open("ask")
        page.button(key="history-open-1").click().run()
    else:
        page = arrive(conversation="1")
    assert not page.exception
    assert narrowed(page) == ("archive", [], [], "seals", "", "")
    assert "kb-answer" in html(page)
    asking.shared.base.delete_collection("archive")
    page = arrive(conversation="1")
    assert "kb-answer" in html(page)
    assert page.text_input(key="path").value == "seals"


def test_a_reloaded_page_shows_its_conversation_and_goes_on_with_it(
    asking: UserInterface, service: ChatService
) -> None:
    page = asking.open("ask")
    assert "conversation" not in page.query_params
    ask_of_seals(page)
    assert page.query_params["conversation"] == "1"
    again = reloaded(page, collection="合同", type="TXT", path="seals", since="2024")
    assert html(again).count("kb-answer") == 2
    assert narrowed(again) == SEALS_ALONE
    ask(again, "What does the warranty not cover?")
    (info,) = asking.shared.base.remembered.conversations()
    assert info.turns == 3
    assert SEALS in service.seen[-1]["messages"][-1]["content"]
    assert WARRANTY not in service.seen[-1]["messages"][-1]["content"]


def test_an_address_with_a_conversation_alone_brings_the_fields_of_its_last_question(
    asking: UserInterface,
) -> None:
    ask_of_seals(asking.open("ask"))
    page = arrive(conversation="1")
    assert narrowed(page) == SEALS_ALONE
    assert page.query_params["path"] == "seals"
    assert narrowed(reloaded(page)) == SEALS_ALONE


def test_filters_in_an_address_outrank_those_of_the_conversation_in_it(
    asking: UserInterface,
) -> None:
    ask_of_seals(asking.open("ask"))
    page = arrive(conversation="1", path="warr")
    assert "kb-answer" in html(page)
    assert narrowed(page) == ("default", [], [], "warr", "", "")


@pytest.mark.parametrize("end", ["New conversation", "delete"])
def test_the_address_loses_a_conversation_that_is_left_or_deleted(
    asking: UserInterface, end: str
) -> None:
    page = ask(asking.open("ask"), "How long is the warranty?")
    if end == "delete":
        page.button(key="history-delete-1").click().run()
    else:
        next(button for button in page.button if button.label == end).click().run()
    assert "conversation" not in page.query_params
    assert "kb-answer" not in html(reloaded(page))
    ask(page, "How long?")
    (newest, *_) = asking.shared.base.remembered.conversations()
    assert page.query_params["conversation"] == str(newest.id)


@pytest.mark.parametrize("number", ["999", "-1", "x", "9" * 40, ""])
def test_a_number_without_a_conversation_is_dropped_from_the_address(
    asking: UserInterface, number: str
) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    page = arrive(conversation=number, path="seals")
    assert not page.error
    assert "kb-answer" not in html(page)
    assert page.query_params == {"path": "seals"}


def test_an_address_does_not_replace_a_conversation_that_is_being_held(
    asking: UserInterface, service: ChatService
) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    goes_on = threading.Event()

    def wait(handler: Handler) -> None:
        handler.begin()
        handler.piece("It does not cover the seals [1]. ")
        goes_on.wait(60)

    page = asking.open("ask")
    service.faults.append(wait)
    page.chat_input[0].set_value("And the seals?").run()
    turn: RunningAnswer = page.session_state[TURNS][-1]
    page.query_params["conversation"] = "1"
    page.run()
    assert page.session_state[TURNS] == [turn]
    assert turn.state == "working"
    assert "conversation" not in page.query_params
    goes_on.set()
    assert turn.wait(30)
    assert page.run().query_params["conversation"] == "2"


def test_other_views_open_no_conversation(asking: UserInterface) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    page = arrive("", conversation="1")
    assert TURNS not in page.session_state
    assert page.query_params == {"conversation": "1"}


def test_opening_a_conversation_closes_the_menu_and_deleting_one_does_not(
    asking: UserInterface,
) -> None:
    for question in ("How long is the warranty?", "And the seals?"):
        ask(asking.open("ask"), question)
    page = asking.open("ask")
    page.session_state["history-menu"] = True
    page.run()
    page.button(key="history-delete-1").click().run()
    assert page.session_state["history-menu"] is True
    page.button(key="history-open-2").click().run()
    assert page.session_state["history-menu"] is False


@pytest.mark.parametrize(
    ("locale", "gone"), [("en-US", "This passage is gone"), ("zh-CN", "该段落已不存在")]
)
def test_passages_of_a_removed_document_are_gone_from_earlier_answers(
    asking: UserInterface, locale: str, gone: str
) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    asking.shared.base.add("Something else.", name="other.txt")
    removed = next(d for d in asking.shared.base.documents() if d.name == "warranty.txt")
    asking.shared.base.remove(removed.id)
    page = asking.open("ask", locale=locale)
    (key,) = keys(page, "history-open-")
    page.button(key=key).click().run()
    assert not page.exception
    assert WARRANTY not in html(page)
    assert "warranty.txt" in html(page)
    assert any(gone in caption.value for caption in page.caption)


def in_a_thread(work: Callable[[], str]) -> str:
    """What Streamlit's download gets: it runs outside the script of any page."""
    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append(work()), name="download")
    thread.start()
    thread.join(60)
    return done[0]


def exporting(shared: object) -> None:  # names of this module mean nothing to its script
    import streamlit  # noqa: PLC0415 - the body of a page of its own

    from ui.exporting import every_conversation  # noqa: PLC0415

    streamlit.session_state["written"] = every_conversation(shared)  # type: ignore[arg-type] # a session


def exported(ui: UserInterface, *, locale: str = "en-US", zone: str = "UTC") -> str:
    """All conversations as Markdown, as a browser of that locale and time zone saves them."""
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415 - slow to import

    page = AppTest.from_function(exporting, default_timeout=60, args=(ui.shared,))
    page.context["locale"] = locale
    page.context["timezone"] = zone
    page.run()
    assert not page.exception
    return in_a_thread(page.session_state["written"])


def test_all_conversations_are_saved_as_markdown_with_questions_answers_and_passages(
    asking: UserInterface, service: ChatService
) -> None:
    service.reply = lambda _: "24 months [1]."
    ask(asking.open("ask"), "How long is the warranty?")
    ask(asking.open("ask"), "And in an office?")
    saved = exported(asking)
    assert saved.index("And in an office?") < saved.index("How long is the warranty?")
    assert saved.count("24 months [1].") == 2
    assert saved.count(f"> {WARRANTY}") == 2


def test_saved_conversations_have_the_browsers_time_not_the_servers(
    asking: UserInterface, caplog: pytest.LogCaptureFixture
) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    (info,) = asking.shared.base.remembered.conversations()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # a day apart
        caplog.clear()
        saved = exported(asking, zone=zone)
        there = info.changed_at.astimezone(ZoneInfo(zone))
        assert saved.startswith(f"# {there:%Y-%m-%d %H:%M}\n")
        assert [each for each in caplog.messages if "download" in each] == []


@pytest.mark.parametrize(
    ("locale", "warning", "origin"),
    [
        (
            "en-US",
            "This answer names no passage: check it against these.",
            "seals.md, collection 合同",
        ),
        ("zh-CN", "此回答未注明出处，请对照这些段落核实。", "seals.md，知识集“合同”"),
    ],
)
def test_an_answer_that_cites_nothing_is_saved_with_the_warning_and_the_passages_beside_it(
    asking: UserInterface, service: ChatService, locale: str, warning: str, origin: str
) -> None:
    service.reply = lambda _: "Two years."
    page = asking.open("ask", locale=locale)
    page.multiselect(key="filter-also").set_value(["合同"]).run()
    ask(page, "How long is the warranty?")
    assert any(warning in caption.value for caption in page.caption)
    saved = exported(asking, locale=locale)
    assert f"Two years.\n\n**{warning}**\n" in saved
    assert origin in saved
    assert f"> {WARRANTY}" in saved
    assert f"> {SEALS}" in saved


@pytest.mark.parametrize(
    ("locale", "gone"), [("en-US", "This passage is gone"), ("zh-CN", "该段落已不存在")]
)
def test_a_saved_conversation_says_which_passages_are_gone(
    asking: UserInterface, locale: str, gone: str
) -> None:
    ask(asking.open("ask"), "How long is the warranty?")
    (removed,) = asking.shared.base.documents(collection="default")
    asking.shared.base.remove(removed.id)
    assert "\\[1\\] warranty.txt" in (saved := exported(asking, locale=locale))
    assert f"> {gone}" in saved
