"""Whole journeys of a person with a browser, against a running server."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from docx import Document
from playwright.sync_api import Browser, Page, expect
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from typing import Literal

    from conftest import Server, Tab

pytestmark = pytest.mark.browser

SENTENCE = "The kestrel hovers above the meadow before it dives."
INGEST_TIMEOUT_MS = 60_000
ROW_PX = 35


def pdf(*pages: str) -> bytes:
    target = BytesIO()
    canvas = Canvas(target)
    for text in pages:
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def docx(*paragraphs: str) -> bytes:
    target = BytesIO()
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(target)
    return target.getvalue()


# Everything is looked for by its first appearance: Streamlit draws anew before it takes away what
# stood there, so for a moment a thing can be on the page twice.


def go_to(page: Page, view: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=view).click()
    expect(page.get_by_role("heading", name=view, exact=True)).to_be_visible()


def upload(page: Page, name: str, data: bytes, kind: str = "application/octet-stream") -> None:
    page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": data}]
    )


def search(page: Page, query: str) -> None:
    box = page.get_by_placeholder("Ask your documents")
    box.fill(query)
    box.press("Enter")


def tick_first_row(page: Page) -> None:
    _tick(page, row=1)


def tick_all_rows(page: Page) -> None:
    _tick(page, row=0)


def _tick(page: Page, row: int) -> None:
    # The table is a canvas: its first column holds the boxes, below one row of headings. A table
    # that was drawn anew under the click has no ticks, and a person would click again.
    acts = page.locator(".st-key-toolbar .st-key-again")
    for _ in range(5):
        place = {"x": 18.0, "y": ROW_PX * (row + 0.5)}
        page.get_by_test_id("stDataFrame").first.click(position=place)  # type: ignore[arg-type]
        with suppress(AssertionError):
            expect(acts).to_be_visible(timeout=6000)
            return
    expect(acts).to_be_visible()


def test_from_an_empty_store_to_a_found_sentence_and_back(tab: Tab) -> None:
    page = tab.page
    expect(page.get_by_text("Nothing to search yet").first).to_be_visible()
    page.get_by_role("link", name="Add documents").first.click()
    files = {
        "birds.pdf": pdf("Of birds and their habits.", SENTENCE),
        "bread.docx": docx("The dough of rye bread rests overnight."),
        "tea.md": b"# Tea\n\nGreen tea is steeped for two minutes.",
        "番茄.txt": "番茄炒蛋需要三个鸡蛋。".encode(),
    }
    page.locator("input[type=file]").set_input_files(
        [
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
            for name, data in files.items()
        ]
    )
    expect(page.get_by_text("4 documents").first).to_be_visible(timeout=INGEST_TIMEOUT_MS)
    expect(page.get_by_text("stored,")).to_have_count(4)
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()

    go_to(page, "Search")
    search(page, "kestrel hovers meadow")
    first = page.locator(".kb-hit-head").first
    expect(first).to_contain_text("birds.pdf")
    expect(first).to_contain_text("p. ")
    expect(page.locator("mark").filter(has_text="kestrel").first).to_be_visible()
    expect(
        page.get_by_text(SENTENCE.removeprefix("The kestrel hovers above ")).first
    ).to_be_visible()
    expect(page).to_have_url(re.compile("q=kestrel"))

    page.get_by_role("radio", name="The page").first.click()
    expect(page.get_by_text("the passage is marked").first).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stImage").locator("img").first).to_be_visible()

    page.reload()  # the question is in the address
    expect(page.locator(".kb-hit-head").first).to_contain_text("birds.pdf")

    page.get_by_role("radio", name="简体中文").first.click()
    expect(page.get_by_role("heading", name="搜索", exact=True)).to_be_visible()
    expect(page.locator(".kb-hit-head").first).to_contain_text("页")

    page.get_by_role("link", name="文档库").first.click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    tick_all_rows(page)
    page.get_by_role("button", name="删除 4 个文档").first.click()
    expect(page.get_by_text("删除 4 个文档？").first).to_be_visible()
    page.locator(".st-key-delete-yes button").click()
    expect(page.get_by_text("还没有文档").first).to_be_visible()


def test_the_work_goes_on_through_a_reload_and_shows_in_a_second_tab(
    tab: Tab, server: Server
) -> None:
    page = tab.page
    go_to(page, "Library")
    text = "\n\n".join(f"Paragraph {n}: {SENTENCE * 12}" for n in range(1600))
    upload(page, "long.txt", text.encode())
    embedding = page.get_by_text("chunks embedded")
    expect(embedding.first).to_be_visible(timeout=INGEST_TIMEOUT_MS)
    tab.page.goto(server.url)
    second = page.context.new_page()
    second.goto(server.url)
    go_to(second, "Library")
    expect(second.get_by_text("Adding files: 0 of 1 done").first).to_be_visible()
    second.get_by_role("button", name="Cancel").first.click()
    expect(second.get_by_text("Cancelled: 0 of 1 files done").first).to_be_visible(
        timeout=INGEST_TIMEOUT_MS
    )
    go_to(page, "Library")
    expect(page.get_by_text("Cancelled: 0 of 1 files done").first).to_be_visible()


def test_what_another_process_ingests_appears_and_is_found(
    tab: Tab, server: Server, tmp_path: Path
) -> None:
    page = tab.page
    go_to(page, "Library")
    expect(page.get_by_text("No documents yet").first).to_be_visible()
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "kestrel.txt").write_text(SENTENCE, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "ingest", str(folder)],
        env=server.environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    go_to(page, "Search")
    search(page, "Which bird hovers?")
    expect(page.locator(".kb-hit-head").first).to_contain_text("kestrel.txt")


def test_documents_are_tagged_and_found_by_their_tag_and_the_link_is_shared(tab: Tab) -> None:
    page = tab.page
    go_to(page, "Library")
    upload(page, "kestrel.txt", SENTENCE.encode())
    expect(page.get_by_text("stored,").first).to_be_visible(timeout=INGEST_TIMEOUT_MS)
    upload(page, "harrier.txt", b"The harrier glides low above the meadow.")
    expect(page.get_by_text("2 documents").first).to_be_visible(timeout=INGEST_TIMEOUT_MS)
    tick_first_row(page)
    page.locator(".st-key-toolbar").get_by_role("button", name="Tags").click()
    page.get_by_label("Add tags, separated by commas").fill("marsh, 湿地")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Tags saved").first).to_be_visible()

    go_to(page, "Search")
    search(page, "bird above the meadow")
    expect(page.locator(".kb-hit-head")).to_have_count(2)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Tags").click()
    page.get_by_role("option", name="湿地").click()
    expect(page.locator(".kb-hit-head")).to_have_count(1)
    expect(page.locator(".kb-hit-head")).to_contain_text("harrier.txt")

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".kb-hit-head")).to_have_count(1)
    expect(other.locator(".kb-hit-head")).to_contain_text("harrier.txt")


def test_hostile_names_and_contents_never_become_markup(tab: Tab) -> None:
    page = tab.page
    go_to(page, "Library")
    name = "<img src=x onerror=alert(1)> ![p](http-x) :red[r] $a$ .txt"
    text = f"{SENTENCE} <script>alert(2)</script><img src=x onerror=alert(3)>"
    upload(page, name, text.encode())
    expect(page.get_by_text("stored,").first).to_be_visible(timeout=INGEST_TIMEOUT_MS)
    go_to(page, "Search")
    search(page, "kestrel")
    expect(page.locator(".kb-hit-head").first).to_contain_text(name)
    page.get_by_role("radio", name="Cite").first.click()
    expect(page.get_by_test_id("stCode")).to_contain_text("<script>alert(2)</script>")
    page.get_by_role("link", name="Open document").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("main img[src=x]").count() == 0
    go_to(page, "Library")
    tick_first_row(page)
    page.get_by_role("button", name="Delete document").first.click()
    expect(page.get_by_text("Delete this document?").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0


def at_rest(page: Page) -> None:
    """Wait until nothing is drawn any more: what fades in or out has too little contrast."""
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=INGEST_TIMEOUT_MS)
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0, timeout=INGEST_TIMEOUT_MS)


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_no_view_has_serious_faults_for_people_who_see_or_hear_differently(
    chromium: Browser, server: Server, scheme: Literal["light", "dark"]
) -> None:
    context = chromium.new_context(color_scheme=scheme, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server.url}/library")
    upload(page, "kestrel.txt", SENTENCE.encode())
    expect(page.get_by_text("已存储，").first).to_be_visible(timeout=INGEST_TIMEOUT_MS)
    for path, drawn in (
        ("/library", "[data-testid=stDataFrame]"),
        ("/?q=kestrel", ".kb-hit-head"),
        ("/document?id=1&at=0", ".kb-facts"),
        ("/ask", "[data-testid=stAlert]"),
        ("/quality", ".kb-empty"),
        ("/status", ".kb-facts"),
    ):
        page.goto(server.url + path)
        page.locator(drawn).first.wait_for()
        at_rest(page)
        faults = [
            (path, fault["id"], [node["html"] for node in fault["nodes"]])
            for fault in Axe().run(page).response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert faults == []
    context.close()
