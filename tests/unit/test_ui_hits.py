"""Hits in the browser: the section that answers, passages like one, searches that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."
EGRET = "The white egret waits motionless in shallow water and strikes at small fish."
SHORT_SECTIONS = """# Waterside

## Heron

The grey heron strikes at passing fish.

## Otter

The otter sleeps in its holt under the roots of an alder.
"""


def html(page: AppTest) -> str:
    values = [element.value for element in page.html]
    return "\n".join(value for value in values if not value.startswith("<style"))


def hits(page: AppTest) -> list[str]:
    return [e.value for e in page.html if 'class="kb-hit-head"' in e.value]


def test_the_heading_path_names_the_section_whose_sentence_answers(
    ui: UserInterface, tmp_path: Path
) -> None:
    (tmp_path / "waterside.md").write_text(SHORT_SECTIONS, "utf-8")
    ingest(ui.shared.base, [tmp_path])
    assert [chunk.heading_path for chunk in ui.shared.base.chunks(1)] == [("Waterside",)]
    assert "Waterside › Otter" in hits(ui.open(q="Where does the otter sleep?"))[0]
    assert "Waterside › Heron" in hits(ui.open(q="What does the heron strike at?"))[0]


@pytest.mark.parametrize(
    ("locale", "said"), [("en-US", "passages are most like"), ("zh-CN", "与此段落最相似的")]
)
def test_more_like_a_hit_is_shown_below_it(ui: UserInterface, locale: str, said: str) -> None:
    for name, text in {"heron": HERON, "egret": EGRET, "bread": "Rye bread rests."}.items():
        ui.shared.base.add(text, name=f"{name}.txt")
    page = ui.open(locale=locale, q="grey heron", top_k="5")
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("like").run()
    assert not page.exception
    assert any(said in caption.value for caption in page.caption)
    shown = html(page).split('<p class="kb-text')
    likes = [part for part in shown if "kb-bar" not in part and "egret.txt" in part]
    assert likes


def test_a_passage_alone_says_that_there_is_none_like_it(ui: UserInterface) -> None:
    ui.shared.base.add(HERON, name="heron.txt")
    page = ui.open(q="grey heron")
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("like").run()
    assert any("no other passage" in caption.value for caption in page.caption)


def remembered(page: AppTest) -> list[str]:
    return [b.label for b in page.button if str(b.key).startswith("remembered-")]


@pytest.mark.parametrize(
    ("locale", "keep", "none", "label"),
    [
        (
            "en-US",
            "Remember this search",
            "No remembered searches yet",
            "heron (TXT · birds)",
        ),
        ("zh-CN", "保存此搜索", "还没有保存的搜索", "heron（TXT · birds）"),
    ],
)
def test_a_search_is_remembered_with_its_choices_and_made_again(
    ui: UserInterface, locale: str, keep: str, none: str, label: str
) -> None:
    ui.shared.base.add(HERON, name="birds/heron.txt")
    page = ui.open(locale=locale)
    assert page.button(key="remember").label == keep
    assert page.button(key="remember").disabled
    assert any(none in caption.value for caption in page.caption)

    page = ui.open(locale=locale, q="heron", type="TXT", path="birds", top_k="5", mode="keyword")
    page.button(key="remember").click().run()
    assert not page.exception
    assert remembered(page) == [label]

    other = ui.open(locale=locale, q="otter", path="elsewhere")
    (key,) = [str(b.key) for b in other.button if str(b.key).startswith("remembered-")]
    other.button(key=key).click().run()
    assert not other.exception
    assert other.text_input(key="q").value == "heron"
    assert other.text_input(key="path").value == "birds"
    assert other.selectbox(key="top_k").value == 5
    assert other.radio(key="mode").value == "keyword"
    assert "birds/heron.txt" in hits(other)[0]


def test_a_remembered_search_without_choices_takes_those_of_the_page_away(
    ui: UserInterface,
) -> None:
    ui.shared.base.add(HERON, name="heron.txt")
    page = ui.open(q="heron")
    page.button(key="remember").click().run()
    page.text_input(key="path").set_value("elsewhere").run()
    assert not hits(page)
    (key,) = [str(b.key) for b in page.button if str(b.key).startswith("remembered-")]
    page.button(key=key).click().run()
    assert page.text_input(key="path").value == ""
    assert "heron.txt" in hits(page)[0]


@pytest.mark.parametrize(
    ("locale", "label"), [("en-US", "heron (PDF · German)"), ("zh-CN", "heron（PDF · 德语）")]
)
def test_a_remembered_search_names_languages_as_the_page_does(
    ui: UserInterface, locale: str, label: str
) -> None:
    ui.shared.base.add("The heron waits.", name="heron.txt")
    ui.shared.base.remembered.keep_search("heron", {"filter-language": ["de"], "path": ["PDF"]})
    ui.shared.base.remembered.keep_search("heron", {"filter-language": ["xx"]})
    assert label in remembered(ui.open(locale=locale))


def test_a_remembered_search_is_deleted(ui: UserInterface) -> None:
    ui.shared.base.add(HERON, name="heron.txt")
    page = ui.open(q="heron")
    page.button(key="remember").click().run()
    (key,) = [str(b.key) for b in page.button if str(b.key).startswith("forget-")]
    page.button(key=key).click().run()
    assert not page.exception
    assert not remembered(page)
    assert ui.shared.base.remembered.searches() == []
