"""``kb ui`` on a desktop with coding agents: the browser opens, and nobody advertises."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from held_port import held_port
from playwright.sync_api import Browser, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="screens are found in another way there"),
]

# What Streamlit looks for before it offers to help the agents that it finds.
AGENTS = (".agents", ".claude", ".codex", ".copilot", ".cursor", ".gemini")
ADVERTISED = re.compile("agents|skills|Install", re.IGNORECASE)
KB_UI = ("-m", "kb", "ui")
LAUNCH = Path(__file__).parents[2] / "ui" / "launch.py"
PATIENCE_S = 90
DESKTOP = {"DISPLAY": ":77"}
ELSEWHERE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "DISPLAY", "WAYLAND_DISPLAY")


@dataclass(frozen=True)
class Desktop:
    """A started ``kb ui``: where it is, what it said, and what it opened."""

    url: str
    said: Path
    opened_urls: Path

    def opened(self, patience_s: float = PATIENCE_S) -> str:
        """Return the address that was opened, if any was within this time."""
        deadline = time.monotonic() + patience_s
        while not self.opened_urls.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.opened_urls.read_text().strip() if self.opened_urls.exists() else ""


@contextmanager
def started(
    data_dir: Path, folder: Path, *, environment: dict[str, str], command: tuple[str, ...] = KB_UI
) -> Iterator[Desktop]:
    """``kb ui`` in a home with agents; the person's browser writes down what it is to open."""
    home = folder / "home"
    for agent in AGENTS:
        (home / agent).mkdir(parents=True)
    opened_urls = folder / "opened"
    opener = folder / "a-browser"
    opener.write_text(f'#!/bin/sh\necho "$1" > "{opened_urls}.part"\n'
                      f'mv "{opened_urls}.part" "{opened_urls}"\n')  # fmt: skip
    opener.chmod(opener.stat().st_mode | stat.S_IXUSR)
    said = folder / "said"
    inherited = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    with held_port() as port, said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command, "--port", str(port)],
            env={
                **inherited,
                "HOME": str(home),
                "BROWSER": str(opener),
                "KB_DATA_DIR": str(data_dir),
                "KB_CONFIG": str(folder / "no.toml"),
                **environment,
            },
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + PATIENCE_S
            while f":{port}" not in said.read_text():
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < deadline, said.read_text()
                time.sleep(0.1)
            yield Desktop(f"http://localhost:{port}", said, opened_urls)
        finally:
            process.terminate()
            process.wait(90)


def test_the_browser_opens_and_neither_page_nor_terminal_advertises(
    chromium: Browser, data_dir: Path, tmp_path: Path
) -> None:
    with started(data_dir, tmp_path, environment=DESKTOP) as desktop:
        assert desktop.opened() == desktop.url
        page = chromium.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
        page.goto(desktop.url)
        for view in ("Search", "Library", "Status"):
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=view).click()
            expect(page.get_by_role("heading", name=view, exact=True)).to_be_visible()
            page.wait_for_timeout(1500)  # the advertisement comes after the page
            assert not ADVERTISED.search(page.locator("body").inner_text())
            assert page.get_by_test_id("stSkillsNudge").count() == 0
        page.close()
        assert not ADVERTISED.search(desktop.said.read_text())


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        pytest.param({}, KB_UI, id="no screen", marks=pytest.mark.slow),
        pytest.param(
            {**DESKTOP, "SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 22"}, KB_UI, id="over SSH"
        ),
        pytest.param(
            DESKTOP, (str(LAUNCH), "--headless"), id="told not to", marks=pytest.mark.slow
        ),
    ],
)
def test_no_browser_opens_where_nobody_sits_before_the_screen(
    data_dir: Path, tmp_path: Path, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    with started(data_dir, tmp_path, environment=environment, command=command) as desktop:
        assert desktop.url in desktop.said.read_text()
        assert desktop.opened(patience_s=3) == ""
