"""Keys of the server as values: what each allows, for how long, in which collections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

KeyScope = Literal["embed", "read", "write"]
"""What a key allows: embedding texts and ranking them; reading what is stored; changing it."""

KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)

Standing = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it was a moment ago; nothing of its secret.

    Attributes:
        id: never used twice.
        name: what people call it; two that are not revoked never share one.
        label: the part of the key that tells it from others and is no secret.
        scopes: what it allows.
        collections: names of the collections that it is for, as they are called now; None for
            all, those to come too.
        rate: most requests a minute; None where the server's own bound holds.
        created_at: when it was made.
        expires_at: from when on it is refused; None for never.
        revoked_at: when somebody revoked it; None if nobody did.
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
        """Whether the key is let in now."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            return "expired"
        return "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to be stored: ``digest`` is the SHA-256 of the whole key."""

    name: str
    label: str
    digest: bytes
    scopes: tuple[KeyScope, ...]
    collections: tuple[str, ...] | None = None
    rate: int | None = None
    expires_at: datetime | None = None
