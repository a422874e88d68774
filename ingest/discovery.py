"""Which files of a folder are to be considered: by type, ignore files and globs."""

from __future__ import annotations

import os
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".kbignore"
_LOCK_PREFIXES = ("~$", ".~lock.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file to consider.

    ``path`` is relative to the folder walked, with ``/``, in NFC: its identity. ``file`` is how
    to open it. ``size`` is in bytes, ``mtime_ns`` in nanoseconds since the epoch.
    """

    path: str
    file: Path
    size: int
    mtime_ns: int


@dataclass(slots=True)
class Discovery:
    """What a walk found.

    ``ignored`` counts files left out by ignore files and globs, ``other_types`` files of formats
    that are not read, by extension; ``unreadable`` lists (path, reason) of folders and files
    that could not be looked at, ``unwalked`` the folders among them as the beginnings of paths
    (``sub/``, or empty for the whole): what lies there is not known to be gone.
    """

    files: list[FoundFile] = field(default_factory=list)
    ignored: int = 0
    other_types: Counter[str] = field(default_factory=Counter)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    unwalked: list[str] = field(default_factory=list)


def discover(
    root: Path,
    *,
    extensions: Collection[str],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    cancel: threading.Event | None = None,
) -> Discovery:
    """Walk ``root`` and return its files, sorted by path.

    Hidden files and folders and the lock files of office programs are skipped. ``.kbignore``
    files hold patterns in gitignore syntax for the folder they lie in and those below.
    ``include`` and ``exclude`` are patterns of the same syntax. Links are followed; a folder
    that is reached twice is walked once, and one that holds ``root`` not at all.

    Raises:
        KeyboardInterrupt: ``cancel`` was set: half a list of files is none.
    """
    walk = _Walk(root, frozenset(extensions), include, exclude, cancel or threading.Event())
    walk.folder(root, "", ())
    walk.found.files.sort(key=lambda file: file.path)
    return walk.found


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one ignore file and the folder they are relative to."""

    prefix: str
    spec: GitIgnoreSpec

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Say whether these patterns leave ``path`` out (True), keep it (False), or neither."""
        relative = path.removeprefix(self.prefix) + ("/" if folder else "")
        return self.spec.check_file(relative).include


class _Walk:
    def __init__(
        self,
        root: Path,
        extensions: frozenset[str],
        include: Sequence[str],
        exclude: Sequence[str],
        cancel: threading.Event,
    ) -> None:
        self.found = Discovery()
        self._cancel = cancel
        self._real_root = root.resolve()
        self._extensions = extensions
        self._include = GitIgnoreSpec.from_lines(include) if include else None
        self._exclude = GitIgnoreSpec.from_lines(exclude)
        self._seen: set[tuple[int, int]] = set()

    def folder(self, folder: Path, prefix: str, rules: tuple[_Rules, ...]) -> None:
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in self._seen:
                return
            self._seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.found.unwalked.append(prefix)
            self._refused(prefix.rstrip("/") or folder.name, error)
            return
        rules = (*rules, *self._rules_of(folder, prefix))
        for entry in entries:
            if self._cancel.is_set():
                raise KeyboardInterrupt
            self._entry(entry, prefix, rules)

    def _entry(self, entry: os.DirEntry[str], prefix: str, rules: tuple[_Rules, ...]) -> None:
        if entry.name.startswith((".", *_LOCK_PREFIXES)):
            return
        path = prefix + readable_name(entry.name)
        try:
            if entry.is_dir():
                if not self._left_out(path, rules, folder=True) and not self._leads_up(entry):
                    self.folder(Path(entry.path), f"{path}/", rules)
            elif entry.is_file():
                self._file(entry, path, rules)
            elif entry.is_symlink() and not Path(entry.path).exists():
                self.found.unreadable.append(
                    (path, f"{path} is a link to something that does not exist; remove it")
                )
            elif PurePosixPath(path).suffix.lower() in self._extensions:
                self.found.unreadable.append(
                    (path, f"{path} is no file but a pipe, socket or device; remove it")
                )
        except OSError as error:
            self.found.unwalked.append(f"{path}/")
            self._refused(path, error)

    def _leads_up(self, entry: os.DirEntry[str]) -> bool:
        """Say whether a link leads to a folder that holds the one walked: nobody gave us that."""
        return entry.is_symlink() and self._real_root.is_relative_to(Path(entry.path).resolve())

    def _file(self, entry: os.DirEntry[str], path: str, rules: tuple[_Rules, ...]) -> None:
        suffix = PurePosixPath(path).suffix.lower()
        if self._left_out(path, rules, folder=False):
            self.found.ignored += 1
        elif suffix not in self._extensions:
            self.found.other_types[suffix or "no extension"] += 1
        elif self._include is not None and not self._include.match_file(path):
            self.found.ignored += 1
        else:
            status = entry.stat()
            self.found.files.append(
                FoundFile(
                    path=path,
                    file=Path(entry.path),
                    size=status.st_size,
                    mtime_ns=status.st_mtime_ns,
                )
            )

    def _left_out(self, path: str, rules: tuple[_Rules, ...], *, folder: bool) -> bool:
        if self._exclude.match_file(path + ("/" if folder else "")):
            return True
        # The nearest ignore file that has a word to say decides, as git does it.
        for rule in reversed(rules):
            verdict = rule.verdict(path, folder=folder)
            if verdict is not None:
                return verdict
        return False

    def _rules_of(self, folder: Path, prefix: str) -> Iterator[_Rules]:
        file = folder / IGNORE_FILE
        try:
            if file.is_file():
                lines = file.read_text("utf-8-sig", "replace").splitlines()
                yield _Rules(prefix, GitIgnoreSpec.from_lines(lines))
        except OSError as error:
            self._refused(f"{prefix}{IGNORE_FILE}", error)

    def _refused(self, path: str, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        self.found.unreadable.append(
            (path, f"{path} cannot be looked at ({reason}); check its permissions")
        )


def readable_name(name: str) -> str:
    r"""Return a file's name or path as text: NFC, bytes that are no UTF-8 spelled as ``\\xNN``."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)
