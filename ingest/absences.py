"""Known files that a run does not find: gone from disk, moved, or out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.errors import UnreadableFileError
from ingest.finding import Finder
from ingest.planning import Job, Planner, is_gone
from ingest.report import FileResult
from kb.knowledge_base import KnowledgeBase
from kb.records import FileState, Source


class Absences:
    """What of a collection's files one run does not find, and what becomes of it.

    ``gone`` are known files below the folders walked that no longer exist, by root and path.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        planner: Planner,
        finder: Finder,
        jobs: Sequence[Job],
        *,
        collection: str,
    ) -> None:
        self._base = base
        self._planner = planner
        self._finder = finder
        self._collection = collection
        self._present = {job.source for job in jobs}
        self.gone = sorted(
            (
                source
                for source in planner.known
                if source not in self._present and finder.looked_for(source) and is_gone(source)
            ),
            key=lambda source: (source.root, source.path),
        )

    def note_failures(self) -> None:
        """Let the catalog name what could not be looked at, and no longer what can or is gone.

        Of a file that is gone and was never read nothing is left to remove.
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
            if state != before:
                self._base.files.record(state, collection=self._collection)
        over = {source for source, state in known.items() if self._is_over(state)}
        if over:
            self._base.files.forget(over, collection=self._collection)
            for source in over:
                del known[source]
        self.gone = [source for source in self.gone if source not in over]

    def remove(
        self,
        results: Sequence[FileResult],
        *,
        vanished: frozenset[Path],
        prune: bool,
        force: bool,
        dry_run: bool,
    ) -> tuple[list[FileResult], list[str]]:
        """Remove what is gone: places seen to vanish, and with ``prune`` all of it.

        Not more than half of a folder's files unless forced; the remarks say where that was so.
        """
        gone = self.left(results)
        seen = {source for source in gone if _within(source, vanished)}
        rest = [source for source in gone if source not in seen]
        remarks: list[str] = []
        chosen = [source for source in gone if source in seen]
        for root in sorted({source.root for source in rest}) if prune else ():
            mine = [source for source in rest if source.root == root]
            known = sum(source.root == root for source in self._planner.known)
            if len(mine) * 2 > known and not force:
                share = "all" if len(mine) == known else "more than half"
                remarks.append(
                    f"{len(mine)} of {known} files of {root} are gone; nothing was removed, "
                    f"because that is {share} of them. Check that the folder is the right one and "
                    "complete; if they are meant to go, add --yes"
                )
            else:
                chosen += mine
        if chosen and not dry_run:
            self._base.files.forget(chosen, collection=self._collection)
        return [FileResult(source=source, outcome="removed") for source in chosen], remarks

    def left(self, results: Sequence[FileResult]) -> list[Source]:
        """Return what is gone and was neither moved nor removed, by the results so far."""
        settled = {result.old_source for result in results}
        settled |= {result.source for result in results if result.outcome == "removed"}
        return [source for source in self.gone if source not in settled]

    def _is_over(self, state: FileState) -> bool:
        """Say whether a file's failure is of the past: there is nothing there to be named."""
        source = state.source
        if state.document_id is not None or state.outcome != "failed":
            return False
        if source in self._present or source in self._finder.failed:
            return False
        return source in self.gone or (
            state.reason_code == UnreadableFileError.code and self._finder.looked_for(source)
        )


def _within(source: Source, places: frozenset[Path]) -> bool:
    path = Path(source.root, source.path)
    return bool(places) and not places.isdisjoint((path, *path.parents))
