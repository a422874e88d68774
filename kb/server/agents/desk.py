"""What an agent's tools work with: the knowledge base, as far as whoever asks may use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from kb.errors import CollectionError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, DocumentInfo
from kb.server.caller import Caller

if TYPE_CHECKING:
    from ingest.jobs import Jobs

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One agent's view of a knowledge base.

    Attributes:
        base: where documents are.
        caller: who asks, and what for.
        jobs: gives ingestion in the background, made at first use.
        local: the agent was started on this machine by whoever owns the files, so it may name
            them; others send what is in them.
    """

    base: KnowledgeBase
    caller: Caller
    jobs: Callable[[], Jobs]
    local: bool = False

    @property
    def may_write(self) -> bool:
        """Whether tools that change something work here."""
        return "write" in self.caller.scopes and not self.base.read_only

    def collections(self) -> dict[str, CollectionInfo]:
        """Return the collections that may be used, by name."""
        found = {info.name: info for info in self.base.collections()}
        return {name: found[name] for name in self.caller.among(found)}

    def usual(self) -> str:
        """Return the collection that is meant where none is named; empty where one must be."""
        own = self.caller.collections
        if own is not None and len(own) == 1:
            return own[0]
        usual = self.base.settings.collection
        return usual if self.caller.among([usual]) else ""

    def chosen(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Return the collections that a call means; None is the one of the settings.

        Raises:
            CollectionError: there is no such collection; the message names those nearest.
            RefusalError: the caller's key is not for one of them.
        """
        default = self.base.settings.collection
        chosen = self.caller.chosen(list(names), default=default)
        there = self.collections()
        for name in names:
            if name not in there:
                raise CollectionError(_no_collection(name, list(there)))
        return chosen

    def one(self, name: str) -> str:
        """Return the one collection that a call means."""
        chosen = self.chosen([name] if name else [])
        return chosen[0] if chosen else self.base.settings.collection

    def filled(self, name: str) -> str:
        """Return the collection that something is to be added to, which need not be there yet."""
        default = self.base.settings.collection
        chosen = self.caller.chosen([name] if name else [], default=default)
        return chosen[0] if chosen else default

    def within(self, names: Sequence[str]) -> list[str]:
        """Return the collections in which a call may name a document: these, else all it may use.

        Raises:
            CollectionError: there is no such collection; the message names those nearest.
            RefusalError: the caller's key is not for one of them.
        """
        chosen = self.chosen(names) if names else list(self.collections())
        return list(chosen or [self.base.settings.collection])

    def named(self, address: str, collections: Sequence[str] = ()) -> DocumentInfo:
        """Return the document that an id or a path names.

        Raises:
            DocumentNotFoundError: there is none in the collections that may be used, or there are
                several; the message names the nearest.
        """
        return self.base.read(address, limit=1, collection=self.within(collections)).document


def wrong(message: str) -> SettingsError:
    """Return the error of a parameter that cannot be what it is."""
    return SettingsError(message)


def meant(word: str, known: Sequence[str]) -> str:
    """Return what a mistyped word probably means, as the end of a sentence; else all there is."""
    near = get_close_matches(word.casefold(), [each.casefold() for each in known], 3, 0.5)
    named = [each for each in known if each.casefold() in near]
    if named:
        return f"did you mean {' or '.join(map(repr, named))}?"
    told = ", ".join(map(repr, known[:_MOST_NAMED]))
    return f"there are {told}" if known else "there are none yet"


def _no_collection(name: str, there: list[str]) -> str:
    return f"there is no collection {name[:200]!r}; {meant(name, there)}"
