"""Changing one setting: the check of its value, its consequences, and its place in the file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from kb.config_file import Value, write_settings
from kb.errors import SettingsError
from kb.models.files import find_model
from kb.models.known import SETTINGS, Kind
from kb.redaction import holds_secret
from kb.remote.address import names_servers
from kb.setting_sources import config_path
from kb.settings import REEMBED, REREAD, Settings
from kb.vectors.address import Address
from kb.vectors.opening import require_known

CHANGEABLE = tuple(
    name
    for name in Settings.model_fields
    # The first would leave all documents behind. The second has a command of its own. The third
    # decides who may change settings.
    if name not in {"data_dir", "ui_password_hash", "ui_trust"}
)
"""Settings that can be changed while a knowledge base is open; changes hold from the next start."""

_KINDS: Mapping[str, Kind] = {setting: kind for kind, setting in SETTINGS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """A valid new value of a setting. ``value`` is None to restore the default.

    ``redo`` is the cost of the change: nothing, reading files again at their next ingestion, or
    embedding everything again before the next search.
    """

    name: str
    value: Value | None
    redo: Literal["", "reread", "reembed"]


def variable(name: str) -> str:
    """Return the environment variable of a setting, such as ``KB_TOP_K``."""
    return f"KB_{name.upper()}"


def outranked(name: str) -> bool:
    """Return whether the environment sets it, so that the file would be ignored."""
    return variable(name) in os.environ or f"{variable(name)}_FILE" in os.environ


def plan_change(name: str, typed: str) -> SettingChange | None:
    """Check the typed value of a setting, empty for its default; return None if nothing changes.

    Raises:
        SettingsError: the setting cannot be changed, or the value is invalid, alone or together
            with other settings.
        ModelError: the model is not on this machine, or is of another kind.
    """
    if name not in CHANGEABLE:
        msg = f"{name} cannot be changed here; one of: {', '.join(CHANGEABLE)}"
        raise SettingsError(msg)
    now = Settings.load()
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    typed = typed.strip()
    if typed and typed == now.shown(name):
        return None  # a password in it stays hidden and is not lost either
    if holds_secret(typed):
        msg = (
            f"{typed} holds credentials, which kb.toml does not keep: take them out and give the "
            "key in the environment variable KB_API_KEY"
        )
        raise SettingsError(msg)
    value = default
    if typed:
        value = getattr(Settings.load(**{name: typed}), name)
    elif default is not None:
        Settings.load(**{name: default})  # valid together with the others?
    if value == getattr(now, name):
        return None
    kind = _KINDS.get(name)
    if kind and value and not names_servers(value):
        find_model(value, now.models_dir, kind=kind)
    if name == "vector_store":
        require_known(Address(value))
    redo: Literal["", "reread", "reembed"] = (
        "reembed" if name in REEMBED else "reread" if name in REREAD else ""
    )
    return SettingChange(name=name, value=cast("Value", value) if typed else None, redo=redo)


def make_change(change: SettingChange) -> Path:
    """Write the change into ``kb.toml``; return the path of the file.

    Raises:
        SettingsError: the file cannot be changed. It stays as it was.
    """
    path = config_path()
    write_settings(path, {change.name: change.value})
    return path.resolve()
