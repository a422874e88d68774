"""Which objects below a URL are to be considered, by the rules that hold in folders."""

from __future__ import annotations

import threading
from collections.abc import Collection, Container, Sequence
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
    folders = _Folders(by_path, store, rules, prefix, tuple(inherited), found, stop)
    for path, info in sorted(by_path.items()):
        if stop.is_set():
            raise KeyboardInterrupt
        if path in known:
            found.present.add(path)
        _consider(path, info, folders, rules, known, found)
    return found


def _consider(
    path: str,
    info: ObjectInfo,
    folders: _Folders,
    rules: Rules,
    known: Container[str],
    found: Discovery,
) -> None:
    if not path or (path.endswith("/") and info.size == 0):
        return
    folder, _, name = path.rpartition("/")
    rule, ignore_files = folders.on_the_way(folder, rooted=path.startswith("/"))
    if ignore_files is None:
        return  # nobody knows what is left out there
    rule = rule or rules.of_name(name)
    by_name = rule is not None
    rule = rule or rules.of_path(path, ignore_files, folder=False) or rules.of_file(path)
    if rule is None and (reason := unreadable_key(info.url)):
        found.unreadable.append((path, reason))
    elif rule is None:
        found.files.append(
            FoundFile(
                path=path,
                file=UNFETCHED / f"object{PurePosixPath(path).suffix}",
                size=info.size,
                mtime_ns=info.mtime_ns,
                revision=info.revision,
            )
        )
    else:
        # Of a million pictures beside the documents none is worth remembering.
        if path in known:
            found.left_out[path] = rule
        if rule.code == "type":
            found.other_types[PurePosixPath(path).suffix.lower() or "no extension"] += 1
        elif not by_name:
            found.ignored += 1


class _Folders:
    """What holds in each folder: the rule that leaves it out, and the ignore files."""

    def __init__(
        self,
        by_path: dict[str, ObjectInfo],
        store: ObjectStore,
        rules: Rules,
        prefix: str,
        inherited: tuple[IgnoreFile, ...],
        found: Discovery,
        stop: threading.Event,
    ) -> None:
        self._by_path = by_path
        self._store = store
        self._rules = rules
        self._found = found
        self._stop = stop
        self._top = prefix
        self._known = {prefix: (None, self._with_own(prefix, inherited))}

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
        info = self._by_path.get(f"{prefix}{IGNORE_FILE}")
        if info is None:
            return above
        try:
            own = ignored_by(self._store, info.url, prefix, self._stop)
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
