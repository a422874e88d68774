"""Changing settings in ``kb.toml`` and leaving every other line as it is."""

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
    """Set values in a file of settings, made if it is not there; comments and order stay.

    None takes a setting's line away, so that its default holds.

    Raises:
        SettingsError: the file is not valid or cannot be written; it is left as it was.
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
    # The file is a person's: what it says is compared before it is replaced.
    if tomllib.loads(after) != expected:
        msg = f"{path} is written in a way that cannot be changed safely; {lines} by hand"
        raise SettingsError(msg)
    try:
        _replace(path, after)
    except OSError as error:
        msg = f"cannot write {path}: {error}; {lines} by hand"
        raise SettingsError(msg) from error


def write_secret(path: Path, value: str) -> None:
    """Write one secret into a file of its own, which only its owner may read.

    Raises:
        SettingsError: it cannot be written.
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
    # What tomlkit adds ends in "\n"; an editor that wrote "\r\n" wants all lines alike.
    return re.sub(r"(?<!\r)\n", "\r\n", changed) if "\r\n" in text else changed


def _by_hand(key: str, value: Value | None) -> str:
    from tomlkit import item  # noqa: PLC0415 - as above

    return f"remove {key}" if value is None else f"set {key} = {item(value).as_string()}"


def _replace(path: Path, text: str) -> None:
    """Write beside the file and move there; a link goes on leading to the same file.

    The file keeps its owner and its mode. With a password's hash in it nobody else may read it:
    a draft is private for as long as it is written.
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
    """Give a file to the owner and the group of another one; the group as far as allowed."""
    made = part.stat()
    if made.st_uid != to.st_uid:
        os.chown(part, to.st_uid, -1)
    if made.st_gid != to.st_gid:
        with contextlib.suppress(PermissionError):
            os.chown(part, -1, to.st_gid)
