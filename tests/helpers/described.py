"""Answers and bodies held against ``/openapi.json``."""

from __future__ import annotations

import re
from typing import Any

import httpx
from json_schema import Schemas

# The first of each are as the pattern says.
SAMPLES = {
    "^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$": (
        *("", "2024", "2024-05", "2024-05-01"),
        *("24", "2024-13", "2024-00", "2024-05-32", "2024-5", " 2024", "2024\n", "２０２４", "x"),
    ),
    "^([0-9]{1,8}(-[0-9]{0,8})?|-[0-9]{1,8})?$": (
        *("", "3", "3-7", "3-", "-7", "99999999"),
        *("-", "3 - 7", "٣", "x", "3-7-9", "999999999", " 3", "3\n"),
    ),
    "^([0-9]{1,17}-[0-9]{1,19})?$": (
        *("", "1764435600000000-7", "0-0", f"{'9' * 17}-{'9' * 19}"),
        *("-", "1-", "-1", "1-2-3", "１-2", "x", "1-2\n", " 1-2", "9" * 18 + "-1"),
    ),
    r"^[^=]{1,1000}=[\s\S]{0,1000}$": (
        *("year=2024", "a=", "ä=b=c", "no key", "=x", "", "a=\n", f"{'k' * 1001}=x"),
    ),
}


def body_schema(description: dict[str, Any], path: str, method: str = "POST") -> dict[str, Any]:
    content = description["paths"][path][method.lower()]["requestBody"]["content"]
    found: dict[str, Any] = content["application/json"]["schema"]
    return found


def check_answer(
    answer: httpx.Response, description: dict[str, Any], schemas: Schemas, path: str
) -> None:
    """Expect an answer to be one that the description has, in the shape that it has."""
    operation = description["paths"][path][answer.request.method.lower()]
    told = operation["responses"].get(str(answer.status_code))
    assert told is not None, (answer.status_code, answer.text[:500])
    schema = told["content"]["application/json"]["schema"]
    assert list(schemas.problems(schema, answer.json())) == []
    assert not re.search(r"0x[0-9a-f]{6}|function-|functools|<class", answer.text)


def is_malformed(answer: httpx.Response) -> bool:
    """Say whether a body was refused as not described; Ollama's clients are told no code."""
    if answer.status_code != 400:
        return False
    error = answer.json()["error"]
    return isinstance(error, str) or error["code"] == "malformed"
