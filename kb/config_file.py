"""Changing one setting in ``kb.toml`` and leaving every other line as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from kb.errors import SettingsError

# The first table ends the part of the file where settings stand.
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_VALUE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s#'"\[{][^#\n]*?)"""


def write_settings(path: Path, values: Mapping[str, str]) -> None:
    """Set texts in a file of settings, made if it is not there; comments and order stay.

    Raises:
        SettingsError: the file is not valid, cannot be written, or has one of the settings in
            a form that cannot be changed safely; it is left as it was.
    """
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        expected = {**tomllib.loads(before), **values}
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}; mend it or remove it"
        raise SettingsError(msg) from error
    after = before
    for key, value in values.items():
        after = _with(after, key, value)
    lines = " and ".join(f"{key} = {_quoted(value)}" for key, value in values.items())
    try:
        understood = tomllib.loads(after) == expected
    except tomllib.TOMLDecodeError:
        understood = False
    if not understood:
        msg = f"{path} is written in a way that cannot be changed safely; set {lines} by hand"
        raise SettingsError(msg)
    try:
        _replace(path, after)
    except OSError as error:
        msg = f"cannot write {path}: {error}; set {lines} by hand"
        raise SettingsError(msg) from error


def _with(text: str, key: str, value: str) -> str:
    table = _TABLE.search(text)
    head, tail = (text[: table.start()], text[table.start() :]) if table else (text, "")
    line = re.compile(rf"^([ \t]*{re.escape(key)}\s*=\s*){_VALUE}(?=\s*(?:#.*)?$)", re.MULTILINE)
    quoted = _quoted(value)
    changed, count = line.subn(lambda match: match[1] + quoted, head)
    if count:
        return changed + tail
    if head and not head.endswith("\n"):
        head += "\n"
    gap = "\n" if tail else ""
    return f"{head.rstrip()}\n{key} = {quoted}\n{gap}{tail}".lstrip("\n")


def _quoted(value: str) -> str:
    # A JSON string is a TOML basic string, as long as characters outside the BMP stay themselves.
    return json.dumps(value, ensure_ascii=False)


def _replace(path: Path, text: str) -> None:
    """Write beside the file and move there; a link goes on leading to the same file."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=target.name, dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        part = Path(name)
        part.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        part.replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
