"""``chroma run`` as a process on a free port of this machine, which a test stops and starts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


class ChromaProcess:
    """One server, whose port and folder stay the same however often it is started."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = shutil.which("chroma", path=str(Path(sys.executable).parent))
        assert command is not None
        host = ("--host", "127.0.0.1", "--port", str(self.port))
        log = self.folder / "log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [command, "run", "--path", str(self.folder / "data"), *host],
                stdout=file,
                stderr=file,
            )
        deadline = time.monotonic() + 60
        while True:
            assert self._process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
            try:
                httpx.get(f"{self.address}/api/v2/heartbeat", trust_env=False).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it as a power failure would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=30)
        self._process = None
