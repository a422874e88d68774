"""Errors in the parameters of a call, in words that an agent can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from kb.server.agents import searching
from kb.server.agents.desk import meant
from kb.server.requests import Body

_MOST_PROBLEMS = 5

# Names that agents use for these parameters elsewhere; similar spelling would not find them.
_SYNONYMS: Mapping[str, str] = {
    "address": "id",
    "collection": "collections",
    "collections": "collection",
    "collection_name": "collections",
    "chunk_id": "id",
    "count": "limit",
    "cursor": "after",
    "doc_id": "id",
    "document": "id",
    "document_id": "id",
    "end": "characters",
    "file": "path",
    "filename": "path",
    "folder": "path",
    "from": "characters",
    "glob": "path",
    "k": "limit",
    "lang": "languages",
    "max_results": "limit",
    "method": "by",
    "mode": "by",
    "n": "limit",
    "neighbors": "context",
    "neighbours": "context",
    "num_results": "limit",
    "page": "pages",
    "passage_id": "id",
    "q": "query",
    "question": "query",
    "search_type": "by",
    "size": "limit",
    "start": "characters",
    "term": "query",
    "threshold": "min_score",
    "top_k": "limit",
    "topk": "limit",
    "type": "types",
}


_PATHS = {"path", "file", "filename", "file_path", "filepath", "url", "uri"}
_SEND = (
    "files of your machine are not read from here; send what is in the file as `data`, in Base64, "
    "and what it is called as `name`"
)

_KINDS: Mapping[str, str] = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "an object with names and values",
}
"""Words for the kinds of values that pydantic calls by Python's names."""


def faults_of(tool: str, parameters: type[Body], error: ValidationError) -> str:
    """Return what is wrong with a call of a tool, and how to correct it."""
    problems = error.errors(include_url=False)
    told = list(_told(tool, parameters, problems[:_MOST_PROBLEMS]))
    if len(problems) > _MOST_PROBLEMS:
        told.append(f"and {len(problems) - _MOST_PROBLEMS} more")
    return "; ".join(told)


def _told(tool: str, parameters: type[Body], problems: Any) -> Iterator[str]:  # noqa: ANN401 - pydantic's
    for problem in problems:
        place = ".".join(str(part)[:80] for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            yield _unknown(tool, parameters, place)
        elif problem["type"] == "missing":
            yield f"{tool} needs `{place}`"
        else:
            yield f"`{place}`: {_in_words(problem)}"


def _in_words(problem: Any) -> str:  # noqa: ANN401 - pydantic's
    """Describe an error without Python's names."""
    if problem["type"] == "model_type":
        given = problem["input"]
        query = given[:200] if isinstance(given, str) else "…"
        right = json.dumps({"query": query}, ensure_ascii=False)
        return f"it must be an object with `query`: {right}"
    if problem["type"] in _KINDS:
        return f"it must be {_KINDS[problem['type']]}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return message.replace("Input should", "it must", 1)


def _unknown(tool: str, parameters: type[Body], place: str) -> str:
    """Say that a parameter does not exist, and which one is probably meant."""
    head, _, last = place.rpartition(".")
    known = _known(parameters, head)
    if (synonym := _SYNONYMS.get(last.casefold())) in known:
        right = f"use `{synonym}`"
    elif tool == "add_file" and place in _PATHS and "data" in known:
        right = _SEND
    else:
        right = meant(last, known).replace("'", "`")
    return f"{tool} has no parameter `{place}`; {right}"


def _known(parameters: type[Body], head: str) -> list[str]:
    if not head:
        return list(parameters.model_fields)
    return list(searching.OneQuery.model_fields)
