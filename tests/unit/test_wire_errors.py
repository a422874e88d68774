"""Errors are called by one code between server and client, and are the same on both sides."""

from __future__ import annotations

import inspect

import pytest

from kb import errors
from kb.wire.errors import code_of, kind_of

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, errors.KnowledgeBaseError)
    and not issubclass(each, errors.KnowledgeServerError)  # those are the client's own
]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_arrives_as_the_class_that_it_was(kind: type[errors.KnowledgeBaseError]) -> None:
    assert kind_of(code_of(kind("said"))) is kind


def test_classes_that_have_no_code_arrive_as_the_nearest_above_them() -> None:
    class Odd(errors.StoreBusyError):
        pass

    assert kind_of(code_of(Odd("said"))) is errors.StoreBusyError


@pytest.mark.parametrize("code", ["", None, "too_many_connections", "ending", "no_such_code"])
def test_what_only_http_knows_is_no_error_of_a_knowledge_base(code: str | None) -> None:
    assert kind_of(code) is None
