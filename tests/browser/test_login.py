"""The login in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, expect

from ui.access import hashed

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KB_UI_PASSWORD_HASH", hashed("open sesame"))
    return "open sesame"


def test_after_the_login_a_link_leads_to_its_view(
    password: str, server: Server, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/status")
    expect(page.get_by_text("protected by a password")).to_be_visible()
    page.get_by_role("textbox").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Status", exact=True)).to_be_visible()
    assert page.url.endswith("/status")
