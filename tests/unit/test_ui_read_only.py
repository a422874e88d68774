"""The browser UI over a data folder that cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hashing_embedder import HashingEmbedder
from read_only import read_only

from kb import KnowledgeBase, Settings, StoreError

if TYPE_CHECKING:
    from conftest import UserInterface


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "written"
    settings = Settings.load(data_dir=folder)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("The grey heron waits in shallow water.", name="heron.txt")
    with read_only(folder, tmp_path / "mounted") as mounted:
        yield mounted


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.mark.parametrize("view", ["search", "ask", "library", "quality", "status"])
def test_every_view_opens(ui: UserInterface, view: str) -> None:
    assert not ui.open(view).exception


def test_a_search_finds_and_a_document_is_shown(ui: UserInterface) -> None:
    assert ui.shared.base.search("heron")[0].source == "heron.txt"
    (info,) = ui.shared.base.documents()
    page = ui.open("document", id=str(info.id))
    assert not page.error
    assert any("heron" in title.value for title in page.title)


@pytest.mark.parametrize(
    ("locale", "said"), [("en-US", "This data folder is read-only"), ("zh-CN", "只读")]
)
def test_the_library_says_that_nothing_can_be_changed(
    ui: UserInterface, locale: str, said: str
) -> None:
    assert any(said in each.value for each in ui.open("library", locale=locale).info)


def test_an_upload_is_refused_with_the_reason(ui: UserInterface) -> None:
    page = ui.open("library")
    page.file_uploader[0].set_value([("new.txt", b"New.", "text/plain")]).run()
    assert not page.exception
    assert any("is read-only" in each.value.replace("\\", "") for each in page.warning)
    assert ui.shared.jobs.listed() == []
    with pytest.raises(StoreError, match="is read-only"):
        ui.shared.jobs.add_paths([Path("/")])
