"""Known files that a run does not find: deleted, moved, excluded, or inaccessible."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ingest.errors import UnreadableFileError
from ingest.finding.candidate import Candidate
from ingest.finding.finder import Finder
from ingest.finding.ignoring import Rule
from ingest.finding.names import on_disk, readable_name
from ingest.pipeline.planning import Planner
from ingest.pipeline.report import LeftOut
from ingest.results import FileResult
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionRef, FileState, Source


class Absences:
    """Files of a collection that one run does not find, and their treatment.

    ``gone`` are known files that no longer exist, by root and path: those below the walked folders,
    and those that were seen to vanish. ``left_out`` are known files that exist and that a rule
    excludes. ``not_included`` counts known files that do not match this run's patterns.

    Args:
        base: the knowledge base.
        planner: knows the files.
        finder: has looked for them.
        candidates: the found files.
        collection: the files' collection.
        vanished: files and folders whose deletion was seen.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        planner: Planner,
        finder: Finder,
        candidates: Sequence[Candidate],
        *,
        collection: CollectionRef,
        vanished: Collection[Path] = (),
    ) -> None:
        self._base = base
        self._planner = planner
        self._finder = finder
        self._collection = collection
        self._candidates = candidates
        self._present = {candidate.source for candidate in candidates}
        self._vanished = {readable_name(str(path)) for path in vanished}
        self._over: set[Source] = set()
        self._superseded: set[Source] = set()
        self.gone: list[Source] = []
        self.left_out: list[LeftOut] = []
        self.not_included = 0
        self._sort()

    @property
    def movable(self) -> list[Source]:
        """Missing files; a new file with the same content may be one of them, moved."""
        return [*self.gone, *self._superseded]

    def note_failures(self, *, dry_run: bool) -> None:
        """Record inaccessible paths in the catalog; remove records of accessible or deleted ones.

        A deleted or excluded file that was never read has nothing to remove. A dry run changes
        only what it counts, not the catalog.
        """
        known = self._planner.known
        for source, result in self._finder.failed.items():
            before = known.get(source)
            state = FileState(
                source=source,
                size=0,
                mtime_ns=0,
                content_hash="",
                settings_hash="",
                outcome="failed",
                document_id=before.document_id if before else None,
                reason=result.reason,
                reason_code=result.reason_code,
            )
            if state != before and not dry_run:
                self._base.files.fail(state, collection=self._collection)
        over = self._over | {source for source, state in known.items() if self._is_over(state)}
        if over and not dry_run:
            self._base.files.forget(over, collection=self._collection)
        for source in over:
            del known[source]
        self.gone = [source for source in self.gone if source not in over]

    def remove_at_once(self, *, taken_in: Collection[Source]) -> list[FileResult]:
        """Remove files that a watcher saw vanish, unless a found file may be one of them, moved.

        So the deletion of a file does not wait for the rest of the run. The same holds for files
        that a rule excludes now but did not in an earlier run (``taken_in``). Other missing files
        may have been excluded all the time, in an inaccessible or absent folder.
        """
        sizes = {
            candidate.size
            for candidate in self._candidates
            if candidate.source not in self._planner.known
        }
        chosen = [
            source
            for source in self.gone
            if self._was_seen_to_go(source) and self._planner.known[source].size not in sizes
        ]
        chosen += [each.source for each in self.left_out if each.source in taken_in]
        return self._forget(chosen, dry_run=False)

    def remove(
        self, results: Sequence[FileResult], *, prune: bool, force: bool, dry_run: bool
    ) -> tuple[list[FileResult], list[str]]:
        """Remove missing and excluded files: those seen to vanish, and with ``prune`` all of them.

        With ``prune``, a root that would lose more than half of its files keeps them all, unless
        forced. Remarks name such roots.
        """
        gone = self.left(results)
        chosen = [source for source in gone if self._was_seen_to_go(source)]
        moved_away = {result.old_source for result in results}
        chosen += sorted(self._superseded - moved_away, key=_place)
        remarks: list[str] = []
        if prune:
            rest = [source for source in gone if not self._was_seen_to_go(source)]
            out = self.left_out_still(results)
            for root in sorted({source.root for source in (*rest, *(e.source for e in out))}):
                mine = [source for source in rest if source.root == root]
                ruled = [each for each in out if each.source.root == root]
                known = sum(source.root == root for source in self._planner.known)
                if (len(mine) + len(ruled)) * 2 > known and not force:
                    remarks.append(_refusal(root, mine, ruled, known))
                else:
                    chosen += [*mine, *(each.source for each in ruled)]
        return self._forget(chosen, dry_run=dry_run), remarks

    def left(self, results: Sequence[FileResult]) -> list[Source]:
        """Return the missing files that were neither moved nor removed, by the results so far."""
        settled = {result.old_source for result in results}
        settled |= {result.source for result in results if result.outcome == "removed"}
        return [source for source in self.gone if source not in settled]

    def left_out_still(self, results: Sequence[FileResult]) -> list[LeftOut]:
        """Return the excluded files that were not removed, by the results so far."""
        removed = {result.source for result in results if result.outcome == "removed"}
        return [each for each in self.left_out if each.source not in removed]

    def _sort(self) -> None:
        """Determine the reason for each known file that was not found."""
        inodes: set[tuple[int, int]] | None = None
        for source, state in sorted(self._planner.known.items(), key=lambda item: _place(item[0])):
            looked_for = self._finder.looked_for(source)
            if source in self._present or not (looked_for or self._was_seen_to_go(source)):
                continue
            if self._finder.is_gone(source):
                self.gone.append(source)
            elif (rule := self._finder.rule_of(source)) is not None:
                self._leave_out(state, rule)
            elif looked_for and (file := on_disk(source.root, source.path)) is not None:
                # The same file under another name: a link was made or changed, or the name differs
                # only in case or Unicode form.
                inodes = (
                    _inodes(candidate.path for candidate in self._candidates)
                    if inodes is None
                    else inodes
                )
                if not inodes.isdisjoint(_inodes([file])):
                    self._superseded.add(source)

    def _leave_out(self, state: FileState, rule: Rule) -> None:
        if rule.code == "include":
            self.not_included += 1
        elif state.document_id is None:
            self._over.add(state.source)
        else:
            self.left_out.append(LeftOut(source=state.source, rule=rule))

    def _was_seen_to_go(self, source: Source) -> bool:
        if not self._vanished:
            return False
        path = readable_name(os.path.join(source.root, source.path))  # noqa: PTH118 - text, as events are
        places = (path[:end] for end, sign in enumerate(path) if sign == "/" and end)
        return path in self._vanished or not self._vanished.isdisjoint(places)

    def _forget(self, chosen: Sequence[Source], *, dry_run: bool) -> list[FileResult]:
        if chosen and not dry_run:
            self._base.files.forget(chosen, collection=self._collection)
        return [FileResult(source=source, outcome="removed") for source in chosen]

    def _is_over(self, state: FileState) -> bool:
        """Return whether a file's failure is over: the file no longer exists there."""
        source = state.source
        if state.document_id is not None or state.outcome != "failed":
            return False
        if source in self._present or source in self._finder.failed:
            return False
        return source in self.gone or (
            state.reason_code == UnreadableFileError.code and self._finder.looked_for(source)
        )


def _refusal(root: str, gone: Sequence[Source], out: Sequence[LeftOut], known: int) -> str:
    """Return why the run removed no files of a root."""
    rules = Counter(str(each.rule) for each in out)
    told = [f"{len(gone)} of {known} files of {root} are gone"] if gone else []
    told += [f"{n} of {known} files of {root} are left out by {rule}" for rule, n in rules.items()]
    share = "all" if len(gone) + len(out) == known else "more than half"
    look_at = ["that the folder is the right one and complete"] if gone else []
    look_at += ["that the rule is meant so"] if out else []
    return (
        f"{' and '.join(told)}; nothing was removed, because that is {share} of them. Check "
        f"{' and '.join(look_at)}; if they are meant to go, add --yes"
    )


def _inodes(files: Iterable[Path]) -> set[tuple[int, int]]:
    found = set()
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return found


def _place(source: Source) -> tuple[str, str]:
    return source.root, source.path
