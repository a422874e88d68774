"""Admission: a refusal, a password, OpenID Connect by Streamlit, or no check."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading

import streamlit as st

from ui.access import is_right
from ui.attempts import Attempts, BusyError
from ui.language import t
from ui.session import Session
from ui.shared import draw_error
from ui.trust import has_oidc, is_guarded, session_id, visit_mark, why_not
from ui.visits import installed

_ADMITTED = "_admitted"
_WRONG = "_wrong_passwords"
_READ_S = 2.0  # time for the browser to show the reason


def admitted(shared: Session) -> bool:
    """Return whether this visitor may see the UI; otherwise draw the refusal or the login.

    It reports an admitted visitor to the gate, which accepts files from nobody else.
    """
    why = why_not(shared.settings)
    if why is not None:
        address = st.get_option("server.address") or "0.0.0.0"  # noqa: S104 - named, not bound
        draw_error(t(f"access.{why}"), t(f"access.{why}_help", address=address))
        if why == "ungated":
            _end_server()
    let_in = why is None and _let_in(shared)
    visits = installed()
    if visits is not None:
        if let_in:
            visits.admit(visit_mark(), session_id(), shared.incoming)
        else:
            visits.shut_out(session_id())
    return let_in


def draw_logout(shared: Session) -> None:
    """Draw the logout button, if there was a login."""
    if not is_guarded(shared.settings):
        return
    if st.button(t("access.logout"), icon=":material/logout:", type="tertiary"):
        visits = installed()
        if visits is not None:
            visits.shut_out(session_id())
        st.session_state.clear()
        if has_oidc():
            st.logout()
        st.rerun()


def _let_in(shared: Session) -> bool:
    if has_oidc():
        if not st.user.is_logged_in:
            _draw_title(t("access.protected_oidc"))
            st.button(t("access.login"), icon=":material/login:", on_click=st.login)
            return False
        return True
    if shared.settings.ui_password_hash:
        return _knows_password(shared.settings.ui_password_hash)
    return True


def _knows_password(kept: str) -> bool:
    # Bound to the hash: a new password requires a new login from everybody.
    mark = hashlib.sha256(kept.encode()).hexdigest()
    if st.session_state.get(_ADMITTED) == mark:
        return True
    _draw_title(t("access.protected"))
    with st.form("login", width=420):
        password = st.text_input(t("access.password"), type="password", key="password")
        tried = st.form_submit_button(t("access.login"), type="primary")
    if not tried:
        return False
    # Counted before the check: sending it twice at once gains nothing.
    wrong: int = st.session_state.get(_WRONG, 0)
    st.session_state[_WRONG] = wrong + 1
    try:
        with st.spinner(t("access.checking")):
            right = _attempts().check(
                lambda: is_right(password, kept), address=_visitor(), wrong=wrong
            )
    except BusyError:
        st.session_state[_WRONG] = wrong
        st.error(t("access.busy"))
        return False
    if not right:
        st.error(t("access.wrong"))
        return False
    del st.session_state[_WRONG]
    st.session_state[_ADMITTED] = mark
    st.rerun()  # does not return
    return True


def _draw_title(why: str) -> None:
    """Draw the program's name, and what is behind the login."""
    st.title("Shelfmark", anchor=False)
    st.markdown(why)


def _end_server() -> None:
    """End a server that runs without the gate: it would accept uploads from anybody."""
    sys.stderr.write(f"error: {t('access.ungated')}. {t('access.ungated_help')}\n")
    end = threading.Timer(_READ_S, os.kill, (os.getpid(), signal.SIGINT))
    end.daemon = True
    end.start()


def _visitor() -> str:
    """Return the visitor's origin; all visitors behind one proxy may be one."""
    return st.context.ip_address or "this machine"


@st.cache_resource(show_spinner=False)
def _attempts() -> Attempts:
    """Return the attempts of all visitors of this process."""
    return Attempts()
