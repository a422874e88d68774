"""Model servers of other people's making as processes that are killed and started again."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

START_S = 600.0
_LOOK_S = 0.2
_OFFLINE = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}


class ServerProcess:
    """A server on a port of its own, the same at every start.

    Args:
        command: its program and options; ``{port}`` stands for the port.
        ready: a path that answers 200 as soon as the server can be asked.
        log: where it says what it does.
        environment: variables besides those of this process; ``{port}`` as above.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        ready: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment or {})
        self._ready = ready
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def another(self) -> ServerProcess:
        """Return one more of the same kind."""
        return ServerProcess(
            self._command, ready=self._ready, log=self._log, environment=self._environment
        )

    def take_port(self, url: str) -> None:
        """Start where another one was, which has ended."""
        self._port = url.rsplit(":", 1)[1]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as said:
            self._process = subprocess.Popen(
                [part.replace("{port}", self._port) for part in self._command],
                env={
                    **os.environ,
                    **_OFFLINE,
                    **{k: v.replace("{port}", self._port) for k, v in self._environment.items()},
                },
                stdout=said,
                stderr=said,
                start_new_session=True,  # some have processes of their own, which end with it
            )
        deadline = time.monotonic() + START_S
        while True:
            told = self._log.read_text("utf-8", "replace")[-3000:]
            assert self._process.poll() is None, told
            assert time.monotonic() < deadline, told
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}{self._ready}", trust_env=False).is_success:
                    return
            time.sleep(_LOOK_S)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def llama_server(program: Path, model: Path, log: Path, *options: str) -> ServerProcess:
    """Return llama.cpp's server of a GGUF file; ``tests/peers/llama_server.sh`` builds it."""
    command = [str(program), "--port", "{port}", "--model", str(model), "--embeddings", *options]
    return ServerProcess(command, ready="/health", log=log)


def vllm(python: Path, checkpoint: Path, name: str, log: Path) -> ServerProcess:
    """Return vLLM with a Hugging Face checkpoint; ``tests/peers/vllm.sh`` installs it."""
    command = [str(python), "-m", "vllm.entrypoints.openai.api_server", "--runner", "pooling"]
    command += [
        "--model",
        str(checkpoint),
        "--served-model-name",
        name,
        "--dtype",
        "float32",
        "--enforce-eager",
    ]
    command += ["--host", "127.0.0.1", "--port", "{port}"]
    room = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return ServerProcess(command, ready="/health", log=log, environment=room)


def ollama(program: Path, folder: Path, log: Path) -> ServerProcess:
    """Return Ollama with a library of its own in a folder; ``tests/peers/ollama.sh`` builds it."""
    own = {"OLLAMA_HOST": "127.0.0.1:{port}", "OLLAMA_MODELS": str(folder), "HOME": str(folder)}
    return ServerProcess([str(program), "serve"], ready="/api/version", log=log, environment=own)


def give_ollama(url: str, name: str, model: Path) -> None:
    """Put a GGUF file into the library of a running Ollama under a name."""
    digest = f"sha256:{hashlib.sha256(model.read_bytes()).hexdigest()}"
    with httpx.Client(base_url=url, timeout=START_S, trust_env=False) as asked:
        asked.post(f"/api/blobs/{digest}", content=model.read_bytes()).raise_for_status()
        made = asked.post("/api/create", json={"model": name, "files": {model.name: digest}})
        assert '"success"' in made.text, made.text
