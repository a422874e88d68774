"""The vector store that the settings choose, and its token."""

from __future__ import annotations

from kb.keys import key_from_environment
from kb.settings import Settings
from kb.store.placing import VectorAccess
from kb.vectors.address import Address
from kb.vectors.opening import require_known

TOKEN_VARIABLE = "KB_VECTOR_TOKEN"  # noqa: S105 - the name of a variable


def vector_access(settings: Settings) -> VectorAccess:
    """Return the vector store for new collections; the token comes from the environment.

    Raises:
        SettingsError: the address is not a vector store's.
    """
    return VectorAccess(
        address=chosen(settings.vector_store, settings),
        token=key_from_environment(TOKEN_VARIABLE),
        token_header=settings.vector_token_header,
        timeout_s=settings.vector_timeout_s,
    )


def chosen(text: str, settings: Settings) -> Address:
    """Return an address in the form of the catalog, with tenant and database.

    Raises:
        SettingsError: the address is not a vector store's.
    """
    address = Address(text.strip())
    require_known(address)
    if not address.is_server:
        return address
    return address.with_parameters(tenant=settings.vector_tenant, database=settings.vector_database)
