"""``/openapi.json`` says what the routes for other programs take, refuse and answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from described import SAMPLES, body_schema, check_answer, is_malformed
from json_schema import Schemas
from rerank_server import RerankServer
from served_app import served_app
from worded_embedder import WordedEmbedder

EMBEDDING = ("/v1/embeddings", "/embedding", "/embeddings", "/api/embed", "/api/embeddings")
RANKING = ("/v1/rerank", "/rerank")
BODIES = (*EMBEDDING, *RANKING, "/tokenize", "/api/show")
MODELS = {"/v1/rerank": "x", "/rerank": "x"}
REFUSED = re.compile("dimensions=|an instruction belongs to queries")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    reranker = RerankServer()
    reranker.most_texts = 1000
    with (
        served_app(
            tmp_path_factory.mktemp("described"),
            embedder=WordedEmbedder(),
            settings={"reranker": f"{reranker.url}/v1#x", "server_batch": 1000},
        ) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=120) as opened,
    ):
        yield opened
    reranker.stop()


@pytest.fixture(scope="module")
def description(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def schemas(description: dict[str, Any]) -> Schemas:
    return Schemas(description["components"]["schemas"], SAMPLES)


@pytest.mark.parametrize("path", BODIES)
def test_every_body_that_the_description_allows_is_taken(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    model = MODELS.get(path, "hashed-words")
    is_ollama = path.startswith("/api/")  # where no code tells why a body is refused
    statuses = []
    for body in schemas.valid(body_schema(description, path)):
        # Most of these name a model that is not served.
        for sent in (body, body | {"model": model}):
            answer = client.post(path, content=json.dumps(sent), headers=JSON)
            others = is_ollama and REFUSED.search(answer.text)
            assert others or not is_malformed(answer), (str(sent)[:300], answer.text)
            check_answer(answer, description, schemas, path)
            statuses.append(answer.status_code)
    assert statuses.count(200) > len(statuses) / 4


@pytest.mark.parametrize("path", BODIES)
def test_every_body_that_the_description_does_not_allow_is_refused(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    bodies = schemas.invalid(body_schema(description, path))
    for body in bodies:
        answer = client.post(path, content=json.dumps(body), headers=JSON)
        assert is_malformed(answer), (str(body)[:300], answer.status_code, answer.text[:500])
        check_answer(answer, description, schemas, path)
        assert len(answer.text) < 2000
        assert "(" not in answer.text.split(":")[1][:8]  # no name of one of several bodies
    assert len(bodies) > 20


@pytest.mark.parametrize("path", ["/v1/models", "/api/tags"])
def test_what_is_asked_for_by_get_has_the_shape_that_is_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    check_answer(answer, description, schemas, path)


def test_long_texts_have_the_answer_that_is_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas
) -> None:
    text = "heron " * 500
    for path, body in (
        ("/v1/embeddings", {"input": text}),
        ("/embedding", {"content": text}),
        ("/embeddings", {"content": [text, "a"]}),
        ("/api/embed", {"model": "hashed-words", "input": text}),
        ("/api/embeddings", {"model": "hashed-words", "prompt": text}),
    ):
        answer = client.post(path, json=body)
        assert "windows" in answer.text
        told = description["paths"][path]["post"]["responses"]["200"]["headers"]
        assert set(told) == {"X-Long-Inputs"} <= {name.title() for name in answer.headers}
        check_answer(answer, description, schemas, path)


@pytest.mark.parametrize("path", BODIES)
def test_what_is_refused_before_it_is_read_has_the_shape_that_is_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    for headers, content, status in (
        ({"Content-Type": "text/plain"}, b"{}", 415),
        (JSON, b" " * 9 * 2**20, 413),
        (JSON | {"Host": "evil.example"}, b"{}", 403),
        (JSON, b"{", 400),
        (JSON, b"[" + b"[]," * 5000 + b"[]]", 400),
    ):
        answer = client.post(path, content=content, headers=headers)
        assert answer.status_code == status
        check_answer(answer, description, schemas, path)
