"""The way in: refused, a password, OpenID Connect by Streamlit, or nothing to ask."""

from __future__ import annotations

import hashlib

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from kb.settings import Settings
from ui.access import Attempts, is_right, refusal
from ui.language import t
from ui.shared import draw_error

_ADMITTED = "_admitted"


def has_oidc() -> bool:
    """Say whether Streamlit's secrets set up a login by OpenID Connect."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def admitted(settings: Settings) -> bool:
    """Say whether this visitor may see anything; draws what is in the way if not.

    The address is looked at here as well, because Streamlit binds before any code of ours runs.
    """
    oidc = has_oidc()
    address = st.get_option("server.address")
    if refusal(address, guarded=oidc or bool(settings.ui_password_hash)) is not None:
        draw_error(t("access.open"), t("access.open_help", address=address or "0.0.0.0"))  # noqa: S104 - named, not bound
        return False
    if oidc:
        if not st.user.is_logged_in:
            st.title(t("access.title"), anchor=False)
            st.button(t("access.login"), icon=":material/login:", on_click=st.login)
            return False
        return True
    if settings.ui_password_hash:
        return _knows_password(settings.ui_password_hash)
    return True


def draw_logout(settings: Settings) -> None:
    """Draw the way out, where there was a way in."""
    oidc = has_oidc()
    if not oidc and not settings.ui_password_hash:
        return
    if st.button(t("access.logout"), icon=":material/logout:", type="tertiary"):
        st.session_state.clear()
        if oidc:
            st.logout()
        st.rerun()


def _knows_password(kept: str) -> bool:
    # Bound to the hash: who changes the password sends everybody to the door again.
    mark = hashlib.sha256(kept.encode()).hexdigest()
    if st.session_state.get(_ADMITTED) == mark:
        return True
    st.title(t("access.title"), anchor=False)
    attempts = _attempts()
    visitor = _visitor()
    with st.form("login", width=420):
        password = st.text_input(t("access.password"), type="password", key="password")
        tried = st.form_submit_button(t("access.login"), type="primary")
    if not tried:
        return False
    wait_s = attempts.wait_s(visitor)
    if wait_s > 0:
        st.error(t("access.wait", seconds=f"{wait_s:.0f}"))
        return False
    if not is_right(password, kept):
        attempts.failed(visitor)
        st.error(t("access.wrong"))
        return False
    attempts.succeeded(visitor)
    st.session_state[_ADMITTED] = mark
    st.rerun()  # which does not return
    return True


def _visitor() -> str:
    """Return where the visitor comes from; all behind one proxy are one."""
    return st.context.ip_address or "this machine"


@st.cache_resource(show_spinner=False)
def _attempts() -> Attempts:
    """Return the attempts of all visitors of this process."""
    return Attempts()
