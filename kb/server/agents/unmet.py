"""Explains empty answers: conditions of a call that no document meets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kb.metadata import folded
from kb.server.agents.desk import Desk, meant
from kb.server.agents.fields import Conditions


def unmet(desk: Desk, collections: Iterable[str], asked: Conditions) -> str:
    """Return sentences about tags and languages that no document has; each lists the existing ones.

    Args:
        desk: the caller's knowledge base.
        collections: the searched collections.
        asked: the conditions.
    """
    if not (asked.tags or asked.languages):
        return ""
    found = [desk.base.facets(collection=name) for name in collections]
    tags = dict.fromkeys(tag for each in found for tag in each.tags)
    languages = dict.fromkeys(language for each in found for language in each.languages)
    told = [
        *_lacking("has the tag", asked.tags, [*tags], lambda tag, own: own == tag),
        *_lacking("is in the language", asked.languages, [*languages], _is_of),
    ]
    return "".join(f" {each}" for each in told)


def _lacking(
    what: str, wanted: Sequence[str], there: Sequence[str], meets: Callable[[str, str], bool]
) -> Iterable[str]:
    for each in wanted:
        if not any(meets(folded(each), folded(own)) for own in there):
            right = meant(each, there)
            end = "" if right.endswith("?") else "."
            yield f"No document there {what} {each[:80]!r}; {right}{end}"


def _is_of(language: str, own: str) -> bool:
    return own == language or own.startswith(f"{language.replace('_', '-')}-")
