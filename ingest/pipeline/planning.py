"""Decides what each file needs: nothing, a record, or reading.

A source is identified by its registered root and the path below it. The planner compares a file by
size and modification time first, then by the hash of its bytes. It reads only a file that neither
comparison settles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ingest.errors import (
    EncryptedFileError,
    LoadError,
    UnreadableFileError,
    WrongPasswordError,
)
from ingest.finding.candidate import Candidate
from ingest.loaders.base import LoadOptions
from ingest.loaders.identity import loader_identity
from ingest.results import FileResult, Outcome
from kb.hashing import file_sha256
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionRef, FileState, Source

Action = Literal["read", "unchanged", "still_failed", "touch", "attach", "move", "unreadable"]

# Reasons that may be over although the file is the same: permissions, limits and installed
# libraries are not part of it.
_TRANSIENT = frozenset({"unreadable", "too_large", "unavailable"})
# Reasons that a password may remove.
_PROTECTED = frozenset({EncryptedFileError.code, WrongPasswordError.code})

# Outcomes of decisions that do not depend on earlier knowledge.
_OUTCOMES: dict[Action, Outcome] = {
    "unchanged": "unchanged",
    "touch": "unchanged",
    "still_failed": "failed",
    "unreadable": "failed",
    "move": "moved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The action for one file. ``state`` is its new record in the catalog, if known."""

    candidate: Candidate
    action: Action
    before: FileState | None = None
    state: FileState | None = None
    old_source: Source | None = None
    error: LoadError | None = None


class Planner:
    """Decides for files of one collection, from the catalog's records at the beginning of the run.

    A decision is a proposal. Another process may change its basis before it is carried out;
    :meth:`decide_again` then uses the newer records. ``adopted`` maps roots inside another root to
    that root and the prefix of their paths there. Their records count as the new root's.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        *,
        collection: CollectionRef,
        options: LoadOptions,
        checksum: bool,
        retry: bool,
        adopted: Mapping[str, tuple[str, str]],
    ) -> None:
        self._base = base
        self._collection = collection
        self._options = options
        self._checksum = checksum
        self._retry = retry
        states = base.files.states(collection=collection)
        self.known = {state.source: state for state in adopted_states(states, adopted)}
        self._settings: dict[str, str] = {}
        self._by_content: dict[tuple[str, str], FileState] = {}
        for state in self.known.values():
            self.learn(state)
        self._gone: dict[str, list[FileState]] = {}

    def expect_gone(self, gone: Iterable[Source]) -> None:
        """Note known files that no longer exist: a new file with their content is a move."""
        for source in gone:
            state = self.known[source]
            # The stored text of a failed file is older than its hash says.
            if state.document_id is not None and state.outcome != "failed":
                self._gone.setdefault(state.content_hash, []).append(state)

    def settings_hash(self, path: Path) -> str:
        """Return the hash of everything besides the bytes that determines a file's chunks."""
        loader = loader_identity(path, self._options)
        if loader not in self._settings:
            self._settings[loader] = self._base.indexing.settings_hash(loader)
        return self._settings[loader]

    def at_sight(self, candidate: Candidate) -> Decision | None:
        """Decide for one file by its entry in a listing; None if the decision needs its bytes."""
        before = self.known.get(candidate.source)
        settings = self.settings_hash(candidate.path)
        current = before is not None and before.settings_hash == settings
        if before is None or not current or self._must_retry(before) or self._checksum:
            return None
        return self._nothing(candidate, before) if _looks_the_same(before, candidate) else None

    def decide(self, candidate: Candidate) -> Decision:
        """Decide for one file, which is on this machine."""
        if (decision := self.at_sight(candidate)) is not None:
            return decision
        before = self.known.get(candidate.source)
        settings = self.settings_hash(candidate.path)
        try:
            digest = file_sha256(candidate.path)
        except OSError as error:
            return self.refused(candidate, _refused(candidate, error))
        return self._by_hash(candidate, before, settings, digest)

    def refused(self, candidate: Candidate, error: LoadError) -> Decision:
        """Return the decision for a file whose bytes are not available."""
        return Decision(
            candidate=candidate,
            action="unreadable",
            before=self.known.get(candidate.source),
            error=error,
        )

    def foreseen(self, candidate: Candidate) -> FileResult | None:
        """Predict the outcome of a remote file; None if that needs its bytes.

        A file with a size that no known file has is new.
        """
        if not candidate.origin.remote or candidate.size > self._options.max_file_bytes:
            return None
        if (decision := self.at_sight(candidate)) is not None:
            return proposed(decision)
        if candidate.size in {state.size for state in self.known.values()}:
            return None
        outcome: Outcome = "changed" if candidate.source in self.known else "added"
        return FileResult(source=candidate.source, outcome=outcome)

    def _by_hash(
        self, candidate: Candidate, before: FileState | None, settings: str, digest: str
    ) -> Decision:
        """Decide by the hash of a file's bytes, after size and time did not decide."""
        state = FileState(
            source=candidate.source,
            size=candidate.size,
            mtime_ns=candidate.mtime_ns,
            revision=candidate.revision,
            content_hash=digest,
            settings_hash=settings,
            outcome="indexed",
        )
        if before is not None and (before.settings_hash, before.content_hash) == (settings, digest):
            if self._must_retry(before):
                return Decision(candidate=candidate, action="read", before=before, state=state)
            touched = replace(
                before,
                size=candidate.size,
                mtime_ns=candidate.mtime_ns,
                revision=candidate.revision,
            )
            action: Action = "still_failed" if before.outcome == "failed" else "touch"
            return Decision(candidate=candidate, action=action, before=before, state=touched)
        if (moved := self._moved(before, digest, settings)) is not None:
            return Decision(
                candidate=candidate,
                action="move",
                before=moved,
                state=replace(state, document_id=moved.document_id, outcome=moved.outcome),
                old_source=moved.source,
            )
        if (twin := self._by_content.get((digest, settings))) is not None:
            return Decision(
                candidate=candidate,
                action="attach",
                before=before,
                state=replace(state, document_id=twin.document_id, outcome=twin.outcome),
            )
        return Decision(candidate=candidate, action="read", before=before, state=state)

    def learn(self, state: FileState) -> None:
        """Remember a stored file, so that the run need not read a copy of it."""
        if state.document_id is not None and state.outcome != "failed":
            self._by_content.setdefault((state.content_hash, state.settings_hash), state)

    def decide_again(self, decision: Decision) -> Decision:
        """Decide again for a file whose decision was outdated by another process.

        The new decision does nothing if the other process has brought the file up to date.
        Otherwise it reads the file.
        """
        wanted, candidate = decision.state, decision.candidate
        before = self._base.files.state(candidate.source, collection=self._collection)
        if before is None:
            self.known.pop(candidate.source, None)
        else:
            self.known[candidate.source] = before
        if before is not None and wanted is not None and before.document_id is not None:
            same = (before.content_hash, before.settings_hash) == (
                wanted.content_hash,
                wanted.settings_hash,
            )
            if same and before.outcome != "failed":
                return self._nothing(candidate, before)
        if wanted is not None:
            self._by_content.pop((wanted.content_hash, wanted.settings_hash), None)
            wanted = replace(
                wanted,
                source=candidate.source,
                size=candidate.size,
                mtime_ns=candidate.mtime_ns,
                revision=candidate.revision,
                document_id=None,
            )
        return Decision(candidate=candidate, action="read", before=before, state=wanted)

    def _nothing(self, candidate: Candidate, before: FileState) -> Decision:
        action: Action = "still_failed" if before.outcome == "failed" else "unchanged"
        return Decision(candidate=candidate, action=action, before=before, state=before)

    def _must_retry(self, before: FileState) -> bool:
        if before.outcome != "failed":
            return before.document_id is None
        if before.reason_code in _PROTECTED and self._options.passwords:
            return True
        return self._retry or before.reason_code in _TRANSIENT

    def _moved(self, before: FileState | None, digest: str, settings: str) -> FileState | None:
        candidates = self._gone.get(digest)
        if before is not None or not candidates or candidates[-1].settings_hash != settings:
            return None
        return candidates.pop()


def adopted_states(
    states: Iterable[FileState], adopted: Mapping[str, tuple[str, str]]
) -> Iterator[FileState]:
    """Yield records as they are after roots have taken over the roots below them."""
    for state in states:
        root, prefix = adopted.get(state.source.root, (state.source.root, ""))
        yield replace(state, source=Source(root=root, path=prefix + state.source.path))


def proposed(decision: Decision) -> FileResult:
    """Return the expected outcome of a file."""
    before = decision.before
    outcome: Outcome = _OUTCOMES.get(decision.action) or ("changed" if before else "added")
    failed = outcome == "failed"
    error = str(decision.error) if decision.error else (before.reason if before else "")
    return FileResult(
        source=decision.candidate.source,
        old_source=decision.old_source,
        outcome=outcome,
        reason=error if failed else "",
        reason_code=before.reason_code if before and failed else "",
    )


def _looks_the_same(before: FileState, candidate: Candidate) -> bool:
    if candidate.revision:
        return (before.size, before.revision) == (candidate.size, candidate.revision)
    # Uploads have no modification time (0): only their bytes can tell.
    return candidate.mtime_ns != 0 and (
        (before.size, before.mtime_ns) == (candidate.size, candidate.mtime_ns)
    )


def _refused(candidate: Candidate, error: OSError) -> UnreadableFileError:
    reason = error.strerror or type(error).__name__
    return UnreadableFileError(
        f"{candidate.source.path} cannot be opened: {reason}; "
        "check its permissions and ingest again"
    )
