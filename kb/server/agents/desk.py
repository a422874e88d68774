"""What an agent's tools work with: the knowledge base, as far as whoever asks may use it."""

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
        base: where documents are.
        caller: who asks, and what for.
        jobs: gives ingestion in the background, made at first use.
        local: the agent was started on this machine by whoever owns the files, so it may name
            them; others send what is in them.
        report: tells whoever waits for a call how far it is: how much is done, of how much, and
            what is being done.
    """

    base: KnowledgeBase
    caller: Caller
    jobs: Callable[[], Jobs]
    local: bool = False
    report: Callable[[float, float, str], None] = lambda _done, _of, _what: None

    @property
    def may_write(self) -> bool:
        """Whether tools that change something work here."""
        return "write" in self.caller.scopes and not self.base.read_only

    @property
    def may_read(self) -> bool:
        """Whether it may be told what is stored, beside what it is asked to change."""
        return self.caller.may_read

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
        default_only = self.caller.collections is None and not names
        for name in () if default_only else chosen or [default]:
            if name not in there and (names or name != default):
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
        if names:
            return list(self.chosen(names) or [self.base.settings.collection])
        usual, there = self.usual(), list(self.collections())
        return sorted(there, key=lambda name: name != usual) or [self.base.settings.collection]

    def named(self, address: str, collections: Sequence[str] = ()) -> DocumentInfo:
        """Return the document that an id or a path names.

        Raises:
            DocumentNotFoundError: there is none in the collections that may be used, or there are
                several; the message names the nearest.
        """
        return self.read(address, collections, limit=1).document

    def read(
        self,
        address: str,
        collections: Sequence[str] = (),
        **asked: Any,  # noqa: ANN401 - as KnowledgeBase.read takes it
    ) -> Reading:
        """Return what stands at an address in the collections that may be used.

        Raises:
            DocumentNotFoundError: as of :meth:`KnowledgeBase.read`, in an agent's words.
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
        """Return the document that an id or a path names as a whole.

        Raises:
            SettingsError: it is the id of a passage, which is taken for a mistake.
            DocumentNotFoundError: see :meth:`named`.
        """
        given = short_id(address)
        if given is not None and given.start is not None:
            document = address.partition(".")[0]
            msg = f"{address!r} is a passage; give the id of its whole document, {document!r}"
            raise wrong(msg)
        return self.named(address, collections)

    def changed(self, address: str, collection: str) -> DocumentInfo:
        """Return the document that a call is to change: of the usual collection if none is named.

        A call that is made again, as its answer was lost, must not go on to another copy.

        Raises:
            SettingsError: it is the id of a passage; or only other collections than the usual one
                have the document, and none is named.
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
        """Return the other collections that may be used and have the same content."""
        found = self.base.files.collections_with(info.content_hash)
        return [name for name in self.caller.among(found) if name != info.collection]


def wrong(message: str) -> SettingsError:
    """Return the error of a parameter that cannot be what it is."""
    return SettingsError(message)


def meant(word: str, known: Sequence[str]) -> str:
    """Return what a mistyped word probably means, as the end of a sentence; else all there is."""
    if named := near_names(word, known, most=3, like=0.5):
        return f"did you mean {' or '.join(map(repr, named))}?"
    told = ", ".join(map(repr, known[:_MOST_NAMED]))
    if len(known) == 1:
        return f"there is only {told}"
    if len(known) > _MOST_NAMED:
        told += f" and {len(known) - _MOST_NAMED} more"
    return f"there are {told}" if known else "there are none yet"


def counted(number: int, what: str, several: str = "") -> str:
    """Return how many of something there are, as people say it."""
    return f"{number} {what if number == 1 else several or f'{what}s'}"


def _no_collection(name: str, there: list[str]) -> str:
    return f"there is no collection {name[:200]!r}; {meant(name, there)}"
