"""Requests to every route of the server, made of its own description: for tests of who may ask.

They name things by the ids and names that a test plants: wherever a route takes one, each of them
is tried.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from kb.keys import bearer

_NAMING = re.compile("collection|document|chunk|job|run|ids?$|filter|queries|name|tags|path")
_WORDS = re.compile("query|question|text|input|content|prompt|description|title")
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_MOST_BYTES = 1 << 20
_PATIENCE_S = 3.0  # with streams that tell of what goes on until it ends


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What requests name.

    Attributes:
        collection: where a route takes a collection.
        ids: where it takes a number.
        words: where it takes text.
    """

    collection: str
    ids: Sequence[int]
    words: str


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request; ``route`` is the path as the description writes it."""

    method: str
    route: str
    path: str
    rest: Mapping[str, Any] = field(default_factory=dict)

    def send(self, client: httpx.Client, key: str) -> tuple[int, str]:
        """Return status and text of the answer; of a stream, what came in a moment."""
        said = b""
        with client.stream(self.method, self.path, headers=bearer(key), **self.rest) as answer:
            try:
                for part in answer.iter_bytes():
                    said += part
                    if len(said) > _MOST_BYTES:
                        break
            except httpx.ReadTimeout:
                pass
            return answer.status_code, said.decode(errors="replace")


def client_of(url: str) -> httpx.Client:
    """Return a client that waits a moment for what has no end."""
    return httpx.Client(base_url=url, trust_env=False, timeout=httpx.Timeout(60, read=_PATIENCE_S))


def filled(path: str, value: str) -> str:
    """Return the path of a route with one value for every parameter."""
    return _PARAMETER.sub(value, path)


def requests_of(
    description: Mapping[str, Any], planted: Planted, *, below: str = ""
) -> Iterator[Ask]:
    """Give requests to every route of a description that name what was planted.

    Args:
        description: as OpenAPI has it.
        planted: what they name.
        below: what stands before its paths.
    """
    named = description["components"]["schemas"]
    for named_so, operations in description["paths"].items():
        route = f"{below}{named_so}"
        for method, operation in operations.items():
            paths = list(_paths(route, planted))
            queries = list(_queries(operation, named, planted))
            bodies = list(_bodies(operation, named, planted))
            for path, query, body in itertools.product(paths, queries, bodies):
                yield Ask(
                    method=method.upper(), route=route, path=path, rest={"params": query, **body}
                )


def _paths(route: str, planted: Planted) -> Iterator[str]:
    names = _PARAMETER.findall(route)
    values = [planted.collection, *map(str, planted.ids)]
    for chosen in itertools.product(values, repeat=len(names)):
        filler = iter(chosen)
        yield _PARAMETER.sub(lambda _, filler=filler: next(filler), route)


def _queries(
    operation: Mapping[str, Any], named: Mapping[str, Any], planted: Planted
) -> Iterator[dict[str, Any]]:
    known = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    required = {
        each["name"]: _sample(each["schema"], each["name"], named, planted)[0]
        for each in known
        if each.get("required")
    }
    yield required
    for each in known:
        if _NAMING.search(each["name"]):
            for value in _sample(each["schema"], each["name"], named, planted):
                yield {**required, each["name"]: value}


def _bodies(
    operation: Mapping[str, Any], named: Mapping[str, Any], planted: Planted
) -> Iterator[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        for value in _sample(schema, "", named, planted):
            yield {"json": value}
    elif content:
        files = [("files", ("heron.txt", b"The heron waits.", "text/plain"))]
        yield {"files": files}
        yield {"files": files, "data": {"collection": planted.collection}}
    else:
        yield {}


def _sample(
    schema: Mapping[str, Any], name: str, named: Mapping[str, Any], planted: Planted
) -> list[Any]:
    """Return values for what is called ``name``: one that will do, and all that name something."""
    if "$ref" in schema:
        return _sample(named[schema["$ref"].rsplit("/", 1)[-1]], name, named, planted)
    if either := schema.get("anyOf") or schema.get("oneOf"):
        kinds = [each for each in either if each.get("type") != "null"]
        return [value for each in kinds for value in _sample(each, name, named, planted)]
    if "enum" in schema or "const" in schema:
        return [schema.get("const", schema.get("enum", [None])[0])]
    kind = schema.get("type", "string")
    if kind == "object":
        return list(_objects(schema, named, planted))
    if kind == "array":
        return [[value] for value in _sample(schema.get("items", {}), name, named, planted)]
    return _scalars(schema, kind, name, planted)


def _scalars(schema: Mapping[str, Any], kind: str, name: str, planted: Planted) -> list[Any]:
    if kind in {"integer", "number"}:
        return list(planted.ids) if _NAMING.search(name) else [schema.get("minimum", 1)]
    if kind == "boolean":
        return [False]
    return [planted.words if _WORDS.search(name) else planted.collection]


def _objects(
    schema: Mapping[str, Any], named: Mapping[str, Any], planted: Planted
) -> Iterator[dict[str, Any]]:
    properties = schema.get("properties", {})
    values = {name: _sample(each, name, named, planted) for name, each in properties.items()}
    enough = {name: values[name][0] for name in schema.get("required", ()) if values.get(name)}
    yield enough
    for name, each in values.items():
        if _NAMING.search(name) or name in enough:
            yield from ({**enough, name: value} for value in each)
    optional = {name: each[0] for name, each in values.items() if _NAMING.search(name) and each}
    yield {**enough, **optional}
