"""Passwords of protected files: typed into a masked field, given to one run, then forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ingest.errors import EncryptedFileError, WrongPasswordError
from kb.records import FailedFile, Source
from kb.uploads import UPLOADS_ROOT
from ui.language import t
from ui.session import Session
from ui.starting import start_again

_PROTECTED = frozenset({EncryptedFileError.code, WrongPasswordError.code})
# A browser's password store would offer another file's password, or save this one.
NO_KEEPING = "off"


def is_protected(file: FailedFile) -> bool:
    """Return whether a password could open a file."""
    return file.reason_code in _PROTECTED


def protected_text(file: FailedFile, *, here: bool) -> str:
    """Return the problem of a protected file and a remedy; "" leaves that to its error.

    Args:
        file: the file.
        here: whether it exists, and this visitor may have it read.
    """
    if not is_protected(file):
        return ""
    why = t("protected.wrong" if file.reason_code == WrongPasswordError.code else "protected.why")
    if here:
        return why
    gone = t("protected.gone" if file.source.root == UPLOADS_ROOT else "protected.elsewhere")
    return f"{why} {gone}"


def draw_unlock(shared: Session, source: Source, *, collection: str) -> None:
    """Draw a file's password field, and the button to read the file with it."""
    key = f"{source.root}-{source.path}"
    _draw_form(shared, [source], key=key, label=t("protected.open"), collection=collection)


def draw_unlock_all(shared: Session, sources: Sequence[Source], *, collection: str) -> None:
    """Draw a password field for several files at once; nothing for fewer than two."""
    if len(sources) > 1:
        label = t("protected.open_all", n=len(sources))
        _draw_form(shared, sources, key="all", label=label, collection=collection)


def draw_upload_password(round_: int) -> None:
    """Draw a password field for the next dropped files."""
    with st.popover(t("protected.upload"), icon=":material/key:"):
        st.text_input(
            t("protected.password"),
            type="password",
            autocomplete=NO_KEEPING,
            key=_upload_key(round_),
            help=t("protected.upload_help"),
        )


def upload_passwords(round_: int) -> tuple[str, ...]:
    """Return the typed password for this round's files, if any."""
    typed: str = st.session_state.get(_upload_key(round_), "")
    return (typed,) if typed else ()


def forget_upload_password(round_: int) -> None:
    """Forget the password; the next round's field is empty."""
    st.session_state.pop(_upload_key(round_), None)


def _upload_key(round_: int) -> str:
    return f"upload-password-{round_}"


def _draw_form(
    shared: Session, sources: Sequence[Source], *, key: str, label: str, collection: str
) -> None:
    if shared.base.read_only:
        return
    # A form sends its text only when its button is pressed.
    with (
        st.form(f"protected-{key}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        field = f"password-{key}"
        name = t("protected.password_all" if len(sources) > 1 else "protected.password")
        st.text_input(
            name,
            type="password",
            autocomplete=NO_KEEPING,
            key=field,
            label_visibility="collapsed",
            placeholder=name,
        )
        st.form_submit_button(
            label,
            icon=":material/lock_open:",
            key=f"unlock-{key}",
            on_click=_unlock,
            args=(shared, sources, field),
            kwargs={"collection": collection},
        )


def _unlock(shared: Session, sources: Sequence[Source], field: str, *, collection: str) -> None:
    typed: str = st.session_state.get(field, "")
    st.session_state[field] = ""
    if not typed:
        st.toast(t("protected.empty"), icon=":material/key:")
        return
    start_again(shared, sources, collection=collection, passwords=(typed,))
