"""A library of thousands of documents: listed, filtered and opened (times: see the benchmark)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect
from synthetic_library import SAMPLES, SyntheticLibrary

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

if TYPE_CHECKING:
    from conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 5_000
ROW_PX = 35


@pytest.fixture
def filled(settings: Settings, embedder: Embedder, tmp_path: Path) -> None:
    """The knowledge base that the server will open."""
    library = SyntheticLibrary(SAMPLES, tmp_path, embedder)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert library.fill(base, COUNT, seconds=600)


@pytest.mark.usefixtures("filled")
def test_thousands_of_documents_are_listed_filtered_and_opened(
    server: Server, chromium: Browser
) -> None:
    page = chromium.new_context(locale="en-US").new_page()
    page.goto(f"{server.url}/library")
    expect(page.get_by_text(f"{COUNT:,} documents").first).to_be_visible(timeout=60_000)
    page.get_by_placeholder("Filter by name").first.fill("/4321.txt")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^1 of .* documents")).first).to_be_visible()
    page.get_by_test_id("stDataFrame").first.click(position={"x": 18, "y": ROW_PX * 1.5})
    page.get_by_test_id("stPageLink").get_by_text("Open").first.click()
    expect(page.locator(".kb-facts").first).to_contain_text("author 4321")
