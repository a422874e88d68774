"""The table of documents: sort, filter, open, read again, tag, delete."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from kb.errors import DocumentNotFoundError
from kb.metadata import stated_date
from kb.records import CollectionInfo, DocumentInfo
from ui.duplicates import draw_duplicates
from ui.language import language_name, t
from ui.markup import plain
from ui.remarks_table import draw_remarks
from ui.session import Session
from ui.shared import MEDIA_NAMES, draw_pages, size_text
from ui.starting import can_read, start_again
from ui.table_filters import draw_table_filters, state_of
from ui.tagging import draw_tagging, tags_of

_SELECTED = "_selected"
_CONFIRM = "_confirm_delete"
_LISTED = "_listed"
_TICKED = "_ticked"
_SHOWN_NAMES = 8
# All of them fit into a window of 1280 pixels; a narrower one scrolls, and a phone shows a list.
_ORDER = (
    "name",
    "type",
    "tags",
    "language",
    "date",
    "size",
    "pages",
    "chunks",
    "outcome",
    "added",
)
# Without any such value, the other columns get the room.
_LEFT_OUT = frozenset({"tags", "language", "date", "pages"})
_ROW_PX = 35
_MOST_ROWS = 14
_LISTED_PER_PAGE = 20
_NAME_PX = 192
_OUTCOME_PX = 100
_TYPE_PX = 78
_PAGES_PX = 56
_COUNT_PX = 62
_SIZE_PX = 72
_KIB = 1024
_TIME_PX = 90
_DATE_PX = 88
_LANGUAGE_PX = 76
_TAGS_PX = 68
_TICK_PX = 24


def draw_documents(shared: Session, collection: CollectionInfo) -> None:
    """Draw the documents of a collection, and the actions for the selected ones."""
    generation = shared.base.generation
    infos = _documents(shared, collection, generation)
    failed = shared.base.files.failed(collection=collection.name)
    outdated = {file.document_id for file in failed if file.document_id is not None}
    shown, choice = draw_table_filters(infos, outdated)
    if not shown:
        st.caption(t("table.no_match"))
        st.session_state[_SELECTED] = []
        return
    toolbar = st.container(horizontal=True, vertical_alignment="center", key="toolbar")
    columns = _columns(shown, outdated)
    with st.container(key="documents-wide"):
        event = st.dataframe(
            columns,
            key=f"documents-{collection.id}-{generation}-{choice}",  # rows belong to this list
            on_select="rerun",
            selection_mode="multi-row",
            hide_index=True,
            placeholder="",  # of a document without pages
            height=_ROW_PX * (min(len(shown), _MOST_ROWS) + 1) + 3,
            row_height=_ROW_PX,
            column_order=[name for name in _ORDER if name not in _LEFT_OUT or any(columns[name])],
            column_config={
                "name": st.column_config.TextColumn(t("table.name"), width=_NAME_PX),
                "outcome": st.column_config.TextColumn(t("table.outcome"), width=_OUTCOME_PX),
                "language": st.column_config.TextColumn(t("table.language"), width=_LANGUAGE_PX),
                "tags": st.column_config.ListColumn(t("table.tags"), width=_TAGS_PX),
                "type": st.column_config.TextColumn(t("table.type"), width=_TYPE_PX),
                "size": st.column_config.NumberColumn(
                    t("table.size"), format="%.0f KiB", width=_SIZE_PX
                ),
                "pages": st.column_config.NumberColumn(t("table.pages"), width=_PAGES_PX),
                "chunks": st.column_config.NumberColumn(t("table.chunks"), width=_COUNT_PX),
                "date": st.column_config.TextColumn(
                    t("table.date"), width=_DATE_PX, help=t("table.date_help")
                ),
                "added": st.column_config.DatetimeColumn(
                    t("table.added"), format="YYYY-MM-DD", width=_TIME_PX
                ),
            },
            alt=t("table.alt", n=len(shown)),
        )
    ticked = _draw_list(shown, key=f"{collection.id}-{generation}-{choice}")
    rows = event.selection.rows
    selected = [info for row, info in enumerate(shown) if row in rows or info.id in ticked]
    st.session_state[_SELECTED] = [info.id for info in selected]
    with toolbar:
        _draw_toolbar(shared, collection, selected, len(shown), len(infos))
    draw_remarks(shown, key=collection.id)
    draw_duplicates(shared, collection, infos)


def _draw_list(shown: list[DocumentInfo], *, key: str) -> set[int]:
    """Draw the documents below each other, for windows too narrow for a table.

    It returns the ids of the ticked documents, those of other pages too.
    """
    if st.session_state.get(_TICKED, ("",))[0] != key:
        st.session_state[_TICKED] = (key, set())
    ticked: set[int] = st.session_state[_TICKED][1]
    with st.container(key="documents-narrow", gap="small"):
        for info in draw_pages(shown, _LISTED_PER_PAGE, key=f"narrow-{key}"):
            _draw_listed(info, ticked, key=f"tick-{key}-{info.id}")
    return ticked


def _draw_listed(info: DocumentInfo, ticked: set[int], *, key: str) -> None:
    """Draw a document's box, link and facts."""
    name = plain(_name(info))
    with st.container(horizontal=True, gap="small"):
        st.checkbox(
            name,
            info.id in ticked,
            key=key,
            label_visibility="collapsed",
            width=_TICK_PX,
            on_change=ticked.symmetric_difference_update,
            args=([info.id],),
        )
        with st.container(gap=None):
            st.page_link(
                "views/document.py", label=name, query_params={"id": str(info.id)}, width="stretch"
            )
            told = [MEDIA_NAMES[info.media_type], language_name(info.language)]
            told += [size_text(info.size), stated_date(info.metadata), *tags_of(info)]
            st.caption(" · ".join(plain(each) for each in told if each))


def _documents(shared: Session, collection: CollectionInfo, generation: int) -> list[DocumentInfo]:
    """List documents, once for each state of the store."""
    key = (collection.id, generation)
    listed = st.session_state.get(_LISTED)
    if listed is None or listed[0] != key:
        listed = (key, shared.base.documents(collection=collection.name))
        st.session_state[_LISTED] = listed
    infos: list[DocumentInfo] = listed[1]
    return infos


def _columns(infos: list[DocumentInfo], outdated: Collection[int]) -> dict[str, list[object]]:
    return {
        "name": [_name(info) for info in infos],
        "outcome": [_outcome(info, outdated) for info in infos],
        "type": [MEDIA_NAMES[info.media_type] for info in infos],
        "size": [max(1.0, info.size / _KIB) for info in infos],
        "pages": [info.pages or None for info in infos],
        "chunks": [info.chunks for info in infos],
        "language": [language_name(info.language) for info in infos],
        "tags": [tags_of(info) for info in infos],
        "date": [stated_date(info.metadata) for info in infos],
        "added": [info.added_at for info in infos],
    }


def _name(info: DocumentInfo) -> str:
    """Return a document's first file, and the number of others with the same content."""
    if not info.sources:
        return info.name
    others = len(info.sources) - 1
    return f"{info.sources[0]} +{others}" if others else str(info.sources[0])


def _outcome(info: DocumentInfo, outdated: Collection[int]) -> str:
    return t(f"outcome.{state_of(info, outdated)}", n=len(info.notices))


def _draw_toolbar(
    shared: Session,
    collection: CollectionInfo,
    selected: list[DocumentInfo],
    shown: int,
    total: int,
) -> None:
    if not selected:
        st.session_state.pop(_CONFIRM, None)
        count = (
            t("table.count", n=total)
            if shown == total
            else t("table.count_of", shown=shown, n=total)
        )
        st.caption(f"{count} · {t('table.select_hint')}")
        return
    ids = tuple(info.id for info in selected)
    if st.session_state.get(_CONFIRM) == ids:
        _draw_confirmation(shared, collection, selected)
        return
    if len(selected) == 1:
        st.page_link(
            "views/document.py",
            label=t("hit.open"),
            icon=":material/description:",
            query_params={"id": str(selected[0].id)},
        )
    sources = [source for info in selected for source in info.sources]
    there = can_read(shared, sources, collection=collection.name)
    st.button(
        t("table.again"),
        key="again",
        icon=":material/refresh:",
        help=t("table.again_help" if there else "table.again_gone"),
        disabled=not there or shared.jobs.active,
        on_click=start_again,
        args=(shared, sources),
        kwargs={"collection": collection.name},
    )
    draw_tagging(shared, collection.name, selected, key="selected")
    st.button(
        t("table.delete", n=len(selected)),
        key="delete",
        icon=":material/delete:",
        on_click=lambda: st.session_state.update({_CONFIRM: ids}),
    )


def _draw_confirmation(
    shared: Session, collection: CollectionInfo, selected: list[DocumentInfo]
) -> None:
    with st.container(border=True, key="confirm"):
        names = "\n".join(f"- {plain(info.name)}" for info in selected[:_SHOWN_NAMES])
        left = len(selected) - _SHOWN_NAMES
        more = f"\n- {t('upload.more', n=left)}" if left > 0 else ""
        st.markdown(f"**{t('table.confirm', n=len(selected))}**\n\n{names}{more}")
        st.caption(t("table.confirm_help", n=len(selected)))
        for folder in shared.base.watched.rereading(selected):
            told = t("table.confirm_watched", folder=plain(folder.path))
            st.warning(told, icon=":material/sync:")
        with st.container(horizontal=True):
            st.button(
                t("table.delete", n=len(selected)),
                key="delete-yes",
                type="primary",
                on_click=_delete,
                args=(shared, collection.name, [info.id for info in selected]),
            )
            st.button(
                t("action.cancel"),
                key="delete-no",
                on_click=lambda: st.session_state.pop(_CONFIRM, None),
            )


def _delete(shared: Session, collection: str, ids: list[int]) -> None:
    removed = 0
    for document_id in ids:
        try:
            shared.base.remove(document_id, collection=collection)
            removed += 1
        except DocumentNotFoundError:
            continue  # another tab was faster; the document is gone, as requested
    st.session_state.pop(_CONFIRM, None)
    st.session_state[_SELECTED] = []
    st.toast(t("table.deleted", n=removed), icon=":material/delete:")
