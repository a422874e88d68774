"""Changing a setting in the status view, in both languages."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit import config

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    return tmp_path


def chosen(ui: UserInterface, name: str, locale: str = "en-US") -> AppTest:
    page = ui.open("status", locale=locale)
    page.selectbox(key="setting").set_value(name).run()
    assert not page.exception
    return page


def kept(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "kb.toml").read_text("utf-8"))


def can_save(page: AppTest) -> bool:
    return any(button.key == "setting-save" for button in page.button)


@pytest.mark.parametrize(
    ("locale", "again", "saved"),
    [
        ("en-US", "One document is read, cut and embedded again", "takes effect at the next start"),
        ("zh-CN", "1 个文档会重新读取、切分和向量化", "下次启动后生效"),
    ],
)
def test_what_a_change_costs_is_said_before_it_is_made(
    ui: UserInterface, elsewhere: Path, locale: str, again: str, saved: str
) -> None:
    ui.shared.base.add("The heron waits.", name="heron.txt")
    page = chosen(ui, "chunk_size", locale)
    assert not can_save(page)  # the value is as it was
    page.text_input(key="setting-chunk_size").set_value("512").run()
    assert again in page.warning[0].value
    assert not (elsewhere / "kb.toml").exists()

    page.button(key="setting-save").click().run()
    assert not page.exception
    assert saved in page.success[0].value
    assert kept(elsewhere) == {"chunk_size": 512}
    assert any("KB_CHUNK_SIZE" in info.value for info in page.info)


def test_another_model_names_the_command_for_each_collection(ui: UserInterface) -> None:
    ui.shared.base.add("The heron waits.", name="heron.txt", collection="grey birds")
    page = chosen(ui, "model")
    page.text_input(key="setting-model").set_value("http://127.0.0.1:9/v1#tiny").run()
    assert "cannot be searched with this until it is embedded again" in page.warning[0].value
    command = "kb reembed --collection 'grey birds' --model 'http://127.0.0.1:9/v1#tiny'"
    assert page.code[0].value == command
    assert can_save(page)


def test_what_costs_nothing_says_so_and_a_switch_is_saved(
    ui: UserInterface, elsewhere: Path
) -> None:
    ui.shared.base.add("The heron waits.", name="heron.txt")
    page = chosen(ui, "mode")
    page.selectbox(key="setting-mode").set_value("dense").run()
    assert "Nothing has to be read" in page.info[0].value
    page.button(key="setting-save").click().run()
    page.selectbox(key="setting").set_value("contextual").run()
    page.toggle(key="setting-contextual").set_value(False).run()
    page.button(key="setting-save").click().run()
    assert kept(elsewhere) == {"mode": "dense", "contextual": False}


def test_a_value_that_is_not_allowed_is_refused_with_its_reason(
    ui: UserInterface, elsewhere: Path
) -> None:
    page = chosen(ui, "top_k")
    page.text_input(key="setting-top_k").set_value("0").run()
    assert "greater than or equal to 1" in page.error[0].value
    assert not can_save(page)
    assert not (elsewhere / "kb.toml").exists()


def test_what_the_environment_sets_is_changed_there(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_TOP_K", "4")
    page = chosen(ui, "top_k")
    assert any("KB_TOP_K" in info.value for info in page.info)
    assert not page.text_input


def test_a_file_of_settings_that_was_broken_since_the_start_is_an_error_not_a_crash(
    ui: UserInterface, elsewhere: Path
) -> None:
    (elsewhere / "kb.toml").write_text("top_k = ")
    page = ui.open("status")
    assert any("cannot be read" in error.value for error in page.error)


def test_whoever_comes_over_the_network_changes_nothing(ui: UserInterface) -> None:
    page = ui.open("status")
    assert page.selectbox(key="setting")
    config.set_option("server.address", "0.0.0.0")  # noqa: S104 - what is refused
    page.run()
    assert all(box.key != "setting" for box in page.selectbox)
