"""Which objects below a URL are to be considered, by the rules that hold in folders."""

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
"""Bytes of an ignore file that are read."""


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
    """Return which of the objects below a folder are files to consider, sorted by path.

    Hidden names, lock files of office programs, ``.kbignore`` and patterns leave objects out as
    they do files. An empty object whose key ends with a slash stands for a folder.

    Args:
        objects: all that lies below the folder.
        store: reads ignore files.
        root: the URL that paths are relative to.
        extensions: of files that are read, in lower case.
        include: patterns relative to the folder, that files must match.
        exclude: such patterns that files and folders must not match.
        prefix: what paths begin with, ending with ``/``: the folder below the root.
        inherited: ignore files of the folders above.
        known: paths for which the rule that leaves them out is wanted, and whether they are there.
        stop: set it to end.

    Raises:
        SettingsError: ``include`` or ``exclude`` holds what is no pattern.
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
    """Puts each object where it belongs in what was found."""

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
            return  # nobody knows what is left out there
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
        # Of a million pictures beside the documents none is worth remembering.
        if path in self.known:
            self.found.left_out[path] = rule


def found_object(path: str, info: ObjectInfo) -> FoundFile:
    """Return an object as a file to consider, which is still to be fetched."""
    return FoundFile(
        path=path,
        file=UNFETCHED / f"object{PurePosixPath(path).suffix}",
        size=info.size,
        mtime_ns=info.mtime_ns,
        revision=info.revision,
    )


class _Folders:
    """What holds in each folder: the rule that leaves it out, and the ignore files.

    Args:
        rules: the rules of the run.
        top: the folder that was given, as paths begin.
        inherited: ignore files of the folders above it.
        own: reads the ignore file of a folder.
        found: where an ignore file is noted that cannot be used.
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
        """Return the rule that leaves a folder out, and its ignore files if they can be used.

        ``rooted`` says that a path begins with a slash, so that "" is the name of a folder in it.
        """
        inside = f"{folder}/" if folder or rooted else ""
        at = self._top
        rule, ignore_files = self._known[at]
        # No recursion: a key may have more parts than Python has calls.
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
    """Read the ignore file of a URL, None where there is none.

    Raises:
        UnreadableFileError: it cannot be read.
        PatternError: it holds what is no pattern.
    """
    lines = object_lines(store, url, stop)
    return None if lines is None else IgnoreFile(prefix, patterns(lines))


def object_lines(store: ObjectStore, url: str, stop: threading.Event) -> list[str] | None:
    """Return the lines of an ignore file, None where there is none; raises as :func:`ignored_by`.

    One that goes on beyond :data:`MOST_IGNORE_BYTES` is no ignore file.
    """
    data = store.read(url, MOST_IGNORE_BYTES + 1, stop)
    if data is not None and len(data) > MOST_IGNORE_BYTES:
        msg = f"it has more than {MOST_IGNORE_BYTES:,} bytes"
        raise PatternError(msg)
    return None if data is None else lines_of(data)
