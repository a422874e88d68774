"""Keeps uploaded files, under names that keep apart two files of one name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, takewhile
from pathlib import Path, PurePosixPath

from ingest.finding.candidate import Candidate
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionRef, Source
from kb.uploads import UPLOADS_ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """An uploaded file on disk, or one whose original is kept already (no ``path``)."""

    content_hash: str
    path: Path | None = None


Sent = tuple[str, bytes | Callable[[], bytes] | SentFile]
"""A name; and the bytes, a function that returns them, or their path."""


def keep(
    base: KnowledgeBase, uploads: Sequence[Sent], *, collection: CollectionRef
) -> tuple[list[Candidate], list[str]]:
    """Keep originals; return the files to read, and remarks on names that several files have.

    Raises:
        StoreError: the disk is full, or the folder is not writable.
    """
    kept = []
    for name, given in uploads:
        if isinstance(given, SentFile):
            path = base.uploads.keep(name, given.content_hash, given.path)
            # A deleted original costs only that file: its reader reports it.
            kept.append((name, path, path.stat().st_size if path.is_file() else 0))
            continue
        data = given if isinstance(given, bytes) else given()
        kept.append((name, base.uploads.save(name, data), len(data)))
        del data  # only one of them at a time is in memory
    states = base.files.states(root=UPLOADS_ROOT, collection=collection)
    names = distinct(
        # An original's name is the hash of its content.
        [(name, path.stem) for name, path, _ in kept],
        {state.source.path: state.content_hash for state in states},
    )
    candidates, remarks = [], []
    for chosen, (sent, path, size) in zip(names, kept, strict=True):
        if chosen is None:
            remarks.append(f"{sent} came twice with the same content; it is kept once")
            continue
        if chosen != sent:
            remarks.append(f"several files are called {sent}; one of them is kept as {chosen}")
        source = Source(root=UPLOADS_ROOT, path=chosen)
        candidates.append(Candidate(source=source, path=path, size=size, mtime_ns=0))
    return candidates, remarks


def distinct(sent: Sequence[tuple[str, str]], known: Mapping[str, str]) -> list[str | None]:
    """Return the name of each file; None leaves the file out.

    The first file of a name gets it. The next one with other content gets a number that no document
    and no other file has: "report (2).pdf". One with the same content is left out. Files that
    arrived together before get the same names as then, in any order.

    Args:
        sent: names and content hashes, in the order of arrival.
        known: the content hash of each document by its name.
    """
    contents: dict[str, dict[str, None]] = {}
    for name, content in sent:
        contents.setdefault(name, {})[content] = None
    taken = set(contents)
    called: dict[tuple[str, str], str] = {}
    for name, different in contents.items():
        names = _names(name, list(different), known, taken)
        taken.update(names.values())
        called.update({(name, content): chosen for content, chosen in names.items()})
    # A second file with the same name and content gets no name.
    return [called.pop(pair, None) for pair in sent]


def _names(
    name: str, contents: Sequence[str], known: Mapping[str, str], taken: set[str]
) -> dict[str, str]:
    """Return a name for each content that arrived under one name."""
    names: dict[str, str] = {}
    if len(contents) > 1:
        for form in (name, *takewhile(known.__contains__, _numbered(name))):
            if known.get(form) in contents and (form == name or form not in taken):
                names.setdefault(known[form], form)
    free = (form for form in _numbered(name) if form not in known and form not in taken)
    for content in contents:
        if content not in names:
            names[content] = next(
                form for form in chain([name], free) if form not in names.values()
            )
    return names


def _numbered(name: str) -> Iterator[str]:
    path = PurePosixPath(name)
    for number in count(2):
        yield str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
