"""Completes arguments as people type them: of the prompt, and of the address of a document."""

from __future__ import annotations

from dataclasses import dataclass

from kb.catalog.filters import SearchFilter
from kb.errors import SettingsError
from kb.metadata import folded
from kb.server.agents import prompts, resources
from kb.server.agents.desk import Desk, meant
from kb.server.agents.listing import path_of

MOST = 100
"""Most values of one answer, a limit of the protocol."""

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Completed:
    """Possible values of an argument, and whether there are more."""

    values: list[str]
    more: bool


def of_prompt(desk: Desk, name: str, argument: str, begun: str) -> Completed:
    """Return the possible values of an argument of the prompt: collections; none for a question.

    Raises:
        SettingsError: the prompt or the argument does not exist.
    """
    prompts.require(name, [argument])
    if argument != prompts.COLLECTION:
        return Completed([], more=False)
    wanted = folded(begun)
    names = [each for each in desk.collections() if wanted in folded(each)]
    # Values that begin with the text come before values that contain it.
    names.sort(key=lambda each: (not folded(each).startswith(wanted), each))
    return Completed(names[:MOST], more=len(names) > MOST)


def of_document(desk: Desk, template: str, argument: str, begun: str) -> Completed:
    """Return the paths of documents that complete a resource's address, newest first.

    Raises:
        SettingsError: the template or the argument does not exist.
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
