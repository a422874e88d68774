"""Vectors over HTTP in every dialect: requests as other programs send them, byte for byte.

They were recorded from Open WebUI 0.12.4 and from OpenAI's (3.57) and Ollama's (0.6.3) clients in
Python; the answers are read as these read them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hashing_embedder import DIM, HashingEmbedder
from served_app import served_app
from worded_embedder import MOST_READ, WordedEmbedder

from kb.embedding.remote.embedder import ServerEmbedder
from kb.errors import InputTooLongError
from kb.server.limits import Limits

MODEL = "hashed-words"
OPEN_WEBUI = {
    "Content-Type": "application/json",
    "Authorization": "Bearer sk-none",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "User-Agent": "Python/3.11 aiohttp/3.14.5",
}
OPENAI = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Authorization": "Bearer sk-none",
    "Content-Type": "application/json",
    "User-Agent": "OpenAI/Python 3.57.0",
    "X-Stainless-Lang": "python",
    "X-Stainless-Retry-Count": "0",
}
OLLAMA = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "User-Agent": "ollama-python/0.6.3 (x86_64 linux) Python/3.11.7",
}
LONG = " ".join(f"word{number}" for number in range(3 * MOST_READ))


@pytest.fixture(scope="module")
def model() -> WordedEmbedder:
    return WordedEmbedder()


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, model: WordedEmbedder
) -> Iterator[httpx.Client]:
    with (
        served_app(tmp_path_factory.mktemp("dialects"), embedder=model) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened,
    ):
        yield opened


@pytest.fixture
def read(model: WordedEmbedder) -> list[str]:
    """All that the model reads, prompts included, from now on."""
    model.texts.clear()
    return model.texts


def vector_of(text: str) -> list[float]:
    """Return the vector that the model makes of all that it reads."""
    vector: list[float] = HashingEmbedder().embed_documents([text])[0].tolist()
    return vector


def send(
    client: httpx.Client, path: str, body: str | dict[str, Any], headers: dict[str, str] = OPENAI
) -> Any:  # noqa: ANN401 - JSON
    """Send a body as it was recorded, and expect success."""
    content = body if isinstance(body, str) else json.dumps(body)
    answer = client.post(path, content=content.encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client: httpx.Client, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    answer = client.post(path, json=body)
    return answer.status_code, answer.json()["error"]


class TestOpenWebUI:
    """Open WebUI with this server as its embedding engine."""

    def test_engine_openai(self, client: httpx.Client, read: list[str]) -> None:
        body = '{"input": ["The heron waits."], "model": "hashed-words"}'
        data = send(client, "/v1/embeddings", body, OPEN_WEBUI)
        assert [each["embedding"] for each in data["data"]] == [
            pytest.approx(vector_of("The heron waits."), abs=1e-6)
        ]
        assert read == ["The heron waits."]

    @pytest.mark.parametrize(
        ("prefix", "words"), [("query", "query: 苍鹭"), ("document", "passage: 苍鹭")]
    )
    def test_engine_openai_with_input_type_as_the_field_of_its_prefixes(
        self, client: httpx.Client, read: list[str], prefix: str, words: str
    ) -> None:
        # Its environment has input_type for RAG_EMBEDDING_PREFIX_FIELD_NAME, query for
        # RAG_EMBEDDING_QUERY_PREFIX and document for RAG_EMBEDDING_CONTENT_PREFIX.
        body = f'{{"input": ["\\u82cd\\u9e6d"], "model": "hashed-words", "input_type": "{prefix}"}}'
        data = send(client, "/v1/embeddings", body, OPEN_WEBUI)
        assert data["data"][0]["embedding"] == pytest.approx(vector_of(words), abs=1e-6)
        assert read == [words]

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            ("", "heron"),
            (', "input_type": "query"', "query: heron"),
            (', "input_type": "document"', "passage: heron"),
            (', "input_type": ""', "heron"),
        ],
    )
    def test_engine_ollama(
        self, client: httpx.Client, read: list[str], field: str, words: str
    ) -> None:
        body = f'{{"input": ["heron"], "model": "hashed-words", "truncate": true{field}}}'
        data = send(client, "/api/embed", body, OPEN_WEBUI)
        assert data["embeddings"] == [pytest.approx(vector_of(words), abs=1e-6)]
        assert read == [words]

    def test_engine_ollama_reads_an_error_as_a_text(self, client: httpx.Client) -> None:
        body = {"input": ["heron"], "model": "nomic-embed-text", "truncate": True}
        status, error = refused(client, "/api/embed", body)
        assert status == 404
        assert isinstance(error, str)
        assert "'nomic-embed-text' not found" in error

    @pytest.mark.parametrize("path", ["/v1/embeddings", "/api/embed"])
    def test_a_chunk_longer_than_the_model_reads_is_not_lost(
        self, client: httpx.Client, path: str
    ) -> None:
        body = {"input": [LONG], "model": MODEL}
        body |= {"truncate": True} if path.startswith("/api") else {}
        data = send(client, path, body, OPEN_WEBUI)
        (vector,) = data["embeddings"] if "embeddings" in data else [data["data"][0]["embedding"]]
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


class TestOpenAI:
    """OpenAI's client and those that are built on it."""

    def test_a_list_as_the_client_sends_it_gets_packed_vectors(self, client: httpx.Client) -> None:
        body = '{"model":"hashed-words","input":["a heron","b"],"encoding_format":"base64"}'
        data = send(client, "/v1/embeddings", body)
        assert data["object"] == "list"
        assert data["model"] == MODEL
        assert [(each["object"], each["index"]) for each in data["data"]] == [
            ("embedding", 0),
            ("embedding", 1),
        ]
        for each, text in zip(data["data"], ("a heron", "b"), strict=True):
            vector = np.frombuffer(base64.b64decode(each["embedding"]), dtype="<f4")
            np.testing.assert_allclose(vector, vector_of(text), atol=1e-6)
        assert data["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
        assert set(data) == {"object", "data", "model", "usage"}

    def test_one_text_with_every_field(self, client: httpx.Client, read: list[str]) -> None:
        body = (
            '{"model":"hashed-words","input":"a","user":"u","dimensions":64,'
            '"encoding_format":"float","input_type":"query"}'
        )
        data = send(client, "/v1/embeddings", body)
        assert data["data"][0]["embedding"] == pytest.approx(vector_of("query: a"), abs=1e-6)
        assert read == ["query: a"]

    def test_fields_that_are_null_count_as_not_sent(self, client: httpx.Client) -> None:
        body: dict[str, Any] = dict.fromkeys(
            ("encoding_format", "dimensions", "user", "input_type", "long_inputs", "model")
        )
        data = send(client, "/v1/embeddings", body | {"input": ["a"]})
        assert len(data["data"][0]["embedding"]) == DIM

    @pytest.mark.parametrize(
        ("input_type", "words"),
        [
            ("query", "query: heron"),
            ("search_query", "query: heron"),
            ("document", "passage: heron"),
            ("search_document", "passage: heron"),
            ("passage", "passage: heron"),
            ("none", "heron"),
            (None, "heron"),
        ],
    )
    def test_the_caller_says_which_prompt_is_put_around_a_text_or_none(
        self, client: httpx.Client, read: list[str], input_type: str | None, words: str
    ) -> None:
        send(client, "/v1/embeddings", {"input": "heron", "input_type": input_type})
        assert read == [words]
        asked = {"input": "heron", "input_type": input_type, "special": True}
        assert send(client, "/tokenize", asked)["counts"] == HashingEmbedder().count_tokens([words])

    @pytest.mark.parametrize(
        "tokens",
        [[791, 39], [[791, 39], [11]], [[791] * 5000]],
        ids=["one text", "several", "too many to be read"],
    )
    def test_token_numbers_are_refused_with_the_setting_to_change(
        self, client: httpx.Client, tokens: list[Any]
    ) -> None:
        # As LangChain's OpenAIEmbeddings sends texts unless told not to.
        body = {"input": tokens, "model": MODEL, "encoding_format": "base64"}
        status, error = refused(client, "/v1/embeddings", body)
        assert status == 400
        assert "token numbers" in error["message"]
        assert "check_embedding_ctx_length=False" in error["message"]

    def test_another_model_is_refused_with_the_one_that_is_served(
        self, client: httpx.Client
    ) -> None:
        body = {"input": "a", "model": "text-embedding-3-small"}
        status, error = refused(client, "/v1/embeddings", body)
        assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
        assert f"the only one is '{MODEL}'" in error["message"]


class TestLlamaCpp:
    """llama.cpp's paths: OpenAI's answer to ``input``, its own to ``content``."""

    @pytest.mark.parametrize("path", ["/embedding", "/embeddings"])
    def test_content_of_one_text_is_an_object_with_its_embedding(
        self, client: httpx.Client, path: str
    ) -> None:
        response = client.post(path, json={"content": "heron"})
        assert response.json()["embedding"] == pytest.approx(vector_of("heron"), abs=1e-6)

    @pytest.mark.parametrize("path", ["/embedding", "/embeddings"])
    def test_content_of_several_texts_is_a_list_of_objects(
        self, client: httpx.Client, path: str
    ) -> None:
        assert send(client, path, {"content": ["heron", "reed"]}) == [
            {"index": 0, "embedding": [pytest.approx(vector_of("heron"), abs=1e-6)]},
            {"index": 1, "embedding": [pytest.approx(vector_of("reed"), abs=1e-6)]},
        ]

    @pytest.mark.parametrize("path", ["/embedding", "/embeddings"])
    def test_input_gets_the_answer_of_openai(self, client: httpx.Client, path: str) -> None:
        body = {"input": ["heron"], "model": MODEL, "encoding_format": "float"}
        assert send(client, path, body) == send(client, "/v1/embeddings", body)

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({}, "input: Field required"),
            ({"content": []}, "content: the list of texts is empty"),
            ({"content": [1, 2]}, "check_embedding_ctx_length=False"),
            ({"content": "x", "input": "x"}, "content is not a field of this request"),
            ({"content": "x", "embd_normalize": -1}, "embd_normalize: it must be 2"),
            ({"content": "half \ud800"}, "half of a surrogate pair"),
        ],
    )
    def test_what_cannot_be_embedded_is_refused_with_the_reason(
        self, client: httpx.Client, body: dict[str, Any], told: str
    ) -> None:
        kind = {"Content-Type": "application/json"}
        answer = client.post("/embedding", content=json.dumps(body), headers=kind)
        assert answer.status_code == 400
        assert told in answer.json()["error"]["message"]


class TestOllama:
    """Ollama's client, with the model named as Ollama names it or as it is."""

    @pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", None])
    @pytest.mark.parametrize(
        ("path", "field"), [("/api/embed", "input"), ("/api/embeddings", "prompt")]
    )
    def test_what_curl_sends_as_ollama_writes_it_is_read_as_json(
        self, client: httpx.Client, path: str, field: str, kind: str | None
    ) -> None:
        sent = {"Content-Type": kind} if kind else {}
        content = json.dumps({"model": MODEL, field: "a heron"}).encode()
        answer = client.post(path, content=content, headers=sent)
        assert answer.status_code == 200, answer.text
        assert len(np.ravel(answer.json().get("embeddings") or answer.json()["embedding"])) == DIM
        # A form of a foreign page looks the same, but for where it comes from.
        page = {**sent, "Origin": "https://evil.example"}
        assert client.post(path, content=content, headers=page).status_code == 403
        plain = client.post(path, content=content, headers={"Content-Type": "text/plain"})
        assert plain.status_code == 415
        form = client.post(path, content=b"model=x", headers=sent)
        assert "not JSON" in form.json()["error"]

    @pytest.mark.parametrize("name", [MODEL, f"{MODEL}:latest", "Hashed-Words:latest"])
    def test_embed_as_the_client_sends_it(self, client: httpx.Client, name: str) -> None:
        data = send(client, "/api/embed", f'{{"model":"{name}","input":"a heron"}}', OLLAMA)
        assert data["embeddings"] == [pytest.approx(vector_of("a heron"), abs=1e-6)]
        assert data["model"] == name
        assert data["prompt_eval_count"] == 2
        assert isinstance(data["total_duration"], int)
        assert isinstance(data["load_duration"], int)

    def test_embed_with_every_field(self, client: httpx.Client) -> None:
        body = (
            '{"model":"hashed-words","input":["a"],"truncate":false,"options":{"num_ctx":512,'
            '"seed":null},"keep_alive":"5m","dimensions":64,"a_field_to_come":1}'
        )
        assert len(send(client, "/api/embed", body, OLLAMA)["embeddings"][0]) == DIM

    @pytest.mark.parametrize("given", [{"input": ""}, {"input": []}, {"input": None}, {}])
    def test_nothing_to_embed_gives_no_vectors(
        self, client: httpx.Client, given: dict[str, Any]
    ) -> None:
        assert send(client, "/api/embed", {"model": MODEL, **given})["embeddings"] == []

    def test_the_older_route_takes_a_prompt(self, client: httpx.Client) -> None:
        data = send(client, "/api/embeddings", '{"model":"hashed-words","prompt":"heron"}', OLLAMA)
        assert data == {"embedding": pytest.approx(vector_of("heron"), abs=1e-6)}
        assert send(client, "/api/embeddings", {"model": MODEL, "prompt": ""}) == {"embedding": []}

    def test_tags_list_the_model_by_a_name_that_the_other_routes_take(
        self, client: httpx.Client
    ) -> None:
        (tag,) = client.get("/api/tags", headers=OLLAMA).json()["models"]
        assert tag["name"] == tag["model"] == f"{MODEL}:latest"
        assert datetime.fromisoformat(tag["modified_at"]).tzinfo is not None
        assert set(tag["details"]) == {
            "parent_model",
            "format",
            "family",
            "families",
            "parameter_size",
            "quantization_level",
        }
        shown = send(client, "/api/show", {"model": tag["name"]}, OLLAMA)
        assert shown["capabilities"] == ["embedding"]
        family = shown["model_info"]["general.architecture"]
        assert shown["model_info"][f"{family}.context_length"] == MOST_READ
        assert shown["model_info"][f"{family}.embedding_length"] == DIM
        assert send(client, "/api/show", {"name": MODEL}, OLLAMA) == shown

    def test_what_is_refused_is_told_in_a_text(self, client: httpx.Client) -> None:
        for path, body, status, told in (
            ("/api/embed", {"model": "other", "input": "x"}, 404, "'other' not found"),
            ("/api/embed", {"model": MODEL, "input": [1]}, 400, "token numbers"),
            ("/api/embed", {"input": "x"}, 400, "model: Field required"),
            ("/api/embed", {"model": MODEL, "input": "x", "dimensions": 7}, 400, "dimensions=7"),
            ("/api/embeddings", {"model": "other", "prompt": "x"}, 404, "'other' not found"),
            ("/api/show", {"model": "other"}, 404, "'other' not found"),
            ("/api/chat", {"model": MODEL}, 404, "there is no /api/chat"),
            ("/api/tags", {}, 405, "send GET"),
        ):
            found, error = refused(client, path, body)
            assert found == status, (path, error)
            assert told in error

    def test_a_knowledge_base_takes_it_for_an_ollama_server(
        self, client: httpx.Client, read: list[str]
    ) -> None:
        with closing(ServerEmbedder(f"{client.base_url}/api/embed")) as remote:
            assert remote.identity.model_id == f"{MODEL}:latest"
            read.clear()
            vectors = remote.embed_documents(["a heron", "b"])
            assert read == ["a heron", "b"]
            np.testing.assert_allclose(vectors[0], vector_of("a heron"), atol=1e-6)

    def test_a_client_that_puts_prompts_around_texts_itself_gets_no_second_one(
        self, client: httpx.Client, read: list[str]
    ) -> None:
        with closing(ServerEmbedder(f"{client.base_url}/api/embed", prompts="e5")) as remote:
            read.clear()
            remote.embed_documents(["a heron"])
            remote.embed_query("which heron")
            assert read == ["passage: a heron", "query: which heron"]


class TestLongInputs:
    """A text longer than the model reads, in every dialect."""

    def test_it_is_embedded_in_windows_and_the_answer_says_so(
        self, client: httpx.Client, read: list[str]
    ) -> None:
        body = {"input": ["short", LONG], "model": MODEL, "input_type": "document"}
        answer = client.post("/v1/embeddings", json=body)
        data = answer.json()
        windows = read[1:]
        assert read[0] == "passage: short"
        assert data["long_inputs"] == [{"index": 1, "windows": len(windows)}]
        assert answer.headers["X-Long-Inputs"] == "1"
        assert {word for text in windows for word in text.split()} == {"passage:", *LONG.split()}
        tokens = HashingEmbedder().count_tokens(windows)
        assert max(tokens) <= MOST_READ
        assert data["usage"]["prompt_tokens"] == sum(tokens) + 3
        mean = sum(
            (count - 2) * np.array(vector_of(text))
            for text, count in zip(windows, tokens, strict=True)
        )
        np.testing.assert_allclose(
            data["data"][1]["embedding"], mean / np.linalg.norm(mean), atol=1e-5
        )

    def test_a_long_query_is_read_as_queries(self, client: httpx.Client, read: list[str]) -> None:
        send(client, "/v1/embeddings", {"input": LONG, "input_type": "query"})
        assert len(read) > 1
        assert all(text.startswith("query: ") for text in read)

    def test_every_dialect_says_so(self, client: httpx.Client) -> None:
        for path, body in (
            ("/api/embed", {"model": MODEL, "input": ["a", LONG]}),
            ("/api/embeddings", {"model": MODEL, "prompt": LONG}),
            ("/embedding", {"content": LONG}),
            ("/embeddings", {"content": ["a", LONG]}),
            ("/embeddings", {"input": LONG}),
        ):
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            assert answer.headers["X-Long-Inputs"] == "1"
            assert '"windows":' in answer.text

    def test_one_that_fits_is_told_nothing_of(self, client: httpx.Client) -> None:
        answer = client.post("/v1/embeddings", json={"input": "word " * MOST_READ})
        assert answer.status_code == 200
        assert "X-Long-Inputs" not in answer.headers
        assert "long_inputs" not in answer.json()

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/v1/embeddings", {"input": ["a", LONG], "long_inputs": "refuse"}),
            ("/embedding", {"content": ["a", LONG], "long_inputs": "refuse"}),
            ("/api/embed", {"model": MODEL, "input": ["a", LONG], "long_inputs": "refuse"}),
            ("/api/embed", {"model": MODEL, "input": ["a", LONG], "truncate": False}),
        ],
    )
    def test_a_request_may_have_it_refused(
        self, client: httpx.Client, path: str, body: dict[str, Any]
    ) -> None:
        status, error = refused(client, path, body)
        assert status == 400
        told = error if isinstance(error, str) else error["message"]
        assert f"input 1 of 2 has {3 * MOST_READ} tokens" in told
        assert "nothing was cut off" in told

    def test_more_windows_than_a_request_may_have_texts_are_refused(
        self, client: httpx.Client
    ) -> None:
        body = {"input": "a " * (2048 * MOST_READ)}
        status, error = refused(client, "/v1/embeddings", body)
        assert (status, error["code"]) == (400, "context_length_exceeded")
        assert "more than 2,048 windows" in error["message"]

    def test_the_server_may_refuse_it_and_a_request_may_allow_it(self, tmp_path: Path) -> None:
        limits = Limits(long_inputs="refuse")
        with served_app(tmp_path, embedder=WordedEmbedder(), limits=limits) as served:
            url = f"{served.url}/v1/embeddings"
            assert httpx.post(url, json={"input": LONG}, trust_env=False).status_code == 400
            body = {"input": LONG, "long_inputs": "windows"}
            assert httpx.post(url, json=body, trust_env=False).json()["long_inputs"]
            (card,) = httpx.get(f"{served.url}/v1/models", trust_env=False).json()["data"]
            assert card["long_inputs"] == "refuse"

    def test_a_knowledge_base_is_refused_it_and_splits_by_itself(
        self, client: httpx.Client, read: list[str]
    ) -> None:
        with closing(ServerEmbedder(str(client.base_url))) as remote:
            with pytest.raises(InputTooLongError, match=r"input 1 of 2 has 19\d tokens"):
                remote.embed_documents(["a", LONG])
            # As if the server had been started again with a model that reads less.
            remote._limit._found = 10_000
            read.clear()
            with pytest.raises(InputTooLongError, match="input 1 of 2 is too long"):
                remote.embed_documents(["a", LONG])
            assert LONG.split()[-1] not in " ".join(read)

    def test_a_knowledge_base_counts_and_embeds_texts_without_a_prompt(
        self, client: httpx.Client, read: list[str]
    ) -> None:
        with closing(ServerEmbedder(str(client.base_url))) as remote:
            read.clear()
            vectors = remote.embed_bare(["a heron", "b"])
            assert read == ["a heron", "b"]
            np.testing.assert_allclose(vectors[0], vector_of("a heron"), atol=1e-6)
            assert remote.count_bare(["a heron", "b"]) == [2, 1]
            assert remote.count_read(["a heron"]) == [4]
