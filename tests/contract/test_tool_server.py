"""The server as a tool server: what Open WebUI makes of it, and what its tools answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from json_schema import Schemas
from served_app import ServedApp, served_app

ORIGIN = "https://chat.example:8443"
TEXTS = {
    "birds/heron.txt": "The heron waits in shallow water. Herons eat fish and frogs.",
    "coffee.txt": "The warranty of the coffee machine lasts 24 months.",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    folder = tmp_path_factory.mktemp("tools")
    with served_app(folder, origins=[ORIGIN]) as running:
        for name, text in TEXTS.items():
            running.base.add(text, name=name)
        yield running


@pytest.fixture(scope="module")
def client(served: ServedApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened:
        yield opened


def tools_of(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Make tools of a description as Open WebUI 0.12 does: one of each operation that has an id.

    A tool has the operation's id, its description, and the properties of its parameters and body.
    """
    found: dict[str, dict[str, Any]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            properties: dict[str, Any] = {
                each["name"]: {**each["schema"], "description": each.get("description", "")}
                | ({"description": told} if (told := each["schema"].get("description")) else {})
                for each in operation.get("parameters", ())
            }
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for each in body["schema"].get("oneOf", [body["schema"]]) if body else ():
                name = each["$ref"].rsplit("/", 1)[-1]
                properties |= description["components"]["schemas"][name]["properties"]
            assert operation["operationId"] not in found
            found[operation["operationId"]] = {
                "path": path,
                "method": method,
                "description": operation["description"],
                "properties": properties,
            }
    return found


@pytest.fixture(scope="module")
def tools(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return tools_of(client.get("/tools/openapi.json").json())


def call(
    client: httpx.Client,
    tools: dict[str, dict[str, Any]],
    name: str,
    **given: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Call a tool as Open WebUI does: the address of the connection, then the operation's path."""
    tool = tools[name]
    url = f"/tools{tool['path']}"
    if tool["method"] == "get":
        answer = client.get(url, params=given)
    else:
        answer = client.request(tool["method"], url, json=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_model_is_given_four_tools_that_change_nothing(
    tools: dict[str, dict[str, Any]],
) -> None:
    assert sorted(tools) == [
        *("list_collections", "list_documents", "read_document", "search_documents"),
    ]


def test_a_model_is_told_when_to_use_each_tool_and_what_to_fill_in(
    tools: dict[str, dict[str, Any]],
) -> None:
    for name, tool in tools.items():
        assert re.search(r"\bUse this (first )?when", tool["description"]), name
        for field, schema in tool["properties"].items():
            assert len(schema.get("description", "")) > 20, (name, field)


@pytest.mark.parametrize("path", ["/openapi.json", "/tools/openapi.json"])
def test_every_operation_is_named_as_a_function_and_described(
    client: httpx.Client, path: str
) -> None:
    for name, tool in tools_of(client.get(path).json()).items():
        assert re.fullmatch("[a-z][a-z0-9_]{2,63}", name)
        assert "_v1_" not in name
        assert len(tool["description"]) > 20, name


def test_passages_are_found_and_their_document_is_read_on(
    client: httpx.Client, tools: dict[str, dict[str, Any]]
) -> None:
    found = call(client, tools, "search_documents", query="what do herons eat", limit=1)
    (passage,) = found["passages"]
    assert passage["document"] == "birds/heron.txt"
    assert "fish and frogs" in passage["text"]
    assert set(passage) == {
        *("document", "document_id", "short_id", "collection", "place", "score", "start", "text"),
    }
    number = passage["document_id"]
    part = call(client, tools, "read_document", document_id=number, length=30)
    rest = call(client, tools, "read_document", document_id=number, start=part["next"])
    assert part["text"] + rest["text"] == TEXTS["birds/heron.txt"]
    assert rest["next"] is None
    assert passage["short_id"].startswith(f"{part['short_id']}.")
    listed = call(client, tools, "list_documents")["documents"]
    assert part["short_id"] in {each["short_id"] for each in listed}
    beyond = call(client, tools, "read_document", document_id=number, start=10**9)
    assert (beyond["text"], beyond["next"]) == ("", None)


def test_a_misspelt_word_is_said(client: httpx.Client, tools: dict[str, dict[str, Any]]) -> None:
    assert call(client, tools, "search_documents", query="herron")["did_you_mean"] == "heron"


def test_collections_and_documents_are_listed(
    client: httpx.Client, tools: dict[str, dict[str, Any]]
) -> None:
    told = call(client, tools, "list_collections")
    assert told["usual"] == "default"
    assert [(each["name"], each["documents"]) for each in told["collections"]] == [("default", 2)]
    listed = call(client, tools, "list_documents")
    assert {each["document"] for each in listed["documents"]} == {"heron.txt", "coffee.txt"}
    assert listed["total"] == 2
    assert call(client, tools, "list_documents", offset=1)["documents"] == listed["documents"][1:]


def test_answers_have_the_shape_that_is_described(client: httpx.Client) -> None:
    described = client.get("/tools/openapi.json").json()
    schemas = Schemas(described["components"]["schemas"], {})
    asked: list[tuple[str, str, dict[str, Any] | None]] = [
        ("post", "/search", {"query": "heron"}),
        ("post", "/search", {"query": ""}),
        ("post", "/search", {"query": "heron", "collection": "nowhere"}),
        ("post", "/read", {"document_id": 1}),
        ("post", "/read", {"document_id": 999}),
        ("post", "/read", {"document_id": "one"}),
        ("get", "/collections", None),
        ("get", "/documents", None),
    ]
    for method, path, body in asked:
        answer = client.request(method, f"/tools{path}", json=body)
        told = described["paths"][path][method]["responses"][str(answer.status_code)]
        schema = told["content"]["application/json"]["schema"]
        assert list(schemas.problems(schema, answer.json())) == [], path


def test_a_key_of_some_collections_finds_in_those_alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with served_app(tmp_path_factory.mktemp("keys")) as running:
        for each in ("birds", "secret"):
            running.base.add(TEXTS["birds/heron.txt"], name="heron.txt", collection=each)
        secret = running.base.documents(collection="secret")[0].id
        _, key = running.base.keys.create("chat", scopes=["read"], collections=["birds"])
        bearer = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=running.url, trust_env=False, headers=bearer) as client:
            found = client.post("/tools/search", json={"query": "heron"}).json()["passages"]
            assert [passage["collection"] for passage in found] == ["birds"]
            told = client.get("/tools/collections").json()
            assert (told["usual"], len(told["collections"])) == ("birds", 1)
            assert client.post("/tools/read", json={"document_id": secret}).status_code == 404
            named = {"query": "heron", "collection": "secret"}
            assert client.post("/tools/search", json=named).status_code == 403


def test_pages_of_the_configured_origin_may_call_tools_and_others_may_not(
    client: httpx.Client,
) -> None:
    asking = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-session-id",
    }
    may = client.options("/tools/search", headers=asking)
    assert may.status_code == 204
    assert may.headers["access-control-allow-origin"] == ORIGIN
    assert "x-session-id" in may.headers["access-control-allow-headers"]
    body = {"query": "heron"}
    answer = client.post("/tools/search", json=body, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    for origin in ("https://evil.example", "https://chat.example", "null"):
        refused = client.post("/tools/search", json=body, headers={"Origin": origin})
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
        asked = client.options("/tools/search", headers={**asking, "Origin": origin})
        assert "access-control-allow-origin" not in asked.headers
