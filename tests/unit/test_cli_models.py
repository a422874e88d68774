"""kb models: on a terminal and as JSON, with the real default model and a hub on this machine."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kb import Document, KnowledgeBase, Settings
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.models.files import DownloadRecord, find_model, place_of, write_record


@pytest.fixture
def folder(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of an empty data folder; settings are read from the working folder."""
    shared = (data_dir / "models").resolve()
    (data_dir / "models").unlink()
    (data_dir / "models").mkdir()
    for file in shared.iterdir():
        (data_dir / "models" / file.name).hardlink_to(file)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    monkeypatch.delenv("KB_CONFIG", raising=False)
    monkeypatch.delenv("KB_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)
    return data_dir / "models"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments])


def a_download(folder: Path, name: str, data: bytes = b"GGUF") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    digest = "0" * 64
    write_record(path, DownloadRecord(source=f"hf:o/r/{name}", sha256=digest, size=len(data)))
    return path


def test_the_list_says_what_there_is_what_is_here_and_what_is_in_use(folder: Path) -> None:
    a_download(folder, "Qwen3-Embedding-4B-Q8_0.gguf")
    a_download(folder, "someone/else/other.gguf")
    shown = run("list")
    assert shown.exit_code == 0
    assert "also here: someone/else/other.gguf" in shown.stdout
    assert "in use: multilingual-e5-small" in shown.stdout
    found = json.loads(run("list", "--json").stdout)
    names = [model["name"] for model in found["known"]]
    assert names[:4] == ["multilingual-e5-small", *(f"Qwen3-Embedding-{n}B" for n in (0.6, 4, 8))]
    (mine,) = [file for file in found["installed"] if file["known"] == "Qwen3-Embedding-4B"]
    assert mine["quant"] == "Q8_0"


def test_a_model_is_shown_whether_it_is_here_or_not(folder: Path) -> None:
    shown = run("show", "qwen3-embedding-4b")
    assert shown.exit_code == 0
    for fact in ("2560", "Q4_K_M (2.5 GB)", "last", "Apache-2.0", "Instruct: "):
        assert fact in shown.stdout
    a_download(folder, "Qwen3-Embedding-4B-Q4_K_M.gguf")
    facts = json.loads(run("show", "Qwen3-Embedding-4B", "--json").stdout)
    assert facts["file"] == str((folder / "Qwen3-Embedding-4B-Q4_K_M.gguf").resolve())


def test_use_writes_kb_toml_and_tells_of_collections_of_other_models(
    folder: Path, embedder: Embedder
) -> None:
    with KnowledgeBase.open(Settings.load(), embedder=embedder) as base:
        base.add(Document.from_text("Rye bread."), collection="notes")
    Path("kb.toml").write_text("# mine\ntop_k = 5\n")
    a_download(folder, "Qwen3-Embedding-4B-Q4_K_M.gguf")
    done = run("use", "Qwen3-Embedding-4B", "--collection", "qwen")
    assert done.exit_code == 0, done.output
    written = Path("kb.toml").read_text()
    assert written.startswith("# mine\ntop_k = 5\n")
    values = {"model": "Qwen3-Embedding-4B-Q4_K_M.gguf", "collection": "qwen"}
    assert tomllib.loads(written) == {"top_k": 5, **values}
    assert "notes was made with multilingual-e5-small" in done.stdout
    assert "kb reembed --model Qwen3-Embedding-4B-Q4_K_M.gguf --collection notes" in done.stdout
    assert Settings.load().model == values["model"]


def test_a_model_that_is_not_here_says_how_to_get_it(folder: Path) -> None:
    done = run("check", "Qwen3-Embedding-4B", "--quant", "Q8_0")
    assert done.exit_code == 1
    assert "kb models pull Qwen3-Embedding-4B --quant Q8_0" in done.stderr
    assert str(folder) in done.stderr


def test_a_model_that_cannot_be_downloaded_is_not_taken_into_use(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = run("use", "Qwen3-Embedding-4B", "--quant", "Q8_0")
    assert done.exit_code == 1
    assert "Qwen3-Embedding-4B-Q8_0.gguf is not downloaded" in done.stderr
    assert str(folder) in done.stderr
    assert not Path("kb.toml").exists()


def test_an_environment_variable_that_outranks_the_file_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.is_dir()
    monkeypatch.setenv("KB_MODEL", "multilingual-e5-small")
    done = run("use", "multilingual-e5-small")
    assert "KB_MODEL is set in the environment and outranks kb.toml" in done.stderr


def test_remove_deletes_a_download_but_neither_the_one_in_use_nor_the_built_in(
    folder: Path,
) -> None:
    path = a_download(folder, "bge-m3-Q8_0.gguf")
    run("use", "bge-m3")
    refused = run("remove", "bge-m3")
    assert refused.exit_code == 1
    assert "is the model in use" in refused.stderr
    run("use", "multilingual-e5-small")
    assert run("remove", "bge-m3").exit_code == 0
    assert not path.exists()
    assert run("remove", "multilingual-e5-small").exit_code == 1


def test_a_file_outside_the_models_folder_is_not_removed(folder: Path, tmp_path: Path) -> None:
    path = a_download(tmp_path / "elsewhere", "mine.gguf")
    assert folder.is_dir()
    done = run("remove", str(path))
    assert done.exit_code == 1
    assert path.exists()


def test_the_default_model_is_healthy(folder: Path) -> None:
    assert folder.is_dir()
    done = run("check", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["healthy"] is True
    assert {each["name"] for each in found["findings"]} >= {"tokenizer", "meaning"}


def test_a_damaged_download_is_not_healthy(folder: Path) -> None:
    a_download(folder, "bge-m3-Q8_0.gguf", b"GGUF" + bytes(100))
    done = run("check", "bge-m3")
    assert done.exit_code == 1
    assert "not what was downloaded" in done.stdout
    assert "bge-m3-Q8_0 is not healthy" in done.stdout


def test_pull_of_nonsense_is_refused_in_words(folder: Path) -> None:
    assert folder.is_dir()
    done = run("pull", "gpt-9")
    assert done.exit_code == 1
    assert "there is no model 'gpt-9'" in done.stderr


def test_use_of_a_mistyped_name_offers_the_names_like_it_and_no_others(folder: Path) -> None:
    assert folder.is_dir()
    done = run("use", "qwen3-embeding-4b")
    assert done.exit_code == 1
    said = " ".join(done.stderr.split())
    assert "name one of Qwen3-Embedding-4B" in said
    assert "`kb models list` shows all" in said
    assert "Reranker-v2" not in said


def test_convert_names_a_folder_that_is_no_checkpoint(folder: Path, tmp_path: Path) -> None:
    assert folder.is_dir()
    done = run("convert", str(tmp_path / "nothing"))
    assert done.exit_code == 1
    assert "nothing" in done.stderr


def test_a_model_is_found_by_name_path_reference_and_recorded_name(folder: Path) -> None:
    known = a_download(folder, "Qwen3-Embedding-4B-Q4_K_M.gguf")
    other = a_download(folder, "someone/else/m.gguf")
    for name in ("Qwen3-Embedding-4B", "qwen3-embedding-4b:q4_k_m", known.name, known.stem):
        assert find_model(name, folder).path == known.resolve()
    for name in ("hf:someone/else/m.gguf", "someone/else/m.gguf", str(other)):
        assert find_model(name, folder).path == other.resolve()
    assert place_of("ms:any/repo/bge-m3-Q8_0.gguf") == Path("bge-m3-Q8_0.gguf")


def test_a_model_on_a_server_is_not_checked_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.is_dir()
    monkeypatch.setenv("KB_MODEL", "http://127.0.0.1:9/v1")
    done = run("check")
    assert done.exit_code == 1
    assert "is a server" in done.stderr
