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
"""Name of the files with patterns of excluded files."""

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
    """The reason why a file or folder is left out. ``file`` is the ignore file with the rule."""

    code: RuleCode
    file: str = ""

    def __str__(self) -> str:
        """Name the rule in the form that follows "left out by"."""
        return self.file or _WORDS[self.code]


class PatternError(ValueError):
    """A line is not a valid pattern, or an ignore file is not text; the message names it."""


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
        """Return True if these patterns exclude ``path``, False if they keep it, else None."""
        return self.spec.check_file(_subject(path, self.prefix, folder=folder)).include


class Rules:
    """The rules of one run, which apply in every folder.

    Args:
        extensions: supported extensions, in lower case.
        include: patterns that files must match; empty for all.
        exclude: patterns that files and folders must not match.
        prefix: beginning of paths, which patterns do not contain.

    Raises:
        SettingsError: a pattern is invalid.
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
        """Return the rule that excludes an entry by its name alone, or None."""
        if name.startswith(_LOCK_PREFIXES):
            return Rule("lock_file")
        return Rule("hidden") if name.startswith(".") else None

    def of_path(
        self, path: str, ignore_files: Sequence[IgnoreFile], *, folder: bool
    ) -> Rule | None:
        """Return the rule that excludes a path by patterns, or None."""
        if self._exclude.match_file(_subject(path, self._prefix, folder=folder)):
            return Rule("exclude")
        # The nearest ignore file with a matching pattern decides, as in git.
        for file in reversed(ignore_files):
            verdict = file.verdict(path, folder=folder)
            if verdict is not None:
                return file.rule if verdict else None
        return None

    def of_file(self, path: str) -> Rule | None:
        """Return the rule that excludes a file that no pattern excludes."""
        if not self.reads(path):
            return Rule("type")
        wanted = self._include
        if wanted is not None and not wanted.match_file(_subject(path, self._prefix, folder=False)):
            return Rule("include")
        return None

    def reads(self, path: str) -> bool:
        """Return whether files of this type are supported."""
        return PurePosixPath(path).suffix.lower() in self._extensions


def ignore_file(folder: Path, prefix: str) -> IgnoreFile | None:
    """Read the ignore file of a folder; None if there is none.

    Raises:
        OSError: it cannot be read.
        PatternError: it contains an invalid pattern.
    """
    lines = _lines(folder)
    return None if lines is None else IgnoreFile(prefix, patterns(lines))


def inherited(root: Path, folder: Path, name: str) -> Iterator[IgnoreFile]:
    """Yield the ignore files of ``root`` and of the folders from it down to above ``folder``.

    ``name`` is the folder's identity below the root. See :func:`inherited_by`.

    Raises:
        OSError: an ignore file cannot be read.
        PatternError: one contains an invalid pattern.
    """
    above = list(reversed(folder.relative_to(root).parents))
    return inherited_by(name, lambda depth, _: _lines(root / above[depth]))


def inherited_by(
    name: str, lines_in: Callable[[int, str], list[str] | None]
) -> Iterator[IgnoreFile]:
    """Yield the ignore files above a folder, the outermost first.

    A pattern that excludes the folder itself has no effect, because the user named the folder.

    Args:
        name: the folder's path below its root.
        lines_in: returns the lines of the ignore file of the n-th folder on the way, whose path
            ends with ``/`` or is empty for the root; None if it has none.
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
    """Return the form of a path for comparison with patterns; "é" has one form."""
    return unicodedata.normalize("NFC", path.removeprefix(prefix)) + ("/" if folder else "")


def patterns(lines: Sequence[str]) -> GitIgnoreSpec:
    """Return the lines of an ignore file as patterns.

    Raises:
        PatternError: a pattern is invalid.
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
    if not stat.S_ISREG(file.stat().st_mode):  # opening a named pipe would wait for ever
        msg = "it is no file but a folder, pipe, socket or device"
        raise PatternError(msg)
    return lines_of(file.read_bytes())


def lines_of(data: bytes) -> list[str]:
    """Return the lines of an ignore file.

    Raises:
        PatternError: it is not text.
    """
    # Notepad and PowerShell on Windows write UTF-16.
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        msg = "it is not written in UTF-8"
        raise PatternError(msg) from error
