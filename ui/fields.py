"""The fields that narrow and tune a question: read as texts, and set from texts or from a scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from kb.remembering import Choices, Scope
from ui.shared import MEDIA_NAMES
from ui.sidebar import COLLECTION_KEY

_ALSO = "filter-also"
_DOCUMENT = "document"
_TYPE = "type"
_YES = "yes"
# Query parameters hold the labels of formats.
_LABELS = {str(kind): name for kind, name in MEDIA_NAMES.items()}


@dataclass(frozen=True, slots=True)
class _Field:
    """Converts the value of a field to texts and back."""

    texts: Callable[[object], list[str]]
    value: Callable[[Sequence[str]], object]


_TEXT = _Field(lambda value: [str(value)] if value else [], lambda texts: "".join(texts[:1]))
_MANY = _Field(lambda value: list(value or ()), list)  # type: ignore[call-overload] # of texts
_NUMBER = _Field(lambda value: [str(value)], lambda texts: int(texts[0]) if texts else None)
_SHARE = _Field(lambda value: [str(value)], lambda texts: float(texts[0]) if texts else None)
_SWITCH = _Field(lambda value: [_YES if value else "no"], lambda texts: list(texts) == [_YES])

_NARROWING = {
    _TYPE: _MANY,
    "path": _TEXT,
    "filter-tag": _MANY,
    "filter-language": _MANY,
    _ALSO: _MANY,
    "since": _TEXT,
    "until": _TEXT,
}
_TUNING = {
    "top_k": _NUMBER,
    "mode": _TEXT,
    "instruct": _TEXT,
    "rerank": _SWITCH,
    "min_score": _SHARE,
    "explain": _SWITCH,
}
# Streamlit itself keeps the others in the query parameters.
_IN_ADDRESS = ("filter-tag", "filter-language", _ALSO, "mode")

NARROWING = tuple(_NARROWING)
"""Names of the fields that narrow a question, collection and document excepted."""


def choices_here(collection: str) -> dict[str, list[str]]:
    """Return the values of the page's fields as texts, with the collection and the document."""
    chosen = {
        name: field.texts(st.session_state[name])
        for name, field in {**_NARROWING, **_TUNING}.items()
        if name in st.session_state
    }
    chosen[COLLECTION_KEY] = [collection]
    chosen[_DOCUMENT] = st.query_params.get_all(_DOCUMENT)
    return chosen


def set_all(choices: Choices) -> None:
    """Set every field of the page; for callbacks, before the fields are drawn."""
    _set({**_NARROWING, **_TUNING}, choices)


def set_narrowing(choices: Choices) -> None:
    """Set the fields that narrow a question; for callbacks, before the fields are drawn."""
    _set(_NARROWING, choices)


def set_first(choices: Choices, *, collection: str) -> None:
    """Set the fields that narrow a question, in a run that may be the first to draw them.

    Streamlit does not add a value that a field begins with to the query parameters.

    Args:
        choices: the values as texts.
        collection: the one that is chosen already.
    """
    chosen = list(choices.get(COLLECTION_KEY, ())) == [collection]
    parameters: dict[str, list[str]] = {}
    for name in _NARROWING if chosen else (COLLECTION_KEY, *_NARROWING):
        texts = list(choices.get(name, ()))
        if texts and (name not in st.session_state or name in _IN_ADDRESS):
            labels = [_LABELS[text] for text in texts] if name == _TYPE else texts
            parameters[_parameter(name)] = labels
    st.query_params.update(parameters)  # at once: each change is a step of the browser's Back
    set_narrowing(choices)


def choices_of(scope: Scope, existing: Iterable[str]) -> dict[str, list[str]]:
    """Return what narrows a scope as texts.

    Pages and metadata have no field, so they are left out.

    Args:
        scope: what a question was asked of.
        existing: the names of the collections that exist; others are left out.
    """
    here, where = set(existing), scope.where
    first, *others = [name for name in scope.collections if name in here] or [""]
    return {
        COLLECTION_KEY: [first] if first else [],
        _ALSO: others,
        _TYPE: list(where.media_types),
        "path": _TEXT.texts(typed_path(where.path)),
        "filter-tag": list(where.tags),
        "filter-language": list(where.languages),
        "since": _TEXT.texts(where.date_from),
        "until": _TEXT.texts(where.date_to),
        _DOCUMENT: [str(number) for number in where.documents[:1]],
    }


def address_narrows() -> bool:
    """Return whether the query parameters hold a collection, a document or a filter."""
    names = (*NARROWING, COLLECTION_KEY, _DOCUMENT)
    return any(st.query_params.get_all(_parameter(name)) for name in names)


def path_pattern(typed: str) -> str:
    """Return the glob of a typed path: any part of a path, unless it has wildcards itself."""
    typed = typed.strip()
    return typed if not typed or _has_wildcard(typed) else f"*{typed}*"


def typed_path(pattern: str) -> str:
    """Return the text to type for a glob."""
    inner = pattern.removeprefix("*").removesuffix("*")
    return inner if path_pattern(inner) == pattern else pattern


def _has_wildcard(path: str) -> bool:
    return any(character in path for character in "*?[")


def _set(fields: Mapping[str, _Field], choices: Choices) -> None:
    for name, field in fields.items():
        texts = choices.get(name, ())
        value = field.value(texts)
        if value is not None and (texts or name in st.session_state):
            st.session_state[name] = value
            if name in _IN_ADDRESS:
                st.query_params[_parameter(name)] = list(texts)
    for name in choices.get(COLLECTION_KEY, ()):
        st.session_state[COLLECTION_KEY] = name
    st.query_params[_DOCUMENT] = list(choices.get(_DOCUMENT, ()))


def _parameter(name: str) -> str:
    return name.removeprefix("filter-")
