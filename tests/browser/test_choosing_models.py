"""From an empty store to a written answer in a browser, without an editor or a new start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import hub_server
import pytest
from axe_playwright_python.sync_playwright import Axe
from hub_server import FakeHub
from llama_server import smollm2
from playwright.sync_api import Page, expect

from kb.models.registry import find_known

if TYPE_CHECKING:
    from conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # the unit tests draw the same view

ANSWER_MS = 120_000
CHAT = "Qwen3-0.6B"
WARRANTY = b"The warranty on the Aurora coffee machine lasts 24 months from the purchase."


@pytest.fixture
def hub(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that has the small model of the tests under the name of the smallest known one."""
    shared = (data_dir / "models").resolve()
    (data_dir / "models").unlink()
    (data_dir / "models").mkdir()
    for file in shared.iterdir():
        (data_dir / "models" / file.name).hardlink_to(file)
    for name in ("KB_CHAT_MODEL", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    known = find_known(CHAT)
    assert known
    with hub_server.running(smollm2().read_bytes()) as running:
        running.repository, running.file = known.repository, known.files[0].name
        running.stall_after = 30_000_000
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
        monkeypatch.setenv("LLAMA_ARG_PORT", "9")
        yield running
    for file in (data_dir / "models").glob("Qwen3*"):
        file.unlink()


def choose(page: Page, name: str) -> None:
    """Open the choice and take a model; a list that a redrawing closed is opened again."""
    offered = page.get_by_role("option").filter(has_text=name)
    for _ in range(5):
        page.locator(".st-key-model-chat input").first.click()
        with suppress(AssertionError):
            expect(offered.first).to_be_visible(timeout=10_000)
            break
    offered.first.click()


def test_a_document_a_model_and_a_question(hub: FakeHub, tab: Tab) -> None:
    page = tab.page
    navigation = page.get_by_test_id("stSidebarNav")
    navigation.get_by_role("link", name="Library").click()
    page.locator("input[type=file]").first.set_input_files(
        [{"name": "warranty.txt", "mimeType": "text/plain", "buffer": WARRANTY}]
    )
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()

    navigation.get_by_role("link", name="Ask").click()
    page.get_by_role("link", name="Choose a chat model").first.click()
    choose(page, CHAT)
    page.get_by_role("button", name="Download and use").first.click()

    expect(page.get_by_text(f"Downloading {CHAT}").first).to_be_visible()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [each for each in found if each["impact"] in {"serious", "critical"}] == []
    hub.released.set()  # the download goes on where it stalled
    page.get_by_role("link", name="Ask the documents").first.click(timeout=ANSWER_MS)

    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("How many months does the warranty last?")
    box.press("Enter")
    expect(page.locator(".kb-answer").first).to_contain_text("24", timeout=ANSWER_MS)
