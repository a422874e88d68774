"""Parses one of several typed queries: ``meaning:…``, ``words:…``, ``both*2:…``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from kb.errors import SettingsError
from kb.records import SearchMode
from kb.search.request import WeightedQuery

KINDS: Mapping[str, SearchMode] = MappingProxyType(
    {
        "meaning": "dense",
        "words": "keyword",
        "both": "hybrid",
        # The names of `--mode`.
        "dense": "dense",
        "keyword": "keyword",
        "hybrid": "hybrid",
    }
)

_FORM = re.compile(r"\s*(?P<kind>\w+)(?:\*(?P<weight>[^:\s]*))?:(?P<text>.*)", re.DOTALL)


def query_from_text(typed: str) -> WeightedQuery:
    """Return a typed query: ``KIND:TEXT``, ``KIND*WEIGHT:TEXT``, or a text alone.

    A text alone uses the mode of the request. An unknown kind is an error, because the query would
    otherwise include that word.

    Raises:
        SettingsError: the kind is unknown, the weight is invalid, or there is no text.
    """
    found = _FORM.fullmatch(typed)
    if found is None:
        return WeightedQuery(text=_required(typed, typed))
    kind = KINDS.get(found["kind"].lower())
    if kind is None:
        msg = (
            f"there is no kind of query {found['kind'][:40]!r}; write meaning:…, words:… or "
            f"both:… (for these words themselves, both:{typed.strip()[:80]})"
        )
        raise SettingsError(msg)
    return WeightedQuery(
        text=_required(found["text"], typed), mode=kind, weight=_weight(found["weight"], typed)
    )


def _required(text: str, typed: str) -> str:
    if not text.strip():
        msg = f"the query {typed[:40]!r} asks for nothing; write a text behind the colon"
        raise SettingsError(msg)
    return text.strip()


def _weight(written: str | None, typed: str) -> float:
    if written is None:
        return 1.0
    try:
        return float(written)
    except ValueError:
        msg = f"{written[:40]!r} in {typed[:40]!r} is no weight; write for example meaning*2:…"
        raise SettingsError(msg) from None
