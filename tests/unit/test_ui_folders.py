"""Descriptions of folders: given in the library, shown with hits, in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest import ingest
from kb.records import Source

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."


def html(page: AppTest) -> str:
    values = [element.value for element in page.html]
    return "\n".join(value for value in values if not value.startswith("<style"))


@pytest.fixture
def filled(ui: UserInterface, tmp_path: Path) -> UserInterface:
    """Two files in folders of a folder on this computer."""
    root = tmp_path / "docs"
    (root / "minutes" / "2025").mkdir(parents=True)
    (root / "birds").mkdir()
    (root / "minutes" / "2025" / "may.txt").write_text("The budget of May was agreed.", "utf-8")
    (root / "birds" / "heron.txt").write_text(HERON, "utf-8")
    ingest(ui.shared.base, [root])
    return ui


def describe(page: AppTest, folder: str, said: str) -> AppTest:
    choice = next(box for box in page.selectbox if str(box.key).startswith("folder-"))
    choice.set_value(folder).run()
    field = next(box for box in page.text_input if str(box.key).startswith("folder-said-"))
    field.set_value(said)
    next(b for b in page.button if str(b.key).startswith("folder-save-")).click().run()
    assert not page.exception
    return page


@pytest.mark.parametrize(("locale", "label"), [("en-US", "Folder"), ("zh-CN", "文件夹")])
def test_a_folder_is_chosen_and_described_in_the_library_and_hits_come_with_that(
    filled: UserInterface, tmp_path: Path, locale: str, label: str
) -> None:
    folder = str(tmp_path / "docs" / "birds")
    page = filled.open("library", locale=locale)
    choice = next(box for box in page.selectbox if str(box.key).startswith("folder-"))
    assert choice.label == label
    assert {folder, str(tmp_path / "docs" / "minutes" / "2025")} <= set(choice.options)
    describe(page, folder, "Notes of a <b>bird</b> watcher")
    assert filled.shared.base.collection().folders == {folder: "Notes of a <b>bird</b> watcher"}
    assert "Notes of a &lt;b&gt;bird&lt;/b&gt; watcher" in html(page)

    found = filled.open(locale=locale, q="heron fish")
    heads = [each.value for each in found.html if 'class="kb-hit-head"' in each.value]
    assert [("watcher" in head) for head in heads] == ["heron.txt" in head for head in heads]
    assert '<div class="kb-about"' in heads[0]
    assert "<b>bird" not in html(found)


def test_a_description_is_changed_and_taken_away(filled: UserInterface) -> None:
    filled.shared.base.describe_folder("minutes/2025", "Minutes")
    page = filled.open("library")
    choice = next(box for box in page.selectbox if str(box.key).startswith("folder-"))
    choice.set_value("minutes/2025").run()
    assert filled.shared.base.collection().folders == {"minutes/2025": "Minutes"}
    field = next(box for box in page.text_input if str(box.key).startswith("folder-said-"))
    assert field.value == "Minutes"
    describe(page, "minutes/2025", "  ")
    assert not filled.shared.base.collection().folders


def test_what_is_said_of_a_collection_comes_with_its_hits_too(ui: UserInterface) -> None:
    ui.shared.base.add(HERON, name="heron.txt")
    assert 'class="kb-about"' not in html(ui.open(q="heron"))
    ui.shared.base.describe_collection("default", "All about herons")
    assert "All about herons" in html(ui.open(q="heron")).split('class="kb-about"')[1]


def test_folders_of_uploads_and_of_this_computer_are_offered_by_what_names_them(
    ui: UserInterface,
) -> None:
    from ui.folders import folders_of  # noqa: PLC0415 - Streamlit is needed by UI tests alone

    ui.shared.base.add("One.", name="a.txt")
    (info,) = ui.shared.base.documents()
    sources = [("uploads", "contracts/2024/a.txt"), ("/srv/docs", "b.txt"), ("/srv/docs", "x/y/c")]
    several = replace(info, sources=tuple(Source(root=root, path=path) for root, path in sources))
    assert folders_of([info, several]) == [
        "/srv/docs",
        "/srv/docs/x",
        "/srv/docs/x/y",
        "contracts",
        "contracts/2024",
    ]
