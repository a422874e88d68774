"""``/openapi.json`` says what the server does: what it takes, what it refuses, what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import own_server
import pytest
import raw_client
from described import SAMPLES, body_schema, check_answer, is_malformed
from json_schema import Schemas
from served_app import served_app

BODIES = ("/v1/embeddings", "/v1/search", "/tokenize")
BODIES_OF_CHANGES = (
    ("POST", "/v1/collections"),
    ("PATCH", "/v1/collections/{name}"),
    ("POST", "/v1/tags"),
    ("POST", "/v1/answer"),
    ("POST", "/v1/answer/continue"),
    ("POST", "/v1/jobs/{job_id}/cancel"),
    ("POST", "/v1/jobs/{job_id}/retry"),
)
LISTS = (
    "/v1/documents",
    "/v1/documents/{document_id}/chunks",
    "/v1/facets",
    "/v1/failed",
    "/v1/runs",
)
JSON = {"Content-Type": "application/json"}
KEY = "a-key-that-nobody-guesses-1407"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with two documents, one of them with metadata and a tag."""
    with (
        served_app(tmp_path_factory.mktemp("described")) as running,
        httpx.Client(base_url=running.url, trust_env=False, timeout=120) as opened,
    ):
        running.base.add(
            "红隼在草地上空盘旋。", name="鸟/红隼.txt", metadata={"year": 2024, "tags": "bird"}
        )
        running.base.add("The heron waits in shallow water, x.", name="birds/heron.txt")
        yield opened


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
    bodies = schemas.valid(body_schema(description, path))
    statuses = []
    for body in bodies:
        answer = client.post(path, content=json.dumps(body), headers=JSON)
        assert not is_malformed(answer), (str(body)[:300], answer.text)
        check_answer(answer, description, schemas, path)
        statuses.append(answer.status_code)
    assert statuses.count(200) > len(bodies) / 3


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
    assert len(bodies) > 50


def filled(path: str) -> str:
    """Return a path with something in the place of each name in it."""
    return re.sub(r"\{\w+\}", "1", path)


@pytest.mark.parametrize(("method", "path"), BODIES_OF_CHANGES)
def test_bodies_that_change_something_are_taken_and_refused_as_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, method: str, path: str
) -> None:
    schema = body_schema(description, path, method)
    for body in schemas.valid(schema):
        answer = client.request(method, filled(path), content=json.dumps(body), headers=JSON)
        assert not is_malformed(answer), (str(body)[:300], answer.text)
        check_answer(answer, description, schemas, path)
    bodies = schemas.invalid(schema)
    assert len(bodies) > 10
    for body in bodies:
        answer = client.request(method, filled(path), content=json.dumps(body), headers=JSON)
        assert is_malformed(answer), (str(body)[:300], answer.status_code, answer.text[:500])
        check_answer(answer, description, schemas, path)


@pytest.mark.parametrize("path", LISTS)
def test_query_parameters_are_taken_and_refused_as_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    template, path = path, filled(path)
    for parameter in description["paths"][template]["get"]["parameters"]:
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] != "query":
            continue
        alone = schema.get("items", schema)  # a list is sent by repeating its name
        numbers = alone.get("type") == "integer"
        for value in schemas.valid(schema):
            if any(each is None or isinstance(each, float) for each in _listed(value)):
                continue
            answer = client.get(path, params={name: value})
            assert not is_malformed(answer), (name, str(value)[:80], answer.text)
            check_answer(answer, description, schemas, template)
        wrong = [each for each in schemas.invalid(alone) if isinstance(each, str)]
        wrong += [str(each) for each in schemas.invalid(alone) if isinstance(each, int | float)]
        wrong += ["1.0", "+1", " 1", "1_0", "１"]
        for text in wrong if numbers else wrong[:6]:
            if not numbers and not any(schemas.problems(alone, text)):
                continue
            answer = client.get(path, params={name: text})
            assert is_malformed(answer), (name, text[:80], answer.text)
            check_answer(answer, description, schemas, template)
    for query in ("limt=1", "limit=1&limit=2"):
        assert is_malformed(client.get(f"{path}?{query}")), query


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "path",
    [
        *("/health", "/v1/models", "/v1/collections", "/v1/collections/default", "/v1/documents"),
        *("/v1/documents/1", "/v1/documents/1/content", "/v1/documents/1/chunks"),
        *("/v1/facets", "/v1/failed", "/v1/runs", "/v1/jobs"),
    ],
)
def test_what_is_asked_for_by_get_has_the_shape_that_is_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    template = path.replace("/1", "/{document_id}").replace("/default", "/{name}")
    check_answer(answer, description, schemas, template)


def test_an_upload_and_its_job_have_the_shapes_that_are_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas
) -> None:
    fields = {"collection": "uploaded"}
    for name, status in (("heron.txt", 202), ("a.exe", 415), ("a.zip", 400)):
        answer = client.post("/v1/uploads", files={"files": (name, b"A heron.")}, data=fields)
        assert answer.status_code == status
        check_answer(answer, description, schemas, "/v1/uploads")
        if status == 202:
            path = answer.headers["Location"]
    with client.stream("GET", f"{path}/events") as followed:
        told = "".join(followed.iter_text())
    assert "event: end" in told
    for suffix in ("", "/files"):
        template = f"/v1/jobs/{{job_id}}{suffix}"
        check_answer(client.get(f"{path}{suffix}"), description, schemas, template)
    page = client.get("/v1/documents", params=fields).json()
    number = page["data"][0]["id"]
    template = "/v1/documents/{document_id}/original"
    for document, status in ((number, 202), (10**9, 404)):
        answer = client.put(f"/v1/documents/{document}/original", content=b"Another heron.")
        assert answer.status_code == status
        check_answer(answer, description, schemas, template)
    refused = client.post(f"{path}/cancel", json={})
    assert refused.status_code == 409
    check_answer(refused, description, schemas, "/v1/jobs/{job_id}/cancel")
    check_answer(client.delete(path), description, schemas, "/v1/jobs/{job_id}")
    content = description["paths"]["/v1/uploads"]["post"]["requestBody"]["content"]
    assert set(content["multipart/form-data"]["schema"]["properties"]) == {
        *("files", "collection", "replace", "password"),
    }


def test_a_model_is_described_by_its_name_and_others_are_not_there(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas
) -> None:
    path = "/v1/models/{model}"
    for name, status in (("hashed-words", 200), ("a/b", 404), ("10" * 90, 404)):
        answer = client.get(f"/v1/models/{name}")
        assert answer.status_code == status
        check_answer(answer, description, schemas, path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Field required"),
        (b"{", "not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "more than 4,096 values"),
        (b"[" * 3000 + b"]" * 3000, "nested too deep"),
        (b'{"input": "a", "input": "b"}', "'input' stands twice"),
        (b'{"input": "a", "dimensions": NaN}', "NaN is no number"),
        (b'{"input": "a", "dimensions": -Infinity}', "-Infinity is no number"),
        (b'{"input": "a", "dimensions": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"input": "a", "dimensions": 1e999}', "dimensions: .* finite|valid integer"),
        (b'{"input": "\\ud800"}', "half of a surrogate pair"),
        (b'{"input": "a", "user": "\\udfff"}', "half of a surrogate pair"),
        (b'{"input": "\xed\xa0\x80"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"input": "a"}', "BOM"),
        ('{"input": "a"}'.encode("utf-16"), "not UTF-8"),
        (b'{"input": "a"} x', "Extra data"),
        (b'{"input": ["a", ' + b"1, " * 5000 + b"1]}", "more than 4,096 values"),
        (b'"a"', "the body: "),
    ],
    ids=range(17),
)
def test_what_json_can_and_cannot_write_is_told_apart(
    client: httpx.Client,
    description: dict[str, Any],
    schemas: Schemas,
    body: bytes,
    words: str,
) -> None:
    answer = client.post("/v1/embeddings", content=body, headers=JSON)
    assert is_malformed(answer), answer.text
    assert re.search(words, answer.json()["error"]["message"]), answer.text
    check_answer(answer, description, schemas, "/v1/embeddings")


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/v1/search", {"query": "a", "colour": 1}, "colour is not a field of this request"),
        ("/v1/search", {"query": "a", "filters": {"x": 1}}, "filters.x is not a field of this"),
        (
            "/v1/search",
            {"query": "a", "topk": 1},
            "topk is not a field of this request (is it top_k?)",
        ),
        ("/v1/search", {"query": "a", "filters": {"tag": 1}}, "(is it tags?)"),
        ("/v1/search", {"queries": [{"query": "a", "wieght": 1}]}, "(is it weight?)"),
        ("/v1/read", {"adress": "a"}, "adress is not a field of this request (is it address?)"),
        ("/v1/embeddings", {"input": "a", "imput_type": "query"}, "(is it input_type?)"),
        ("/v1/search", {"query": "a", "filters": 5}, "filters: it must be a JSON object"),
        ("/v1/search", {"query": "a", "filters": {"metadata": 5}}, "it must be a JSON object"),
        ("/v1/search", [], "the body: it must be a JSON object"),
        ("/v1/search", "a", "the body: it must be a JSON object"),
        ("/v1/search", {"query": 5}, "query: it must be a valid string"),
        ("/v1/search", {"query": "a", "top_k": 0}, "top_k: it must be greater than or equal to 1"),
        ("/v1/embeddings", 5, "the body: it must be a JSON object"),
        ("/v1/search", [[]] * 5000, "more than 4,096 values, more than one request may have"),
        ("/v1/embeddings", [[]] * 5000, "send at most 2048 texts"),
        ("/tokenize", [[]] * 5000, "send at most 2048 texts"),
    ],
)
def test_what_is_wrong_with_a_body_is_told_in_words_of_the_api(
    client: httpx.Client, path: str, body: object, told: str
) -> None:
    answer = client.post(path, json=body)
    assert is_malformed(answer)
    message = answer.json()["error"]["message"]
    assert told in message
    assert not re.search("Input|Extra|dictionary|extract", message)
    assert ("2048 texts" in message) == ("2048 texts" in told)


def test_many_commas_inside_of_texts_are_no_values(client: httpx.Client) -> None:
    body = {"input": "[{,\\" * 2000 + '",' * 3000}
    answer = client.post("/tokenize", json=body)
    assert answer.status_code == 200
    assert answer.json()["count"] > 1000


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_what_a_path_does_not_take_is_refused_with_what_it_takes(
    client: httpx.Client, description: dict[str, Any], method: str
) -> None:
    for path, operations in description["paths"].items():
        taken = {each.upper() for each in operations}
        if method in taken:
            continue
        answer = client.request(method, filled(path))
        assert answer.status_code == 405, path
        assert {each.strip() for each in answer.headers["Allow"].split(",")} == taken
        if method != "HEAD":
            error = answer.json()["error"]
            message = error if path.startswith("/api/") else error["message"]
            assert path.split("{")[0] in message


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/search/", "/v1/documents/1/2", "/v1/answer/x", "/docs", "/a%00"],
)
def test_what_is_not_there_is_not_found_by_any_method(client: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = client.request(method, path)
        assert answer.status_code == 404
        assert "/openapi.json lists what is" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
    ids=["kind", "charset", "compressed"],
)
def test_a_body_of_another_kind_is_refused_as_such(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, headers: dict[str, str]
) -> None:
    for path in BODIES:
        answer = client.post(path, content=b"{}", headers=headers)
        assert answer.status_code == 415
        check_answer(answer, description, schemas, path)


def test_a_search_takes_small_bodies_only(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas
) -> None:
    body = b'{"query": "x"}' + b" " * 2**20
    answer = client.post("/v1/search", content=body, headers=JSON)
    assert answer.status_code == 413
    assert "at most 1 MiB here" in answer.json()["error"]["message"]
    check_answer(answer, description, schemas, "/v1/search")


def test_who_is_not_let_in_gets_the_answer_that_is_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, data_dir: Path
) -> None:
    answer = client.get("/v1/models", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    check_answer(answer, description, schemas, "/v1/models")
    with own_server.serving(data_dir, KB_SERVER_API_KEY=KEY) as running:
        bearer = {"Authorization": f"Bearer {KEY}"}
        locked = httpx.get(f"{running.url}/openapi.json", headers=bearer, trust_env=False).json()
        assert locked["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        refused = httpx.get(f"{running.url}/v1/models", trust_env=False)
        assert refused.status_code == 401
        check_answer(refused, locked, schemas, "/v1/models")
        assert locked["paths"]["/v1/models"]["get"]["security"] == [{"key": []}]
        assert "security" not in locked["paths"]["/health"]["get"]


def test_no_path_has_an_answer_that_the_server_never_gives(description: dict[str, Any]) -> None:
    for operations in description["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            assert {"200", "202"} & set(operation["responses"])
            assert {"400", "500", "503"} <= set(operation["responses"])


@pytest.mark.parametrize("path", ["/v1/documents", "/api/tags"])
def test_headers_that_are_too_long_are_refused_as_described(
    client: httpx.Client, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    begun = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Long: ".encode()
    with raw_client.connected(str(client.base_url)) as connection:
        connection.sendall(begun + b"x" * 20_000)
        status, said = raw_client.answered(raw_client.everything(connection))
    assert status == 431
    told = description["paths"][path]["get"]["responses"]["431"]
    schema = told["content"]["application/json"]["schema"]
    assert list(schemas.problems(schema, said)) == []
