"""Addresses of model servers in the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from kb.errors import SettingsError
from kb.redaction import HIDDEN

Dialect = Literal["openai", "llama.cpp", "ollama"]

_SCHEMES = ("http://", "https://")
_VERSION = re.compile(r"/v\d+$")
# The end of a path selects the dialect; without such an end the server is asked.
_ENDS: tuple[tuple[str, Dialect], ...] = (
    ("/api/embed", "ollama"),
    ("/embeddings", "llama.cpp"),
    ("/embedding", "llama.cpp"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """One server. ``api`` ends in a version such as ``/v1``; ``root`` is the part before it.

    ``dialect`` is None if the server must be asked for it.
    """

    root: str
    api: str
    dialect: Dialect | None = None


def names_servers(model: str) -> bool:
    """Return whether the setting ``model`` holds addresses, not a file or a known name."""
    return model.strip().lower().startswith(_SCHEMES)


def parse_servers(model: str) -> tuple[tuple[ServerAddress, ...], str]:
    """Return the servers in the setting ``model``, and the model's name or ``""``.

    ``http://one:8080/v1, http://two:8080/v1#name`` names two servers of one model.

    Raises:
        SettingsError: an address is invalid. The message does not repeat its credentials.
    """
    addresses: list[ServerAddress] = []
    names: set[str] = set()
    for part in re.split(r"[,\s]+", model.strip()):
        if part:
            address, name = _parse(part)
            if address not in addresses:
                addresses.append(address)
            names |= {name} - {""}
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        msg = f"the servers in `model` must serve one model, but several are named: {listed}"
        raise SettingsError(msg)
    return tuple(addresses), names.pop() if names else ""


def _parse(url: str) -> tuple[ServerAddress, str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        # Python quotes the text that it took for host and port, and that may contain a password.
        told = any(known in str(error) for known in ("out of range", "IPv6"))
        why = str(error) if told else "its host or port is wrong"
        msg = f"an address in `model` cannot be read ({why}); write it as http://host:port/v1"
        raise SettingsError(msg) from None
    if parts.username is not None or parts.query:
        msg = (
            f"the address of the server {host} holds credentials or parameters; take "
            "them out and give the key in the environment variable KB_API_KEY"
        )
        raise SettingsError(msg)
    if parts.scheme.lower() not in {"http", "https"} or not host:
        shown = f"{HIDDEN}{url[url.rindex('@') :]}" if "@" in url else url
        msg = f"{shown!r} in `model` is no address of a server; write it as http://host:port/v1"
        raise SettingsError(msg)
    path, dialect = _split_path(parts.path.rstrip("/"))
    root = _VERSION.sub("", path)
    api = path if _VERSION.search(path) else f"{path}/v1"
    origin = (parts.scheme.lower(), parts.netloc)
    return (
        ServerAddress(
            root=urlunsplit((*origin, root, "", "")),
            api=urlunsplit((*origin, api, "", "")),
            dialect=dialect,
        ),
        unquote(parts.fragment).strip(),
    )


def _split_path(path: str) -> tuple[str, Dialect | None]:
    for end, dialect in _ENDS:
        if path.endswith(end):
            before = path.removesuffix(end)
            return before, "openai" if _VERSION.search(before) else dialect
    return path, None
