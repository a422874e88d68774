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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from wire_relay import WireRelay

from kb import Settings
from kb.embedding import open_embedder
from kb.embedding.base import Embedder
from kb.embedding.remote.embedder import ServerEmbedder
from kb.embedding.remote.server import Server
from kb.errors import EmbeddingError, InputTooLongError
from kb.remote.address import parse_servers
from kb.remote.client import ServerClient
from kb.retry import RetryPolicy

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from default_checkpoint import write_default_checkpoint
from gpu_model import TINY, make_gguf, vocabulary_ranks, write_checkpoint
from model_servers import ServerProcess, give_ollama, llama_server, ollama, vllm

pytestmark = pytest.mark.slow

LEAST_COSINE = 0.999
PATIENT = RetryPolicy(attempts=400, cap_s=1.0)  # vLLM takes a minute to start
DEFAULT, QWEN = "multilingual-e5-small", "random-qwen3-embedding"
TEXTS = [
    "软件著作权登记",
    "Keep the receipt.",
    "",
    "Ein Satz auf Deutsch, dem ein zweiter folgt. Hier ist er.",
    "الكتاب",
    "🙂" * 20,
    "ﬁ ① Ｈｅｌｌｏ  two  spaces\n\nand lines",
    "x" * 200,
    "A chunk about birds and rivers. " * 12,
]
BULK = [f"Paragraph {row} of a long report about birds and rivers. " * 3 for row in range(240)]


Several = tuple[list[WireRelay], Callable[[], None]]


@dataclass(frozen=True)
class Served:
    """A model on a server and the same one in this process."""

    server: ServerProcess | None
    url: str
    model: str
    local: Embedder

    def connect(self, *urls: str, requests: int = 2) -> ServerEmbedder:
        """Open it by its own address or by others that lead there."""
        named = ", ".join(urls or (self.url,))
        return ServerEmbedder(
            f"{named}#{self.model}",
            prompts="e5" if DEFAULT in self.model else "qwen3",
            requests=requests,
            batch=8,
            policy=PATIENT,
        )


class ModelServerContract:
    """Inherited by a class for each program, which supplies the fixtures of its models."""

    def test_documents_and_queries_have_the_vectors_of_the_process(self, served: Served) -> None:
        with closing(served.connect()) as remote:
            _same(remote.embed_documents(TEXTS), served.local.embed_documents(TEXTS))
            query = "How do I register the copyright of a program?"
            _same(remote.embed_query(query)[None], served.local.embed_query(query)[None])

    def test_a_small_qwen3_has_the_vectors_of_the_process(self, qwen: Served) -> None:
        # Documents go bare, and servers get a blank for an empty one: most refuse that.
        texts = [text for text in TEXTS if text]
        with closing(qwen.connect()) as remote:
            _same(remote.embed_documents(texts), qwen.local.embed_documents(texts))
            query, task = "Which birds live at rivers?", "Find the passage that answers"
            mine = qwen.local.embed_query(query, task=task)
            _same(remote.embed_query(query, task=task)[None], mine[None])

    def test_tokens_are_those_of_the_process_or_bounded_from_above(self, served: Served) -> None:
        mine = served.local.count_tokens(TEXTS)
        with closing(served.connect()) as remote:
            told = remote.count_tokens(TEXTS)
            if remote.description["tokens_counted_by"] == "the server":
                assert told == mine
                assert remote.max_tokens == served.local.max_tokens
            else:
                assert all(bound >= count for bound, count in zip(told, mine, strict=True))
                assert remote.max_tokens <= served.local.max_tokens

    def test_the_longest_text_is_read_whole_and_one_token_more_is_refused(
        self, served: Served
    ) -> None:
        with closing(served.connect()) as remote:
            words = ["word"] * remote.max_tokens
            while remote.count_tokens([" ".join(words)])[0] > remote.max_tokens:
                words.pop()
            longest = " ".join(words)
            _same(remote.embed_documents([longest]), served.local.embed_documents([longest]))
            with pytest.raises(InputTooLongError, match=r"input 1 of 2 .*nothing was cut off"):
                remote.embed_documents(["short", f"{longest} word"])

    def test_the_server_itself_refuses_what_is_too_long_and_is_understood(
        self, served: Served
    ) -> None:
        address = parse_servers(served.url)[0][0]
        client = ServerClient(address, key="", timeout_s=60)
        with closing(Server(client, model=served.model, context_tokens=0)) as server:
            with pytest.raises(InputTooLongError):
                server.embed(["short", "word " * 600])
            assert server.embed(["short"]).vectors.shape == (1, served.local.dim)

    def test_a_server_that_is_restarted_in_the_middle_loses_nothing(self, served: Served) -> None:
        server = _startable(served)
        seen: list[int] = []
        with (
            closing(served.connect(requests=1)) as remote,
            ThreadPoolExecutor(1) as restarting,
        ):
            restarts = []

            def restart() -> None:
                server.kill()
                server.start()

            def progress(done: int) -> None:
                seen.append(done)
                if len(seen) == 3:
                    restarts.append(restarting.submit(restart))

            vectors = remote.embed_documents(BULK, progress)
            restarts[0].result()
        assert sum(seen) == len(BULK)
        _same(vectors, served.local.embed_documents(BULK))

    def test_of_four_servers_one_is_slow_and_one_dies(self, served: Served) -> None:
        with self.several(served) as (relays, end):
            slow, dying = relays[2], relays[3]
            slow.delay_s = 0.4
            seen: list[int] = []

            def progress(done: int) -> None:
                seen.append(done)
                if dying.asked and len(seen) >= 6:
                    end()

            urls = [relay.url for relay in relays]
            with closing(served.connect(*urls, requests=1)) as remote:
                vectors = remote.embed_documents(BULK, progress)
            _same(vectors, served.local.embed_documents(BULK))
            assert sum(seen) == len(BULK)
            assert all(relay.asked for relay in relays)
            assert slow.asked < relays[0].asked + relays[1].asked

    @contextmanager
    def several(self, served: Served) -> Iterator[Several]:
        """Lend four ways to one server, and what breaks the last."""
        relays = [WireRelay(served.url) for _ in range(4)]
        yield relays, relays[3].die
        for relay in relays:
            relay.die()


class NamesItsModels:
    """What holds for servers that know their models' names."""

    def test_a_model_that_it_does_not_have_is_named(self, served: Served) -> None:
        with pytest.raises(EmbeddingError, match=r"404.*no-such-model.*check .* the model's name"):
            ServerEmbedder(f"{served.url}#no-such-model")


class TestLlamaServer(ModelServerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def program(cls) -> Path:
        return _named("KB_TEST_LLAMA_SERVER", "llama.cpp's server")

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, program: Path, local: Embedder, gguf: Path, logs: Path) -> Iterator[Served]:
        process = llama_server(program, gguf, logs / "llama-server.log")
        with _running(process) as url:
            yield Served(process, url, DEFAULT, local)

    @pytest.fixture(scope="class")
    @classmethod
    def qwen(
        cls, program: Path, local_qwen: Embedder, qwen_gguf: Path, logs: Path
    ) -> Iterator[Served]:
        options = ("--ctx-size", "4096", "--pooling", "last")
        process = llama_server(program, qwen_gguf, logs / "llama-server-qwen.log", *options)
        with _running(process) as url:
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
        with _running(process) as url:
            remote = Served(process, url, DEFAULT, local).connect()
            other = llama_server(program, qwen_gguf, logs / "exchanged.log")
            with closing(remote):
                remote.embed_documents(TEXTS)
                process.kill()
                other.take_port(url)
                with _running(other), pytest.raises(EmbeddingError, match="another model"):
                    remote.embed_documents(TEXTS)

    @contextmanager
    def several(self, served: Served) -> Iterator[Several]:
        """Lend ways to four processes, and what kills the last."""
        assert served.server
        with ExitStack() as stack:
            four = [served.server.another() for _ in range(4)]
            relays = [WireRelay(stack.enter_context(_running(each))) for each in four]
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
        with _running(process) as url:
            yield Served(process, url, DEFAULT, local)

    @pytest.fixture(scope="class")
    @classmethod
    def qwen(
        cls, python: Path, local_qwen: Embedder, qwen_checkpoint: Path, logs: Path
    ) -> Iterator[Served]:
        process = vllm(python, qwen_checkpoint, QWEN, logs / "vllm-qwen.log")
        with _running(process) as url:
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
                url = stack.enter_context(_running(process))
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


def _startable(served: Served) -> ServerProcess:
    if served.server is None:
        pytest.skip("KB_TEST_OLLAMA_URL names a server that is not restarted")
    return served.server


@contextmanager
def _running(process: ServerProcess) -> Iterator[str]:
    try:
        process.start()
        yield process.url
    finally:
        process.kill()


def _same(theirs: np.ndarray, mine: np.ndarray) -> None:
    """Expect vectors of the same texts by the same model, in the same order."""
    assert theirs.shape == mine.shape
    cosines = (theirs * mine).sum(axis=1)
    assert cosines.min() >= LEAST_COSINE, cosines
