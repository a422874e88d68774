"""Status and `kb doctor` say which means of languages are used, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from language_embedder import LanguageEmbedder

from kb import KnowledgeBase, Settings
from kb.doctor import examine

if TYPE_CHECKING:
    from tests.conftest import UserInterface

ENGLISH = "The warranty of the pump lasts for twenty-four months from the day it was bought."
CHINESE = "水泵的保修期是二十四个月，从购买之日算起。请保留收据。"
SWEDISH = "Garantin för pumpen gäller i tjugofyra månader från den dag då den köptes i affären."


def test_doctor_tells_of_the_languages_that_occur(base: KnowledgeBase) -> None:
    for name, text in (("en", ENGLISH), ("zh", CHINESE), ("sv", SWEDISH)):
        base.add(text, name=name)
    found = examine(base, check=False)["languages"]
    assert found["means"] == "of 27 languages, which come with the program"
    assert found["language zh"].startswith("1 chunks; used; answers found first: across languages")
    assert found["language sv"] == "1 chunks; by its script"
    assert "language de" not in found


@pytest.mark.parametrize(("loudness", "choice"), [(4.0, "used"), (0.0, "not used")])
def test_doctor_tells_the_choice_for_another_model(
    tmp_path: Path, loudness: float, choice: str
) -> None:
    with KnowledgeBase.open(
        Settings(data_dir=tmp_path), embedder=LanguageEmbedder(loudness)
    ) as base:
        base.add(ENGLISH, name="en")
        assert examine(base, check=False)["languages"]["means"].startswith("none; they are made")
        base.add(CHINESE, name="zh")
        base.make_language_means()
        found = examine(base, check=False)["languages"]
        assert f"; {choice}; " in found["language zh"]
        used = 2 if choice == "used" else 0
        assert found["means"] == f"of {used} languages used, of 2 tried"


def test_doctor_says_that_the_setting_is_off(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, language_means=False)
    with KnowledgeBase.open(settings, embedder=LanguageEmbedder(1.0)) as base:
        found = examine(base, check=False)["languages"]
        assert found["means"] == "not used (setting language_means)"


@pytest.mark.parametrize(
    ("locale", "name", "across"),
    [("en-US", "Chinese", "across languages"), ("zh-CN", "中文", "跨语言")],
)
def test_the_status_view_shows_languages_and_figures(
    ui: UserInterface, locale: str, name: str, across: str
) -> None:
    ui.shared.base.add(ENGLISH, name="en")
    ui.shared.base.add(CHINESE, name="zh")
    page = ui.open("status", locale=locale)
    shown = "\n".join(each.value for each in page.get("html") if hasattr(each, "value"))
    shown = shown or "\n".join(str(each.proto.body) for each in page.get("html"))
    assert name in shown
    assert across in shown
    assert "27" in shown
