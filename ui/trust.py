"""Permissions of the page's visitor beyond using the library.

Reading folders of this computer and changing settings is for the person at it. If there is a login,
or a proxy passes requests on, visitors may be elsewhere. Then nobody has these permissions, unless
the setting ``ui_trust`` grants them.
"""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.runtime.scriptrunner import get_script_run_ctx

from kb.errors import KnowledgeBaseError
from kb.forwarding import is_forwarded
from kb.loopback import is_loopback
from kb.settings import Settings
from ui.access import turned_away
from ui.language import t
from ui.visits import HEADER, installed


def has_oidc() -> bool:
    """Return whether Streamlit's secrets set up a login by OpenID Connect."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def is_guarded(settings: Settings) -> bool:
    """Return whether there is a login."""
    return bool(settings.ui_password_hash) or has_oidc()


def why_not(settings: Settings) -> Literal["open", "forwarded", "host", "ungated"] | None:
    """Return why this visitor must not see anything, not even a login; None if they may.

    The gate checks the same before. The second check is for a page that Streamlit serves without
    the gate: it must show nothing.
    """
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    why = turned_away(
        # A page drawn in a test, without a browser, has no headers at all.
        headers or {"host": "localhost"},
        address=st.get_option("server.address"),
        guarded=is_guarded(settings),
        trust=settings.ui_trust,
    )
    if why is not None:
        return why
    return "ungated" if headers and installed() is None else None


def is_trusted(settings: Settings) -> bool:
    """Return whether the visitor may read folders of this computer and change settings."""
    if settings.ui_trust == "all":
        return True
    return (
        settings.ui_trust == "local"
        and not is_guarded(settings)
        and is_loopback(st.get_option("server.address"))
        and not is_forwarded(dict(st.context.headers))
    )


def require_trust(settings: Settings) -> None:
    """Refuse an action of trusted visitors to others, whatever a view has drawn.

    Raises:
        KnowledgeBaseError: the visitor is not trusted.
    """
    if not is_trusted(settings):
        raise KnowledgeBaseError(t("access.not_trusted"))


def session_id() -> str:
    """Return the id of the browser session, as in the URLs of uploads."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def visit_mark() -> str:
    """Return the gate's mark of this connection."""
    return st.context.headers.get(HEADER) or ""
