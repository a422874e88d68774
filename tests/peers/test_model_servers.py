"""Model servers of other people's making: the vectors of the process, whatever fails on the way.

Each class needs a program, and is skipped by name without it:

    KB_TEST_LLAMA_SERVER=…/llama-server       built by tests/peers/llama_server.sh
    KB_TEST_VLLM_PYTHON=…/bin/python          installed by tests/peers/vllm.sh (7 GB)
    KB_TEST_OLLAMA=…/bin/ollama               built by tests/peers/ollama.sh
    KB_TEST_OLLAMA_URL=http://host:11434      instead: one that runs; what restarts it is skipped

    .venv/bin/pytest -n0 tests/peers

vLLM computes with the checkpoint of which the GGUF files are made; the others read these.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from wire_relay import WireRelay

from kb import Settings
from kb.embedding import open_embedder
from kb.embedding.base import Embedder
from kb.embedding.remote.embedder import ServerEmbedder
from kb.errors import EmbeddingError

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from default_checkpoint import write_default_checkpoint
from gpu_model import TINY, make_gguf, vocabulary_ranks, write_checkpoint
from peer_processes import ServerProcess, give_ollama, llama_server, ollama, vllm
from server_contract import (
    DEFAULT,
    QWEN,
    TEXTS,
    ModelServerContract,
    NamesItsModels,
    Served,
    Several,
    running,
)

pytestmark = pytest.mark.slow


class TestLlamaServer(ModelServerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def program(cls) -> Path:
        return _named("KB_TEST_LLAMA_SERVER", "llama.cpp's server")

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, program: Path, local: Embedder, gguf: Path, logs: Path) -> Iterator[Served]:
        process = llama_server(program, gguf, logs / "llama-server.log")
        with running(process) as url:
            yield Served(process, url, DEFAULT, local)

    @pytest.fixture(scope="class")
    @classmethod
    def qwen(
        cls, program: Path, local_qwen: Embedder, qwen_gguf: Path, logs: Path
    ) -> Iterator[Served]:
        options = ("--ctx-size", "4096", "--pooling", "last")
        process = llama_server(program, qwen_gguf, logs / "llama-server-qwen.log", *options)
        with running(process) as url:
            yield Served(process, url, QWEN, local_qwen)

    def test_it_serves_its_model_under_any_name_and_that_is_said(
        self, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        with closing(ServerEmbedder(f"{served.url}#no-such-model")) as remote:
            assert remote.identity.model_id == "no-such-model"
        assert f"serves {DEFAULT}-q4_0 whatever model is asked for" in caplog.text

    def test_one_that_comes_back_with_another_model_is_refused(
        self, program: Path, gguf: Path, qwen_gguf: Path, local: Embedder, logs: Path
    ) -> None:
        process = llama_server(program, gguf, logs / "exchanged.log")
        with running(process) as url:
            remote = Served(process, url, DEFAULT, local).connect()
            other = llama_server(program, qwen_gguf, logs / "exchanged.log")
            with closing(remote):
                remote.embed_documents(TEXTS)
                process.kill()
                other.take_port(url)
                with running(other), pytest.raises(EmbeddingError, match="another model"):
                    remote.embed_documents(TEXTS)

    @contextmanager
    def several(self, served: Served) -> Iterator[Several]:
        """Lend ways to four processes, and what kills the last."""
        assert served.server
        with ExitStack() as stack:
            four = [served.server.another() for _ in range(4)]
            relays = [WireRelay(stack.enter_context(running(each))) for each in four]
            yield relays, four[3].kill
            for relay in relays:
                relay.die()


class TestVllm(NamesItsModels, ModelServerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def python(cls) -> Path:
        return _named("KB_TEST_VLLM_PYTHON", "vLLM")

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, python: Path, local: Embedder, logs: Path) -> Iterator[Served]:
        process = vllm(python, write_default_checkpoint(logs), DEFAULT, logs / "vllm.log")
        with running(process) as url:
            yield Served(process, url, DEFAULT, local)

    @pytest.fixture(scope="class")
    @classmethod
    def qwen(
        cls, python: Path, local_qwen: Embedder, qwen_checkpoint: Path, logs: Path
    ) -> Iterator[Served]:
        process = vllm(python, qwen_checkpoint, QWEN, logs / "vllm-qwen.log")
        with running(process) as url:
            yield Served(process, url, QWEN, local_qwen)


class TestOllama(NamesItsModels, ModelServerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def library(cls, gguf: Path, qwen_gguf: Path, logs: Path) -> Iterator[tuple[str, object]]:
        """An Ollama that has both models: its address, and its process if it is ours."""
        models = {f"kb-test-{DEFAULT}": gguf, f"kb-test-{QWEN}": qwen_gguf}
        url = os.environ.get("KB_TEST_OLLAMA_URL", "").rstrip("/")
        with ExitStack() as stack:
            process = None
            if not url:
                program = _named("KB_TEST_OLLAMA", "Ollama")
                (logs / "library").mkdir()
                process = ollama(program, logs / "library", logs / "ollama.log")
                url = stack.enter_context(running(process))
            for name, path in models.items():
                give_ollama(url, name, path)
            yield url, process
            for name in models:
                httpx.request("DELETE", f"{url}/api/delete", json={"model": name}, trust_env=False)

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, library: tuple[str, ServerProcess | None], local: Embedder) -> Served:
        return Served(library[1], library[0], f"kb-test-{DEFAULT}", local)

    @pytest.fixture(scope="class")
    @classmethod
    def qwen(cls, library: tuple[str, ServerProcess | None], local_qwen: Embedder) -> Served:
        return Served(library[1], library[0], f"kb-test-{QWEN}", local_qwen)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what servers say and read."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module")
def local(embedder: Embedder) -> Embedder:
    """The default model in this process."""
    return embedder


@pytest.fixture(scope="module")
def gguf(models_dir: Path) -> Path:
    """The default model's file."""
    (found,) = models_dir.glob("*.gguf")
    return found


@pytest.fixture(scope="module")
def qwen_checkpoint(logs: Path) -> Path:
    """A Qwen3-Embedding of two layers with random weights."""
    return write_checkpoint(logs, TINY, vocabulary_ranks(TINY)[0])


@pytest.fixture(scope="module")
def qwen_gguf(qwen_checkpoint: Path, logs: Path) -> Path:
    """The same as a GGUF file in F16."""
    return make_gguf(logs, qwen_checkpoint, "F16", lambda _: None)


@pytest.fixture(scope="module")
def local_qwen(qwen_gguf: Path, logs: Path) -> Iterator[Embedder]:
    """The same in this process."""
    with closing(open_embedder(Settings(data_dir=logs, model=str(qwen_gguf)))) as opened:
        yield opened


def _named(variable: str, what: str) -> Path:
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} names no {what}")
    return Path(path)
