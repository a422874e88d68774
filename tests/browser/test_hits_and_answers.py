"""Hits by keys and on a narrow screen, remembered searches, answers with passages beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from chat_server import ChatService
from playwright.sync_api import Page, expect

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Server, Tab
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."
EGRET = "The white egret waits motionless in shallow water and strikes at small fish."
OTTER = "The otter sleeps in its holt under the roots of an alder, far from the heron."
MODEL_TIMEOUT_MS = 180_000
NARROW = {"width": 400, "height": 850}
LONG = "long"
DAYS = "\n\n".join(
    f"On day {day} the heron stood in the shallow water of the pond, and {day} fish passed."
    for day in range(1, 150)
)


@pytest.fixture(scope="module")
def url(
    tmp_path_factory: pytest.TempPathFactory,
    models_dir: Path,
    embedder: Embedder,
    serve: Callable[[Path, Path], AbstractContextManager[Server]],
) -> Iterator[str]:
    """The UI over three documents, with a chat model; one server for this file."""
    folder = tmp_path_factory.mktemp("hits")
    data_dir = folder / "data"
    data_dir.mkdir()
    (data_dir / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        for name, text in {"heron": HERON, "egret": EGRET, "otter": OTTER}.items():
            base.add(text, name=f"{name}.txt")
        base.add(DAYS, name="days.txt", collection=LONG)
    service = ChatService(lambda _: "It strikes at fish [1]. It waits in shallow water [2].")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "KB_CHAT_MODEL", service.model)
        with serve(data_dir, folder) as running:
            yield running.url
    service.stop()
    assert "Traceback" not in (folder / "server.log").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def opened(chromium: Browser, url: str, watched: Callable[[Page], Tab]) -> Iterator[Tab]:
    """One tab for this file; afterwards nothing may have gone wrong in it."""
    context = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    tab = watched(context.new_page())
    tab.page.goto(url)
    loading = tab.page.get_by_text("The model is loading")
    tab.page.get_by_role("heading", name="Search", exact=True).wait_for()
    expect(loading).to_have_count(0, timeout=MODEL_TIMEOUT_MS)
    yield tab
    context.close()
    assert tab.troubles == []


@pytest.fixture
def page(opened: Tab, url: str) -> Page:
    """That tab, at the start."""
    opened.page.set_viewport_size({"width": 1280, "height": 900})
    opened.page.goto(url)
    expect(opened.page.get_by_text("3 documents are searched")).to_be_visible()
    opened.page.wait_for_function("window.kbKeys")
    return opened.page


def settled(page: Page) -> None:
    """Wait until nothing is drawn any more, which would take the focus away."""
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
    page.wait_for_function("window.kbKeys")


def no_serious_faults(page: Page) -> None:
    settled(page)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [each for each in found if each["impact"] in {"serious", "critical"}] == []


def test_keys_lead_to_the_question_through_the_hits_mark_one_and_open_it(
    page: Page, url: str
) -> None:
    page.goto(f"{url}/?q=heron")
    page.wait_for_function("window.kbKeys")
    page.keyboard.press("/")  # perhaps before there is a field
    expect(page.get_by_placeholder("Ask your documents")).to_be_focused()
    hits = page.locator("[class*='st-key-hit-']")
    for key, at in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(hits.nth(at)).to_be_focused()
    for key, name in (("-", "Bad"), ("+", "Good")):
        page.keyboard.press(key)
        mark = hits.nth(0).get_by_role("radio", name=name)
        expect(mark).to_have_attribute("aria-checked", "true")
        expect(hits.nth(0).locator("[data-marked]")).to_have_attribute("data-marked", name.lower())
        expect(hits.nth(0)).to_be_focused()
    expect(hits.nth(0).locator(".kb-hit-head")).to_have_css("display", "flex")  # still styled
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/document\?id=\d+&at=0"))
    expect(page.locator(".kb-passage")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(f"{url}/?q=heron")
    expect(hits).to_have_count(3)
    expect(hits.nth(0)).to_be_focused()


def test_keys_that_are_pressed_at_once_are_all_done(page: Page, url: str) -> None:
    page.goto(f"{url}/?q=heron")
    page.wait_for_function("window.kbKeys")
    for key in ("/", "ArrowDown", "ArrowDown", "-", "+", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"/document\?id=\d+&at=0"))
    opened = page.url
    page.go_back()
    hit = page.locator("[class*='st-key-hit-']").nth(1)
    expect(hit.locator("[data-marked]")).to_have_attribute("data-marked", "good")
    assert hit.locator("[data-testid=stPageLink] a").get_attribute("href") in opened

    # The hits of the question before are still there.
    for key in ("/", *"otter", "Enter", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="otter.txt")).to_be_visible()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, NARROW])
def test_a_passage_that_is_opened_and_a_short_answer_are_in_view(
    page: Page, url: str, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type] # its two numbers
    page.goto(f"{url}/?collection={LONG}&q=heron")
    expect(page.locator(".kb-hit-head").nth(5)).to_be_visible()
    settled(page)
    # A passage below the first screen of its document, wherever it ranks.
    page.locator("[data-testid=stPageLink] a:not([href$='at=0'], [href$='at=1'])").first.click()
    expect(page.locator(".kb-passage")).to_contain_text("the heron stood")
    expect(page.locator("[data-aim=passage]")).to_be_in_viewport()
    expect(page.get_by_role("heading").first).not_to_be_in_viewport()

    if size == NARROW:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Ask").click()
    ask = page.get_by_test_id("stChatInputTextArea")
    ask.fill("What did the heron do?")
    ask.press("Enter")
    expect(page.get_by_role("button", name="Save as Markdown").first).to_be_attached()
    settled(page)
    expect(page.locator(".kb-answer")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Save as Markdown").first).not_to_be_in_viewport()


def test_a_slash_that_is_typed_is_a_slash(page: Page) -> None:
    box = page.get_by_placeholder("Ask your documents")
    box.click()
    page.keyboard.type("and/or")
    expect(box).to_have_value("and/or")


def test_a_search_is_remembered_and_made_again_with_its_choices(page: Page) -> None:
    box = page.get_by_placeholder("Ask your documents")
    box.fill("otter")
    box.press("Enter")
    expect(page.locator(".kb-hit-head").first).to_contain_text("otter.txt")
    page.get_by_role("radio", name="TXT").or_(page.get_by_role("button", name="TXT")).first.click()
    page.get_by_role("button", name="Remembered").click()
    page.get_by_role("button", name="Remember this search").click()
    kept = page.get_by_role("button", name="otter (TXT)")
    expect(kept).to_be_visible()
    page.goto(page.url.partition("?")[0] + "?q=egret&type=PDF")
    expect(page.get_by_text("No passages found").first).to_be_visible()
    page.get_by_role("button", name="Remembered").click()
    page.get_by_role("button", name="otter (TXT)").click()
    expect(page.locator(".kb-hit-head").first).to_contain_text("otter.txt")
    expect(box).to_have_value("otter")


def test_passages_stand_beside_the_answer_and_a_citation_marks_its_own(
    page: Page, url: str
) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Ask").click()
    ask = page.get_by_test_id("stChatInputTextArea")
    ask.fill("What does the heron do?")
    ask.press("Enter")
    expect(page.get_by_role("button", name="Save as Markdown").first).to_be_visible()
    answer, passage = page.locator(".kb-answer"), page.locator(".st-key-beside-0-2")
    expect(answer).to_have_count(1)
    expect(passage).to_be_visible()
    left, right = answer.bounding_box(), passage.bounding_box()
    assert left is not None
    assert right is not None
    assert right["x"] >= left["x"] + left["width"]
    expect(passage).to_have_css("outline-style", "none")
    answer.get_by_role("button", name="2").hover()
    expect(passage).to_have_css("outline-style", "solid")
    no_serious_faults(page)

    page.goto(url)  # another session
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Ask").click()
    expect(page.get_by_text("Answers come from 3 documents").first).to_be_visible()
    page.get_by_role("button", name="Earlier conversations").click()
    page.get_by_role("button", name="What does the heron do?").click()
    expect(page.locator(".kb-answer")).to_contain_text("It strikes at fish")
    expect(page.locator(".st-key-beside-0-1").first).to_contain_text(".txt")


def test_hits_and_answers_fit_a_narrow_screen(page: Page, url: str) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type] # its two numbers
    page.goto(f"{url}/?q=heron")
    expect(page.locator(".kb-hit-head")).to_have_count(3)
    for each in page.locator(".kb-hit-head").all():
        box = each.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    expect(page.locator(".kb-keys")).to_be_hidden()


def test_a_folder_that_cannot_be_one_is_refused_and_another_is_described(page: Page) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Library").click()
    page.get_by_role("button", name="Manage").click()
    folder = page.get_by_role("combobox", name="Folder")
    for typed, place, said in (
        ("a/../b", "-a-", "names no folder"),
        ("birds/2025", "-birds-2025", ""),
    ):
        folder.fill(typed)
        folder.press("Enter")
        field = page.locator(f"[class*='st-key-folder-said-'][class*='{place}'] input")
        field.fill("Notes of a bird watcher")
        page.locator("[class*='st-key-folder-save-'] button").click()
        if said:
            expect(page.get_by_text(said).first).to_be_visible()
    expect(page.locator(".kb-folders").first).to_contain_text("birds/2025")
