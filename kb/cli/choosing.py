"""Finds the documents of a command that changes them, in one collection only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.errors import DocumentNotFoundError
from kb.knowledge_base import KnowledgeBase
from kb.reading.names import files_named
from kb.reading.nearest import nearest
from kb.records import DocumentInfo, Source
from kb.records.short_ids import lacking, short_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A document that the user named.

    Attributes:
        info: the document.
        files: the named ones of its files; empty if the user named the whole document.
        elsewhere: other collections with the same content.
    """

    info: DocumentInfo
    files: tuple[Source, ...]
    elsewhere: tuple[str, ...]

    @property
    def where(self) -> str:
        """Its collection, and the others with the same content, as the end of a line."""
        others = ", ".join(map(repr, self.elsewhere))
        return f"in {self.info.collection!r}" + (f"; {others} has it, too" if others else "")


def chosen(base: KnowledgeBase, which: Sequence[str]) -> list[Chosen]:
    """Return the documents of the settings' collection with these ids, paths or names.

    Raises:
        DocumentNotFoundError: one means no document there, or more than one.
    """
    found = base.documents()
    infos: dict[int, DocumentInfo] = {}
    named: dict[int, set[Source]] = {}
    for name in which:
        info = _one(base, found, name)
        infos[info.id] = info
        named.setdefault(info.id, set()).update(files_named(info, name) or info.sources)
    return [_chosen(base, info, named[info.id]) for info in infos.values()]


def _chosen(base: KnowledgeBase, info: DocumentInfo, named: set[Source]) -> Chosen:
    files = tuple(each for each in info.sources if each in named)
    others = base.files.collections_with(info.content_hash)
    return Chosen(
        info=info,
        files=files if len(files) < len(info.sources) else (),
        elsewhere=tuple(each for each in others if each != info.collection),
    )


def _one(base: KnowledgeBase, found: Sequence[DocumentInfo], name: str) -> DocumentInfo:
    matches = _called(found, name)
    if len(matches) == 1:
        return matches[0]
    given = short_id(name)
    if matches:
        what = f"{len(matches)} documents are called {name!r}"
        msg = f"{what}; give an id from `kb documents`"
    elif given is not None and given.start is not None:
        document = name.partition(".")[0]
        msg = f"{name!r} is a passage; give the id of its whole document, {document!r}"
    elif others := _elsewhere(base, name):
        own = base.settings.collection
        named = " and ".join(map(repr, others))
        msg = f"no document of {own!r} is called {name!r}, but one of {named}; name it with -c"
    elif near := nearest(name, _names(found)):
        msg = f"no document is called {name!r}; did you mean {' or '.join(near)}?"
    else:
        advice = lacking(name) or "give an id from `kb documents`"
        msg = f"no document is called {name!r}; {advice}"
    raise DocumentNotFoundError(msg)


def _elsewhere(base: KnowledgeBase, name: str) -> list[str]:
    return [
        each.name
        for each in base.collections()
        if each.name != base.settings.collection
        and _called(base.documents(collection=each.name), name)
    ]


def _called(found: Sequence[DocumentInfo], name: str) -> list[DocumentInfo]:
    return [
        info
        for info in found
        if name == str(info.id)
        or any(name in (source.path, source.name) for source in info.sources)
    ] or _of_short_id(found, name)


def _names(found: Sequence[DocumentInfo]) -> Iterator[tuple[str, str]]:
    """Yield the possible names of each document, and its id beside its path."""
    for info in found:
        for source in info.sources:
            called = f"{info.short_id} ({source.path})"
            yield from ((source.path, called), (source.name, called), (info.short_id, called))


def _of_short_id(found: Sequence[DocumentInfo], name: str) -> list[DocumentInfo]:
    """Return the documents whose short id begins with a name."""
    given = short_id(name)
    if given is None or given.start is not None:
        return []
    return [
        info
        for info in found
        if info.media_type == given.media_type and info.content_hash.startswith(given.digits)
    ]
