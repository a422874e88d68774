"""Jobs that need a password again, because it is never stored."""

from __future__ import annotations

import streamlit as st

from ingest.jobs import JobInfo
from ui.language import t
from ui.protected import NO_KEEPING
from ui.session import Session


def draw_asking(shared: Session) -> None:
    """Draw a password field for each job that needs one."""
    if shared.base.read_only:
        return
    for job in shared.jobs.listed():
        if job.asks:
            _draw(shared, job)


def _draw(shared: Session, job: JobInfo) -> None:
    with st.container(border=True, key=f"asks-{job.id}"):
        st.markdown(f"**{t('progress.asks', done=job.finished, n=job.total)}**")
        st.caption(t("progress.asks_why"))
        # A form sends its text only when its button is pressed.
        with (
            st.form(f"asking-{job.id}", border=False),
            st.container(horizontal=True, vertical_alignment="bottom"),
        ):
            field = f"password-job-{job.id}"
            st.text_input(
                t("protected.password"),
                type="password",
                autocomplete=NO_KEEPING,
                key=field,
                label_visibility="collapsed",
                placeholder=t("protected.password"),
            )
            st.form_submit_button(
                t("progress.asks_go_on"),
                icon=":material/lock_open:",
                key=f"answer-{job.id}",
                on_click=_answer,
                args=(shared, job.id, field),
            )
        st.button(
            t("progress.asks_without"),
            key=f"without-{job.id}",
            on_click=_go_on_without,
            args=(shared, job.id),
        )


def _go_on_without(shared: Session, job_id: int) -> None:
    shared.jobs.answer(job_id)


def _answer(shared: Session, job_id: int, field: str) -> None:
    typed: str = st.session_state.get(field, "")
    st.session_state[field] = ""
    if not typed:
        st.toast(t("protected.empty"), icon=":material/key:")
        return
    shared.jobs.answer(job_id, passwords=(typed,))
