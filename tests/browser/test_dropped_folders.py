"""A folder that is dropped into the library: its files come with their paths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from kb import KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter

if TYPE_CHECKING:
    from conftest import Server
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

MS = 300_000


def test_the_files_of_a_dropped_folder_are_found_by_its_name(
    server: Server, context: BrowserContext, data_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "minutes"
    for year in ("2024", "2025"):
        (folder / year).mkdir(parents=True)
        (folder / year / "may.txt").write_text(f"The budget of {year} was agreed.", "utf-8")
    (folder / ".drafts").mkdir()
    (folder / ".drafts" / "june.txt").write_text("The budget of June is a draft.", "utf-8")
    page = context.new_page()
    page.goto(f"{server.url}/library")
    field = page.get_by_test_id("stFileUploaderDropzone")
    expect(field).to_be_visible(timeout=MS)
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    # What the operating system says when a person drags a folder, told to Chromium itself.
    tools = context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + 40,
                "y": box["y"] + 20,
                "data": {"items": [], "files": [str(folder)], "dragOperationsMask": 1},
            },
        )
    expect(page.get_by_text("hidden files and system files were left out")).to_be_visible(
        timeout=MS
    )
    expect(page.get_by_text("2 files done")).to_be_visible(timeout=MS)
    with KnowledgeBase.open(Settings.load(data_dir=data_dir)) as base:
        sources = [str(source) for info in base.documents() for source in info.sources]
        assert sorted(sources) == ["minutes/2024/may.txt", "minutes/2025/may.txt"]
        found = base.search("budget", where=SearchFilter(path="minutes/2025/*"))
        assert [hit.source for hit in found] == ["minutes/2025/may.txt"]
