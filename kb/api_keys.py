"""Keys that open the server: made, shown once, known again, revoked.

A key is ``kb_LABEL_SECRET``. The catalog keeps its label and the SHA-256 of the whole.
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
    """What a key that was sent turns out to be.

    Attributes:
        key: the key, whatever has become of it; None where there is none like it.
        needed: whether there are keys at all, so that everybody needs one.
    """

    key: ApiKey | None
    needed: bool


class ApiKeys:
    """The keys of a knowledge base. Thread-safe.

    Other processes make and revoke keys, too; every question asks the catalog anew. None of this
    waits for the store's write lock: a key that has leaked must not work until an ingest has ended.

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
        """Make a key; return it and the key itself, which nobody can tell again.

        Args:
            name: what people call it.
            scopes: what it allows, at least one.
            collections: names of those that it is for; it stays for them when they are renamed.
                None is for all, those to come too.
            rate: most requests a minute; None where the server's own bound holds.
            expires_at: with its time zone; None for never.

        Raises:
            ApiKeyError: the name is taken or cannot be used, there is no scope, or the key would
                be for no collection.
            CollectionError: there is no collection of one of the names.
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
            msg = f"the key {name!r} would be for no collection; name one, or leave them out"
            raise ApiKeyError(msg)
        with self._catalog.change() as change:
            return change.add_key(new), token

    def listed(self) -> list[ApiKey]:
        """Return all keys, revoked and expired ones too, oldest first."""
        with self._catalog.reading() as state:
            return state.keys()

    def revoke(self, name: str) -> ApiKey:
        """Have a key refused from now on, by every process.

        Raises:
            ApiKeyError: there is no key of that name that is not revoked.
        """
        with self._catalog.change() as change:
            return change.revoke_key(name.strip())

    def shown(self, token: str) -> Shown:
        """Return what ``token`` is, compared in constant time; ``""`` is none."""
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
        msg = f"a key has one scope or more of {', '.join(KEY_SCOPES)}"
        raise ApiKeyError(msg)
    return tuple(scope for scope in KEY_SCOPES if scope in scopes)
