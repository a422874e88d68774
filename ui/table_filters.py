"""Filters of the table of documents: words, type, state, language and tag."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from kb.metadata import folded
from kb.records import DocumentInfo
from ui.language import language_name, t
from ui.shared import MEDIA_NAMES
from ui.tagging import tags_of

STATES = ("indexed", "warnings", "outdated")
"""States of a document's file; outdated: it has changed and can no longer be read."""


def state_of(info: DocumentInfo, outdated: Collection[int]) -> str:
    """Return a document's state, one of :data:`STATES`."""
    if info.id in outdated:
        return "outdated"
    return "warnings" if info.notices else "indexed"


def draw_table_filters(
    infos: Sequence[DocumentInfo], outdated: Collection[int]
) -> tuple[list[DocumentInfo], str]:
    """Draw the filters; return the matching documents, and a key of this choice."""
    with st.container(horizontal=True, vertical_alignment="center"):
        typed = st.text_input(
            t("table.filter"),
            key="table-filter",
            placeholder=t("table.filter"),
            type="search",
            label_visibility="collapsed",
        )
        with st.popover(t("table.filters"), icon=":material/filter_list:"):
            types = _choice(
                "type", [info.media_type for info in infos], lambda name: MEDIA_NAMES[name]
            )
            states = _choice(
                "state", [state_of(info, outdated) for info in infos], lambda s: t(f"state.{s}")
            )
            languages = _choice("language", [info.language for info in infos], language_name)
            tags = _choice("tag", [tag for info in infos for tag in tags_of(info)], str)
    words = (typed or "").casefold().split()
    wanted = {folded(tag) for tag in tags}
    shown = [
        info
        for info in infos
        if (not types or info.media_type in types)
        and (not states or state_of(info, outdated) in states)
        and (not languages or info.language in languages)
        and (not wanted or wanted <= {folded(tag) for tag in tags_of(info)})
        and all(word in _haystack(info) for word in words)
    ]
    return shown, repr((words, types, states, languages, tags))


def _choice(name: str, values: Sequence[str], label: Callable[..., str]) -> list[str]:
    """Draw a choice of the existing values, most frequent first."""
    counts: dict[str, int] = {}
    for value in values:
        if value:
            counts[value] = counts.get(value, 0) + 1
    if not counts:
        return []
    return st.multiselect(
        t(f"table.by_{name}"),
        sorted(counts, key=lambda value: (-counts[value], value)),
        format_func={
            each: t("list.noted", text=label(each), note=f"{n:,}") for each, n in counts.items()
        }.__getitem__,
        placeholder=t("action.choose"),
        key=f"table-{name}",
    )


def _haystack(info: DocumentInfo) -> str:
    paths = " ".join(str(source) for source in info.sources)
    kind, tags = MEDIA_NAMES[info.media_type], " ".join(tags_of(info))
    return f"{paths} {info.title} {kind} {tags}".casefold()
