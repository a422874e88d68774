"""The library says how far sentences are, has them embedded on request, and lets one put it off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from job_turn import others_turn

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

TEXT = " ".join(f"Valve {n} is opened by turning wheel {n * 7} twice." for n in range(40))


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.caption)


def keys(page: AppTest) -> set[str | None]:
    return {button.key for button in page.button}


def test_what_was_added_without_sentences_gets_them_at_the_press_of_a_button(
    ui: UserInterface,
) -> None:
    ui.shared.base.add(TEXT, name="valves")
    chunks = ui.shared.base.collection().chunks
    page = ui.open("library")
    assert f"{chunks} of {chunks} chunks are found without their sentences" in captions(page)
    page.button(key="refine").click().run()
    assert not page.exception
    deadline = time.monotonic() + 60
    while ui.shared.base.collection().refined < chunks:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while ui.shared.jobs.refines(ui.shared.base.collection().id):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page.run()
    assert "sentences" not in captions(page)
    assert not keys(page) & {"refine", "refine-stop"}


def test_sentences_under_way_are_shown_and_can_wait(ui: UserInterface) -> None:
    ui.shared.base.add(TEXT, name="valves")
    target = ui.shared.base.collection()
    with others_turn(ui.shared.settings):  # another process has the turn, and is slow
        ui.shared.jobs.refine(target)
        page = ui.open("library")
        assert f"Sentences of 0 of {target.chunks} chunks are embedded" in captions(page)
        page.button(key="refine-stop").click().run()
        assert not page.exception
        assert not ui.shared.jobs.refines(target.id)
        assert "refine" in keys(page)


def test_the_library_says_it_in_chinese(ui: UserInterface) -> None:
    ui.shared.base.add(TEXT, name="valves")
    assert "还没有句子向量" in captions(ui.open("library", locale="zh-CN"))
