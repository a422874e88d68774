"""Which vector store the settings choose, and what lets us in there."""

from __future__ import annotations

from kb.keys import key_from_environment
from kb.settings import Settings
from kb.store.placing import VectorAccess
from kb.vectors.address import Address
from kb.vectors.opening import require_known

TOKEN_VARIABLE = "KB_VECTOR_TOKEN"  # noqa: S105 - the name of a variable


def vector_access(settings: Settings) -> VectorAccess:
    """Return where vectors of new collections go; the token comes from the environment.

    Raises:
        SettingsError: the address names no vector store.
    """
    return VectorAccess(
        address=chosen(settings.vector_store, settings),
        token=key_from_environment(TOKEN_VARIABLE),
        token_header=settings.vector_token_header,
        timeout_s=settings.vector_timeout_s,
    )


def chosen(text: str, settings: Settings) -> Address:
    """Return an address as the catalog keeps it, with tenant and database.

    Raises:
        SettingsError: it names no vector store.
    """
    address = Address(text.strip())
    require_known(address)
    if not address.is_server:
        return address
    return address.with_parameters(tenant=settings.vector_tenant, database=settings.vector_database)
