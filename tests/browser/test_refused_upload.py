"""A file that the server does not take: the page says so in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, expect

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.browser


def test_a_file_for_which_the_server_has_no_room_is_named_with_the_reason(
    data_dir: Path, server: Server, context: BrowserContext
) -> None:
    (data_dir / "incoming").write_text("no folder can be made here")
    page = context.new_page()
    page.goto(f"{server.url}/library")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "heron.txt", "mimeType": "text/plain", "buffer": b"The grey heron waits."}
    )
    warning = page.get_by_test_id("stAlert").first
    expect(warning).to_contain_text("heron.txt: not taken, because the server has no room")
    expect(page.get_by_text("No documents yet")).to_be_visible()
