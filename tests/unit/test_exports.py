"""Everything that a caller of the knowledge base receives can be imported from `kb`."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import kb
from kb import errors
from kb.knowledge_base import KnowledgeBase
from kb.tracking import FileTracking
from kb.uploads import Uploads

CALLED = (KnowledgeBase, FileTracking, Uploads)


def annotations(owner: type) -> Iterator[Any]:
    """Give what public methods and properties of a class return."""
    for name, member in inspect.getmembers(owner):
        if name.startswith("_"):
            continue
        function = member.fget if isinstance(member, property) else member
        if inspect.isroutine(function) and hasattr(function, "__annotations__"):
            yield get_type_hints(function).get("return")


def classes(hint: Any) -> Iterator[type]:  # noqa: ANN401 - whatever was annotated
    """Give the classes of ours in a type, those of its parts included."""
    if isinstance(hint, type) and hint.__module__.split(".")[0] == "kb":
        yield hint
    for part in get_args(hint):
        yield from classes(part)


def received() -> set[type]:
    """Return every class of ours that callers receive, and those that their fields hold."""
    found: set[type] = set()
    waiting = [each for owner in CALLED for hint in annotations(owner) for each in classes(hint)]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        if dataclasses.is_dataclass(each):
            waiting += [part for hint in get_type_hints(each).values() for part in classes(hint)]
        waiting += [part for hint in annotations(each) for part in classes(hint)]
    return found


def test_what_callers_receive_is_exported() -> None:
    missing = {each.__qualname__ for each in received()} - set(kb.__all__)
    assert missing == set()


def test_the_walk_meets_values_inside_of_values() -> None:
    names = {each.__name__ for each in received()}
    assert {"SearchHit", "Source", "Answer", "RunInfo", "CollectionCheck", "MapPoint"} <= names


def test_every_error_is_exported() -> None:
    own = {
        name
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, errors.KnowledgeBaseError)
    }
    assert own <= set(kb.__all__)


def test_an_exported_name_is_the_class_itself() -> None:
    for name in kb.__all__:
        each = getattr(kb, name)
        assert each.__name__ == name
        assert getattr(importlib.import_module(each.__module__), name) is each
