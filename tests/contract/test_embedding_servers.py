"""Embedding servers: every dialect, every way of failing, several servers at once."""

from __future__ import annotations

import importlib.util
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kb.embedding.remote.embedder import ServerEmbedder
from kb.errors import EmbeddingError, InputTooLongError, ModelError, SettingsError
from kb.retry import RetryPolicy

if TYPE_CHECKING:
    import embedding_server as servers
else:  # pytest imports test files one by one, without a path to their neighbours
    _spec = importlib.util.spec_from_file_location(
        "embedding_server", Path(__file__).with_name("embedding_server.py")
    )
    servers = importlib.util.module_from_spec(_spec)
    sys.modules["embedding_server"] = servers
    _spec.loader.exec_module(servers)

AT_ONCE = RetryPolicy(base_s=0.001, cap_s=0.002, attempts=4, query_attempts=3)
TEXTS = [f"text number {number}" for number in range(10)]

Start = Callable[..., "servers.EmbeddingServer"]
Open = Callable[..., ServerEmbedder]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[servers.EmbeddingServer] = []

    def start_one(speaks: servers.Speaks = "openai") -> servers.EmbeddingServer:
        started.append(servers.EmbeddingServer(speaks))
        return started[-1]

    yield start_one
    for server in started:
        server.stop()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    for variable in ("KB_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    opened: list[ServerEmbedder] = []

    def connect_to(
        *started: servers.EmbeddingServer | str,
        **options: Any,  # noqa: ANN401 - passed on
    ) -> ServerEmbedder:
        urls = [each if isinstance(each, str) else f"{each.url}/v1" for each in started]
        options = {"policy": AT_ONCE, "prompts": "none", "context_tokens": 100} | options
        opened.append(ServerEmbedder(", ".join(urls), **options))
        return opened[-1]

    yield connect_to
    for each in opened:
        each.close()


def expected(texts: list[str]) -> np.ndarray:
    matrix = np.array([servers.vector(text) for text in texts], dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- dialects


@pytest.mark.parametrize(
    ("speaks", "ending", "path"),
    [
        ("openai", "/v1", "/v1/embeddings"),
        ("openai", "", "/v1/embeddings"),
        ("openai", "/v1/embeddings", "/v1/embeddings"),
        ("vllm", "/v1", "/v1/embeddings"),
        ("tei", "", "/v1/embeddings"),
        ("llama.cpp", "/v1", "/v1/embeddings"),
        ("llama.cpp", "/embeddings", "/embeddings"),
        ("ollama", "", "/api/embed"),
        ("ollama", "/v1", "/api/embed"),
        ("ollama", "/api/embed", "/api/embed"),
    ],
)
def test_every_dialect_gives_the_vectors_of_its_server_in_order(
    start: Start, connect: Open, speaks: servers.Speaks, ending: str, path: str
) -> None:
    server = start(speaks)
    embedder = connect(server.url + ending, batch=3)
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)
    assert {each.path for each in server.seen} == {path}
    assert embedder.dim == servers.WIDTH
    # Ollama names its models with a tag, llama.cpp by their files.
    names = {"ollama": "words:latest", "llama.cpp": "words"}
    assert embedder.identity.model_id == names.get(speaks, "tests/words")


@pytest.mark.parametrize("speaks", ["llama.cpp", "vllm", "tei", "ollama"])
def test_the_server_says_how_much_its_model_reads(
    start: Start, connect: Open, speaks: servers.Speaks
) -> None:
    server = start(speaks)
    server.context_tokens = 40
    embedder = connect(server, context_tokens=0, prompts="e5")
    around = 3 if speaks != "ollama" else 9 + 1 + 4  # Ollama counts no tokens: an upper bound
    assert embedder.max_tokens == 40 - around
    fits = "word " * embedder.max_tokens if speaks != "ollama" else "w" * (embedder.max_tokens - 1)
    embedder.embed_documents([fits])
    with pytest.raises(InputTooLongError, match=r"input 1 of 2 .*nothing was cut off"):
        embedder.embed_documents(["short", fits + " more"])


def test_a_server_that_tells_nothing_gets_a_safe_limit_and_says_so(
    start: Start, connect: Open, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = connect(start(), context_tokens=0)
    assert embedder.max_tokens == 512 - 1 - 4 - 0
    assert "512 tokens are assumed" in caplog.text
    assert "an upper bound is used" in caplog.text
    for text in ("Wort", "软件著作权", "ﷺ", "한국어", "🙂"):
        assert embedder.count_tokens([text])[0] >= len(text.encode())


def test_prompts_go_by_the_model_name(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(f"{server.url}/v1#Qwen/Qwen3-Embedding-4B", prompts="auto")
    embedder.embed_documents(["A document."])
    embedder.embed_query("A question?", task="Find it")
    assert server.seen[-2].texts == ["A document."]
    assert server.seen[-1].texts == ["Instruct: Find it\nQuery:A question?"]
    assert server.seen[-1].body["model"] == "Qwen/Qwen3-Embedding-4B"
    other = connect(f"{server.url}/v1#Qwen/Qwen3-Embedding-4B", prompts="none")
    assert other.identity != embedder.identity
    with pytest.raises(SettingsError, match="takes no instruction"):
        other.embed_query("A question?", task="Find it")


def test_vectors_are_cut_before_they_are_scaled(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(server, dimensions=8)
    raw = np.array([servers.vector(text)[:8] for text in TEXTS], dtype=np.float32)
    np.testing.assert_allclose(
        embedder.embed_documents(TEXTS),
        raw / np.linalg.norm(raw, axis=1, keepdims=True),
        atol=1e-6,
    )
    assert embedder.identity != connect(server).identity
    with pytest.raises(EmbeddingError, match=r"dimensions=32, but tests/words .* gives 16"):
        connect(server, dimensions=32)


def test_texts_that_servers_refuse_are_sent_in_a_form_they_take(
    start: Start, connect: Open
) -> None:
    server = start()
    connect(server).embed_documents(["", "half a pair \ud83d here"])
    assert server.seen[-1].texts == [" ", "half a pair \ufffd here"]


def test_a_model_must_be_named_where_there_are_several(start: Start, connect: Open) -> None:
    server = start("ollama")
    server.models = ["a:latest", "b:latest"]
    with pytest.raises(ModelError, match=r"has 2 models \(a:latest, b:latest\)"):
        connect(server)
    assert connect(f"{server.url}#b:latest").identity.model_id == "b:latest"
    with pytest.raises(SettingsError, match="several are named: one, two"):
        connect(f"{server.url}#one", f"{server.url}/v1#two")


@pytest.mark.parametrize(
    ("name", "warned"),
    [("Words", False), ("words-of-someone", False), ("other", True), ("", False)],
)
def test_a_llama_server_asked_for_another_model_than_its_own_is_told_of(
    start: Start, connect: Open, caplog: pytest.LogCaptureFixture, name: str, *, warned: bool
) -> None:
    server = start("llama.cpp")
    assert connect(f"{server.url}#{name}").identity.model_id == (name or "words")
    said = "serves words whatever model is asked for; it is called other here"
    assert (said in caplog.text) is warned


# -- failures that pass


@pytest.mark.parametrize(
    "fault",
    [
        servers.status(429),
        servers.status(500),
        servers.status(502),
        servers.status(503, "Loading model"),
        servers.break_off,
        servers.hang,
    ],
    ids=["429", "500", "502", "503", "broken off", "hang"],
)
def test_a_failure_that_passes_is_tried_again(
    start: Start, connect: Open, fault: servers.Fault
) -> None:
    server = start()
    embedder = connect(server, timeout_s=0.3, batch=16, requests=1)
    server.faults.extend([fault, fault])
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)
    # One that broke the connection may have been started anew: it is asked for the probe again.
    again = [1, 1] if fault is servers.break_off else [10]
    assert server.sizes == [1, 10, *again, 10]
    server.faults.append(fault)
    np.testing.assert_allclose(embedder.embed_query("a b"), expected(["a b"])[0], atol=1e-6)


def test_a_server_that_starts_late_is_waited_for(start: Start, connect: Open) -> None:
    server = start()
    server.faults.extend([servers.status(503)] * 2)
    assert connect(server).dim == servers.WIDTH


def test_the_wait_that_a_server_asks_for_is_kept(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(server, requests=1)
    server.faults.append(servers.status(429, Retry_After="1"))
    embedder.embed_documents(["text"])
    first, second = server.seen[-2:]
    assert second.at - first.at >= 1.0


def test_a_wait_of_an_hour_is_not_kept_but_told(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(server)
    server.faults.append(servers.status(429, Retry_After="3600"))
    with pytest.raises(EmbeddingError, match="asks to wait 3600 s"):
        embedder.embed_documents(["text"])


@pytest.mark.parametrize("fault", [servers.status(503, "out of order"), servers.break_off])
def test_attempts_end_and_the_last_failure_is_named(
    start: Start, connect: Open, fault: servers.Fault
) -> None:
    server = start()
    embedder = connect(server)
    server.always = fault
    with pytest.raises(EmbeddingError, match=rf"{server.url} .*gave up after 4 attempts"):
        embedder.embed_documents(["text"])
    assert len(server.seen) == 1 + 4


def test_a_server_that_is_not_there_is_named(connect: Open) -> None:
    port = free_port()
    with pytest.raises(EmbeddingError, match=rf"no connection .*127\.0\.0\.1:{port}"):
        connect(f"http://127.0.0.1:{port}/v1")


# -- failures that stay


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (servers.status(400, "no such thing"), r'400: "no such thing"; .*not repeated'),
        (servers.status(401), "wants a key; set KB_API_KEY"),
        (servers.status(404, "no such model"), r"404.*check the address and the model's name"),
        (servers.status(307, Location="http://elsewhere/"), "a redirect"),
        (servers.page, "a web page, so it is none"),
        (servers.changed(lambda data: data.pop()), "9 vectors .*the 10 texts sent"),
        (servers.changed(lambda data: data[3].update(index=4)), "with other numbers"),
        (servers.changed(lambda data: data[3]["embedding"].pop()), r"several .*widths \(15, 16\)"),
        (
            servers.changed(lambda data: [item["embedding"].pop() for item in data]),
            "15 dimensions instead of 16",
        ),
        (
            servers.changed(lambda data: data[3]["embedding"].__setitem__(0, float("nan"))),
            "not finite for text 3 of 10",
        ),
        (
            servers.changed(lambda data: data[3]["embedding"].__setitem__(0, None)),
            "not finite for text 3 of 10",
        ),
        (
            servers.changed(lambda data: data[3].update(embedding=[0.0] * 16)),
            "input 3 of 10",
        ),
        (servers.changed(lambda data: data[3].pop("embedding")), "no embeddings where they belong"),
    ],
    ids=range(13),
)
def test_a_failure_that_stays_is_told_at_once_and_nothing_is_used(
    start: Start, connect: Open, fault: servers.Fault, words: str
) -> None:
    server = start()
    embedder = connect(server, requests=1)
    server.faults.append(fault)
    with pytest.raises(EmbeddingError, match=words):
        embedder.embed_documents(TEXTS)
    assert len(server.seen) == 2
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)


def test_vectors_in_another_order_are_put_right(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(server)
    server.always = servers.reversed_order
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)


# -- sizes


def test_requests_hold_no_more_texts_or_characters_than_allowed(
    start: Start, connect: Open
) -> None:
    server = start("vllm")
    embedder = connect(server, batch=4, requests=1)
    embedder.embed_documents(TEXTS)
    assert server.sizes == [1, 4, 4, 2]
    embedder.embed_documents(["x" * 150_000, "y" * 150_000, "z"])
    assert server.sizes[4:] == [1, 2]


@pytest.mark.parametrize("speaks", ["tei", "vllm"])
def test_a_batch_of_too_many_texts_is_halved_and_the_limit_learnt(
    start: Start, connect: Open, speaks: servers.Speaks
) -> None:
    server = start(speaks)
    server.most_texts = 3
    embedder = connect(server, requests=1)
    done: list[int] = []
    vectors = embedder.embed_documents(TEXTS, done.append)
    np.testing.assert_allclose(vectors, expected(TEXTS), atol=1e-6)
    assert sum(done) == 10
    before = len(server.seen)
    embedder.embed_documents(TEXTS)
    assert max(server.sizes[before:]) <= 3


def test_a_batch_with_too_many_bytes_is_halved(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(server, requests=1)
    server.faults.append(servers.status(413, "Request Entity Too Large"))
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)
    assert server.sizes == [1, 10, 5, 5]


@pytest.mark.parametrize("speaks", ["llama.cpp", "ollama", "tei", "vllm"])
def test_one_text_that_the_server_finds_too_long_is_named(
    start: Start, connect: Open, speaks: servers.Speaks
) -> None:
    server = start(speaks)
    embedder = connect(server, requests=1)
    assert embedder.max_tokens <= 64
    server.context_tokens = 20  # as if it had been restarted with a smaller context
    texts = [*TEXTS[:7], "a " * 25, *TEXTS[7:]]
    with pytest.raises(InputTooLongError, match=r"input 7 of 11 .*nothing was cut off"):
        embedder.embed_documents(texts)


def test_a_server_that_cuts_texts_off_is_found_out(start: Start, connect: Open) -> None:
    server = start("tei")
    server.auto_truncate = True
    embedder = connect(server)
    long = "word " * 50
    embedder.count_tokens([long])
    embedder.embed_documents([long])
    server.context_tokens = 30
    with pytest.raises(InputTooLongError, match="it cuts long texts off"):
        embedder.embed_documents([long])


# -- several servers


def test_the_load_is_spread_and_bounded(start: Start, connect: Open) -> None:
    pool = [start(), start()]
    embedder = connect(*pool, batch=4, requests=2)
    for server in pool:
        server.hold.clear()
    texts = [f"text {number}" for number in range(64)]
    results: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: results.append(embedder.embed_documents(texts)))
    thread.start()
    deadline = time.monotonic() + 60
    while sum(server.under_way for server in pool) < 4 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [server.under_way for server in pool] == [2, 2]
    for server in pool:
        server.hold.set()
    thread.join()
    np.testing.assert_allclose(results[0], expected(texts), atol=1e-6)
    assert max(server.most_under_way for server in pool) <= 2
    assert all(len(server.seen) > 1 for server in pool)


@pytest.mark.parametrize("fault", [servers.status(503), servers.hang, servers.break_off])
def test_the_others_do_the_work_of_one_that_fails(
    start: Start, connect: Open, fault: servers.Fault
) -> None:
    good, bad = start(), start()
    embedder = connect(good, bad, batch=4, requests=1, timeout_s=0.3)
    bad.always = fault
    texts = [f"text {number}" for number in range(40)]
    np.testing.assert_allclose(embedder.embed_documents(texts), expected(texts), atol=1e-6)
    bad.always = None
    deadline = time.monotonic() + 60
    answered = len(bad.seen)
    while len(bad.seen) < answered + 3 and time.monotonic() < deadline:
        embedder.embed_documents(texts)
    assert len(bad.seen) >= answered + 3, "it was not tried again"


def test_a_server_that_is_away_at_the_start_joins_later(start: Start, connect: Open) -> None:
    port = free_port()
    good = start()
    embedder = connect(f"http://127.0.0.1:{port}/v1", good, batch=4, requests=1)
    late = servers.EmbeddingServer(port=port)
    try:
        deadline = time.monotonic() + 60
        while not late.seen and time.monotonic() < deadline:
            embedder.embed_documents(TEXTS)
        assert late.seen
    finally:
        late.stop()


def test_a_server_with_another_model_is_refused(start: Start, connect: Open) -> None:
    one, other = start(), start()
    embedder = connect(one, other, batch=4, requests=1)
    other.always = servers.changed(
        lambda data: [item.update(embedding=item["embedding"][::-1]) for item in data]
    )
    one.hold.clear()  # so that the other one gets work
    release = threading.Thread(target=_release_after_a_request, args=(one, other))
    release.start()
    with pytest.raises(EmbeddingError, match="all must serve the same model"):
        embedder.embed_documents(TEXTS)
    release.join()


def test_a_server_that_comes_back_with_another_model_is_refused(
    start: Start, connect: Open
) -> None:
    server = start()
    embedder = connect(server, requests=1)
    embedder.embed_documents(TEXTS)

    def restarted(handler: servers.Handler, _: list[str]) -> None:
        # It is away for a moment, and then gives vectors of the same width that mean nothing here.
        server.always = servers.changed(
            lambda data: [item.update(embedding=item["embedding"][::-1]) for item in data]
        )
        handler.close_connection = True

    server.faults.append(restarted)
    with pytest.raises(EmbeddingError, match="all must serve the same model"):
        embedder.embed_documents(TEXTS)


def _release_after_a_request(held: servers.EmbeddingServer, other: servers.EmbeddingServer) -> None:
    deadline = time.monotonic() + 60
    while not other.seen and time.monotonic() < deadline:
        time.sleep(0.005)
    held.hold.set()


def test_a_query_does_not_wait_behind_documents(start: Start, connect: Open) -> None:
    server = start()
    embedder = connect(server, batch=4, requests=2)
    server.hold.clear()
    bulk = threading.Thread(target=embedder.embed_documents, args=(TEXTS * 4,))
    bulk.start()
    deadline = time.monotonic() + 60
    while server.under_way < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    query = threading.Thread(target=embedder.embed_query, args=("now",))
    query.start()
    while server.under_way < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.seen[-1].texts == ["now"]
    server.hold.set()
    bulk.join()
    query.join()


# -- the key


@pytest.mark.parametrize("variable", ["KB_API_KEY", "OPENAI_API_KEY"])
def test_the_key_comes_from_the_environment_and_is_never_shown(
    start: Start,
    connect: Open,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = start()
    server.key = "sk-right-0123456789"
    monkeypatch.setenv(variable, server.key)
    embedder = connect(server)
    embedder.embed_query("a question")
    monkeypatch.setenv(variable, "sk-wrong-9876543210")
    with pytest.raises(EmbeddingError, match="refuses this key; set KB_API_KEY") as refused:
        connect(server)
    shown = caplog.text + str(refused.value) + str(embedder.description) + repr(embedder.identity)
    assert "sk-" not in shown


def test_a_key_in_an_address_is_refused_and_not_repeated(connect: Open) -> None:
    for address in ("http://user:hush@localhost/v1", "http://localhost/v1?key=hush"):
        with pytest.raises(SettingsError, match="KB_API_KEY") as refused:
            connect(address)
        assert "hush" not in str(refused.value)


def test_a_key_that_no_header_can_carry_is_refused(
    start: Start, connect: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_API_KEY", "sk-密钥")
    with pytest.raises(SettingsError, match="KB_API_KEY holds characters") as refused:
        connect(start())
    assert "密钥" not in str(refused.value)


def test_a_closed_embedder_says_so(start: Start, connect: Open) -> None:
    embedder = connect(start())
    embedder.close()
    with pytest.raises(EmbeddingError, match="closed"):
        embedder.embed_query("text")
