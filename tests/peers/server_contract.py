"""What every model server promises this project: inherited by a class for each program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from peer_processes import ServerProcess
from wire_relay import WireRelay

from kb.embedding.base import Embedder
from kb.embedding.remote.embedder import ServerEmbedder
from kb.embedding.remote.server import Server
from kb.errors import EmbeddingError, InputTooLongError
from kb.remote.address import parse_servers
from kb.remote.client import ServerClient
from kb.retry import RetryPolicy

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


@contextmanager
def running(process: ServerProcess) -> Iterator[str]:
    try:
        process.start()
        yield process.url
    finally:
        process.kill()


def _startable(served: Served) -> ServerProcess:
    if served.server is None:
        pytest.skip("KB_TEST_OLLAMA_URL names a server that is not restarted")
    return served.server


def _same(theirs: np.ndarray, mine: np.ndarray) -> None:
    """Expect vectors of the same texts by the same model, in the same order."""
    assert theirs.shape == mine.shape
    cosines = (theirs * mine).sum(axis=1)
    assert cosines.min() >= LEAST_COSINE, cosines
