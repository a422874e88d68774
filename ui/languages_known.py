"""Languages in the status view: the choice for searches, and their figures."""

from __future__ import annotations

import streamlit as st

from kb.language_findings import occurring_languages, shown_languages
from kb.search.means import ModelLanguages
from ui.language import language_name, t
from ui.session import Session
from ui.shared import facts


def draw_languages(shared: Session) -> None:
    """Draw the choice, and the figures of languages that occur or were tried."""
    known, occurring = shared.base.language_means(), occurring_languages(shared.base)
    st.subheader(t("status.languages"), anchor=False)
    st.caption(t("status.languages_help"))
    pairs = [(t("status.means"), _summary(shared, known))]
    if known.failed:
        pairs.append((t("status.means_failed"), known.failed))
    pairs += [
        (language_name(each), _told(known, each, occurring.get(each, 0)))
        for each in shown_languages(known, occurring)
    ]
    st.html(facts(pairs))


def _summary(shared: Session, known: ModelLanguages) -> str:
    if not shared.settings.language_means:
        return t("status.means_off")
    if known.shipped:
        return t("status.means_shipped", count=len(known.figures))
    if not known.figures:
        return t("status.means_none")
    return t("status.means_made", used=len(known.used), tried=len(known.figures))


def _told(known: ModelLanguages, language: str, chunks: int) -> str:
    figures = known.figures.get(language)
    if figures is None:
        return t(
            "status.means_by_script" if known.shipped else "status.means_of_none", chunks=chunks
        )
    return t(
        "status.means_used" if language in known.used else "status.means_unused",
        chunks=f"{chunks:,}",
        across_before=f"{figures.across_before:.0%}",
        across_after=f"{figures.across_after:.0%}",
        within_before=f"{figures.within_before:.0%}",
        within_after=f"{figures.within_after:.0%}",
    )
