"""What has to be done for each file: nothing, a note, or reading it.

Sources are identified by a registered root and the path below it. A file is compared by size
and time of change first, then by the hash of its bytes; only what is left is read.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ingest.discovery import readable_name
from ingest.errors import (
    LoadError,
    LoaderUnavailableError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from ingest.loaders import loader_for
from ingest.loaders.base import LoadOptions
from kb.knowledge_base import KnowledgeBase
from kb.records import FileState, Source

Action = Literal["read", "unchanged", "still_failed", "touch", "attach", "move", "unreadable"]

# Reasons that may be over although the file is the same: permissions, limits and installed
# libraries are no part of it.
_TRANSIENT = frozenset({"unreadable", "too_large", "unavailable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to consider: its identity, where to open it, and its stat values."""

    source: Source
    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do for one file. ``state`` is what the catalog is to say of it, where known."""

    job: Job
    action: Action
    before: FileState | None = None
    state: FileState | None = None
    old_source: Source | None = None
    error: LoadError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What is known of the folders of an imported collection.

    ``homes`` tells where some lie, by their names in the archive; of those that are ``left`` nobody
    has said it.
    """

    homes: Mapping[str, str] = field(default_factory=dict)
    left: frozenset[str] = frozenset()


NOTHING_TO_PLACE = Placing()


class Planner:
    """Decides for files of one collection, from what the catalog knew when the run began.

    ``roots`` are the run's; what is known of roots below them counts as theirs. ``placing`` says
    where folders of an imported collection are.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        *,
        collection: str,
        options: LoadOptions,
        checksum: bool,
        retry: bool,
        roots: Collection[str] = (),
        placing: Placing = NOTHING_TO_PLACE,
    ) -> None:
        self._base = base
        self._options = options
        self._checksum = checksum
        self._retry = retry
        states = _adopted(base.files.states(collection=collection), roots, placing)
        self.known = {state.source: state for state in states}
        self._settings: dict[str, str] = {}
        self._by_content: dict[tuple[str, str], FileState] = {}
        for state in states:
            if state.document_id is not None and state.outcome != "failed":
                self._by_content.setdefault((state.content_hash, state.settings_hash), state)
        self._gone: dict[str, list[FileState]] = {}

    def expect_gone(self, gone: Iterable[Source]) -> None:
        """Tell which known files no longer exist: a new file with their content is a move."""
        for source in gone:
            state = self.known[source]
            # What a failed file holds is an older version than its hash says.
            if state.document_id is not None and state.outcome != "failed":
                self._gone.setdefault(state.content_hash, []).append(state)

    def settings_hash(self, path: Path) -> str:
        """Return the hash of everything besides the bytes that decides a file's chunks."""
        loader = loader_identity(path, self._options)
        if loader not in self._settings:
            self._settings[loader] = self._base.indexing.settings_hash(loader)
        return self._settings[loader]

    def decide(self, job: Job) -> Decision:
        """Say what to do for one file."""
        before = self.known.get(job.source)
        settings = self.settings_hash(job.path)
        current = before is not None and before.settings_hash == settings
        if before is not None and current and not self._must_retry(before):
            # Uploads have no time of change (0): their bytes alone can tell.
            same_stat = job.mtime_ns != 0 and (
                (before.size, before.mtime_ns) == (job.size, job.mtime_ns)
            )
            if same_stat and not self._checksum:
                return self._nothing(job, before)
        try:
            digest = file_hash(job.path)
        except OSError as error:
            return Decision(job=job, action="unreadable", before=before, error=_refused(job, error))
        return self._by_hash(job, before, settings, digest)

    def _by_hash(self, job: Job, before: FileState | None, settings: str, digest: str) -> Decision:
        """Decide for a file whose size and time said nothing, from the hash of its bytes."""
        state = FileState(
            source=job.source,
            size=job.size,
            mtime_ns=job.mtime_ns,
            content_hash=digest,
            settings_hash=settings,
            outcome="indexed",
        )
        if before is not None and (before.settings_hash, before.content_hash) == (settings, digest):
            if self._must_retry(before):
                return Decision(job=job, action="read", before=before, state=state)
            touched = replace(before, size=job.size, mtime_ns=job.mtime_ns)
            action: Action = "still_failed" if before.outcome == "failed" else "touch"
            return Decision(job=job, action=action, before=before, state=touched)
        if (moved := self._moved(before, digest, settings)) is not None:
            return Decision(
                job=job,
                action="move",
                before=moved,
                state=replace(state, document_id=moved.document_id, outcome=moved.outcome),
                old_source=moved.source,
            )
        if (twin := self._by_content.get((digest, settings))) is not None:
            return Decision(
                job=job,
                action="attach",
                before=before,
                state=replace(state, document_id=twin.document_id, outcome=twin.outcome),
            )
        return Decision(job=job, action="read", before=before, state=state)

    def learn(self, state: FileState) -> None:
        """Remember a file stored in this run, so that a copy of it need not be read."""
        if state.document_id is not None and state.outcome != "failed":
            self._by_content.setdefault((state.content_hash, state.settings_hash), state)

    def _nothing(self, job: Job, before: FileState) -> Decision:
        action: Action = "still_failed" if before.outcome == "failed" else "unchanged"
        return Decision(job=job, action=action, before=before, state=before)

    def _must_retry(self, before: FileState) -> bool:
        if before.outcome != "failed":
            return before.document_id is None
        if before.reason_code == "encrypted" and self._options.passwords:
            return True
        return self._retry or before.reason_code in _TRANSIENT

    def _moved(self, before: FileState | None, digest: str, settings: str) -> FileState | None:
        candidates = self._gone.get(digest)
        if before is not None or not candidates or candidates[-1].settings_hash != settings:
            return None
        return candidates.pop()


def _adopted(
    states: Iterable[FileState], roots: Collection[str], placing: Placing
) -> list[FileState]:
    """Return states as they are once ``roots`` have taken over the roots below them."""
    places: dict[str, tuple[str, str]] = {}

    def place(root: str) -> tuple[str, str]:
        if root in placing.left:
            return root, ""
        root = placing.homes.get(root, root)
        path = Path(root)
        for new in roots:
            if new != root and path.is_absolute() and path.is_relative_to(new):
                return new, readable_name(path.relative_to(new).as_posix()) + "/"
        return root, ""

    result = []
    for state in states:
        old = state.source.root
        if old not in places:
            places[old] = place(old)
        root, prefix = places[old]
        if root != old:
            source = Source(root=root, path=prefix + state.source.path)
            result.append(replace(state, source=source))
        else:
            result.append(state)
    return result


def loader_identity(path: Path, options: LoadOptions) -> str:
    """Name what would read ``path``, with its version and the choices that change its text."""
    try:
        loader = loader_for(path)
    except UnsupportedFormatError:
        return "none"
    except LoaderUnavailableError:  # its worker will say so of each file
        return "unavailable"
    return f"{type(loader).__name__} {loader.version} ocr={options.ocr}"


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(job: Job, error: OSError) -> UnreadableFileError:
    reason = error.strerror or type(error).__name__
    return UnreadableFileError(
        f"{job.source.path} cannot be opened: {reason}; check its permissions and ingest again"
    )


def is_gone(source: Source) -> bool:
    """Say whether a source's file no longer exists (a folder one may not look into still does)."""
    return not os.path.lexists(Path(source.root, source.path)) and not os.path.lexists(
        Path(source.root, unicodedata.normalize("NFD", source.path))
    )
