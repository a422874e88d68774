"""Open WebUI as a process: a new installation with what a person fills in, and its first user."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

START_S = 600.0
ANSWER_S = 3600.0
_LOOK_S = 0.5
_ALONE = {
    "WEBUI_SECRET_KEY": "of-a-test-that-ends-soon",
    # Nothing of this is about documents; each would ask the network.
    "OFFLINE_MODE": "true",
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "false",
    "ENABLE_OLLAMA_API": "false",
    "ENABLE_OPENAI_API": "false",
}


@contextmanager
def running(
    python: Path, settings: Mapping[str, str], log: Path | None = None
) -> Iterator[httpx.Client]:
    """Lend a client of a new installation, logged in as its first user.

    Args:
        python: an interpreter that has open-webui.
        settings: variables, besides those that keep it from the network.
        log: where it says what it does.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = python.parent / "open-webui"
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port)]
    said = log.open("ab") if log else subprocess.DEVNULL
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data,
        subprocess.Popen(
            command,
            env={**os.environ, **_ALONE, **settings, "DATA_DIR": data},
            cwd=data,
            stdout=said,
            stderr=subprocess.STDOUT,
        ) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S, trust_env=False) as web,
    ):
        try:
            _wait(web, process)
            account = {"name": "Test", "email": "test@example.com", "password": "of-a-test-1"}
            told = web.post("/api/v1/auths/signup", json=account).raise_for_status().json()
            web.headers["Authorization"] = f"Bearer {told['token']}"
            yield web
        finally:
            process.terminate()
            process.wait()


def _wait(web: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            if web.get("/health").status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("Open WebUI did not start; --log FILE keeps what it says")
        time.sleep(_LOOK_S)
