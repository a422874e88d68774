"""Much is sent through the browser: what a finished run holds on to."""

from __future__ import annotations

import os
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attack_report import Report
from playwright.sync_api import expect, sync_playwright
from processes import resident_mib
from ui_server import served_ui

RUNS = 20
"""Finished runs that the program remembers."""
FILE_BYTES = 60 * 1000 * 1000
MOST_MORE_MIB = 150
BEFORE = "2,230 MiB more"


def test_twenty_finished_runs_of_60_mb_hold_nothing(
    data_dir: Path, tmp_path: Path, report: Report
) -> None:
    chromium = os.environ.get("KB_CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.skip("Chromium is not installed (apt-get install chromium, or set KB_CHROMIUM)")
    with ThreadPoolExecutor(1) as thread:  # Playwright's of other tests has the main thread
        more = thread.submit(_held_after_all_runs, chromium, data_dir, tmp_path).result()
    report(f"{RUNS} finished runs of a file of 60 MB each", BEFORE, f"{more:.0f} MiB more")
    assert more < MOST_MORE_MIB


def _held_after_all_runs(chromium: str, data_dir: Path, tmp_path: Path) -> float:
    """Send a file for each run; return by how many MiB the server has grown since the first."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with served_ui(tmp_path, data_dir=str(data_dir)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(locale="en-US")
        page.goto(f"{server.url}/library")
        before = 0.0
        for number in range(RUNS + 1):
            # No document, so that nothing but the sending takes time.
            file = tmp_path / f"{number}.docx"
            file.write_bytes(random.Random(number).randbytes(FILE_BYTES))  # noqa: S311 - no secret
            page.locator("input[type=file]").set_input_files(file)
            ended = page.locator(".kb-files", has_text=f"{number}.docx is damaged")
            expect(ended.first).to_be_visible(timeout=60_000)
            page.wait_for_timeout(1500)  # the field is drawn anew once the run has ended
            file.unlink()
            if number == 0:  # what the first one loads is no part of what the others hold
                before = _settled(server.pid)
        more = _settled(server.pid) - before
        browser.close()
        assert "Traceback" not in server.log.read_text(encoding="utf-8")
    return more


def _settled(pid: int) -> float:
    """Return the memory of a process when it has stopped moving, in MiB."""
    since, last = time.monotonic(), resident_mib(pid)
    while time.monotonic() - since < 4:
        time.sleep(0.5)
        now = resident_mib(pid)
        if abs(now - last) > 1:
            since, last = time.monotonic(), now
    return last
