"""The language of the present page: the sidebar's choice, else the browser's."""

from __future__ import annotations

import json
from collections.abc import Iterable

import streamlit as st

from kb.records import Notice
from kb.settings import Settings
from ui.i18n import LANGUAGES, Language, has, preferred, translate

_KEY = "lang"
_WORDS = ("system", "light", "dark", "nothing")


def language() -> Language:
    """Return the language in use."""
    chosen = st.session_state.get(_KEY)
    return chosen if chosen in LANGUAGES else _default("auto")


def t(key: str, **values: object) -> str:
    """Return a text in the language in use; see :func:`ui.i18n.translate`."""
    return translate(language(), key, **values)


def listed(texts: Iterable[str]) -> str:
    """Return texts as a list on one line, as the language in use writes it."""
    return t("list.comma").join(texts)


def draw_switch(settings: Settings) -> None:
    """Draw the choice of language; the URL keeps it."""
    st.segmented_control(
        "Language · 语言",
        list(LANGUAGES),
        default=_default(settings.language),
        format_func=lambda code: LANGUAGES[code],
        key=_KEY,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )


def draw_words() -> None:
    """Give the style sheet the page's words in place of Streamlit's, which are English only."""
    words = {name: json.dumps(t(f"words.{name}"), ensure_ascii=False) for name in _WORDS}
    said = " ".join(f"--kb-{name}: {word};" for name, word in words.items())
    st.html(f"<style>:root {{ {said} }}</style>")


def language_name(code: str) -> str:
    """Return the name of a document's language; its code if there is no name."""
    return t(f"language.{code}") if has(f"language.{code}") else code


def notice_text(notice: Notice) -> str:
    """Return a notice in the language in use; in English without a translation."""
    return by_code("notice", notice.code, notice.message, dict(notice.values))


def reason_text(code: str, message: str) -> str:
    """Return a file's error: translated by its code, in English for an unknown code."""
    return by_code("reason", code, message, {})


def by_code(kind: str, code: str, message: str, values: dict[str, object]) -> str:
    """Return the text of a stable code; ``message`` without one."""
    key = f"{kind}.{code}"
    if language() == "en" or not has(key):
        return message  # the original message, with more detail than a code
    try:
        return t(key, **values)
    except (KeyError, IndexError, ValueError):  # values that the translation does not expect
        return message


def _default(setting: str) -> Language:
    if setting in LANGUAGES:
        return setting
    accepted = st.context.headers.get("Accept-Language", "")
    return preferred(st.context.locale or accepted or "")
