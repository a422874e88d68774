"""Every view in every state speaks the language that was chosen, and only that."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from kb import StoreError
from ui.i18n import texts

if TYPE_CHECKING:
    from conftest import UserInterface

VIEWS = ("search", "ask", "library", "document", "quality", "status")
STATES = ("empty", "loading", "failed model", "failed store", "full")
TITLED = ("search", "ask", "library", "quality", "status")
TITLES = {
    "en-US": ("Search", "Ask", "Library", "Quality", "Status"),
    "zh-CN": ("搜索", "问答", "文档库", "质量", "状态"),
}
DOCUMENTS = {
    "en-US": ("heron.txt", "The grey heron waits motionless in shallow water."),
    "zh-CN": ("苍鹭.txt", "苍鹭在浅水中一动不动地等待，捕食小鱼。"),
}
# The three bytes of a Chinese character, as Protocol Buffers print them.
CHINESE = re.compile(r"(?:\\34[4-7]|\\35[01])\\2[0-7]{2}\\2[0-7]{2}")
ENGLISH = sorted(
    text for text in texts("en").values() if "{" not in text and len(text) > 10 and " " in text
)


def drawn(page: AppTest) -> str:
    """Everything in the main part of the page: texts, labels, explanations, placeholders."""
    return "\n".join(str(getattr(node, "proto", "")) for node in page.main)


def bring_about(ui: UserInterface, state: str, locale: str, patch: pytest.MonkeyPatch) -> None:
    if state != "empty":
        name, text = DOCUMENTS[locale]
        ui.shared.base.add(text, name=name)
    if state == "loading":
        patch.setattr(ui.shared, "_model_ready", threading.Event())
    if state == "failed model":
        patch.setattr(ui.shared, "_model_error", "/models/x.gguf: 404")
    if state == "failed store":

        def failing(*_: object, **__: object) -> object:
            reason = "the disk is gone"
            raise StoreError(reason)

        for method in ("search", "documents", "document", "runs", "facets"):
            patch.setattr(ui.shared.base, method, failing)


@pytest.mark.parametrize("locale", TITLES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_speaks_one_language(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch, view: str, state: str, locale: str
) -> None:
    bring_about(ui, state, locale, monkeypatch)
    page = ui.open(locale=locale, q=DOCUMENTS[locale][1][:6])
    if view != "search":
        page.switch_page(f"views/{view}.py")
        page.query_params["id"] = "1"
        page.run()
    assert not page.exception
    if view in TITLED:  # a document's title is its own
        assert page.title[0].value == TITLES[locale][TITLED.index(view)]
    said = drawn(page)
    if locale == "zh-CN":
        assert [text for text in ENGLISH if text in said] == []
    else:
        assert not CHINESE.search(said)
    if state == "failed store" and view not in {"ask", "quality"}:
        assert "the disk is gone" in page.error[0].value


@pytest.mark.parametrize(("locale", "machine"), [("en-US", "Machine"), ("zh-CN", "运行环境")])
def test_status_goes_on_to_machine_and_store_where_the_model_failed(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch, locale: str, machine: str
) -> None:
    bring_about(ui, "failed model", locale, monkeypatch)
    page = ui.open("status", locale=locale)
    assert "gguf" in page.error[0].value
    assert page.subheader[1].value == machine  # right below the choice of models
    assert str(ui.shared.settings.store_dir) in drawn(page)
