"""Selects the objects below a URL, by the same rules as in folders."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ingest.errors import UnreadableFileError
from ingest.finding.candidate import UNFETCHED
from ingest.finding.discovery import Discovery, FoundFile, unruled
from ingest.finding.ignoring import (
    IGNORE_FILE,
    IgnoreFile,
    PatternError,
    Rule,
    Rules,
    lines_of,
    patterns,
)
from ingest.finding.objects.filesystem import ObjectInfo, ObjectStore
from ingest.finding.objects.origin import unreadable_key

MOST_IGNORE_BYTES = 1 << 20
"""Most bytes of an ignore file."""


def discover_objects(
    objects: Sequence[ObjectInfo],
    store: ObjectStore,
    root: str,
    *,
    extensions: Collection[str],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    prefix: str = "",
    inherited: Sequence[IgnoreFile] = (),
    known: Container[str] = frozenset(),
    stop: threading.Event,
) -> Discovery:
    """Return the objects below a folder that are files to consider, sorted by path.

    Hidden names, lock files of office programs, ``.kbignore`` and patterns exclude objects as they
    exclude files. An empty object whose key ends with a slash stands for a folder.

    Args:
        objects: all objects below the folder.
        store: reads ignore files.
        root: the URL to which paths are relative.
        extensions: supported extensions, in lower case.
        include: patterns relative to the folder, that files must match.
        exclude: such patterns that files and folders must not match.
        prefix: beginning of paths, ending with ``/``: the folder below the root.
        inherited: ignore files of the folders above.
        known: paths whose excluding rule and existence the caller wants to know.
        stop: set it to end.

    Raises:
        SettingsError: ``include`` or ``exclude`` contains an invalid pattern.
        KeyboardInterrupt: ``stop`` was set.
    """
    rules = Rules(frozenset(extensions), include, exclude, prefix=prefix)
    start = len(root.rstrip("/")) + 1
    by_path = {info.url[start:]: info for info in objects}
    found = Discovery()

    def own(folder: str) -> IgnoreFile | None:
        info = by_path.get(f"{folder}{IGNORE_FILE}")
        return None if info is None else ignored_by(store, info.url, folder, stop)

    folders = _Folders(rules, prefix, tuple(inherited), own, found)
    sieve = _Sieve(rules, folders, known, found)
    for path, info in sorted(by_path.items()):
        if stop.is_set():
            raise KeyboardInterrupt
        sieve.take(path, info)
    return found


@dataclass(frozen=True, slots=True)
class _Sieve:
    """Sorts each object into the result."""

    rules: Rules
    folders: _Folders
    known: Container[str]
    found: Discovery

    def take(self, path: str, info: ObjectInfo) -> None:
        if not path or (path.endswith("/") and info.size == 0):
            return
        if path in self.known:
            self.found.present.add(path)
        folder, _, name = path.rpartition("/")
        rule, ignore_files = self.folders.on_the_way(folder, rooted=path.startswith("/"))
        if ignore_files is None:
            return  # unknown whether a rule excludes it
        rule = rule or self.rules.of_name(name)
        if rule is not None:
            self._leave_out(path, rule)
            return
        rule = self.rules.of_path(path, ignore_files, folder=False) or self.rules.of_file(path)
        if rule is not None:
            self._leave_out(path, rule)
            if rule.code == "type":
                suffix = PurePosixPath(path).suffix.lower()
                self.found.other_types[suffix or "no extension"] += 1
            else:
                self.found.ignored += 1
        elif reason := unreadable_key(info.url):
            self.found.unreadable.append((path, reason))
        else:
            self.found.files.append(found_object(path, info))

    def _leave_out(self, path: str, rule: Rule) -> None:
        # Millions of pictures beside the documents need not be remembered.
        if path in self.known:
            self.found.left_out[path] = rule


def found_object(path: str, info: ObjectInfo) -> FoundFile:
    """Return an object as a file to consider, not yet fetched."""
    return FoundFile(
        path=path,
        file=UNFETCHED / f"object{PurePosixPath(path).suffix}",
        size=info.size,
        mtime_ns=info.mtime_ns,
        revision=info.revision,
    )


class _Folders:
    """The rules of each folder: the rule that excludes it, and its ignore files.

    Args:
        rules: the rules of the run.
        top: the given folder, as the beginning of paths.
        inherited: ignore files of the folders above it.
        own: reads the ignore file of a folder.
        found: receives ignore files that cannot be used.
    """

    def __init__(
        self,
        rules: Rules,
        top: str,
        inherited: tuple[IgnoreFile, ...],
        own: Callable[[str], IgnoreFile | None],
        found: Discovery,
    ) -> None:
        self._rules = rules
        self._own = own
        self._found = found
        self._top = top
        self._known: dict[str, tuple[Rule | None, tuple[IgnoreFile, ...] | None]] = {
            top: (None, self._with_own(top, inherited))
        }

    def on_the_way(
        self, folder: str, *, rooted: bool
    ) -> tuple[Rule | None, tuple[IgnoreFile, ...] | None]:
        """Return the rule that excludes a folder, and its usable ignore files.

        ``rooted`` says that a path begins with a slash, so that "" is the name of a folder in it.
        """
        inside = f"{folder}/" if folder or rooted else ""
        at = self._top
        rule, ignore_files = self._known[at]
        # No recursion: a key may have more parts than Python's call limit.
        while at != inside:
            end = inside.index("/", len(at)) + 1
            above, at = at, inside[:end]
            if at not in self._known:
                self._known[at] = self._judged(at, above, rule, ignore_files)
            rule, ignore_files = self._known[at]
        return rule, ignore_files

    def _judged(
        self, at: str, above: str, rule: Rule | None, ignore_files: tuple[IgnoreFile, ...] | None
    ) -> tuple[Rule | None, tuple[IgnoreFile, ...] | None]:
        if rule is not None or ignore_files is None:
            return rule, ignore_files
        name = at[len(above) : -1]
        rule = self._rules.of_name(name)
        rule = rule or self._rules.of_path(at[:-1], ignore_files, folder=True)
        return rule, (ignore_files if rule else self._with_own(at, ignore_files))

    def _with_own(
        self, prefix: str, above: tuple[IgnoreFile, ...]
    ) -> tuple[IgnoreFile, ...] | None:
        try:
            own = self._own(prefix)
        except (UnreadableFileError, PatternError) as error:
            self._found.unwalked.append(prefix)
            self._found.unreadable.append(unruled(prefix, error))
            return None
        return above if own is None else (*above, own)


def ignored_by(
    store: ObjectStore, url: str, prefix: str, stop: threading.Event
) -> IgnoreFile | None:
    """Read the ignore file of a URL; None if there is none.

    Raises:
        UnreadableFileError: it cannot be read.
        PatternError: it contains an invalid pattern.
    """
    lines = object_lines(store, url, stop)
    return None if lines is None else IgnoreFile(prefix, patterns(lines))


def object_lines(store: ObjectStore, url: str, stop: threading.Event) -> list[str] | None:
    """Return the lines of an ignore file, None if there is none; raises as :func:`ignored_by`.

    A file of more than :data:`MOST_IGNORE_BYTES` is not an ignore file.
    """
    data = store.read(url, MOST_IGNORE_BYTES + 1, stop)
    if data is not None and len(data) > MOST_IGNORE_BYTES:
        msg = f"it has more than {MOST_IGNORE_BYTES:,} bytes"
        raise PatternError(msg)
    return None if data is None else lines_of(data)
