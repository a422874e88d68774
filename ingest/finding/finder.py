"""Finds the files of the paths that a person gives, each under its registered root."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingest.errors import UnreadableFileError
from ingest.finding.candidate import ON_DISK, Candidate, Origin
from ingest.finding.discovery import Discovery, FoundFile, discover, unruled
from ingest.finding.ignoring import IgnoreFile, PatternError, Rule, inherited
from ingest.finding.names import as_text, name_below, on_disk
from ingest.finding.objects.address import ObjectAddress, is_url, local_path, object_address
from ingest.finding.objects.listing import found_object
from ingest.finding.objects.roots import ObjectFinder
from ingest.loaders import EXTENSIONS
from ingest.results import FileResult
from kb.records import Source


class Finder:
    """Finds the files of one run.

    Roots are never nested. A folder below a known root belongs to that root. A folder above known
    roots takes them over. So a file is one source under any path.

    Args:
        known: the sources known so far.
        include: patterns that files must match.
        exclude: patterns that files must not match.
        cancel: set it to end a search with a KeyboardInterrupt.

    Attributes:
        folders: the given folders, each with its root and the prefix of its paths there.
    """

    def __init__(
        self,
        known: Iterable[Source],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> None:
        self._cancel = cancel or threading.Event()
        self._known: dict[str, set[str]] = {}
        for source in known:
            self._known.setdefault(source.root, set()).add(source.path)
        self._known_roots = {
            root: on_disk(root, "") or Path(root)
            for root in self._known
            if Path(root).is_absolute()
        }
        self._roots = set(self._known_roots.values())
        self._objects = ObjectFinder(
            self._known, include=include, exclude=exclude, stop=self._cancel
        )
        self._include = include
        self._exclude = exclude
        self._candidates: dict[Source, Candidate] = {}
        self._used: dict[str, Path] = {}
        self.folders: dict[Path, tuple[str, str]] = {}
        self.failed: dict[Source, FileResult] = {}
        self.other_types: Counter[str] = Counter()
        self._walked: dict[str, set[str]] = {}
        self._unwalked: dict[str, set[str]] = {}
        self._left_out: dict[str, dict[str, Rule]] = {}
        self._present: dict[str, set[str]] = {}

    @property
    def candidates(self) -> list[Candidate]:
        """The found files, each once, in the order of finding."""
        return list(self._candidates.values())

    @property
    def used(self) -> set[str]:
        """The roots of the found files."""
        return set(self._used) | self._objects.used

    @property
    def adopted(self) -> dict[str, tuple[str, str]]:
        """Known roots below one of this run's roots: the new root, and their paths' prefix."""
        here = {
            inner: (root, f"{name_below(place, inner_place)}/")
            for root, place in self._used.items()
            for inner, inner_place in self._known_roots.items()
            if inner != root and inner_place.is_relative_to(place)
        }
        return {**here, **self._objects.adopted}

    def find(self, paths: Iterable[Path | str]) -> None:
        """Add the files of folders and URLs, and single files.

        Raises:
            UnreadableFileError: a path does not exist, or a URL cannot be listed.
            SettingsError: a pattern is invalid, or the URL is not supported.
        """
        addresses, places = sorted_out(paths)
        # A folder comes before those inside it, which then belong to its root.
        for path in sorted(map(located, places), key=lambda path: len(path.parts)):
            if path.is_dir():
                self._folder(path)
            else:
                self._file(path)
        for address in sorted(addresses, key=lambda address: len(address.url)):
            self._add_objects(address)

    def is_gone(self, source: Source) -> bool:
        """Return whether a known source no longer exists; of URLs, only those looked for."""
        if is_url(source.root):
            return source.path not in self._present.get(source.root, ())
        file = on_disk(source.root, source.path)
        return file is None or file.is_dir()

    def is_lost(self, root: str) -> bool:
        """Return whether a root no longer exists."""
        return self._objects.is_empty(root) if is_url(root) else on_disk(root, "") is None

    @staticmethod
    def place_of(root: str, prefix: str) -> str:
        """Return the readable name of a folder below a root."""
        if is_url(root):
            return f"{root}/{prefix}".rstrip("/")
        return str(on_disk(root, prefix) or root)

    def looked_for(self, source: Source) -> bool:
        """Return whether this run would find a source if it existed and no rule left it out."""

        def below(places: dict[str, set[str]]) -> bool:
            return any(source.path.startswith(place) for place in places.get(source.root, ()))

        return below(self._walked) and not below(self._unwalked)

    def rule_of(self, source: Source) -> Rule | None:
        """Return the rule that leaves out a known source, or None."""
        left_out = self._left_out.get(source.root)
        if not left_out:
            return None
        parts = source.path.split("/")
        places = ("/".join(parts[:count]) + "/" for count in range(1, len(parts)))
        return next((left_out[p] for p in (*places, source.path) if p in left_out), None)

    def _root_of(self, folder: Path) -> Path:
        holders = [root for root in self._roots if folder.is_relative_to(root)]
        root = min(holders, key=lambda root: len(root.parts), default=folder)
        self._roots.add(root)
        self._used[as_text(str(root))] = root
        return root

    def _file(self, path: Path) -> None:
        root = self._root_of(path.parent)
        source = Source(root=as_text(str(root)), path=name_below(root, path))
        if not path.is_file():
            self._fail(source, f"{path} is no file but a pipe, socket or device; name another")
            return
        status = path.stat()
        self._add(
            Candidate(source=source, path=path, size=status.st_size, mtime_ns=status.st_mtime_ns)
        )

    def _folder(self, folder: Path) -> None:
        place = self._root_of(folder)
        root = as_text(str(place))
        name = name_below(place, folder)
        prefix = f"{name}/" if name else ""
        self.folders[folder] = root, prefix
        self._walked.setdefault(root, set()).add(prefix)
        try:
            above: list[IgnoreFile] = list(inherited(place, folder, name)) if name else []
        except (OSError, PatternError) as error:
            self._unwalked.setdefault(root, set()).add(prefix)
            path, reason = unruled("", error)
            self._fail(Source(root=root, path=path), reason)
            return
        found = discover(
            folder,
            include=self._include,
            exclude=self._exclude,
            extensions=EXTENSIONS,
            prefix=prefix,
            inherited=above,
            known=self._known_below(root),
            cancel=self._cancel,
        )
        self._take(root, found, ON_DISK)

    def _take(self, root: str, found: Discovery, origin: Origin) -> None:
        self.other_types.update(found.other_types)
        for item in found.files:
            self._add(_candidate(item, root, origin))
        for path, reason in found.unreadable:
            self._fail(Source(root=root, path=path), reason)
        self._unwalked.setdefault(root, set()).update(found.unwalked)
        self._left_out.setdefault(root, {}).update(found.left_out)

    def _add_objects(self, address: ObjectAddress) -> None:
        there = self._objects.find(address, self._known_below)
        root, found = there.root, there.found
        if there.single is not None:
            info = there.single
            path = info.url[len(root.rstrip("/")) + 1 :]
            self._add(_candidate(found_object(path, info), root, there.origin))
            self._present.setdefault(root, set()).add(path)
            return
        self._walked.setdefault(root, set()).add(there.prefix)
        self._present.setdefault(root, set()).update(found.present)
        self._take(root, found, there.origin)

    def _known_below(self, root: str) -> set[str]:
        """Return the known paths of a root, including those of the roots that it takes over."""
        known = set(self._known.get(root, ()))
        for inner, (outer, prefix) in self.adopted.items():
            if outer == root:
                known.update(prefix + path for path in self._known[inner])
        return known

    def _fail(self, source: Source, reason: str) -> None:
        self.failed[source] = FileResult(
            source=source,
            outcome="failed",
            reason=reason,
            reason_code=UnreadableFileError.code,
        )

    def _add(self, candidate: Candidate) -> None:
        self._candidates.setdefault(candidate.source, candidate)


def sorted_out(paths: Iterable[Path | str]) -> tuple[list[ObjectAddress], list[Path | str]]:
    """Separate paths into addresses of object stores and paths of this machine.

    Raises:
        SettingsError: a URL is not supported.
    """
    addresses: list[ObjectAddress] = []
    places: list[Path | str] = []
    for path in paths:
        address = object_address(path)
        if address is None:
            places.append(local_path(path))
        else:
            addresses.append(address)
    return addresses, places


def located(path: Path | str) -> Path:
    """Return the target of a given path, links followed.

    Raises:
        UnreadableFileError: the path does not exist or is invalid.
    """
    try:
        found = Path(path).expanduser().absolute().resolve()
        there = found.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL, an unknown home
        msg = f"{as_text(os.fspath(path))} cannot be looked at: {error}; check the path"
        raise UnreadableFileError(msg) from error
    if not there:
        msg = f"there is no file or folder {as_text(str(found))}; check the path"
        raise UnreadableFileError(msg)
    return found


def _candidate(found: FoundFile, root: str, origin: Origin) -> Candidate:
    return Candidate(
        source=Source(root=root, path=found.path),
        path=found.file,
        size=found.size,
        mtime_ns=found.mtime_ns,
        revision=found.revision,
        origin=origin,
    )
