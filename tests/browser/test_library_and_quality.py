"""A folder kept in step, its table, a page beside its reading, and a trial of another setting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pictured_pdf import new_canvas, write
from PIL import Image
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BIRDS = {
    "kestrel.md": "---\ntags: [birds, meadow]\ndate: 2024-05-01\n---\n\n# Kestrel\n\n"
    "The kestrel hovers above the meadow before it dives.\n",
    "tea.txt": "Green tea is steeped for two minutes in water that has stopped boiling.\n",
}
HEADER = "Bird club, yearly report"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A note with tags and a date, a text, and a PDF with a picture and page numbers."""
    made = tmp_path / "birds"
    made.mkdir()
    for name, text in BIRDS.items():
        (made / name).write_text(text, "utf-8")
    canvas = new_canvas(made / "report.pdf")
    for number in range(1, 4):
        write(canvas, 72, 800, HEADER)
        for line in range(6):
            write(
                canvas, 72, 700 - 20 * line, f"In week {number}{line} the club saw {line} herons."
            )
        if number == 1:
            canvas.drawInlineImage(Image.effect_noise((900, 500), 60), 72, 200, 400, 300)
        write(canvas, 290, 30, str(number))
        canvas.showPage()
    canvas.save()
    return made


def go_to(page: Page, view: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=view).click()
    expect(page.get_by_role("heading", name=view, exact=True)).to_be_visible()


def search(page: Page, query: str) -> None:
    go_to(page, "Search")
    box = page.get_by_placeholder("Ask your documents")
    box.fill(query)
    box.press("Enter")


def keep_in_step(page: Page, folder: Path) -> None:
    go_to(page, "Library")
    page.get_by_text("A folder on this computer").first.click()
    field = page.locator(".st-key-folder input").first
    field.fill(str(folder))
    field.press("Enter")
    page.locator(".st-key-folder-keep button").first.click()
    expect(page.get_by_text("In step").first).to_be_visible()
    expect(page.get_by_text("3 documents").first).to_be_visible()


def test_a_folder_is_added_once_and_followed_and_its_table_fits_the_window(
    tab: Tab, folder: Path
) -> None:
    page = tab.page
    keep_in_step(page, folder)

    (folder / "egret.txt").write_text("The white egret strikes at small fish.", "utf-8")
    expect(page.get_by_text("4 documents").first).to_be_visible()
    (folder / "egret.txt").unlink()
    expect(page.get_by_text("3 documents").first).to_be_visible()

    # The table is a canvas inside what scrolls it: no column is cut off, tags and dates included.
    table = page.get_by_test_id("stDataFrame").first.locator(".dvn-scroller")
    wide, shown = table.evaluate("it => [it.scrollWidth, it.clientWidth]")
    assert 0 < wide <= shown + 1


def test_what_a_page_shows_and_its_reading_lacks_is_beside_it(tab: Tab, folder: Path) -> None:
    page = tab.page
    keep_in_step(page, folder)
    search(page, "How many herons did the club see in week 12?")
    page.get_by_role("link", name="Open document").first.click()
    page.get_by_text("Compare pages with what was read").first.click()
    expect(page.get_by_text("Not read: one place").first).to_be_visible()
    expect(page.get_by_text("picture, no text read in it").first).to_be_visible()
    expect(page.get_by_text("page number").first).to_be_visible()
    expect(page.get_by_test_id("stImage").first).to_be_visible()


def test_another_setting_is_compared_with_todays_on_ones_own_questions(
    tab: Tab, folder: Path
) -> None:
    page = tab.page
    keep_in_step(page, folder)
    search(page, "How long is green tea steeped?")
    page.get_by_text("Good", exact=True).first.click()
    go_to(page, "Quality")
    page.locator(".st-key-trial-option button").first.click()
    page.locator(".st-key-trial-compare button").first.click()
    expect(page.get_by_text("Compared with today").first).to_be_visible()
    expect(page.get_by_text("Difference, 95 % confidence interval").first).to_be_visible()
    page.locator(".st-key-trial-take button").first.click()
    expect(page.get_by_test_id("stAlertContentSuccess").first).to_be_visible()
