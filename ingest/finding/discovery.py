"""Which files of a folder are to be considered: by type, ignore files and globs."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import Counter, deque
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ingest.errors import UnreadableFileError
from ingest.finding.ignoring import IGNORE_FILE, IgnoreFile, PatternError, Rule, Rules, ignore_file
from ingest.finding.names import spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file to consider.

    ``path`` is relative to the root, with ``/``, in NFC (see ``ingest.finding.names``): its
    identity. ``file`` is how to open it. ``size`` is in bytes, ``mtime_ns`` in nanoseconds since
    the epoch. ``revision`` is what an object store calls its content.
    """

    path: str
    file: Path
    size: int
    mtime_ns: int
    revision: str = ""


@dataclass(slots=True)
class Discovery:
    """What a walk found.

    ``ignored`` counts files left out by ignore files and globs, ``other_types`` files of formats
    that are not read, by extension. ``left_out`` gives the rule for every folder left out (its
    path ends with ``/``) and for those files left out that are known. ``unreadable`` lists (path,
    reason) of folders and files that could not be looked at, ``unwalked`` the folders among them
    as the beginnings of paths (``sub/``, or empty for the whole): what lies there is not known to
    be gone. ``present`` are known paths that an object store has, left out or not; on disk anybody
    can look.
    """

    files: list[FoundFile] = field(default_factory=list)
    ignored: int = 0
    other_types: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, Rule] = field(default_factory=dict)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    unwalked: list[str] = field(default_factory=list)
    present: set[str] = field(default_factory=set)


def discover(
    folder: Path,
    *,
    extensions: Collection[str],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    prefix: str = "",
    inherited: Sequence[IgnoreFile] = (),
    known: Container[str] = frozenset(),
    cancel: threading.Event | None = None,
) -> Discovery:
    """Walk ``folder`` and return its files, sorted by path.

    Hidden files and folders and the lock files of office programs are skipped. ``.kbignore``
    files hold patterns in gitignore syntax for the folder they lie in and those below. Links are
    followed; a folder that is reached twice is walked once, by its own path rather than by a
    link, and one that holds ``folder`` not at all.

    Args:
        folder: what to walk.
        extensions: of files that are read, in lower case.
        include: patterns of gitignore's syntax, relative to ``folder``, that files must match.
        exclude: such patterns that files and folders must not match.
        prefix: the folder's own path below its root, ending with ``/``; every path begins with it.
        inherited: ignore files of folders above, as far as the root.
        known: paths for which the rule that leaves them out is wanted.
        cancel: set it to end the walk.

    Raises:
        SettingsError: ``include`` or ``exclude`` holds what is no pattern.
        KeyboardInterrupt: ``cancel`` was set: half a list of files is none.
    """
    rules = Rules(frozenset(extensions), include, exclude, prefix=prefix)
    walk = _Walk(folder, prefix, rules, known, cancel or threading.Event())
    walk.run(tuple(inherited))
    walk.found.files.sort(key=lambda file: file.path)
    return walk.found


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that is still to be walked, and the ignore files that hold there."""

    path: Path
    prefix: str
    ignore_files: tuple[IgnoreFile, ...]


class _Walk:
    def __init__(
        self,
        top: Path,
        prefix: str,
        rules: Rules,
        known: Container[str],
        cancel: threading.Event,
    ) -> None:
        self.found = Discovery()
        self._top = top
        self._real_top = top.resolve()
        self._prefix = prefix
        self._rules = rules
        self._known = known
        self._cancel = cancel
        self._seen: set[tuple[int, int]] = set()
        self._folders: list[_Folder] = []
        self._links: deque[_Folder] = deque()

    def run(self, ignore_files: tuple[IgnoreFile, ...]) -> None:
        # No recursion: a folder may be nested deeper than Python's calls.
        self._folders.append(_Folder(self._top, self._prefix, ignore_files))
        while self._folders or self._links:
            self._folder(self._folders.pop() if self._folders else self._links.popleft())

    def _folder(self, folder: _Folder) -> None:
        try:
            status = folder.path.stat()
            if (status.st_dev, status.st_ino) in self._seen:
                return
            self._seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder.path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and folder.path != self._top:
                return  # it vanished since its own folder was listed
            self.found.unwalked.append(folder.prefix)
            self._refused(folder.prefix.rstrip("/") or folder.path.name, error)
            return
        try:
            here = ignore_file(folder.path, folder.prefix)
        except (OSError, PatternError) as error:
            self.found.unwalked.append(folder.prefix)
            self.found.unreadable.append(unruled(folder.prefix, error))
            return
        ignore_files = folder.ignore_files if here is None else (*folder.ignore_files, here)
        names = spelled(entry.name for entry in entries)
        for entry in entries:
            if self._cancel.is_set():
                raise KeyboardInterrupt
            self._entry(entry, folder.prefix + names[entry.name], ignore_files)

    def _entry(
        self, entry: os.DirEntry[str], path: str, ignore_files: tuple[IgnoreFile, ...]
    ) -> None:
        if (rule := self._rules.of_name(entry.name)) is not None:
            self._note(path, rule)
            with contextlib.suppress(OSError):
                if entry.is_dir():
                    self.found.left_out[f"{path}/"] = rule
            return
        try:
            if entry.is_dir():
                self._subfolder(entry, path, ignore_files)
            elif entry.is_file():
                self._file(entry, path, ignore_files)
            elif entry.is_symlink() and not Path(entry.path).exists():
                self.found.unreadable.append(
                    (path, f"{path} is a link to something that does not exist; remove it")
                )
            elif self._rules.reads(path):
                self.found.unreadable.append(
                    (path, f"{path} is no file but a pipe, socket or device; remove it")
                )
        except FileNotFoundError:
            return  # it vanished since its folder was listed
        except OSError as error:
            self.found.unwalked.append(f"{path}/")
            self._refused(path, error)

    def _subfolder(
        self, entry: os.DirEntry[str], path: str, ignore_files: tuple[IgnoreFile, ...]
    ) -> None:
        rule = self._rules.of_path(path, ignore_files, folder=True)
        if rule is None and self._leads_up(entry):
            rule = Rule("link")
        if rule is not None:
            self.found.left_out[f"{path}/"] = rule
            return
        queue = self._links if entry.is_symlink() else self._folders
        queue.append(_Folder(Path(entry.path), f"{path}/", ignore_files))

    def _leads_up(self, entry: os.DirEntry[str]) -> bool:
        """Say whether a link leads to a folder that holds the one walked: nobody gave us that."""
        return entry.is_symlink() and self._real_top.is_relative_to(Path(entry.path).resolve())

    def _file(
        self, entry: os.DirEntry[str], path: str, ignore_files: tuple[IgnoreFile, ...]
    ) -> None:
        rule = self._rules.of_path(path, ignore_files, folder=False) or self._rules.of_file(path)
        if rule is not None:
            self._note(path, rule)
            if rule.code == "type":
                self.found.other_types[PurePosixPath(path).suffix.lower() or "no extension"] += 1
            else:
                self.found.ignored += 1
            return
        status = entry.stat()
        self.found.files.append(
            FoundFile(
                path=path,
                file=Path(entry.path),
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
            )
        )

    def _note(self, path: str, rule: Rule) -> None:
        # Of a million pictures beside the documents none is worth remembering.
        if path in self._known:
            self.found.left_out[path] = rule

    def _refused(self, path: str, error: OSError) -> None:
        advice = "check its permissions"
        if error.errno == errno.ENAMETOOLONG:
            advice = "what is below it was not read; move it closer to the top"
        reason = error.strerror or type(error).__name__
        self.found.unreadable.append((path, f"{path} cannot be looked at ({reason}); {advice}"))


def unruled(prefix: str, error: OSError | PatternError | UnreadableFileError) -> tuple[str, str]:
    """Return the path of an ignore file that cannot be used, and what is said of it."""
    path = f"{prefix}{IGNORE_FILE}"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return path, (
        f"{path} cannot be used: {reason}; its folder was not read, because what it leaves out "
        "is not known"
    )
