"""Finds the files of a folder to consider: by type, ignore files and globs."""

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

    ``path``, its identity, is relative to the root, with ``/``, in NFC (see
    ``ingest.finding.names``). ``file`` is the path to open. ``size`` is in bytes, ``mtime_ns`` in
    nanoseconds since the epoch. ``revision`` is an object store's name for its content.
    """

    path: str
    file: Path
    size: int
    mtime_ns: int
    revision: str = ""


@dataclass(slots=True)
class Discovery:
    """The result of walking a folder.

    ``ignored`` counts files that ignore files and globs leave out. ``other_types`` counts files of
    unsupported formats, by extension. ``left_out`` maps every excluded folder (with ``/`` at the
    end) and every excluded known file to the rule. ``unreadable`` lists (path, reason) of
    inaccessible folders and files. ``unwalked`` lists the folders among them as the beginnings of
    paths (``sub/``, or empty for the whole folder): files below them may still exist. ``present``
    are the known paths that an object store has, whether a rule leaves them out or not; on disk a
    look at the file tells.
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

    The walk skips hidden files and folders, and lock files of office programs. ``.kbignore`` files
    contain patterns in gitignore syntax for their folder and those below. The walk follows links.
    It walks a folder with several paths once, under its own path rather than a link's. It never
    walks a link to a folder that contains ``folder``.

    Args:
        folder: the folder to walk.
        extensions: supported extensions, in lower case.
        include: patterns in gitignore syntax, relative to ``folder``, that files must match.
        exclude: such patterns that files and folders must not match.
        prefix: the folder's own path below its root, ending with ``/``; every path begins with it.
        inherited: ignore files of folders above, up to the root.
        known: paths whose excluding rule the caller wants to know.
        cancel: set it to end the walk.

    Raises:
        SettingsError: ``include`` or ``exclude`` contains an invalid pattern.
        KeyboardInterrupt: ``cancel`` was set; a partial list would be useless.
    """
    rules = Rules(frozenset(extensions), include, exclude, prefix=prefix)
    walk = _Walk(folder, prefix, rules, known, cancel or threading.Event())
    walk.run(tuple(inherited))
    walk.found.files.sort(key=lambda file: file.path)
    return walk.found


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder still to walk, and the ignore files that apply there."""

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
        # No recursion: folders may be nested deeper than Python's call limit.
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
                return  # it vanished after its parent was listed
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
            return  # it vanished after its folder was listed
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
        """Return whether a link leads to a folder above the walked one: nobody asked for that."""
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
        # Millions of pictures beside the documents need not be remembered.
        if path in self._known:
            self.found.left_out[path] = rule

    def _refused(self, path: str, error: OSError) -> None:
        advice = "check its permissions"
        if error.errno == errno.ENAMETOOLONG:
            advice = "what is below it was not read; move it closer to the top"
        reason = error.strerror or type(error).__name__
        self.found.unreadable.append((path, f"{path} cannot be looked at ({reason}); {advice}"))


def unruled(prefix: str, error: OSError | PatternError | UnreadableFileError) -> tuple[str, str]:
    """Return the path of an unusable ignore file, and the reason."""
    path = f"{prefix}{IGNORE_FILE}"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return path, (
        f"{path} cannot be used: {reason}; its folder was not read, because what it leaves out "
        "is not known"
    )
