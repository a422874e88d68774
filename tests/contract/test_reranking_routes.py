"""Reranking over HTTP, by the configured reranker, as other programs ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import rerank_server
from rerank_server import RerankServer
from served_app import served_app

from kb.reranking.remote import ServerReranker

PATHS = ["/v1/rerank", "/rerank"]
ASKED = {
    "model": "tiny",
    "query": "heron river",
    "documents": ["A heron stands.", "A spoon lies.", "A heron by the river."],
}


@pytest.fixture(scope="module")
def behind() -> Iterator[RerankServer]:
    """The reranker that the settings name: a passage's score is its share of the query's words."""
    started = RerankServer()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, behind: RerankServer
) -> Iterator[httpx.Client]:
    settings = {"reranker": f"{behind.url}/v1#tiny"}
    with (
        served_app(tmp_path_factory.mktemp("ranking"), settings=settings) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened,
    ):
        yield opened


def test_open_webui_gets_a_score_for_each_document(client: httpx.Client) -> None:
    # As ExternalReranker of Open WebUI 0.12.4 sends it, and reads the answer.
    body = (
        '{"model": "tiny", "query": "heron river", "documents": ["A heron stands.", '
        '"A spoon lies.", "A heron by the river."], "top_n": 3}'
    )
    headers = {
        "User-Agent": "python-requests/2.33.1",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
        "Connection": "keep-alive",
        "Content-Type": "application/json",
        "Authorization": "Bearer sk-none",
    }
    data = client.post("/v1/rerank", content=body, headers=headers).raise_for_status().json()
    in_order = sorted(data["results"], key=lambda result: result["index"])
    assert [result["relevance_score"] for result in in_order] == [0.5, 0.0, 1.0]


@pytest.mark.parametrize("path", PATHS)
def test_documents_come_best_first_and_as_many_as_are_asked_for(
    client: httpx.Client, path: str
) -> None:
    data = client.post(path, json=ASKED).json()
    assert data["model"] == "tiny"
    assert data["results"] == [
        {"index": 2, "relevance_score": 1.0},
        {"index": 0, "relevance_score": 0.5},
        {"index": 1, "relevance_score": 0.0},
    ]
    best = client.post(path, json=ASKED | {"top_n": 1, "return_documents": True}).json()
    assert best["results"] == [
        {"index": 2, "relevance_score": 1.0, "document": {"text": "A heron by the river."}}
    ]


def test_documents_may_be_objects_around_a_text(client: httpx.Client) -> None:
    documents = [{"text": text, "id": 7} for text in ASKED["documents"]]
    found = client.post("/v1/rerank", json=ASKED | {"documents": documents}).json()
    assert found == client.post("/v1/rerank", json=ASKED).json()


def test_texts_get_the_answer_of_text_embeddings_inference(client: httpx.Client) -> None:
    body = {"query": ASKED["query"], "texts": ASKED["documents"], "truncate": True}
    assert client.post("/rerank", json=body).json() == [
        {"index": 2, "score": 1.0},
        {"index": 0, "score": 0.5},
        {"index": 1, "score": 0.0},
    ]
    shown = client.post("/rerank", json=body | {"return_text": True}).json()
    assert shown[0] == {"index": 2, "score": 1.0, "text": "A heron by the river."}


@pytest.mark.parametrize("end", ["/v1#tiny", "#tiny"])
def test_a_knowledge_base_takes_it_for_a_reranking_server(client: httpx.Client, end: str) -> None:
    with closing(ServerReranker(f"{str(client.base_url).rstrip('/')}{end}")) as reranker:
        assert list(reranker.score("heron river", ASKED["documents"])) == [0.5, 0.0, 1.0]


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"model": "other"}, 404, "'other' is not served here; the only one is 'tiny'"),
        ({"documents": []}, 400, "documents: "),
        ({"documents": "a heron"}, 400, "a list of texts, or of objects with `text`, is needed"),
        ({"documents": [{"title": "x"}]}, 400, "document 0 of 1 is no text"),
        ({"documents": ["x"] * 1001}, 400, "1000"),
        ({"top_n": 0}, 400, "top_n: "),
        ({"query": None}, 400, "query: "),
        ({"query": "x" * 20_000}, 400, "query: "),
    ],
    ids=range(8),
)
def test_what_cannot_be_ranked_is_refused_with_the_reason(
    client: httpx.Client, change: dict[str, Any], status: int, told: str
) -> None:
    answer = client.post("/v1/rerank", json=ASKED | change)
    assert answer.status_code == status
    assert told in answer.json()["error"]["message"]


def test_a_reranker_that_fails_gives_an_error_and_no_scores(
    client: httpx.Client, behind: RerankServer
) -> None:
    broken = {"results": [{"index": 0, "relevance_score": None}]}
    behind.faults.append(rerank_server.answers(broken))
    answer = client.post("/v1/rerank", json=ASKED | {"documents": ["x"]})
    assert answer.status_code == 500
    assert "not finite" in answer.json()["error"]["message"]


def test_without_a_reranker_the_error_says_how_to_set_one(tmp_path: Path) -> None:
    with served_app(tmp_path) as served:
        for path in PATHS:
            answer = httpx.post(f"{served.url}{path}", json=ASKED, trust_env=False)
            assert answer.status_code == 404
            error = answer.json()["error"]
            assert error["code"] == "no_reranker"
            assert "KB_RERANKER" in error["message"]
