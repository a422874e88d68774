"""Marks on hits in the browser, one's own questions in Quality, other settings tried on them."""

from __future__ import annotations

import io
import time
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb.evaluation.judged import read_set
from kb.models.convert import convert_checkpoint
from ui.own_set import _zipped

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."
EGRET = "The white egret waits motionless in shallow water and strikes at small fish."
TEA = "Green tea is steeped for two minutes in water that has stopped boiling."


@pytest.fixture
def filled(ui: UserInterface) -> UserInterface:
    for name, text in {"heron": HERON, "egret": EGRET, "tea": TEA}.items():
        ui.shared.base.add(text, name=f"{name}.txt")
    return ui


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def mark(page: AppTest, number: int, value: str | None) -> None:
    choices = [c for c in page.segmented_control if str(c.key).startswith("mark-")]
    choices[number].set_value(value).run()
    assert not page.exception


def said(ui: UserInterface) -> list[tuple[str, list[tuple[str, bool]]]]:
    return [
        (each.text, [(str(one.source), one.good) for one in each.judgements])
        for each in ui.shared.base.questions.of("default")
    ]


def measured(ui: UserInterface, page: AppTest) -> AppTest:
    deadline = time.monotonic() + 120
    while ui.shared.evaluations.active:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page.run()
    assert not page.exception
    assert [each.value for each in page.error] == []
    return page


@pytest.mark.parametrize(("locale", "good"), [("en-US", "Good"), ("zh-CN", "相关")])
def test_a_hit_is_marked_and_the_mark_is_there_at_the_next_visit(
    filled: UserInterface, locale: str, good: str
) -> None:
    page = filled.open(locale=locale, q="green tea")
    mark(page, 0, "good")
    mark(page, 1, "bad")
    ((question, marks),) = said(filled)
    assert (question, marks[0]) == ("green tea", ("tea.txt", True))
    assert [each for _, each in marks] == [True, False]
    again = filled.open(locale=locale, q="green  tea")
    shown = [c for c in again.segmented_control if str(c.key).startswith("mark-")]
    assert [c.value for c in shown] == ["good", "bad", None]
    assert good in shown[0].options[0]
    mark(again, 0, None)
    assert [each for _, each in said(filled)[0][1]] == [False]


def test_marks_of_one_question_are_not_those_of_another(filled: UserInterface) -> None:
    page = filled.open(q="green tea")
    mark(page, 0, "good")
    page.text_input(key="q").set_value("tea").run()
    shown = [c for c in page.segmented_control if str(c.key).startswith("mark-")]
    assert {c.value for c in shown} == {None}


@pytest.mark.parametrize(
    ("locale", "none", "mine"),
    [
        ("en-US", "No questions of your own yet", "My questions"),
        ("zh-CN", "还没有内容", "我的问题"),
    ],
)
def test_quality_says_how_questions_of_ones_own_are_made(
    filled: UserInterface, locale: str, none: str, mine: str
) -> None:
    page = filled.open("quality", locale=locale)
    assert none in html(page)
    assert page.selectbox(key="set").options == [mine]
    assert page.button(key="set-run").disabled


def test_own_questions_are_listed_reworded_and_removed(filled: UserInterface) -> None:
    for query in ("green tea", "heron"):
        mark(filled.open(q=query), 0, "good")
    page = filled.open("quality")
    heron, tea = filled.shared.base.questions.of("default")
    page.text_input(key=f"own-{tea.id}").set_value("How is tea made?").run()
    assert [text for text, _ in said(filled)] == ["heron", "How is tea made?"]
    page.text_input(key=f"own-{tea.id}").set_value(" ").run()
    assert "cannot be kept" in page.error[0].value
    page.button(key=f"own-{heron.id}-remove").click().run()
    page.button(key=f"unmark-{tea.judgements[0].id}").click().run()
    assert not page.exception
    assert said(filled) == []


def test_own_questions_are_run_without_ingesting_anything(filled: UserInterface) -> None:
    mark(filled.open(q="green tea"), 0, "good")
    generation = filled.shared.base.generation
    page = filled.open("quality")
    page.button(key="set-run").click().run()
    figures = measured(filled, page).dataframe[0].value
    assert len(figures) == 3
    assert figures.iloc[0, 0].endswith(" · meaning and words · My questions (default)")
    assert filled.shared.base.generation == generation


@pytest.mark.parametrize(
    ("locale", "then"), [("en-US", "Compared with today"), ("zh-CN", "与当前设置比较")]
)
def test_another_mode_is_compared_with_todays_and_taken_into_use_in_two_clicks(
    filled: UserInterface, locale: str, then: str
) -> None:
    for query in ("green tea", "which bird waits?"):
        mark(filled.open(q=query), 0, "good")
    page = filled.open("quality", locale=locale)
    page.button_group(key="trial-option").set_value("mode=keyword").run()
    page.button(key="trial-compare").click().run()
    measured(filled, page)
    assert any(then in each.value for each in page.markdown)
    assert all("nDCG@10" in each.label for each in page.metric[:2])
    assert page.metric[2].value.startswith(("+", "-"))
    page.button(key="trial-take").click().run()
    assert not page.exception
    assert filled.shared.base.collection().mode == "keyword"
    assert any("default" in each.value for each in page.success)


def test_what_embeds_again_says_so_and_is_written_into_the_settings(
    filled: UserInterface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "kb.toml"
    monkeypatch.setenv("KB_CONFIG", str(config))
    mark(filled.open(q="green tea"), 0, "good")
    page = filled.open("quality")
    page.button_group(key="trial-option").set_value("chunk_size=512").run()
    assert any("temporary folder" in each.value for each in page.caption)
    chunks = filled.shared.base.collection().chunks
    page.button(key="trial-compare").click().run()
    measured(filled, page)
    page.button(key="trial-take").click().run()
    assert not page.exception
    assert tomllib.loads(config.read_text("utf-8")) == {"chunk_size": 512}
    assert filled.shared.base.collection().chunks == chunks


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        ("qwen3-reranker", "qwen3-reranker-0.6b-q8_0.gguf", "reranker=Qwen3-Reranker-0.6B"),
        ("qwen3", "Qwen3-Embedding-0.6B-Q8_0.gguf", "model=Qwen3-Embedding-0.6B"),
    ],
)
def test_another_model_that_is_here_is_tried(
    filled: UserInterface,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, str, str],
) -> None:
    checkpoint, file, option = names
    config = tmp_path / "kb.toml"
    monkeypatch.setenv("KB_CONFIG", str(config))
    monkeypatch.setenv("KB_DATA_DIR", str(filled.shared.settings.data_dir))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "golden"))
    made_checkpoints = import_module("made_checkpoints")
    made_checkpoints.CHECKPOINTS[checkpoint](tmp_path / checkpoint)
    folder = filled.shared.settings.models_dir
    shared = folder.resolve()
    folder.unlink()
    folder.mkdir()
    for path in shared.glob("*.gguf"):
        (folder / path.name).symlink_to(path)
    convert_checkpoint(tmp_path / checkpoint, folder / file, quantize="Q8_0")

    mark(filled.open(q="green tea"), 0, "good")
    page = filled.open("quality")
    page.button_group(key="trial-option").set_value(option).run()
    page.button(key="trial-compare").click().run()
    measured(filled, page)
    trial = filled.shared.evaluations.trial
    assert trial is not None
    assert [len(each.queries) for each in (trial.before, trial.after)] == [1, 1]
    name, _, value = option.partition("=")
    assert trial.after.changed == {name: value}
    assert any(value in each.value.replace("\\", "") for each in page.markdown)
    page.button(key="trial-take").click().run()
    assert not page.exception
    assert page.success
    assert tomllib.loads(config.read_text("utf-8")) == {name: value}
    in_force = filled.shared.base.settings
    # A reranker is taken into use at once; another embedding model waits for the next start.
    assert (in_force.reranker == value) == (name == "reranker")
    assert in_force.model != value


def test_bad_marks_alone_are_said_to_measure_nothing(filled: UserInterface) -> None:
    mark(filled.open(q="green tea"), 0, "bad")
    page = filled.open("quality")
    assert any("mark a passage that answers it as good" in each.value for each in page.info)
    assert page.button(key="set-run").disabled
    mark(filled.open(q="green tea"), 1, "good")
    assert not filled.open("quality").info


def test_own_questions_are_saved_as_a_set_that_can_be_read(
    filled: UserInterface, tmp_path: Path
) -> None:
    mark(filled.open(q="green tea"), 0, "good")
    with zipfile.ZipFile(io.BytesIO(_zipped(filled.shared, "default"))) as archive:
        archive.extractall(tmp_path)
    judged = read_set(tmp_path / "my-questions", spans=True)
    assert list(judged.queries.values()) == ["green tea"]
    assert len(judged.documents) == 3
    ((document, start, end),) = next(iter(judged.spans.values()))
    text = next(each.text for each in judged.documents if each.id == document)
    assert text[start:end] == TEA
