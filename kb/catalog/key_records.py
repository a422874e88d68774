"""Records of API keys: their permissions, expiry and collections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

KeyScope = Literal["embed", "read", "write"]
"""Permissions of a key: embed and rank texts; read stored data; change it."""

KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)

Standing = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A snapshot of a key, without its secret.

    Attributes:
        id: id of the key, never used twice.
        name: its name in lists, unique among keys that are not revoked.
        label: the part of the key that identifies it and is not secret.
        scopes: its permissions.
        collections: present names of the collections it opens; None for all, including future ones.
        rate: highest number of requests a minute; None for the server's own limit.
        created_at: time of its creation.
        expires_at: time of its expiry; None for never.
        revoked_at: time of its revocation; None if it is not revoked.
    """

    id: int
    name: str
    label: str
    scopes: tuple[KeyScope, ...]
    collections: tuple[str, ...] | None
    rate: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def standing(self) -> Standing:
        """Whether the key is accepted now, and if not, why."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            return "expired"
        return "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to store; ``digest`` is the SHA-256 of the whole key."""

    name: str
    label: str
    digest: bytes
    scopes: tuple[KeyScope, ...]
    collections: tuple[str, ...] | None = None
    rate: int | None = None
    expires_at: datetime | None = None
