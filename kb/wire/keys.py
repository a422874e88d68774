"""API keys as JSON values, without their secrets."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kb.catalog.key_records import ApiKey


def key_json(key: ApiKey) -> dict[str, Any]:
    """Return a key as JSON values; ``collections`` is null for a key of all collections."""
    told = asdict(key)
    for name in ("created_at", "expires_at", "revoked_at"):
        told[name] = told[name] and told[name].isoformat()
    return {**told, "state": key.standing}
