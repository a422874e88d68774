"""Rules that leave files out: hidden names, lock files, ignore files, patterns of one run."""

from __future__ import annotations

import codecs
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pathspec import GitIgnoreSpec

from kb.errors import SettingsError

IGNORE_FILE = ".kbignore"
"""Name of the files that hold patterns of what is left out of their folder."""

_LOCK_PREFIXES = ("~$", ".~lock.")

RuleCode = Literal["ignore_file", "exclude", "include", "hidden", "lock_file", "type", "link"]

_WORDS: dict[RuleCode, str] = {
    "exclude": "--exclude",
    "include": "--include",
    "hidden": "the rule about hidden files",
    "lock_file": "the rule about lock files of office programs",
    "type": "their type, which is not read",
    "link": "the rule about links to folders above",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a file or folder is left out. ``file`` is the ignore file that says so."""

    code: RuleCode
    file: str = ""

    def __str__(self) -> str:
        """Name the rule as it follows the words "left out by"."""
        return self.file or _WORDS[self.code]


class PatternError(ValueError):
    """A line is no pattern, or a file of patterns is no text; the message says which."""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The patterns of one ignore file and the folder they are relative to."""

    prefix: str
    spec: GitIgnoreSpec

    @property
    def rule(self) -> Rule:
        """The rule that this file makes."""
        return Rule("ignore_file", f"{self.prefix}{IGNORE_FILE}")

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Say whether these patterns leave ``path`` out (True), keep it (False), or neither."""
        return self.spec.check_file(_subject(path, self.prefix, folder=folder)).include


class Rules:
    """The patterns of one run, which hold in every folder.

    Args:
        extensions: of files that are read, in lower case.
        include: patterns that files must match; none for all.
        exclude: patterns that files and folders must not match.
        prefix: what paths begin with that the patterns do not.

    Raises:
        SettingsError: a pattern is none.
    """

    def __init__(
        self,
        extensions: frozenset[str],
        include: Sequence[str],
        exclude: Sequence[str],
        *,
        prefix: str = "",
    ) -> None:
        self._extensions = extensions
        self._prefix = prefix
        try:
            self._include = patterns(include) if include else None
            self._exclude = patterns(exclude)
        except PatternError as error:
            msg = f"--include or --exclude: {error}"
            raise SettingsError(msg) from error

    def of_name(self, name: str) -> Rule | None:
        """Return the rule that leaves an entry out for its name alone."""
        if name.startswith(_LOCK_PREFIXES):
            return Rule("lock_file")
        return Rule("hidden") if name.startswith(".") else None

    def of_path(
        self, path: str, ignore_files: Sequence[IgnoreFile], *, folder: bool
    ) -> Rule | None:
        """Return the rule that leaves a path out by patterns."""
        if self._exclude.match_file(_subject(path, self._prefix, folder=folder)):
            return Rule("exclude")
        # The nearest ignore file that has a word to say decides, as git does it.
        for file in reversed(ignore_files):
            verdict = file.verdict(path, folder=folder)
            if verdict is not None:
                return file.rule if verdict else None
        return None

    def of_file(self, path: str) -> Rule | None:
        """Return the rule that leaves out a file which no pattern leaves out."""
        if not self.reads(path):
            return Rule("type")
        wanted = self._include
        if wanted is not None and not wanted.match_file(_subject(path, self._prefix, folder=False)):
            return Rule("include")
        return None

    def reads(self, path: str) -> bool:
        """Say whether files of this type are read."""
        return PurePosixPath(path).suffix.lower() in self._extensions


def ignore_file(folder: Path, prefix: str) -> IgnoreFile | None:
    """Read the ignore file of a folder, None where there is none.

    Raises:
        OSError: it cannot be read.
        PatternError: it holds what is no pattern.
    """
    lines = _lines(folder)
    return None if lines is None else IgnoreFile(prefix, patterns(lines))


def inherited(root: Path, folder: Path, name: str) -> Iterator[IgnoreFile]:
    """Yield the ignore files of ``root`` and of the folders from it down to above ``folder``.

    ``name`` is the folder's identity below the root. See :func:`inherited_by`.

    Raises:
        OSError: an ignore file cannot be read.
        PatternError: one holds what is no pattern.
    """
    above = list(reversed(folder.relative_to(root).parents))
    return inherited_by(name, lambda depth, _: _lines(root / above[depth]))


def inherited_by(
    name: str, lines_in: Callable[[int, str], list[str] | None]
) -> Iterator[IgnoreFile]:
    """Yield the ignore files above a folder, the outermost first.

    A pattern that leaves the folder itself out is passed over: the folder was asked for by name.

    Args:
        name: the folder's path below its root.
        lines_in: gives the lines of the ignore file of the n-th folder on the way, of the path
            that ends with ``/`` or is empty for the root; None where it has none.
    """
    names = name.split("/")
    places = ["/".join(names[: depth + 1]) for depth in range(len(names))]
    for depth in range(len(names)):
        prefix = f"{places[depth - 1]}/" if depth else ""
        lines = lines_in(depth, prefix)
        if lines is None:
            continue
        on_the_way = [_subject(place, prefix, folder=True) for place in places[depth:]]
        kept = [line for line in lines if not any(map(patterns([line]).match_file, on_the_way))]
        yield IgnoreFile(prefix, patterns(kept))


def _subject(path: str, prefix: str, *, folder: bool) -> str:
    """Return what patterns are compared with; "é" is the same however it is written."""
    return unicodedata.normalize("NFC", path.removeprefix(prefix)) + ("/" if folder else "")


def patterns(lines: Sequence[str]) -> GitIgnoreSpec:
    """Return lines of an ignore file as patterns.

    Raises:
        PatternError: one is none.
    """
    lines = [unicodedata.normalize("NFC", line) for line in lines]
    try:
        return GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error):
        for line in lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except (ValueError, re.error) as error:
                msg = f"{line!r} is no pattern ({error})"
                raise PatternError(msg) from error
        raise


def _lines(folder: Path) -> list[str] | None:
    file = folder / IGNORE_FILE
    try:
        file.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(file.stat().st_mode):  # who opens a pipe waits for ever
        msg = "it is no file but a folder, pipe, socket or device"
        raise PatternError(msg)
    return lines_of(file.read_bytes())


def lines_of(data: bytes) -> list[str]:
    """Return the lines of an ignore file.

    Raises:
        PatternError: it is no text.
    """
    # Notepad and PowerShell on Windows write UTF-16.
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        msg = "it is not written in UTF-8"
        raise PatternError(msg) from error
