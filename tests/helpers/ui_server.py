"""The browser UI, started as its users start it, without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from held_port import held_port

START_TIMEOUT_S = 120


@dataclass(frozen=True)
class UiServer:
    url: str
    pid: int
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def served_ui(
    folder: Path,
    *arguments: str,
    prepare: Callable[[int], None] = lambda _: None,
    **settings: str,
) -> Iterator[UiServer]:
    """``kb ui`` with settings, on a free port; it runs in ``folder``, where its log is.

    ``prepare`` is told the port before the start.
    """
    environment = {
        **os.environ,
        "KB_CONFIG": str(folder / "kb.toml"),
        **{f"KB_{name.upper()}": value for name, value in settings.items()},
    }
    environment.pop("DISPLAY", None)
    environment.pop("WAYLAND_DISPLAY", None)
    log = folder / "ui.log"
    with held_port() as port, log.open("w") as output:
        prepare(port)
        command = [sys.executable, "-m", "kb", "ui", "--port", str(port), *arguments]
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://localhost:{port}"
            deadline = time.monotonic() + START_TIMEOUT_S
            while not _answers(url):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield UiServer(url, process.pid, log)
        finally:
            process.terminate()
            process.wait(90)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
