"""``kb serve``: the vectors of its process over HTTP, exactly, whatever fails on the way."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import own_server
import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.embedding.remote.embedder import ServerEmbedder
from kb.errors import EmbeddingError, InputTooLongError
from kb.retry import RetryPolicy

AT_ONCE = RetryPolicy(base_s=0.001, cap_s=0.002, attempts=4, query_attempts=3)
TEXTS = ["软件著作权登记", "Keep the receipt.", "", "Ein Satz auf Deutsch.", "</s> <s>", "🙂" * 20]
BULK = ["A chunk of a long document about birds and rivers. " * 20] * 24


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[str]:
    """The address of one server for all tests here, with two documents in its store."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=folder)) as base:
        base.add("红隼在草地上空盘旋。", name="鸟/红隼.txt")
        base.add("The heron waits in shallow water.", name="birds/heron.txt")
    with own_server.serving(folder) as running:
        yield running.url


@pytest.fixture
def relay(served: str) -> Iterator[own_server.Relay]:
    opened = own_server.Relay(served)
    yield opened
    opened.stop()


@pytest.fixture
def client(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, trust_env=False, timeout=60) as opened:
        yield opened


def ask(client: httpx.Client, **body: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    # Escaped, so that what UTF-8 cannot carry arrives all the same.
    kind = {"Content-Type": "application/json"}
    return client.post("/v1/embeddings", content=json.dumps(body), headers=kind)


def test_vectors_and_counts_are_those_of_the_process(served: str, embedder: Embedder) -> None:
    remote = ServerEmbedder(served)
    try:
        assert remote.identity == embedder.identity
        assert remote.max_tokens == embedder.max_tokens
        assert remote.count_tokens(TEXTS) == embedder.count_tokens(TEXTS)
        same = (remote.embed_documents(TEXTS) * embedder.embed_documents(TEXTS)).sum(axis=1)
        assert same.min() > 1 - 1e-5
        query = "哪种鸟会盘旋？"
        assert float(remote.embed_query(query) @ embedder.embed_query(query)) > 1 - 1e-5
    finally:
        remote.close()


def test_a_collection_is_searched_by_the_server_and_by_the_process_alike(
    served: str, settings: Settings
) -> None:
    with KnowledgeBase.open(settings) as base:
        base.add("红隼在草地上空盘旋。", name="红隼.txt")
        here = [(hit.chunk_id, round(hit.score, 4)) for hit in base.search("盘旋")]
    there = settings.model_copy(update={"model": served})
    with KnowledgeBase.open(there) as base:
        assert [(hit.chunk_id, round(hit.score, 4)) for hit in base.search("盘旋")] == here
        base.add("The heron waits.", name="heron.txt")
    with KnowledgeBase.open(settings) as base:
        assert base.search("heron")[0].source == "heron.txt"


def test_openai_form_numbers_and_packed_bytes_say_the_same(
    client: httpx.Client, embedder: Embedder
) -> None:
    listed = ask(client, input=TEXTS[:2], model="multilingual-e5-small").json()
    packed = ask(client, input=TEXTS[:2], encoding_format="base64").json()
    vectors = np.array([row["embedding"] for row in listed["data"]], dtype=np.float32)
    for row, vector in zip(packed["data"], vectors, strict=True):
        np.testing.assert_array_equal(
            np.frombuffer(base64.b64decode(row["embedding"]), "<f4"), vector
        )
    assert [row["index"] for row in listed["data"]] == [0, 1]
    tokens = sum(embedder.count_bare(TEXTS[:2]))
    assert listed["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    single = ask(client, input=TEXTS[0]).json()["data"]
    np.testing.assert_allclose(single[0]["embedding"], vectors[0], atol=1e-5)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"input": []}, 400, "the list of texts is empty"),
        ({"input": ["ok", 7]}, 400, "input 1 of 2 is token numbers"),
        ({"input": [[1, 2]]}, 400, "token numbers, which are not taken"),
        ({"input": None}, 400, "a text or a list of texts is needed"),
        ({"input": "x", "model": "gpt"}, 404, "'gpt' is not served here"),
        ({"input": "x", "dimensions": 64}, 400, "dimensions=64"),
        ({"input": "x", "instruct": "find", "input_type": "query"}, 400, "takes no instruction"),
        ({"input": "x", "colour": "red"}, 400, "colour"),
        (
            {"input": ["short", "word " * 600], "long_inputs": "refuse"},
            400,
            "input 1 of 2 has 60[0-9] tokens",
        ),
        ({"input": "half \ud800"}, 400, "half of a surrogate pair"),
    ],
    ids=range(10),
)
def test_what_cannot_be_embedded_is_refused_with_the_reason(
    client: httpx.Client, body: dict[str, Any], status: int, words: str
) -> None:
    answer = ask(client, **body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["type"]
    assert re.search(words, error["message"]), error


def test_a_text_that_is_too_long_is_named_to_the_client(served: str) -> None:
    remote = ServerEmbedder(served)
    try:
        with pytest.raises(InputTooLongError, match="nothing was cut off"):
            remote.embed_documents(["short", "word " * 600])
    finally:
        remote.close()


def test_the_vector_of_a_long_text_is_the_mean_of_its_windows(
    client: httpx.Client, embedder: Embedder
) -> None:
    birds = "红隼在草地上空盘旋，寻找田鼠。" * 60
    papers = "The warranty lasts for two years after the day of purchase. " * 60
    answer = ask(client, input=["short", birds + papers], model="multilingual-e5-small").json()
    (told,) = answer["long_inputs"]
    assert told["index"] == 1
    assert told["windows"] >= 3
    (short, long) = (np.array(row["embedding"]) for row in answer["data"])
    halves = embedder.embed_documents([birds[:300], papers[:900]])
    assert (halves @ long).min() > (halves @ short).max()
    assert np.linalg.norm(long) == pytest.approx(1, abs=1e-5)


def test_what_is_no_json_gets_no_traceback(client: httpx.Client) -> None:
    kind = {"Content-Type": "application/json"}
    answers = [
        client.post("/v1/embeddings", content=b"{", headers=kind),
        client.post("/v1/embeddings", content=b"\xff\xfe", headers=kind),
        client.post("/v1/embeddings", content=b"[" * 100_000, headers=kind),
        client.post("/v1/embeddings", data={"input": "x"}),
        client.post("/v1/embeddings", content=b" " * 9 * 2**20, headers=kind),
        client.get("/v1/embeddings"),
        client.get("/nowhere"),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 415, 413, 405, 404]
    for answer in answers:
        assert "Traceback" not in answer.text
        assert answer.json()["error"]["message"]


def test_a_page_that_calls_itself_by_another_name_is_shut_out(client: httpx.Client) -> None:
    answer = client.get("/v1/models", headers={"Host": "evil.example"})
    assert answer.status_code == 403


def test_search_gives_the_hits_of_the_knowledge_base(client: httpx.Client) -> None:
    found = client.post("/v1/search", json={"query": "盘旋", "top_k": 1}).json()["data"]
    assert [hit["sources"][0]["path"] for hit in found] == ["鸟/红隼.txt"]
    only = {"query": "盘旋", "filters": {"path": "birds/*"}}
    found = client.post("/v1/search", json=only).json()["data"]
    assert {hit["sources"][0]["path"] for hit in found} == {"birds/heron.txt"}
    assert found[0]["highlights"] == []  # no word of the question stands there
    marked = client.post("/v1/search", json=only | {"highlights": "sentences"}).json()["data"]
    assert len(marked[0]["highlights"]) == 1
    assert client.post("/v1/search", json=only | {"highlights": "all"}).status_code == 400
    assert [each["name"] for each in client.get("/v1/collections").json()["data"]] == ["default"]
    documents = client.get("/v1/documents", params={"limit": 1}).json()
    assert (len(documents["data"]), documents["total"], documents["has_more"]) == (1, 2, True)
    missing = client.post("/v1/search", json={"query": "x", "collection": "none"})
    assert missing.status_code == 404


def test_a_search_says_what_was_meant_by_a_misspelt_word(client: httpx.Client) -> None:
    for query, meant in (("herron", "heron"), ("heron", ""), ("盘旋", "")):
        assert client.post("/v1/search", json={"query": query}).json()["did_you_mean"] == meant


def test_metrics_count_what_the_model_reads_for_searches_too(client: httpx.Client) -> None:
    def read() -> float:
        lines = client.get("/metrics").text.splitlines()
        name = "shelfmark_model_tokens_total "
        return next((float(each[len(name) :]) for each in lines if each.startswith(name)), 0)

    before = read()
    client.post("/v1/search", json={"query": "a question that nobody has asked before"})
    assert before + 10 <= read() < before + 100


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("x" * 16_385, "malformed", "at most 16384 characters"),
        ("".join(map(chr, range(0x4E00, 0x5700))), "context_length_exceeded", "at most 2,048 are"),
    ],
    ids=["characters", "words"],
)
def test_a_query_that_is_too_long_is_refused_with_the_bound(
    client: httpx.Client, query: str, code: str, says: str
) -> None:
    answer = client.post("/v1/search", json={"query": query, "mode": "keyword"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == ("query", code)
    assert says in error["message"]


@pytest.mark.parametrize(
    "fault",
    [
        own_server.status(429),
        own_server.status(500),
        own_server.status(503),
        own_server.break_off,
        own_server.stall,
    ],
    ids=["429", "500", "503", "broken off", "stall"],
)
def test_a_failure_that_passes_is_tried_again(
    relay: own_server.Relay, embedder: Embedder, fault: own_server.Fault
) -> None:
    remote = ServerEmbedder(relay.url, policy=AT_ONCE, timeout_s=1.0, requests=1)
    try:
        before = relay.asked
        relay.faults.extend([fault, fault])
        vectors = remote.embed_documents(TEXTS[:2])
        # One that broke the connection may have been started anew: it is asked for the probe again.
        again = 1 if fault is own_server.break_off else 0
        assert relay.asked == before + 3 + again
        same = (vectors * embedder.embed_documents(TEXTS[:2])).sum(axis=1)
        assert same.min() > 1 - 1e-5
    finally:
        remote.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.pop(), "1 vector"),
        (lambda data: data[0].update(embedding=[1.0, 2.0]), "dimension|width|wide"),
        (lambda data: data[1].update(embedding=[float("nan")] * 384), "not finite|NaN|finite"),
    ],
    ids=["too few", "another width", "no number"],
)
def test_a_wrong_answer_is_never_used(
    relay: own_server.Relay,
    change: Callable[[list[dict[str, Any]]], object],
    words: str,
) -> None:
    remote = ServerEmbedder(relay.url, policy=AT_ONCE, requests=1)
    try:
        relay.faults.extend([own_server.changed(change)] * 4)
        with pytest.raises(EmbeddingError, match=words):
            remote.embed_documents(TEXTS[:2])
    finally:
        remote.close()


def test_vectors_in_another_order_are_put_right(
    relay: own_server.Relay, embedder: Embedder
) -> None:
    remote = ServerEmbedder(relay.url, policy=AT_ONCE, requests=1)
    try:
        relay.faults.append(own_server.changed(lambda data: data.reverse()))
        same = (remote.embed_documents(TEXTS) * embedder.embed_documents(TEXTS)).sum(axis=1)
        assert same.min() > 1 - 1e-5
    finally:
        remote.close()


def test_a_query_is_answered_while_documents_are_embedded(
    client: httpx.Client, served: str
) -> None:
    finished: list[str] = []

    def bulk() -> None:
        httpx.post(
            f"{served}/v1/embeddings", json={"input": BULK}, timeout=120, trust_env=False
        ).raise_for_status()
        finished.append("bulk")

    thread = threading.Thread(target=bulk)
    thread.start()
    time.sleep(0.3)  # the bulk is under way: it takes seconds
    ask(client, input="Which bird hovers?", input_type="query").raise_for_status()
    finished.append("query")
    thread.join()
    assert finished == ["query", "bulk"]


def test_more_than_may_wait_is_told_when_to_come_back_and_does(
    data_dir: Path, embedder: Embedder
) -> None:
    with own_server.serving(data_dir, KB_QUEUE_TEXTS="8") as running:
        remote = ServerEmbedder(running.url, requests=4, batch=2)
        try:
            vectors = remote.embed_documents(BULK[:12])
        finally:
            remote.close()
        statuses = _at_once(running.url, 3)
    expected = embedder.embed_documents(BULK[:1])[0]
    assert (vectors @ expected).min() > 1 - 1e-5
    assert statuses.count(429) >= 1


def _at_once(url: str, count: int) -> list[int]:
    found: list[int] = []

    def one() -> None:
        answer = httpx.post(
            f"{url}/v1/embeddings", json={"input": BULK[:8]}, timeout=120, trust_env=False
        )
        found.append(answer.status_code)
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
            assert "8 may at most" in answer.json()["error"]["message"]

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_with_a_key_nobody_gets_in_without_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_server.serving(
        data_dir,
        "--host",
        "0.0.0.0",  # noqa: S104 - this is about it
        KB_SERVER_API_KEY="open-sesame-cave",
    ) as running:
        url = running.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - likewise
        assert httpx.get(f"{url}/v1/models", trust_env=False).status_code == 401
        wrong = {"Authorization": "Bearer open-barley-cave"}
        assert httpx.get(f"{url}/v1/models", headers=wrong, trust_env=False).status_code == 401
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        monkeypatch.setenv("KB_API_KEY", "open-sesame-cave")
        remote = ServerEmbedder(url)
        try:
            assert remote.embed_query("bird").shape == (384,)
        finally:
            remote.close()


def test_one_of_two_servers_dies_and_the_other_does_its_work(
    data_dir: Path, served: str, embedder: Embedder
) -> None:
    with own_server.serving(data_dir) as doomed:
        remote = ServerEmbedder(f"{doomed.url}, {served}", policy=AT_ONCE, batch=2)
        try:
            begun = threading.Event()
            done: list[int] = []

            def progress(count: int) -> None:
                done.append(count)
                begun.set()

            killer = threading.Thread(
                target=lambda: begun.wait(60) and os.kill(doomed.process.pid, signal.SIGKILL)
            )
            killer.start()
            vectors = remote.embed_documents(BULK, progress)
            killer.join()
        finally:
            remote.close()
    assert sum(done) == len(BULK)
    assert (vectors @ embedder.embed_documents(BULK[:1])[0]).min() > 1 - 1e-5


def test_told_to_end_it_finishes_what_is_under_way(data_dir: Path) -> None:
    with own_server.serving(data_dir) as running:
        answers: list[int] = []
        thread = threading.Thread(
            target=lambda: answers.append(
                httpx.post(
                    f"{running.url}/v1/embeddings",
                    json={"input": BULK[:8]},
                    timeout=60,
                    trust_env=False,
                ).status_code
            )
        )
        thread.start()
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        thread.join()
        assert answers == [200]
        assert running.process.wait(90) == 143
