"""Arguments completed as people type them: of the prompt, and of the address of a document."""

from __future__ import annotations

from dataclasses import dataclass

from kb.catalog.filters import SearchFilter
from kb.errors import SettingsError
from kb.metadata import folded
from kb.server.agents import prompts, resources
from kb.server.agents.desk import Desk, meant
from kb.server.agents.listing import path_of

MOST = 100
"""Values of one answer, as the protocol has it."""

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Completed:
    """Values that an argument may have, and whether there are more."""

    values: list[str]
    more: bool


def of_prompt(desk: Desk, name: str, argument: str, begun: str) -> Completed:
    """Return what an argument of the prompt may be: names of collections; nothing of a question.

    Raises:
        SettingsError: there is no such prompt or argument.
    """
    prompts.require(name, [argument])
    if argument != prompts.COLLECTION:
        return Completed([], more=False)
    wanted = folded(begun)
    names = [each for each in desk.collections() if wanted in folded(each)]
    # What begins so comes before what has it somewhere.
    names.sort(key=lambda each: (not folded(each).startswith(wanted), each))
    return Completed(names[:MOST], more=len(names) > MOST)


def of_document(desk: Desk, template: str, argument: str, begun: str) -> Completed:
    """Return paths of documents for the address of a resource, newest first.

    Raises:
        SettingsError: there is no such template or argument.
    """
    if template != resources.TEMPLATE:
        msg = f"there is no template {template[:200]!r}; there is only {resources.TEMPLATE!r}"
        raise SettingsError(msg)
    if argument != resources.ARGUMENT:
        msg = f"{template} has no {argument[:80]!r}; {meant(argument, [resources.ARGUMENT])}"
        raise SettingsError(msg)
    resources.require_reading(desk)
    pattern = "".join(f"[{each}]" if each in _GLOB else each for each in begun)
    where = SearchFilter(path=f"*{pattern}*") if begun else None
    found: dict[str, None] = {}
    more = False
    for name in desk.within(()) if desk.collections() else ():
        page = desk.base.document_page(collection=name, limit=MOST, where=where)
        found |= dict.fromkeys(path_of(each) for each in page.documents)
        more = more or bool(page.next)
    return Completed([*found][:MOST], more=more or len(found) > MOST)
