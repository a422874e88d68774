"""The quality view, in both languages: empty, running, figures, comparison, failed."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ui.evaluating import Progress

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

CORPUS = {
    "heron": "A grey heron waits in shallow water.",
    "owl": "Owls hunt at night, almost without a sound.",
    "tea": "Green tea is steeped for two minutes.",
}
QUERIES = {"q1": ("Which bird waits in water?", "heron"), "q2": ("茶要泡多久？", "tea")}


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    folder = tmp_path / "birds"
    folder.mkdir()
    _lines(folder / "corpus.jsonl", [{"id": key, "text": text} for key, text in CORPUS.items()])
    _lines(
        folder / "queries.jsonl", [{"id": key, "text": text} for key, (text, _) in QUERIES.items()]
    )
    rows = "".join(f"{key}\t{wanted}\t1\n" for key, (_, wanted) in QUERIES.items())
    (folder / "qrels.tsv").write_text(rows, "utf-8")
    return folder


def _lines(path: Path, items: list[dict[str, str]]) -> None:
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    path.write_text(text, "utf-8")


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)  # type: ignore[attr-defined] # AppTest


def run(ui: UserInterface, page: AppTest, folder: Path) -> AppTest:
    page.text_input(key="set-folder").set_value(str(folder)).run()
    page.button(key="set-run").click().run()
    deadline = time.monotonic() + 60
    while ui.shared.evaluations.active:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    ("locale", "title", "empty"),
    [("en-US", "Quality", "No runs yet"), ("zh-CN", "质量", "还没有评测记录")],
)
def test_before_the_first_run_the_view_says_what_it_takes(
    ui: UserInterface, locale: str, title: str, empty: str
) -> None:
    page = ui.open("quality", locale=locale)
    assert page.title[0].value == title
    assert empty in html(page)
    assert page.button(key="set-run").disabled


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", ("No difference beyond chance", "meaning and words", "the first good hit")),
        ("zh-CN", ("差异不显著", "语义 + 关键词", "首个相关结果名次的倒数")),
    ],
)
def test_a_set_is_run_in_each_mode_and_its_runs_are_compared(
    ui: UserInterface, judged: Path, locale: str, said: tuple[str, str, str]
) -> None:
    same, mode, meaning = said
    ui.shared.base.add("Kept apart from every evaluation.", name="mine.txt")
    page = run(ui, ui.open("quality", locale=locale), judged)
    figures = page.dataframe[0].value
    assert len(figures) == 3
    assert set(figures.iloc[:, 1]) == {len(QUERIES)}
    first = page.selectbox(key="compare-one").options[0]
    assert re.fullmatch(r"[\d-]{10} [\d:]{8} · " + re.escape(mode) + " · birds", first)
    assert meaning in html(page)
    names = ["recall@1", "recall@5", "recall@10", "MRR@10", "nDCG@10"]
    assert list(figures.columns[2:7]) == names
    assert page.metric[0].label == "nDCG@10"
    assert page.selectbox(key="compare-metric").options[:5] == names
    assert any(same in caption.value for caption in page.caption)
    assert [info.name for info in ui.shared.base.documents()] == ["mine.txt"]
    again = ui.open("quality", locale=locale)
    assert len(again.dataframe[0].value) == 3


class Ending(Progress):
    """An evaluation that ends right after it was first asked whether it runs."""

    @property
    def state(self) -> str:  # type: ignore[override] # a field there
        state, self.done = ("done" if self.done else "working"), 1
        return state

    @state.setter
    def state(self, value: str) -> None:
        assert value == "working"


def test_an_evaluation_that_ends_while_the_page_is_drawn_leaves_no_button_disabled(
    ui: UserInterface, judged: Path
) -> None:
    page = ui.open("quality")
    page.text_input(key="set-folder").set_value(str(judged)).run()
    assert not page.button(key="set-run").disabled
    ui.shared.evaluations._progress = Ending("birds")
    page.run()
    assert not page.exception
    assert not page.button(key="set-run").disabled


def test_misses_are_listed_with_what_was_found_instead(ui: UserInterface, judged: Path) -> None:
    page = run(ui, ui.open("quality"), judged)
    name = next(
        option for option in page.selectbox(key="misses").options if " · words · " in option
    )
    page.selectbox(key="misses").set_value(name).run()
    misses = page.dataframe[1].value
    assert misses.columns[1] == "nDCG@10"
    assert "茶要泡多久？" in list(misses.iloc[:, 0])
    assert "tea" in list(misses.iloc[:, 2])


def test_a_set_that_cannot_be_read_is_named(ui: UserInterface, tmp_path: Path) -> None:
    page = run(ui, ui.open("quality"), tmp_path / "no set")
    assert "The set could not be run" in page.error[0].value
    assert "no set" in page.error[0].value


def test_sets_in_the_data_folder_are_offered_by_name(ui: UserInterface, judged: Path) -> None:
    folder = ui.shared.settings.data_dir / "sets"
    folder.mkdir()
    judged.rename(folder / "birds")
    assert ui.open("quality").selectbox(key="set").options == ["My questions", "birds"]
