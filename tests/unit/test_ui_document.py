"""The document view and the status view, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from ingest import ingest
from ui import keys

if TYPE_CHECKING:
    from conftest import UserInterface


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def open_document(ui: UserInterface, number: int | str, locale: str = "en-US") -> AppTest:
    page = ui.open(locale=locale)
    page.switch_page("views/document.py")
    page.query_params["id"] = str(number)
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", "This document is in the collection corp"),
        ("zh-CN", "此文档属于知识集“corp”"),
    ],
)
def test_a_document_of_another_collection_than_the_chosen_one_says_so(
    ui: UserInterface, locale: str, words: str
) -> None:
    ui.shared.base.add("A grey heron waits.", name="heron.txt")
    added = ui.shared.base.add("Owls hunt at night.", name="owl.txt", collection="corp")
    page = open_document(ui, added.document_id, locale)
    assert any(caption.value.startswith(words) for caption in page.sidebar.caption)
    page.button(key="choose-collection").click().run()
    assert not page.exception
    assert page.selectbox(key="collection").value == "corp"
    assert not any(words in caption.value for caption in page.sidebar.caption)


@pytest.mark.parametrize(
    ("locale", "chunks"), [("en-US", "2 chunks, as they were cut"), ("zh-CN", "切分为 2 个片段")]
)
def test_a_document_shows_its_facts_and_its_chunks(
    ui: UserInterface, locale: str, chunks: str
) -> None:
    text = "The grey heron waits in shallow water. " * 35
    added = ui.shared.base.add(text, name="heron.txt")
    page = open_document(ui, added.document_id, locale)
    assert page.title[0].value == "heron\\.txt"
    assert page.subheader[0].value == chunks
    assert "kb-overlap" in html(page)
    assert "heron.txt" in html(page)


@pytest.mark.parametrize(("locale", "label"), [("en-US", "Created"), ("zh-CN", "创建时间")])
@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("2024-05-01T09:30:15", "2024-05-01 09:30"),
        ("2024-05-01", "2024-05-01"),
        ("2024-05-01T99:99", "2024-05-01T99:99"),
    ],
)
def test_the_times_of_a_document_are_written_for_people(
    ui: UserInterface, locale: str, label: str, stated: str, shown: str
) -> None:
    added = ui.shared.base.add("A heron waits.", name="a.txt", metadata={"created": stated})
    page = open_document(ui, added.document_id, locale)
    assert f"<dt>{label}</dt><dd>{shown}</dd>" in html(page)


@pytest.mark.parametrize(
    ("locale", "headline"),
    [("en-US", "This document is no longer here"), ("zh-CN", "该文档已不存在")],
)
def test_a_document_that_is_gone_is_named_as_gone(
    ui: UserInterface, locale: str, headline: str
) -> None:
    assert headline in open_document(ui, 999, locale).error[0].value


def test_without_a_number_the_view_says_where_to_choose(ui: UserInterface) -> None:
    assert "No document chosen" in html(open_document(ui, "x"))


def test_hostile_text_stays_text(ui: UserInterface) -> None:
    added = ui.shared.base.add("<script>alert(1)</script>", name="<b>x</b>.txt")
    page = open_document(ui, added.document_id)
    # The only script is ours, of which no document's text becomes a part.
    shown = html(page).replace(keys._script(), "", 1)
    assert "<script" not in shown
    assert "<b>" not in shown


def test_an_upload_can_be_downloaded_again(ui: UserInterface) -> None:
    page = ui.open("library")
    page.file_uploader[0].set_value([("a.txt", b"The grey heron.", "text/plain")]).run()
    ui.wait()
    document = ui.shared.base.documents()[0]
    assert open_document(ui, document.id).get("download_button")


@pytest.mark.parametrize(
    ("locale", "heading", "dimensions"),
    [
        ("en-US", "Embedding model in use", "Dimensions"),
        ("zh-CN", "使用中的向量模型", "维度"),
    ],
)
def test_the_status_names_model_store_and_settings(
    ui: UserInterface, locale: str, heading: str, dimensions: str
) -> None:
    page = ui.open("status", locale=locale)
    assert heading in [element.value for element in page.subheader]
    assert dimensions in html(page)
    assert "KB_DATA_DIR" in html(page)
    assert "multilingual-e5-small" in html(page)


@pytest.mark.parametrize(
    ("locale", "memory", "speed"),
    [
        ("en-US", "Memory of this process", "chunks per second"),
        ("zh-CN", "可用内存", "个片段（"),
    ],
)
def test_the_status_names_memory_and_speed(
    ui: UserInterface, tmp_path: Path, locale: str, memory: str, speed: str
) -> None:
    assert speed not in html(ui.open("status", locale=locale))
    (tmp_path / "heron.txt").write_text("A grey heron waits.", "utf-8")
    ingest(ui.shared.base, [tmp_path])
    page = ui.open("status", locale=locale)
    assert memory in html(page)
    assert "GiB" in html(page)
    assert "GiB free" not in html(page)
    assert speed in html(page)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "documents: 1, chunks: 1, vectors: {} ("),
        ("zh-CN", "1 个文档，1 个片段；向量：{}（"),
    ],
)
@pytest.mark.parametrize("store", ["chroma", "exact"])
def test_the_status_says_in_which_vector_store_each_collection_is(
    ui: UserInterface, locale: str, said: str, store: str
) -> None:
    base = ui.shared.base
    base.add("A text.", name="a.txt")
    base.migrate(store)
    base.create_collection("empty")
    shown = html(ui.open("status", locale=locale))
    name = {"en-US": "Collection {}", "zh-CN": "知识集“{}”"}[locale]
    assert name.format("default") in shown
    assert name.format("empty") in shown
    assert said.format(store) in shown
    assert "1 documents" not in shown


@pytest.mark.parametrize(("locale", "agree"), [("en-US", "agree"), ("zh-CN", "索引一致")])
def test_the_store_is_checked_when_asked(ui: UserInterface, locale: str, agree: str) -> None:
    ui.shared.base.add("A text.", name="a.txt")
    page = ui.open("status", locale=locale)
    assert agree not in html(page)
    page.button(key="check-store").click().run()
    assert not page.exception
    assert agree in html(page)


@pytest.mark.parametrize(("locale", "language"), [("en-US", "English"), ("zh-CN", "英语")])
def test_a_document_names_its_language_and_is_tagged_on_its_page(
    ui: UserInterface, locale: str, language: str
) -> None:
    added = ui.shared.base.add("The heron waits in shallow water all day.", name="heron.txt")
    page = open_document(ui, added.document_id, locale)
    assert f"<dd>{language}</dd>" in html(page)
    page.text_input(key=f"tags-add-{added.document_id}").set_value("<b>birds</b>")
    page.button(key=f"tags-save-{added.document_id}").click().run()
    assert not page.exception
    assert "<dd>&lt;b&gt;birds&lt;/b&gt;</dd>" in html(page)


@pytest.mark.parametrize(
    "number", ["9" * 18, "9" * 19, "1" + "0" * 30, "1" * 5000, "-1", "1.5", "x"]
)
def test_a_number_that_no_document_has_is_said_to_be_none(ui: UserInterface, number: str) -> None:
    page = ui.open("document", id=number)
    said = [each.value for each in (*page.error, *page.html)]
    assert any("no document" in text.lower() or "no longer" in text for text in said), said


@pytest.mark.parametrize("at", ["9" * 18, "1" * 5000, "-1", "x"])
def test_a_passage_that_the_document_lacks_leaves_its_first_page(
    ui: UserInterface, at: str
) -> None:
    ui.shared.base.add("The grey heron waits in shallow water.", name="heron.txt")
    (info,) = ui.shared.base.documents()
    assert not ui.open("document", id=str(info.id), at=at).error


@pytest.mark.parametrize("number", ["9" * 18, "1" + "0" * 30, "1" * 5000])
def test_a_search_in_a_document_that_no_address_can_name_is_drawn(
    ui: UserInterface, number: str
) -> None:
    ui.shared.base.add("The grey heron waits in shallow water.", name="heron.txt")
    assert not ui.open("search", document=number, q="heron").error
