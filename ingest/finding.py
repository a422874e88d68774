"""From the paths that a person gives to the files to consider, each under its registered root."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingest.discovery import FoundFile, discover, readable_name
from ingest.errors import UnreadableFileError
from ingest.loaders import EXTENSIONS
from ingest.planning import Job
from ingest.report import FileResult
from kb.records import Source


class Finder:
    """Finds the files of one run.

    Roots never lie inside one another: a folder below a known root belongs to that root, and a
    folder above known roots takes them over. So a file is one source, however it is named.

    Args:
        roots: the roots known so far.
        include: patterns that files must match.
        exclude: patterns that files must not match.
        cancel: set it to end a search with a KeyboardInterrupt.
    """

    def __init__(
        self,
        roots: Iterable[str],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> None:
        self._cancel = cancel
        self._roots = {Path(root) for root in roots if Path(root).is_absolute()}
        self._include = include
        self._exclude = exclude
        self._jobs: dict[Source, Job] = {}
        self.used: set[str] = set()
        self.folders: list[Path] = []
        self.failed: dict[Source, FileResult] = {}
        self.other_types: Counter[str] = Counter()
        self._walked: dict[str, set[str]] = {}
        self._unwalked: dict[str, set[str]] = {}

    @property
    def jobs(self) -> list[Job]:
        """The files found, each once, in the order of finding."""
        return list(self._jobs.values())

    def find(self, paths: Iterable[Path | str]) -> None:
        """Add the files of folders, and single files.

        Raises:
            UnreadableFileError: there is nothing at a path.
        """
        resolved = [Path(path).expanduser().absolute().resolve() for path in paths]
        for path in resolved:
            if not path.exists():
                msg = f"there is no file or folder {path}; check the path"
                raise UnreadableFileError(msg)
        # A folder before those inside it, which then belong to its root.
        for path in sorted(resolved, key=lambda path: len(path.parts)):
            if path.is_dir():
                self._folder(path)
            else:
                self._file(path)

    def looked_for(self, source: Source) -> bool:
        """Say whether a source would have been found if it were there."""

        def below(places: dict[str, set[str]]) -> bool:
            return any(source.path.startswith(place) for place in places.get(source.root, ()))

        return below(self._walked) and not below(self._unwalked)

    def _root_of(self, folder: Path) -> Path:
        holders = [root for root in self._roots if folder.is_relative_to(root)]
        root = min(holders, key=lambda root: len(root.parts), default=folder)
        self._roots.add(root)
        self.used.add(str(root))
        return root

    def _file(self, path: Path) -> None:
        root = self._root_of(path.parent)
        relative = readable_name(path.relative_to(root).as_posix())
        status = path.stat()
        self._add(
            Job(
                source=Source(root=str(root), path=relative),
                path=path,
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
            )
        )

    def _folder(self, folder: Path) -> None:
        self.folders.append(folder)
        root = self._root_of(folder)
        prefix = readable_name(folder.relative_to(root).as_posix())
        prefix = "" if prefix == "." else f"{prefix}/"
        found = discover(
            folder,
            include=self._include,
            exclude=self._exclude,
            extensions=EXTENSIONS,
            cancel=self._cancel,
        )
        self.other_types.update(found.other_types)
        for item in found.files:
            self._add(_job(item, root, prefix))
        for place, reason in found.unreadable:
            source = Source(root=str(root), path=f"{prefix}{place}")
            self.failed[source] = FileResult(
                source=source,
                outcome="failed",
                reason=reason,
                reason_code=UnreadableFileError.code,
            )
        self._walked.setdefault(str(root), set()).add(prefix)
        self._unwalked.setdefault(str(root), set()).update(prefix + p for p in found.unwalked)

    def _add(self, job: Job) -> None:
        self._jobs.setdefault(job.source, job)


def _job(found: FoundFile, root: Path, prefix: str) -> Job:
    return Job(
        source=Source(root=str(root), path=f"{prefix}{found.path}"),
        path=found.file,
        size=found.size,
        mtime_ns=found.mtime_ns,
    )
