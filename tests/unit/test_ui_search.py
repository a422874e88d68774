"""The search view, in both languages: empty, loading, full, without hits, failed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest import ingest
from kb import EmbeddingError, SearchRequest, StoreError
from ui import keys
from ui.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import UserInterface

    from kb import SearchHit

GUIDE = (
    "# 软件著作权登记\n\n申请软件著作权，应当向中国版权保护中心提交登记申请表、"
    "软件鉴别材料和申请人身份证明文件。受理后三十个工作日内完成审查。"
)
HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."


def html(page: object) -> str:
    return "\n".join(element.value for element in page.html)  # type: ignore[attr-defined] # AppTest


def hits(page: object) -> list[str]:
    return [e.value for e in page.html if 'class="kb-hit-head"' in e.value]  # type: ignore[attr-defined]


@pytest.fixture
def filled(ui: UserInterface) -> UserInterface:
    ui.shared.base.add(GUIDE, name="软件著作权登记指南.md")
    ui.shared.base.add(HERON, name="birds/heron.txt")
    return ui


@pytest.mark.parametrize(
    ("locale", "headline"), [("en-US", "Nothing to search yet"), ("zh-CN", "还没有可搜索的内容")]
)
def test_an_empty_store_says_what_to_do_first(
    ui: UserInterface, locale: str, headline: str
) -> None:
    page = ui.open(locale=locale)
    assert headline in html(page)
    assert page.page_link


@pytest.mark.parametrize(("locale", "place"), [("en-US", "Search"), ("zh-CN", "搜索")])
def test_a_chinese_question_finds_the_right_document_first(
    filled: UserInterface, locale: str, place: str
) -> None:
    page = filled.open(locale=locale)
    page.text_input(key="q").set_value("如何申请软件著作权？").run()
    assert not page.exception
    assert page.title[0].value == place
    assert "软件著作权登记指南.md" in hits(page)[0]
    assert "<mark>" in html(page)


def test_the_passage_is_there_with_its_score_and_marks(filled: UserInterface) -> None:
    page = filled.open()
    page.text_input(key="q").set_value("heron").run()
    assert "birds/heron.txt" in hits(page)[0]
    assert 'class="kb-bar' in hits(page)[0]
    assert "<b>heron</b>" in html(page)  # in the marked sentence


def test_an_answer_in_another_language_is_the_best_match(filled: UserInterface) -> None:
    page = filled.open()
    page.text_input(key="q").set_value("苍鹭怎样在浅水中捕鱼？").run()
    assert "birds/heron.txt" in hits(page)[0]
    assert "best match" in html(page)
    assert "by meaning" in html(page)
    assert not page.info


@pytest.mark.parametrize(
    ("locale", "said", "best"),
    [("en-US", "Nothing relevant found", "best match"), ("zh-CN", "未找到相关内容", "最佳匹配")],
)
def test_above_hits_that_do_not_answer_stands_that_nothing_relevant_was_found(
    filled: UserInterface, locale: str, said: str, best: str
) -> None:
    page = filled.open(locale=locale)
    page.text_input(key="q").set_value("Who won the chess championship in Norway?").run()
    assert hits(page)
    assert [said in each.value for each in page.info] == [True]
    assert best not in html(page)


def test_no_sentence_is_marked_in_a_hit_whose_score_is_shown_as_nothing(
    filled: UserInterface,
) -> None:
    question = "Who won the chess championship in Norway?"
    found = filled.shared.base.search(question)
    assert all(hit.sentence for hit in found)  # programs that ask for sentences get them
    page = filled.open()
    page.text_input(key="q").set_value(question).run()
    nothing = [hit.score < 0.005 for hit in found]
    assert any(nothing)
    assert html(page).count("<mark>") == len(found) - sum(nothing)


@pytest.mark.parametrize(
    ("locale", "said"), [("en-US", "is not a date"), ("zh-CN", "日期请写成 2024、2024-05")]
)
def test_a_date_that_is_none_is_refused_in_the_pages_language(
    filled: UserInterface, locale: str, said: str
) -> None:
    page = filled.open(locale=locale, q="heron", since="soon")
    assert said in page.error[0].value.replace("\\", "")
    assert page.radio(key="mode").value == "hybrid"
    assert any(str(button.key) == "remember" for button in page.button)


def test_a_link_brings_question_and_filters_with_it(filled: UserInterface) -> None:
    page = filled.open(q="heron", type="TXT", top_k="5", path="birds")
    assert page.text_input(key="q").value == "heron"
    assert page.selectbox(key="top_k").value == 5
    assert len(hits(page)) == 1
    assert "birds/heron.txt" in hits(page)[0]


def test_the_way_of_searching_is_chosen_and_shared(filled: UserInterface) -> None:
    page = filled.open(q="fish")
    assert page.radio(key="mode").value == "hybrid"
    page.radio(key="mode").set_value("keyword").run()
    assert page.query_params["mode"] == "keyword"
    assert len(hits(page)) == 1
    assert "birds/heron.txt" in hits(page)[0]
    shared = filled.open(locale="zh-CN", q="fish", mode="keyword")
    assert shared.radio(key="mode").value == "keyword"
    assert len(hits(shared)) == 1


def test_a_collection_is_searched_in_its_own_mode_unless_another_is_chosen(
    filled: UserInterface,
) -> None:
    filled.shared.base.set_collection_mode("default", "keyword")
    page = filled.open(q="fish")
    assert page.radio(key="mode").value == "keyword"
    assert len(hits(page)) == 1
    assert filled.open(q="fish", mode="dense").radio(key="mode").value == "dense"


def test_filters_that_nothing_passes_are_named_as_the_cause(filled: UserInterface) -> None:
    page = filled.open(q="heron", path="no-such-folder/")
    assert not hits(page)
    assert "take some off" in html(page)


def test_a_result_is_computed_once(filled: UserInterface, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    find = filled.shared.base.find

    def counting(request: SearchRequest) -> object:
        searched.append(request.query)
        return find(request)

    monkeypatch.setattr(filled.shared.base, "find", counting)
    page = filled.open()
    page.text_input(key="q").set_value("heron").run()
    page.run()
    assert searched == ["heron"]
    filled.shared.base.add("Another text about a heron.", name="second.txt")
    page.run()
    assert searched == ["heron", "heron"]


def test_hits_are_there_before_the_sentences_that_explain_them(
    filled: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    highlight = filled.shared.base.highlight

    def slow(query: str, found: Sequence[SearchHit], **options: str) -> list[SearchHit]:
        shown.append(query)
        return highlight(query, found, **options)

    monkeypatch.setattr(filled.shared.base, "highlight", slow)
    page = filled.open(q="苍鹭在哪里等待")
    assert "<mark>The grey heron" in html(page)
    page.run()
    assert shown == ["苍鹭在哪里等待"]

    def failing(*_: object, **__: object) -> list[SearchHit]:
        reason = "the server went away"
        raise EmbeddingError(reason)

    monkeypatch.setattr(filled.shared.base, "highlight", failing)
    page = filled.open(q="heron fish")
    assert hits(page)
    assert "<mark>heron</mark>" in html(page)
    assert not page.error


def test_the_neighbouring_text_comes_on_demand(ui: UserInterface) -> None:
    filler = "Reeds grow along the muddy bank where the current slows. " * 40
    ui.shared.base.add(f"{filler}\n\n{HERON}\n\n{filler}", name="long.txt")
    page = ui.open()
    page.text_input(key="q").set_value("grey heron strikes at fish").run()
    assert "kb-around" not in html(page).replace(".kb-around", "")
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("context").run()
    assert 'class="kb-around"' in html(page)
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("cite").run()
    assert "long.txt" in page.code[0].value
    assert "grey heron" in page.code[0].value


@pytest.mark.parametrize(
    ("locale", "headline"), [("en-US", "The question is too long"), ("zh-CN", "问题太长")]
)
def test_a_question_longer_than_the_model_reads_is_refused_with_the_reason(
    filled: UserInterface, locale: str, headline: str
) -> None:
    page = filled.open(locale=locale)
    page.text_input(key="q").set_value("heron " * 2000).run()
    assert headline in page.error[0].value
    assert "token" in page.error[0].value


@pytest.mark.parametrize(
    ("locale", "headline"), [("en-US", "The question is too long"), ("zh-CN", "问题太长")]
)
def test_a_question_longer_than_is_looked_up_is_refused_with_the_bound(
    filled: UserInterface, locale: str, headline: str
) -> None:
    page = filled.open(locale=locale)
    page.text_input(key="q").set_value("heron " * 3000).run()
    assert headline in page.error[0].value
    assert r"at most 16\,384" in page.error[0].value


@pytest.mark.parametrize(("locale", "word"), [("en-US", "loading"), ("zh-CN", "正在加载")])
def test_while_the_model_loads_the_view_says_so(
    filled: UserInterface, monkeypatch: pytest.MonkeyPatch, locale: str, word: str
) -> None:
    loaded = threading.Event()
    monkeypatch.setattr(filled.shared, "_model_ready", loaded)
    page = filled.open(locale=locale)
    page.text_input(key="q").set_value("heron").run()
    assert any(word in caption.value for caption in page.main.caption)
    assert not hits(page)
    loaded.set()
    page.run()
    assert hits(page)


def test_a_model_that_cannot_be_loaded_is_named(
    filled: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filled.shared, "_model_error", "there is no file /models/x.gguf")
    page = filled.open(q="heron")
    assert "x" in page.error[0].value
    assert "The embedding model cannot be loaded" in page.error[0].value


def test_a_failed_store_is_told_and_not_raised(
    filled: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> object:
        msg = "the disk is full"
        raise StoreError(msg)

    monkeypatch.setattr(filled.shared.base, "find", failing)
    page = filled.open(q="heron")
    assert "The search failed" in page.error[0].value
    assert "the disk is full" in page.error[0].value


def test_hostile_names_and_texts_stay_text(ui: UserInterface) -> None:
    ui.shared.base.add(
        "A heron said <script>alert(1)</script> & left.", name="<img src=x onerror=alert(1)>.txt"
    )
    page = ui.open(q="heron")
    # The only script is ours, of which no document's text becomes a part.
    shown = html(page).replace(keys._script(), "", 1)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


def test_the_language_can_be_switched(filled: UserInterface) -> None:
    page = filled.open()
    assert page.title[0].value == "Search"
    page.segmented_control(key="lang").set_value("zh").run()
    assert page.title[0].value == "搜索"
    assert not page.exception


def test_wrong_settings_are_shown_and_not_raised(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    session.clear()
    monkeypatch.setenv("KB_CHUNK_SIZE", "3")
    page = ui.open()
    assert "The knowledge base cannot be opened" in page.error[0].value
    assert "chunk" in page.error[0].value


@pytest.mark.parametrize(
    ("locale", "caption", "changed"),
    [
        (
            "en-US",
            "the passage is marked",
            "The page cannot be drawn: the file has changed, or is no longer where it was read.",
        ),
        ("zh-CN", "段落已标出", "无法生成页面图：原文件已更改，或已不在原处。"),
    ],
)
def test_the_page_of_a_pdf_is_shown_until_the_file_has_changed(
    ui: UserInterface, tmp_path: Path, locale: str, caption: str, changed: str
) -> None:
    path = tmp_path / "heron.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, HERON)
    canvas.save()
    ingest(ui.shared.base, [path])
    page = ui.open(locale=locale, q="heron")
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("page").run()
    assert not page.exception
    assert caption in page.image[0].captions[0]
    path.write_bytes(path.read_bytes() + b"\n")
    page.run()
    assert not page.image
    assert page.caption[-1].value == changed


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_passages_before_and_after_a_hit_are_turned_to(ui: UserInterface, locale: str) -> None:
    filler = "Reeds grow along the muddy bank where the current slows. " * 18
    ui.shared.base.add(f"FIRST {filler}\n\n{HERON} {filler}\n\nLAST {filler}", name="long.txt")
    page = ui.open(q="grey heron strikes at fish", top_k="5", locale=locale)
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("context").run()
    captions = [caption.value for caption in page.caption]
    assert any("/" in caption for caption in captions)
    at = next(int(caption.split(" / ")[0]) for caption in captions if " / " in caption)
    key = next(str(b.key) for b in page.button if str(b.key).endswith("-next"))
    assert page.button(key=key).disabled == (at == len(ui.shared.base.chunks(1)))
    page.button(key=key).click().run()
    assert not page.exception
    after = next(caption.value for caption in page.caption if " / " in caption.value)
    assert after.startswith(f"{at + 1} / ")
    page.button(key=key.replace("-next", "-previous")).click().run()
    assert any(caption.value.startswith(f"{at} / ") for caption in page.caption)


@pytest.mark.parametrize(
    ("locale", "label"),
    [("en-US", "Search these collections too"), ("zh-CN", "同时搜索这些知识集")],
)
def test_several_collections_are_searched_together_and_named(
    filled: UserInterface, locale: str, label: str
) -> None:
    filled.shared.base.add("A heron stands in the reeds.", name="reeds.txt", collection="水鸟")
    page = filled.open(locale=locale, q="heron")
    assert not any("reeds.txt" in hit for hit in hits(page))
    also = page.multiselect(key="filter-also")
    assert also.label == label
    also.set_value(["水鸟"]).run()
    assert not page.exception
    assert any("reeds.txt" in hit and "水鸟" in hit for hit in hits(page))
    assert any("birds/heron.txt" in hit and "default" in hit for hit in hits(page))
    linked = filled.open(locale=locale, q="heron", also="水鸟")
    assert len(hits(linked)) == len(hits(page))


@pytest.mark.parametrize(("locale", "name"), [("en-US", "Chinese"), ("zh-CN", "中文")])
def test_languages_are_chosen_by_their_names(filled: UserInterface, locale: str, name: str) -> None:
    page = filled.open(locale=locale, q="heron 软件")
    languages = page.multiselect(key="filter-language")
    assert name in languages.options
    languages.set_value(["zh"]).run()
    assert ["软件著作权登记指南.md" in hit for hit in hits(page)] == [True]


def test_a_quotation_comes_with_the_file_it_is_from(ui: UserInterface, tmp_path: Path) -> None:
    (tmp_path / "heron.txt").write_text(HERON, "utf-8")
    ingest(ui.shared.base, [tmp_path])
    page = ui.open(q="heron")
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("cite").run()
    assert not page.exception
    assert HERON in page.code[0].value
    assert page.get("download_button")
    (tmp_path / "heron.txt").write_text("Other words.", "utf-8")
    page.run()
    assert not page.get("download_button"), "the file is no longer what was read"


@pytest.mark.parametrize(
    ("locale", "label"), [("en-US", "Did you mean: heron"), ("zh-CN", "您是不是要找：heron")]
)
def test_a_misspelt_question_can_be_asked_as_it_was_meant(
    filled: UserInterface, locale: str, label: str
) -> None:
    page = filled.open(locale=locale, q="herron")
    assert "birds/heron.txt" in hits(page)[0]
    button = page.button(key="did-you-mean")
    assert button.label == label
    button.click().run()
    assert not page.exception
    assert page.text_input(key="q").value == "heron"
    assert all(button.key != "did-you-mean" for button in page.button)
