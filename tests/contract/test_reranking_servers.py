"""Rerankers on servers: both forms, order, long passages, and every way of failing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import pytest
import rerank_server
from rerank_server import RerankServer

from kb.errors import InputTooLongError, RerankingError, SettingsError
from kb.reranking.remote import ServerReranker
from kb.retry import RetryPolicy

QUERY = "heron river"
PASSAGES = ["A heron stands.", "A spoon lies.", "A heron by the river."]
QUICK = RetryPolicy(query_attempts=3, base_s=0.01, cap_s=0.02)


@pytest.fixture
def server() -> Iterator[RerankServer]:
    started = RerankServer()
    yield started
    started.stop()


@pytest.fixture
def reranker(server: RerankServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerReranker]:
    monkeypatch.setenv("KB_API_KEY", "sesame")
    with closing(
        ServerReranker(f"{server.url}/v1#tiny", batch=2, timeout_s=0.5, policy=QUICK)
    ) as opened:
        yield opened


@pytest.mark.parametrize("speaks", ["jina", "tei"])
def test_both_forms_give_scores_in_the_order_of_the_passages(
    server: RerankServer, reranker: ServerReranker, speaks: Literal["jina", "tei"]
) -> None:
    server.speaks = speaks
    assert list(reranker.score(QUERY, PASSAGES)) == [0.5, 0.0, 1.0]
    assert list(reranker.score(QUERY, [])) == []
    assert {seen["key"] for seen in server.seen} == {"Bearer sesame"}
    assert {seen["model"] for seen in server.seen} == {"tiny"}
    texts = "documents" if speaks == "jina" else "texts"
    assert [len(seen[texts]) for seen in server.seen] == [2, 1]


def test_scores_of_any_scale_come_out_in_zero_to_one(
    server: RerankServer, reranker: ServerReranker
) -> None:
    server.logits = True
    found = reranker.score(QUERY, PASSAGES)
    assert found[2] > 0.99
    assert found[0] == pytest.approx(0.5)
    assert found[1] < 0.01


def test_a_passage_that_is_too_long_counts_as_its_best_part(
    server: RerankServer, reranker: ServerReranker
) -> None:
    server.most_words = 20
    long = "words that say nothing " * 10 + "heron river"
    assert list(reranker.score(QUERY, ["heron", long])) == [0.5, 1.0]
    server.most_words = 0
    with pytest.raises(InputTooLongError, match="too many tokens"):
        reranker.score(QUERY, ["heron"])


def test_a_batch_that_is_too_large_is_divided(
    server: RerankServer, reranker: ServerReranker
) -> None:
    server.most_texts = 1
    assert list(reranker.score(QUERY, PASSAGES)) == [0.5, 0.0, 1.0]


@pytest.mark.parametrize(
    "fault",
    [
        rerank_server.status(429),
        rerank_server.status(500),
        rerank_server.status(503),
        rerank_server.stall,
        rerank_server.break_off,
    ],
    ids=["429", "500", "503", "stall", "break off"],
)
def test_what_may_pass_is_tried_again(
    server: RerankServer, reranker: ServerReranker, fault: rerank_server.Fault
) -> None:
    server.faults.append(fault)
    assert list(reranker.score(QUERY, PASSAGES)) == [0.5, 0.0, 1.0]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (rerank_server.status(401), "refuses this key"),
        (rerank_server.status(400), "not repeated"),
        (rerank_server.answers({"data": []}), "sent no scores"),
        (rerank_server.answers("hello"), "sent no scores"),
        (
            rerank_server.answers({"results": [{"index": 0, "relevance_score": None}]}),
            "not finite",
        ),
        (
            rerank_server.answers({"results": [{"index": 0, "relevance_score": float("nan")}]}),
            "not finite",
        ),
        (
            rerank_server.answers({"results": [{"index": 0, "relevance_score": 10**400}]}),
            "sent no scores",
        ),
        (
            rerank_server.answers({"results": [{"index": float("inf"), "relevance_score": 1}]}),
            "sent no scores",
        ),
    ],
    ids=["401", "400", "another API", "a string", "null", "NaN", "huge", "no such place"],
)
def test_what_will_not_pass_is_said_at_once(
    server: RerankServer, reranker: ServerReranker, fault: rerank_server.Fault, words: str
) -> None:
    server.faults.append(fault)
    with pytest.raises(RerankingError, match=words) as caught:
        reranker.score(QUERY, PASSAGES[:1])
    assert server.url in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert len(server.seen) == 1


def test_a_server_that_stays_away_is_given_up(
    server: RerankServer, reranker: ServerReranker
) -> None:
    server.faults.extend([rerank_server.status(503)] * 9)
    with pytest.raises(RerankingError, match="gave up after 3 attempts"):
        reranker.score(QUERY, PASSAGES[:1])


def test_an_address_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(SettingsError):
        ServerReranker("ftp://host")


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ((0,), "scored 1 of 2 passages"),
        ((0, 0), "scored passage 0 twice"),
        ((0, 1, 2), "scored passage 2 of 2"),
        ((-1, 0), "scored passage -1 of 2"),
    ],
)
def test_an_answer_about_other_passages_is_not_asked_for_again(
    server: RerankServer, reranker: ServerReranker, places: tuple[int, ...], words: str
) -> None:
    results = [{"index": at, "relevance_score": 1} for at in places]
    server.faults.append(rerank_server.answers({"results": results}))
    with pytest.raises(RerankingError, match=words) as caught:
        reranker.score(QUERY, PASSAGES[:2])
    assert "Is the server running" not in str(caught.value)
    assert len(server.seen) == 1


def test_an_answer_nested_too_deep_is_said_at_once(
    server: RerankServer, reranker: ServerReranker
) -> None:
    for code, words in ((200, "nested too deep"), (400, "not repeated")):
        server.seen.clear()
        server.faults.append(rerank_server.raw(code, b"[" * 200_000))
        with pytest.raises(RerankingError, match=words):
            reranker.score(QUERY, PASSAGES[:1])
        assert len(server.seen) == 1


def test_a_search_waits_for_two_attempts_and_no_more(server: RerankServer) -> None:
    server.faults.extend([rerank_server.stall] * 9)
    with closing(ServerReranker(f"{server.url}/v1#tiny", timeout_s=0.2)) as patient:
        with pytest.raises(RerankingError, match="in time; gave up after 2 attempts"):
            patient.score(QUERY, PASSAGES[:1])
        assert len(server.seen) == 2
        server.faults.clear()
        server.faults.append(rerank_server.status(503, **{"Retry-After": "100"}))
        with pytest.raises(RerankingError, match="asks to wait 100 s"):
            patient.score(QUERY, PASSAGES[:1])
