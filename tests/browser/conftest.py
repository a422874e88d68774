"""A real server and a real Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from held_port import held_port
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

LAUNCH = Path(__file__).parents[2] / "ui" / "launch.py"
START_TIMEOUT_S = 120

# The library's own five seconds are for quick machines with nothing else to do.
expect.set_options(timeout=60_000)


@dataclass
class Tab:
    """A browser tab and everything in it that should not have happened."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on(
            "console",
            lambda message: (
                self.troubles.append(f"{message.type}: {message.text}")
                if message.type == "error"
                else None
            ),
        )
        self.page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        self.page.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))
        self.page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("http://localhost:", "data:", "blob:"))
                else self.troubles.append(f"request to {request.url}")
            ),
        )


@dataclass
class Server:
    url: str
    environment: dict[str, str]


def find_chromium() -> str | None:
    """Debian's Chromium, or the one that KB_CHROMIUM names."""
    return os.environ.get("KB_CHROMIUM") or shutil.which("chromium")


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Chromium, running."""
    with sync_playwright() as playwright:
        # Containers run as root, where Chromium's own sandbox does not start.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@contextmanager
def served(data_dir: Path, folder: Path) -> Iterator[Server]:
    """The UI as users start it, on a free port; logs into ``folder``."""
    environment = {
        **os.environ,
        "KB_DATA_DIR": str(data_dir),
        "KB_CONFIG": str(folder / "no.toml"),
    }
    log = folder / "server.log"
    with held_port() as port, log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, str(LAUNCH), "--port", str(port), "--headless"],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        url = f"http://localhost:{port}"
        try:
            _wait_until_up(url, process, log)
            yield Server(url, environment)
        finally:
            process.terminate()
            process.wait(90)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if not path:
        pytest.skip("Chromium is not installed (apt-get install chromium, or set KB_CHROMIUM)")
    with launched(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def serve() -> Callable[[Path, Path], AbstractContextManager[Server]]:
    """Give :func:`served`, for files whose tests share a server."""
    return served


@pytest.fixture(scope="session")
def watched() -> Callable[[Page], Tab]:
    """Give what watches a page, for files whose tests share one."""

    def watch(page: Page) -> Tab:
        tab = Tab(page)
        tab.watch()
        return tab

    return watch


@pytest.fixture
def server(data_dir: Path, tmp_path: Path) -> Iterator[Server]:
    """The UI over an empty knowledge base; nothing may fail in it unseen."""
    with served(data_dir, tmp_path) as running:
        yield running
    assert "Traceback" not in (tmp_path / "server.log").read_text(encoding="utf-8")


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh English browser window."""
    opened = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


@pytest.fixture
def tab(context: BrowserContext, server: Server) -> Iterator[Tab]:
    """The UI in a tab; afterwards nothing may have gone wrong in it."""
    opened = Tab(context.new_page())
    opened.watch()
    opened.page.goto(server.url)
    opened.page.get_by_role("heading", name="Search", exact=True).wait_for()
    yield opened
    assert opened.troubles == []


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
