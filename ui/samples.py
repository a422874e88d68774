"""The offer to try an empty library with the sample documents."""

from __future__ import annotations

import streamlit as st

from kb.first_start import samples
from ui.language import t
from ui.markup import plain
from ui.session import Session
from ui.starting import start_folder
from ui.trust import is_trusted


def draw_samples(shared: Session, collection: str) -> None:
    """Draw the data folder and the offer, for people who may read folders of this machine."""
    if shared.base.read_only or not is_trusted(shared.settings):
        return
    st.caption(t("samples.kept", folder=plain(str(shared.settings.data_dir))))
    folder = samples()
    if folder is not None and st.button(
        t("samples.add"), key="samples", icon=":material/library_books:", help=t("samples.help")
    ):
        start_folder(shared, folder, collection=collection)
        st.rerun()
