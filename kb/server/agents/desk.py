"""The knowledge base for an agent's tools, limited to what the caller may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import CollectionError, DocumentNotFoundError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.near_names import near_names
from kb.records import CollectionInfo, DocumentInfo, Reading
from kb.records.short_ids import short_id
from kb.server.caller import Caller

if TYPE_CHECKING:
    from ingest.jobs import Jobs

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One agent's view of a knowledge base.

    Attributes:
        base: the knowledge base.
        caller: the caller and its permissions.
        jobs: returns the jobs of ingestion; started at first use.
        local: the owner of the files started the agent on this machine, so it may name paths. Other
            agents send the contents of files.
        report: tells the caller the progress of a call: the amount done, the total, and the present
            step.
    """

    base: KnowledgeBase
    caller: Caller
    jobs: Callable[[], Jobs]
    local: bool = False
    report: Callable[[float, float, str], None] = lambda _done, _of, _what: None

    @property
    def may_write(self) -> bool:
        """Whether the tools that change something are available."""
        return "write" in self.caller.scopes and not self.base.read_only

    @property
    def may_read(self) -> bool:
        """Whether the agent may learn what is stored, apart from documents that it changes."""
        return self.caller.may_read

    def collections(self) -> dict[str, CollectionInfo]:
        """Return the collections that the agent may use, by name."""
        found = {info.name: info for info in self.base.collections()}
        return {name: found[name] for name in self.caller.among(found)}

    def usual(self) -> str:
        """Return the default collection of a call; empty where the call must name one."""
        own = self.caller.collections
        if own is not None and len(own) == 1:
            return own[0]
        usual = self.base.settings.collection
        return usual if self.caller.among([usual]) else ""

    def chosen(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Return the collections of a call; None means the one of the settings.

        Raises:
            CollectionError: a collection does not exist; the message names the nearest ones.
            RefusalError: the caller's key does not include one of them.
        """
        default = self.base.settings.collection
        chosen = self.caller.chosen(list(names), default=default)
        there = self.collections()
        default_only = self.caller.collections is None and not names
        for name in () if default_only else chosen or [default]:
            if name not in there and (names or name != default):
                raise CollectionError(_no_collection(name, list(there)))
        return chosen

    def one(self, name: str) -> str:
        """Return the one collection of a call."""
        chosen = self.chosen([name] if name else [])
        return chosen[0] if chosen else self.base.settings.collection

    def filled(self, name: str) -> str:
        """Return the collection that a call adds to; it may not exist yet."""
        default = self.base.settings.collection
        chosen = self.caller.chosen([name] if name else [], default=default)
        return chosen[0] if chosen else default

    def within(self, names: Sequence[str]) -> list[str]:
        """Return the collections in which a call may name a document; all usable ones by default.

        Raises:
            CollectionError: a collection does not exist; the message names the nearest ones.
            RefusalError: the caller's key does not include one of them.
        """
        if names:
            return list(self.chosen(names) or [self.base.settings.collection])
        usual, there = self.usual(), list(self.collections())
        return sorted(there, key=lambda name: name != usual) or [self.base.settings.collection]

    def named(self, address: str, collections: Sequence[str] = ()) -> DocumentInfo:
        """Return the document with this id or path.

        Raises:
            DocumentNotFoundError: the usable collections hold no such document, or several; the
                message names the nearest.
        """
        return self.read(address, collections, limit=1).document

    def read(
        self,
        address: str,
        collections: Sequence[str] = (),
        **asked: Any,  # noqa: ANN401 - as KnowledgeBase.read takes it
    ) -> Reading:
        """Return the text at an address in the usable collections.

        Raises:
            DocumentNotFoundError: as :meth:`KnowledgeBase.read` raises it, worded for agents.
        """
        try:
            return self.base.read(address, collection=self.within(collections), **asked)
        except DocumentNotFoundError as error:
            if not self.may_read:
                msg = (
                    f"{address[:200]!r} names no document here, or several; give the whole path, "
                    "or the id that adding it gave"
                )
                raise DocumentNotFoundError(msg) from None
            if "*" not in address:
                raise
            msg = (
                f"no document is called {address[:200]!r}; if it is a pattern, list_documents "
                "takes it as `path` and gives ids"
            )
            raise DocumentNotFoundError(msg, nearest=error.nearest) from error

    def whole(self, address: str, collections: Sequence[str] = ()) -> DocumentInfo:
        """Return the document with this id or path, for a call about a whole document.

        Raises:
            SettingsError: it is the id of a passage, which is probably a mistake.
            DocumentNotFoundError: see :meth:`named`.
        """
        given = short_id(address)
        if given is not None and given.start is not None:
            document = address.partition(".")[0]
            msg = f"{address!r} is a passage; give the id of its whole document, {document!r}"
            raise wrong(msg)
        return self.named(address, collections)

    def changed(self, address: str, collection: str) -> DocumentInfo:
        """Return the document that a call changes; in the usual collection if the call names none.

        An agent that lost the answer repeats its call. The repeated call must not change another
        copy.

        Raises:
            SettingsError: it is the id of a passage. Or the call names no collection, and only
                collections other than the usual one have the document.
            DocumentNotFoundError: see :meth:`named`.
        """
        info = self.whole(address, [collection] if collection else [])
        usual = self.usual()
        if collection or info.collection == usual:
            return info
        names = sorted([info.collection, *self.also_in(info)])
        told = " and ".join(map(repr, names))
        where = f", not in the usual one, {usual!r}" if usual else ""
        what = f"collection {told}" if len(names) == 1 else f"collections {told}"
        msg = (
            f"{address[:200]!r} is in the {what}{where}; nothing was changed. If it is meant "
            "there, say so with `collection`"
        )
        raise wrong(msg)

    def also_in(self, info: DocumentInfo) -> list[str]:
        """Return the other usable collections that have the same content."""
        found = self.base.files.collections_with(info.content_hash)
        return [name for name in self.caller.among(found) if name != info.collection]


def wrong(message: str) -> SettingsError:
    """Return the error for an invalid parameter."""
    return SettingsError(message)


def meant(word: str, known: Sequence[str]) -> str:
    """Return the probable meaning of a mistyped word as the end of a sentence; else list all."""
    if named := near_names(word, known, most=3, like=0.5):
        return f"did you mean {' or '.join(map(repr, named))}?"
    told = ", ".join(map(repr, known[:_MOST_NAMED]))
    if len(known) == 1:
        return f"there is only {told}"
    if len(known) > _MOST_NAMED:
        told += f" and {len(known) - _MOST_NAMED} more"
    return f"there are {told}" if known else "there are none yet"


def counted(number: int, what: str, several: str = "") -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{number} {what if number == 1 else several or f'{what}s'}"


def _no_collection(name: str, there: list[str]) -> str:
    return f"there is no collection {name[:200]!r}; {meant(name, there)}"
