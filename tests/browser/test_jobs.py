"""Uploads outlive the server that took them: killed in the middle of a queue, it goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import own_server
import pytest
from locked_files import files_that_hold, locked_pdf
from playwright.sync_api import Browser, BrowserContext, Page, expect
from ui_server import served_ui

from kb import KnowledgeBase, Settings

if TYPE_CHECKING:
    from ui_server import UiServer

pytestmark = pytest.mark.browser

MS = 300_000  # twenty jobs on a machine with other work
RIGHT = "Zimtstern-4711-richtig"
TEXT = "The grey heron waits in the reeds."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server").mkdir()
    return tmp_path / "server"


def library(context: BrowserContext, server: UiServer) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/library")
    expect(page.get_by_role("heading", name="Library", exact=True)).to_be_visible()
    return page


def send(page: Page, name: str, data: bytes, *, shown: str | None = None) -> None:
    """Drop a file and wait until it is queued."""
    page.locator("input[type=file]").first.set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data}]
    )
    expect(page.locator(".kb-files", has_text=shown or name).first).to_be_visible()


def text(number: int) -> bytes:
    return f"Note number {number}: kestrels hover above it.".encode()


def long_text() -> bytes:
    """A text whose embedding takes longer than anything that the tests do meanwhile."""
    lines = (f"Paragraph {line}: kestrels hover above it. " * 12 for line in range(3000))
    return "\n\n".join(lines).encode()


def kill(server: UiServer) -> None:
    os.kill(server.pid, signal.SIGKILL)


@pytest.mark.parametrize("queued", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_a_server_that_is_killed_in_the_middle_of_uploads_finishes_all_after_its_restart(
    data_dir: Path, folder: Path, context: BrowserContext, queued: int
) -> None:
    names = [f"note-{number:02}.txt" for number in range(queued)]
    with served_ui(folder, data_dir=str(data_dir)) as server:
        page = library(context, server)
        # The first one takes long, so that the others wait behind it.
        send(page, "long.txt", long_text())
        for number, name in enumerate(names):
            send(page, name, text(number))
        expect(page.get_by_text("Adding files: 0 of 1 done").first).to_be_visible(timeout=MS)
        kill(server)
    with KnowledgeBase.open(Settings.load(data_dir=data_dir)) as base:
        states = [job.state for job in base.jobs.listed()]
        assert states.count("queued") == queued, "it was killed before most were done"
        # It need not be done to the end; that the others are is what this is about.
        long = base.jobs.listed()[0].id
        assert not base.jobs.cancel(long)
    with served_ui(folder, data_dir=str(data_dir)) as server:
        page = library(context, server)
        for name in names[-3:]:
            expect(page.locator(".kb-files", has_text=name).first).to_contain_text(
                "stored", timeout=MS
            )
        expect(page.get_by_text(f"{queued} documents").first).to_be_visible(timeout=MS)
        assert "Traceback" not in server.log.read_text("utf-8")
    with KnowledgeBase.open(Settings.load(data_dir=data_dir)) as base:
        assert sorted(info.name for info in base.documents()) == names
        assert {job.state for job in base.jobs.listed() if job.id != long} == {"done"}
        assert base.check().ok
    assert [path for path in (data_dir / "spool").iterdir() if path.is_dir()] == []


@pytest.mark.slow
def test_two_browsers_at_two_servers_see_the_same_queue_and_either_cancels(
    data_dir: Path, tmp_path: Path, chromium: Browser
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        served_ui(tmp_path / "one", data_dir=str(data_dir)) as one,
        served_ui(tmp_path / "two", data_dir=str(data_dir)) as two,
    ):
        contexts = [chromium.new_context(locale="en-US") for _ in range(2)]
        for context in contexts:
            context.set_default_timeout(60_000)
        here, there = library(contexts[0], one), library(contexts[1], two)
        send(here, "long.txt", long_text())
        expect(there.locator(".kb-files", has_text="long.txt").first).to_be_visible(timeout=MS)
        send(there, "short.txt", text(1))
        for page in (here, there):
            expect(page.get_by_text("Waiting: one file").first).to_be_visible(timeout=MS)
            expect(page.get_by_text("Adding files: 0 of 1 done").first).to_be_visible(timeout=MS)
        there.get_by_role("button", name="Cancel").first.click()
        for page in (here, there):
            expect(page.get_by_text("Cancelled: 0 of 1 files done").first).to_be_visible(timeout=MS)
            expect(page.locator(".kb-files", has_text="short.txt").first).to_contain_text(
                "stored", timeout=MS
            )
        for context in contexts:
            context.close()
        for server in (one, two):
            assert "Traceback" not in server.log.read_text("utf-8")


def test_a_password_that_was_lost_by_a_restart_is_asked_for_and_opens_the_file(
    data_dir: Path, folder: Path, context: BrowserContext
) -> None:
    with served_ui(folder, data_dir=str(data_dir)) as server:
        page = library(context, server)
        send(page, "long.txt", long_text())
        page.get_by_role("button", name="Password for protected files").click()
        page.get_by_label("Password of the file", exact=True).fill(RIGHT)
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        send(page, "heron.pdf", locked_pdf(TEXT, RIGHT))
        kill(server)
    assert files_that_hold(RIGHT, data_dir) == []
    with KnowledgeBase.open(Settings.load(data_dir=data_dir)) as base:
        base.jobs.cancel(base.jobs.listed()[0].id)
    with served_ui(folder, data_dir=str(data_dir)) as server:
        page = library(context, server)
        expect(page.get_by_text("is never stored, so it is gone").first).to_be_visible(timeout=MS)
        page.get_by_label("Password of the file", exact=True).first.fill(RIGHT)
        page.get_by_role("button", name="Go on with this password").click()
        expect(page.locator(".kb-files", has_text="heron.pdf").first).to_contain_text(
            "stored", timeout=MS
        )
        assert RIGHT not in page.content()
        assert RIGHT not in server.log.read_text("utf-8")
    assert files_that_hold(RIGHT, data_dir) == []


@pytest.mark.slow
def test_what_is_sent_by_http_is_seen_in_the_browser_while_it_runs_and_what_became_of_it(
    data_dir: Path, folder: Path, context: BrowserContext
) -> None:
    with served_ui(folder, data_dir=str(data_dir)) as server, own_server.serving(data_dir) as api:
        page = library(context, server)
        with httpx.Client(base_url=api.url, trust_env=False, timeout=120) as client:
            sent = client.post("/v1/uploads", files=[("files", ("long.txt", long_text()))])
            assert sent.status_code == 202, sent.text
            long = sent.headers["Location"]
            # Whoever works on it, the model of one or the other is at it for minutes.
            shown = page.locator(".kb-files", has_text="long.txt").first
            expect(shown).to_contain_text("embedding", timeout=MS)
            expect(page.get_by_text("Adding files: 0 of 1 done").first).to_be_visible()
            told = client.get(long).json()
            assert told["state"] == "running"
            assert [each["stage"] for each in told["files"]] == ["embedding"]
            form = [
                ("files", ("note.txt", text(1))),
                ("files", ("broken.pdf", b"%PDF-1.7 broken")),
            ]
            behind = client.post("/v1/uploads", files=form).headers["Location"]
            expect(page.get_by_text("Waiting: 2 files").first).to_be_visible(timeout=MS)
            assert client.post(f"{long}/cancel", json={}).status_code == 200
            expect(page.get_by_text("Cancelled: 0 of 1 files done").first).to_be_visible(timeout=MS)
            files = page.locator(".kb-files", has_text="note.txt").first
            expect(files).to_contain_text("stored", timeout=MS)
            failed = page.locator(".kb-files", has_text="broken.pdf").first
            expect(failed).to_contain_text("failed", timeout=MS)
            told = client.get(behind).json()
            assert {each["name"]: each["stage"] for each in told["files"]} == {
                "note.txt": "stored",
                "broken.pdf": "failed",
            }
        assert "Traceback" not in server.log.read_text("utf-8")
