"""Changes settings in ``kb.toml`` and leaves every other line as it is."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from kb.drafts import PRIVATE, draft
from kb.errors import SettingsError

Value = str | bool | int | float

SECRETS = frozenset({"ui_password_hash"})
"""Settings that only the owner of the file may read."""


def write_settings(path: Path, values: Mapping[str, Value | None]) -> None:
    """Set values in a settings file, creating it if needed; comments and order stay.

    None removes a setting's line, which restores its default.

    Raises:
        SettingsError: the file is invalid or cannot be written. It stays as it was.
    """
    try:
        before = path.read_bytes().decode() if path.exists() else ""
        known = {**tomllib.loads(before), **values}
        after = _changed(before, values)
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read: {error}; mend it or remove it"
        raise SettingsError(msg) from error
    lines = " and ".join(_by_hand(key, value) for key, value in values.items())
    expected = {key: value for key, value in known.items() if value is not None}
    # People edit this file, so the new text is parsed and compared before it replaces the old one.
    if tomllib.loads(after) != expected:
        msg = f"{path} is written in a way that cannot be changed safely; {lines} by hand"
        raise SettingsError(msg)
    try:
        _replace(path, after)
    except OSError as error:
        msg = f"cannot write {path}: {error}; {lines} by hand"
        raise SettingsError(msg) from error


def write_secret(path: Path, value: str) -> None:
    """Write one secret into a file of its own that only its owner may read.

    Raises:
        SettingsError: the file cannot be written.
    """
    try:
        with draft(path.resolve()) as part:
            part.write_text(f"{value}\n", "utf-8")
    except OSError as error:
        msg = f"cannot write {path}: {error}; make its folder, or choose another file"
        raise SettingsError(msg) from error


def _changed(text: str, values: Mapping[str, Value | None]) -> str:
    import tomlkit  # noqa: PLC0415 - takes 40 ms, and only changing a setting needs it

    document = tomlkit.parse(text)
    for key, value in values.items():
        if value is None:
            document.pop(key, None)
        else:
            document[key] = value
    changed = tomlkit.dumps(document)
    # tomlkit ends new lines with "\n"; a file written with "\r\n" should have it everywhere.
    return re.sub(r"(?<!\r)\n", "\r\n", changed) if "\r\n" in text else changed


def _by_hand(key: str, value: Value | None) -> str:
    from tomlkit import item  # noqa: PLC0415 - as above

    return f"remove {key}" if value is None else f"set {key} = {item(value).as_string()}"


def _replace(path: Path, text: str) -> None:
    """Write a draft and move it to ``path``; a symbolic link keeps its target.

    The file keeps its owner and mode. Nobody else may read the draft meanwhile, because it may hold
    the hash of a password.
    """
    target = path.resolve()
    before = target.stat() if target.exists() else None
    mode = 0o644 if before is None else before.st_mode & 0o777
    mode = mode & PRIVATE if SECRETS & tomllib.loads(text).keys() else mode
    with draft(target, mode=mode) as part:
        part.write_bytes(text.encode())
        if before is not None:
            _give(part, before)


def _give(part: Path, to: os.stat_result) -> None:
    """Give a file the owner of another one, and its group if the system allows that."""
    made = part.stat()
    if made.st_uid != to.st_uid:
        os.chown(part, to.st_uid, -1)
    if made.st_gid != to.st_gid:
        with contextlib.suppress(PermissionError):
            os.chown(part, -1, to.st_gid)
