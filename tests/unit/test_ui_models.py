"""Models in the status view: chosen, downloaded with progress and cancelled, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hub_server
import pytest
from hub_server import FakeHub
from llama_server import smollm2
from model_servers import ollama, serving

from kb.config_file import write_settings
from kb.models.known import Kind
from kb.models.registry import find_known

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

CHAT = "Qwen3-0.6B"
WARRANTY = "The warranty on the coffee machine lasts 24 months from the day of purchase."


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings are read from an empty folder; models are in one of its own."""
    for name in ("KB_CONFIG", "KB_MODEL", "KB_RERANKER", "KB_CHAT_MODEL", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    shared = (data_dir / "models").resolve()
    (data_dir / "models").unlink()
    (data_dir / "models").mkdir()
    for file in shared.iterdir():
        (data_dir / "models" / file.name).hardlink_to(file)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("LLAMA_ARG_PORT", "9")
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that has something under the name of the smallest chat model."""
    with hub_server.running(b"GGUF" * 1_000_000) as running:
        known = find_known(CHAT)
        assert known
        running.repository, running.file = known.repository, known.files[0].name
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


@pytest.fixture
def real_hub(hub: FakeHub, data_dir: Path) -> Iterator[FakeHub]:
    """The hub with an even smaller chat model that answers; what was fetched is removed."""
    hub.serve(smollm2().read_bytes())
    yield hub
    (data_dir / "models" / hub.file).unlink(missing_ok=True)


def status(ui: UserInterface, locale: str = "en-US") -> AppTest:
    page = ui.open("status", locale=locale)
    ui.shared.models.wait(30)
    page.run()
    assert not page.exception
    return page


def choose(page: AppTest, name: str, kind: Kind = "chat") -> AppTest:
    page.selectbox(key=f"model-{kind}").set_value(name).run()
    assert not page.exception
    return page


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def has_button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def kept() -> dict[str, object]:
    return tomllib.loads(Path("kb.toml").read_text("utf-8"))


def test_from_an_empty_store_to_a_written_answer_without_an_editor(
    ui: UserInterface, real_hub: FakeHub
) -> None:
    assert "Nothing to search yet" in html(ui.open("ask"))
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    assert "no chat model yet" in ui.open("ask").info[0].value

    page = choose(status(ui), CHAT)
    assert any("The download is 610.4 MiB" in caption.value for caption in page.caption)
    press(page, "model-use-chat")
    ui.shared.models.wait(60)
    page.run()
    assert "is in use" in page.success[0].value
    assert kept() == {"chat_model": real_hub.file}

    page = ui.open("ask")
    page.chat_input[0].set_value("How many months does the warranty last?").run()
    (turn,) = page.session_state["_conversation"]
    assert turn.wait(120)
    page.run()
    assert not page.exception
    assert turn.state == "done", turn.error
    assert turn.so_far.text

    page = press(status(ui), "model-none-chat")
    assert kept() == {}
    assert "no chat model yet" in ui.open("ask").info[0].value


@pytest.mark.parametrize("setting", ["chat_model", "reranker"])
def test_a_model_chosen_at_a_shell_meanwhile_is_used_from_the_next_click(
    ui: UserInterface, setting: str
) -> None:
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    page = ui.open("ask")
    assert "no chat model yet" in page.info[0].value
    write_settings(Path("kb.toml"), {setting: str(smollm2()), "top_k": 3})
    page.run()
    assert not page.exception
    assert getattr(ui.shared.settings, setting) == str(smollm2())
    assert bool(page.info) is (setting == "reranker")
    assert ui.shared.settings.top_k != 3  # of all other settings the Status view says: restart
    write_settings(Path("kb.toml"), {setting: None})
    page.run()
    assert not getattr(ui.shared.settings, setting)


def test_a_settings_file_that_somebody_broke_meanwhile_changes_no_model(ui: UserInterface) -> None:
    write_settings(Path("kb.toml"), {"chat_model": str(smollm2())})
    ui.open("ask")
    Path("kb.toml").write_text("chat_model = \n", "utf-8")
    ui.open("ask")
    assert ui.shared.settings.chat_model == str(smollm2())


def test_a_download_is_cancelled_and_goes_on_from_there(
    ui: UserInterface, hub: FakeHub, data_dir: Path
) -> None:
    hub.stall_after = 3_000_000
    page = choose(status(ui, "zh-CN"), CHAT)
    press(page, "model-use-chat")
    told = ui.shared.models.progress
    assert told is not None
    assert hub.stalled.wait(60)
    page.run()
    page.button(key="model-cancel").click().run()
    hub.released.set()
    ui.shared.models.wait(60)
    assert told.state == "cancelled"
    page.run()
    assert "已取消下载" in page.info[0].value
    assert not Path("kb.toml").exists()
    (part,) = (data_dir / "models").glob("*.part")
    at = part.stat().st_size
    assert at > 0

    press(page, "model-dismiss")
    press(page, "model-use-chat")
    ui.shared.models.wait(60)
    page.run()
    assert "已启用" in page.success[0].value
    assert hub.requests[-1][2] == f"bytes={at}-"


def test_a_model_that_cannot_be_had_says_why(ui: UserInterface) -> None:
    page = choose(status(ui), CHAT)
    press(page, "model-use-chat")
    ui.shared.models.wait(60)
    page.run()
    assert "cannot reach Hugging Face" in page.error[0].value
    assert any("What has arrived is kept" in info.value for info in page.info)
    assert not Path("kb.toml").exists()


def test_a_model_that_two_hubs_have_can_be_taken_from_the_other_one(ui: UserInterface) -> None:
    page = choose(status(ui, "zh-CN"), "bge-reranker-v2-m3", "reranking")
    press(page, "model-use-reranking")
    ui.shared.models.wait(60)
    page.run()
    assert page.selectbox(key="hub-reranking").label == "下载来源"
    assert any("“下载来源”" in info.value for info in page.info)


def test_a_full_disk_is_told_before_anything_is_fetched(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = status(ui)
    monkeypatch.setattr("ui.choosing_models._free", lambda _: 1000)
    choose(page, CHAT)
    assert any("only 1000 B are free" in warning.value for warning in page.warning)
    assert page.button(key="model-use-chat").disabled


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "holds from|next start"), ("zh-CN", "下次启动")]
)
def test_another_embedding_model_says_what_is_to_be_embedded_again(
    ui: UserInterface, data_dir: Path, locale: str, words: str
) -> None:
    ui.shared.base.add(WARRANTY, name="warranty.txt")
    (data_dir / "models" / "bge-m3-Q8_0.gguf").write_bytes(b"GGUF")
    page = choose(status(ui, locale), "bge-m3", "embedding")
    assert page.code[0].value == "kb reembed --collection default --model bge-m3"
    press(page, "model-use-embedding")
    ui.shared.models.wait(30)
    page.run()
    assert any(word in page.success[0].value for word in words.split("|"))
    assert kept() == {"model": "bge-m3-Q8_0.gguf"}
    assert ui.shared.settings.model == "multilingual-e5-small"


def test_a_model_is_measured(ui: UserInterface) -> None:
    page = choose(status(ui), "multilingual-e5-small", "embedding")
    assert not has_button(page, "model-use-embedding")  # it is in use
    press(page, "model-measure-embedding")
    ui.shared.models.wait(120)
    page.run()
    assert "was measured" in page.success[0].value
    assert any("multilingual" in each.value and "reads" in each.value for each in page.markdown)


def test_a_chat_model_of_an_ollama_here_is_offered_and_used(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = {"name": "<img src=x>:`b`", "size": 2_500_000_000, "capabilities": ["completion"]}
    with serving(ollama(hostile)) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.root)
        name = f"{server.root}/v1#<img src=x>:`b`"
        page = choose(status(ui), name)
        press(page, "model-use-chat")
        ui.shared.models.wait(30)
        page.run()
    assert kept() == {"chat_model": name}
    assert r"\<img src\=x\>" in page.success[0].value  # shown as it is, no markup
    assert ui.shared.settings.chat_model == name


def test_whoever_comes_over_the_network_sees_models_and_chooses_none(ui: UserInterface) -> None:
    page = status(ui)
    base = ui.shared.base
    base.settings = base.settings.model_copy(update={"ui_trust": "proxy"})
    page.run()
    assert not page.exception
    assert all(not str(box.key).startswith("model-") for box in page.selectbox)
    assert any("computer that serves this page" in caption.value for caption in page.caption)


def test_what_the_environment_sets_is_chosen_there(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_CHAT_MODEL", "http://127.0.0.1:9/v1#tiny")
    page = status(ui)
    assert any("KB_CHAT_MODEL" in info.value for info in page.info)
    assert all(box.key != "model-chat" for box in page.selectbox)


def html(page: AppTest) -> str:
    values = [element.value for element in page.html]  # type: ignore[attr-defined] # AppTest
    return "\n".join(value for value in values if not value.startswith("<style"))
