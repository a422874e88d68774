"""Opens the vector store of an address."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from kb.errors import SettingsError
from kb.keys import bearer
from kb.vectors.address import Address
from kb.vectors.base import Lock, VectorStore

OPENERS: Mapping[str, str] = {
    "chroma": "kb.vectors.chroma.folder:open_folder",
    "exact": "kb.vectors.exact:open_exact",
    "http://": "kb.vectors.chroma.server:open_server",
    "https://": "kb.vectors.chroma.server:open_server",
    "weaviate://": "kb.vectors.weaviate.store:open_weaviate",
}
"""Functions that open stores, by the start of the address; imported at first use.

Each is called as ``open_x(address, site)`` and returns a :class:`~kb.vectors.base.VectorStore`. It
sends no request yet. The settings ``vector_tenant`` and ``vector_database`` arrive as parameters
``tenant`` and ``database`` of the address.
"""

TOKEN_HEADER = "Authorization"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Surroundings of a store that it may need.

    Attributes:
        folder: the knowledge base's store folder, for stores with files.
        lock: the write lock of the knowledge base.
        prepare: called once before the first use of a subfolder, with the subfolder's name.
        make_room: called if a full disk keeps files from being opened; returns whether it has made
            room.
        token: token for a server; empty for none.
        token_header: header of the token; ``Authorization`` has it as a bearer token.
        timeout_s: how long writing waits for a server that is down or silent, in seconds.
        interrupted: once set, all waiting ends with a KeyboardInterrupt.
    """

    folder: Path
    lock: Lock
    prepare: Callable[[str], None] = lambda _: None
    make_room: Callable[[], bool] = lambda: False
    token: str = ""
    token_header: str = TOKEN_HEADER
    timeout_s: float = 120.0
    interrupted: threading.Event = field(default_factory=threading.Event)

    def headers(self) -> dict[str, str]:
        """Return the header with the token, if there is one."""
        if self.token_header.lower() == TOKEN_HEADER.lower() and " " not in self.token:
            return bearer(self.token, header=self.token_header)
        return {self.token_header: self.token} if self.token else {}


def require_known(address: Address) -> None:
    """Refuse an address that belongs to no kind of vector store.

    Raises:
        SettingsError: no vector store has such an address.
    """
    if _beginning(address) not in OPENERS:
        msg = f"{address.text!r} in `vector_store` names no vector store; choose {choices()}"
        raise SettingsError(msg)
    if not address.is_server and address.text != address.kind:
        msg = f"{address.text!r} in `vector_store` is misspelt; write {address.kind!r}"
        raise SettingsError(msg)


def open_vectors(address: Address, site: Site) -> VectorStore:
    """Return the store of an address; no request is sent yet.

    Raises:
        SettingsError: no store has such an address.
        MissingExtraError: the store's client is not installed.
    """
    require_known(address)
    module, _, name = OPENERS[_beginning(address)].partition(":")
    opened = getattr(importlib.import_module(module), name)
    return cast("Callable[[Address, Site], VectorStore]", opened)(address, site)


def choices() -> str:
    """Return the possible starts of an address, for messages."""
    return ", ".join(f"{each}…" if each.endswith("://") else each for each in OPENERS)


def _beginning(address: Address) -> str:
    return f"{address.kind}://" if address.is_server else address.kind
