"""Changing settings in ``kb.toml`` and leaving every other line as it is."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from kb.errors import SettingsError

Value = str | bool | int | float

SECRETS = frozenset({"ui_password_hash"})
"""Settings that only the owner of the file may read."""
_PRIVATE = 0o600

# The first table ends the part of the file where settings stand.
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_VALUE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s#'"\[{][^#\n]*?)"""


def write_settings(path: Path, values: Mapping[str, Value | None]) -> None:
    """Set values in a file of settings, made if it is not there; comments and order stay.

    None takes a setting's line away, so that its default holds.

    Raises:
        SettingsError: the file is not valid, cannot be written, or has one of the settings in
            a form that cannot be changed safely; it is left as it was.
    """
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        known = {**tomllib.loads(before), **values}
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}; mend it or remove it"
        raise SettingsError(msg) from error
    after = before
    for key, value in values.items():
        after = _without(after, key) if value is None else _with(after, key, _written(value))
    lines = " and ".join(_by_hand(key, value) for key, value in values.items())
    expected = {key: value for key, value in known.items() if value is not None}
    try:
        understood = tomllib.loads(after) == expected
    except tomllib.TOMLDecodeError:
        understood = False
    if not understood:
        msg = f"{path} is written in a way that cannot be changed safely; {lines} by hand"
        raise SettingsError(msg)
    try:
        _replace(path, after)
    except OSError as error:
        msg = f"cannot write {path}: {error}; {lines} by hand"
        raise SettingsError(msg) from error


def _by_hand(key: str, value: Value | None) -> str:
    return f"remove {key}" if value is None else f"set {key} = {_written(value)}"


def _halves(text: str) -> tuple[str, str]:
    """Return the part where settings stand, and the tables after it."""
    table = _TABLE.search(text)
    return (text[: table.start()], text[table.start() :]) if table else (text, "")


def _line(key: str) -> str:
    return rf"^([ \t]*{re.escape(key)}\s*=\s*){_VALUE}(?=\s*(?:#.*)?$)"


def _without(text: str, key: str) -> str:
    head, tail = _halves(text)
    return re.sub(_line(key) + r".*\n?", "", head, flags=re.MULTILINE) + tail


def _with(text: str, key: str, value: str) -> str:
    head, tail = _halves(text)
    line = re.compile(_line(key), re.MULTILINE)
    changed, count = line.subn(lambda match: match[1] + value, head)
    if count:
        return changed + tail
    if head and not head.endswith("\n"):
        head += "\n"
    gap = "\n" if tail else ""
    return f"{head.rstrip()}\n{key} = {value}\n{gap}{tail}".lstrip("\n")


def _written(value: Value) -> str:
    # JSON's numbers and truth values are TOML's; a JSON string is a TOML basic string, as long as
    # characters outside the BMP stay themselves.
    return json.dumps(value, ensure_ascii=False)


def _replace(path: Path, text: str) -> None:
    """Write beside the file and move there; a link goes on leading to the same file.

    The file keeps its owner and its mode. With a password's hash in it nobody else may read it.
    """
    target = path.resolve()
    before = target.stat() if target.exists() else None
    mode = 0o644 if before is None else before.st_mode & 0o777
    # mkstemp makes the file for its owner alone, so the hash is never there for others to read.
    descriptor, name = tempfile.mkstemp(prefix=target.name, dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        part = Path(name)
        if before is not None:
            _give(part, before)
        part.chmod(mode & _PRIVATE if SECRETS & tomllib.loads(text).keys() else mode)
        part.replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _give(part: Path, to: os.stat_result) -> None:
    """Give a file to the owner and the group of another one; the group as far as allowed."""
    made = part.stat()
    if made.st_uid != to.st_uid:
        os.chown(part, to.st_uid, -1)
    if made.st_gid != to.st_gid:
        with contextlib.suppress(PermissionError):
            os.chown(part, -1, to.st_gid)
