"""The server's API keys: creation, check and revocation.

A key is ``kb_LABEL_SECRET``. The catalog stores its label and the SHA-256 of the whole key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kb.catalog.catalog import Catalog
from kb.catalog.key_records import KEY_SCOPES, ApiKey, KeyScope, NewKey
from kb.errors import ApiKeyError
from kb.text import one_line

_PREFIX = "kb"
_LABEL_BYTES, _SECRET_BYTES = 6, 32
_LONGEST_NAME = 100
_NO_DIGEST = bytes(hashlib.sha256().digest_size)


@dataclass(frozen=True, slots=True)
class Shown:
    """Result of checking a key that a client sent.

    Attributes:
        key: the stored key, even a revoked or expired one; None if no key matches.
        needed: whether any key exists, so that every client needs one.
    """

    key: ApiKey | None
    needed: bool


class ApiKeys:
    """The API keys of a knowledge base. Thread-safe.

    Other processes create and revoke keys, too, so every call reads the catalog anew. No method
    waits for the store's write lock: nobody should have to wait for an ingest to end before a
    leaked key is revoked.

    Raises (every method):
        StoreError: the folder is read-only, the disk is full, or the file failed.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(
        self,
        name: str,
        *,
        scopes: Sequence[KeyScope],
        collections: Sequence[str] | None = None,
        rate: int | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Create a key; return its record and the full key, which is not stored.

        Args:
            name: its name in lists.
            scopes: the permissions it grants, at least one.
            collections: names of the collections it opens. Renaming one does not change that. None
                opens all, including future ones.
            rate: highest number of requests a minute; None for the server's own limit.
            expires_at: time of expiry, with a time zone; None for no expiry.

        Raises:
            ApiKeyError: the name is taken or invalid, or scopes or collections are empty.
            CollectionError: a named collection does not exist.
        """
        label = secrets.token_hex(_LABEL_BYTES)
        token = f"{_PREFIX}_{label}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        new = NewKey(
            name=_clean_name(name),
            label=label,
            digest=_digest(token),
            scopes=_checked(scopes),
            collections=None if collections is None else tuple(collections),
            rate=rate,
            expires_at=expires_at,
        )
        if new.collections == ():
            msg = f"the key {name!r} would open no collection; name one, or none for all of them"
            raise ApiKeyError(msg)
        with self._catalog.change() as change:
            return change.add_key(new), token

    def listed(self) -> list[ApiKey]:
        """Return all keys, oldest first, including revoked and expired ones."""
        with self._catalog.reading() as state:
            return state.keys()

    def revoke(self, name: str) -> ApiKey:
        """Revoke a key; every process refuses it from now on.

        Raises:
            ApiKeyError: no key has that name, or it is already revoked.
        """
        with self._catalog.change() as change:
            return change.revoke_key(name.strip())

    def shown(self, token: str) -> Shown:
        """Check a key that a client sent, in constant time; ``""`` stands for no key."""
        label = token.split("_")[1] if token.count("_") > 1 else ""
        with self._catalog.reading() as state:
            found = state.key_by_label(label)
            needed = state.has_keys()
        key, digest = found or (None, _NO_DIGEST)
        same = hmac.compare_digest(_digest(token), digest)
        return Shown(key if same else None, needed)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _clean_name(name: str) -> str:
    clean = one_line(name).strip()
    if not clean or len(clean) > _LONGEST_NAME or clean != name.strip():
        msg = f"{name!r} cannot name a key: give 1 to {_LONGEST_NAME} visible characters"
        raise ApiKeyError(msg)
    return clean


def _checked(scopes: Sequence[KeyScope]) -> tuple[KeyScope, ...]:
    if not scopes or not set(scopes) <= set(KEY_SCOPES):
        msg = f"a key needs one or more of these scopes: {', '.join(KEY_SCOPES)}"
        raise ApiKeyError(msg)
    return tuple(scope for scope in KEY_SCOPES if scope in scopes)
