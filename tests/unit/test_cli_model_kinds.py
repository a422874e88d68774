"""kb models: embedding models, rerankers and chat models, each put where it belongs by its name."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import hub_server
import pytest
from hub_server import FakeHub
from llama_server import smollm2
from model_servers import llama_cpp, serving
from typer.testing import CliRunner, Result

from kb.chat.opening import open_chat_model
from kb.cli.app import app
from kb.embedding import open_embedder
from kb.errors import ModelError
from kb.model_speeds import Speed, Speeds
from kb.models.files import find_model
from kb.models.known import KnownChat, KnownReranker
from kb.models.registry import KNOWN, find_known, known_by_file
from kb.reranking import open_reranker
from kb.settings import Settings

CHAT = "Qwen3-0.6B"
RERANKER = "bge-reranker-v2-m3"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder; no hub and no server is asked, settings are read from here."""
    for name in ("KB_CONFIG", "KB_MODEL", "KB_RERANKER", "KB_CHAT_MODEL", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("LLAMA_ARG_PORT", "9")
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    models = tmp_path / "data" / "models"
    models.mkdir(parents=True)
    return models


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that has the smallest chat model, whatever its bytes."""
    with hub_server.running(b"GGUF" * 1000) as running:
        known = find_known(CHAT)
        assert known
        running.repository, running.file = known.repository, known.files[0].name
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments])


def kept() -> dict[str, object]:
    return tomllib.loads(Path("kb.toml").read_text("utf-8"))


def put(folder: Path, name: str) -> Path:
    """Put a file there that has the name of a known model's."""
    known = find_known(name)
    assert known
    path = folder / known.files[0].name
    path.write_bytes(b"GGUF" + name.encode() * 100)
    return path


def test_names_and_files_of_all_models_are_different() -> None:
    names = [model.name.casefold() for model in KNOWN]
    files = [file.name for model in KNOWN for file in model.files]
    assert len(set(names)) == len(names)
    assert len(set(files)) == len(files)
    assert all(known_by_file(file) for file in files)


def test_the_list_has_all_three_kinds_with_their_settings_and_sizes() -> None:
    shown = run("list").stdout
    for heading in ("setting model)", "setting reranker)", "setting chat_model)"):
        assert heading in shown
    for row in ("Qwen3-Reranker-0.6B", "bge-reranker-v2-m3", "Qwen3-4B-Instruct", "Q4_K_M 2.5"):
        assert row in shown
    assert "chat model in use: none" in shown
    found = json.loads(run("list", "--json").stdout)
    assert (found["reranker"], found["chat_model"]) == (None, None)
    kinds = {model["name"]: model["kind"] for model in found["known"]}
    assert kinds["Qwen3-Reranker-4B"] == "reranking"
    assert kinds["Qwen3-1.7B"] == "chat"


def test_how_each_kind_is_asked_is_shown() -> None:
    assert "<Instruct>: " in run("show", "Qwen3-Reranker-0.6B").stdout
    facts = json.loads(run("show", "qwen3-1.7b", "--json").stdout)
    assert (facts["thinks"], facts["context_tokens"]) == (True, 32768)


@pytest.mark.parametrize(
    ("name", "setting"), [(CHAT, "chat_model"), (RERANKER, "reranker"), ("bge-m3", "model")]
)
def test_use_writes_the_setting_that_a_model_is_for(folder: Path, name: str, setting: str) -> None:
    path = put(folder, name)
    done = run("use", name)
    assert done.exit_code == 0, done.output
    assert kept() == {setting: path.name}


def test_use_downloads_what_is_not_here_and_a_second_time_nothing(
    folder: Path, hub: FakeHub
) -> None:
    done = run("use", CHAT)
    assert done.exit_code == 0, done.output
    assert "is here and verified" in done.stdout
    assert (folder / hub.file).read_bytes() == hub.data
    assert kept() == {"chat_model": hub.file}
    asked = len(hub.requests)
    assert run("use", CHAT).exit_code == 0
    assert len(hub.requests) == asked


def test_a_file_of_any_repository_is_used_by_its_reference(hub: FakeHub) -> None:
    hub.repository, hub.file = hub_server.REPOSITORY, hub_server.FILE
    name = f"hf:{hub.repository}/{hub.file}"
    unclear = run("use", name)  # its bytes are none of a model
    assert unclear.exit_code == 1
    assert "llama.cpp cannot load" in unclear.stderr
    assert not Path("kb.toml").exists()
    assert run("use", name, "--kind", "chat").exit_code == 0
    assert kept() == {"chat_model": f"{hub.repository}/{hub.file}"}


def test_a_download_that_broke_off_goes_on_at_the_next_use(
    folder: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.break_after = 1000
    monkeypatch.setattr("kb.models.transfer.rest", lambda _: None)
    assert run("use", CHAT).exit_code == 0
    assert any(at.startswith("bytes=1000") for _, _, at in hub.requests)
    assert (folder / hub.file).read_bytes() == hub.data


def test_a_reranker_or_a_chat_model_is_taken_out_of_use_without_an_editor(folder: Path) -> None:
    put(folder, RERANKER)
    run("use", RERANKER)
    assert run("use", "none", "--kind", "reranking").exit_code == 0
    assert kept() == {}
    assert run("use", "none").exit_code == 2


def test_a_model_in_a_setting_of_another_kind_is_refused_with_the_right_one(
    folder: Path,
) -> None:
    for name in (CHAT, RERANKER):
        put(folder, name)
    cases = (
        (open_embedder, "model", CHAT, "chat_model"),
        (open_reranker, "reranker", CHAT, "chat_model"),
        (open_chat_model, "chat_model", RERANKER, "reranker"),
    )
    for opening, setting, name, right in cases:
        with pytest.raises(ModelError, match=f"for the setting {right}"):
            opening(Settings.load(**{setting: name}))
    refused = run("use", CHAT, "--kind", "embedding")
    assert refused.exit_code == 1
    assert "is no embedding model" in refused.stderr


def test_a_collection_goes_with_an_embedding_model_only(folder: Path) -> None:
    put(folder, CHAT)
    assert run("use", CHAT, "--collection", "notes").exit_code == 2
    assert not Path("kb.toml").exists()


def test_a_file_that_no_table_knows_says_itself_what_it_is_for(folder: Path) -> None:
    (folder / "someone").mkdir()
    (folder / "someone" / "small.gguf").symlink_to(smollm2())
    done = run("use", "someone/small.gguf")
    assert done.exit_code == 0, done.output
    assert list(kept()) == ["chat_model"]


def test_chat_models_of_servers_here_are_listed_and_taken_by_their_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(llama_cpp("/models/some-model.gguf")) as server:
        monkeypatch.setenv("LLAMA_ARG_PORT", server.root.rpartition(":")[2])
        address = f"{server.root}/v1"
        told = f"some-model on llama.cpp here, 0.10 GB: `kb models use {address}`"
        assert told in run("list").stdout
        assert run("use", address).exit_code == 0
        assert kept() == {"chat_model": address}
    unknown = run("use", "http://127.0.0.1:9/v1#mine")
    assert unknown.exit_code == 1
    assert "--kind" in unknown.stderr
    assert run("use", "http://127.0.0.1:9/v1#mine", "--kind", "reranking").exit_code == 0
    assert kept()["reranker"] == "http://127.0.0.1:9/v1#mine"


def test_what_was_measured_stands_in_the_list(folder: Path) -> None:
    path = put(folder, CHAT)
    other = put(folder, "bge-m3")
    speed = Speed(read=210.4, written=23.6, device="CPU", measured_on="2026-11-29")
    Speeds(folder.parent).keep(path, speed)
    assert "Q8_0: reads 210, writes 24 tokens/s" in run("list").stdout
    files = json.loads(run("list", "--json").stdout)["installed"]
    by_name = {file["known"]: file["speed"] for file in files}
    assert by_name == {CHAT: {**by_name[CHAT], "read": 210.4}, "bge-m3": None}
    assert Speeds(folder.parent).of(other) is None


def test_a_damaged_file_of_speeds_is_passed_over(folder: Path) -> None:
    path = put(folder, CHAT)
    for data in ("{", "[]", '{"a": 1}'):
        (folder.parent / "speeds.json").write_text(data)
        assert Speeds(folder.parent).of(path) is None
        assert run("list").exit_code == 0


def test_a_chat_model_is_measured_and_remembered(folder: Path) -> None:
    (folder / "small.gguf").symlink_to(smollm2())
    done = run("measure", "small.gguf")
    assert done.exit_code == 0, done.output
    assert "small: reads " in done.stdout
    found = Speeds(folder.parent).of(find_model("small.gguf", folder).path)
    assert found is not None
    assert found.read > 0
    assert found.written is not None


def test_a_chat_model_is_checked_by_an_answer_and_not_by_its_vectors(folder: Path) -> None:
    (folder / "small.gguf").symlink_to(smollm2())
    done = run("check", "small.gguf", "--json")
    assert done.exit_code == 0, done.output
    found = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    assert found["answer"]["ok"] is True
    assert found["answer"]["detail"]
    assert "meaning" not in found


def test_a_damaged_reranker_is_not_healthy(folder: Path) -> None:
    put(folder, RERANKER)
    done = run("check", RERANKER)
    assert done.exit_code == 1
    assert "llama.cpp cannot load" in done.stdout
    assert "bge-reranker-v2-m3-Q8_0 is not healthy" in done.stdout


def test_every_reranker_and_chat_model_says_how_it_is_used() -> None:
    rerankers = [model for model in KNOWN if isinstance(model, KnownReranker)]
    chats = [model for model in KNOWN if isinstance(model, KnownChat)]
    assert [model.name for model in rerankers] == [
        "Qwen3-Reranker-0.6B",
        "Qwen3-Reranker-4B",
        "bge-reranker-v2-m3",
    ]
    assert [model.name for model in chats] == ["Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B-Instruct"]
