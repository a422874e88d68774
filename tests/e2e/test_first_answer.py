"""From an empty store to a written answer at a shell: two commands and a question."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import hub_server
import pytest
from llama_server import smollm2
from typer.testing import CliRunner, Result

from ingest.cli import app as ingest_app
from kb.cli.app import app
from kb.models.registry import find_known

WARRANTY = "The warranty on the Aurora coffee machine lasts 24 months from the purchase."
CHAT = "Qwen3-0.6B"


@pytest.fixture(autouse=True)
def elsewhere(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings are read from an empty folder; the models folder has the built-in model only."""
    for name in ("KB_CONFIG", "KB_MODEL", "KB_CHAT_MODEL", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    shared = (data_dir / "models").resolve()
    (data_dir / "models").unlink()
    (data_dir / "models").mkdir()
    for file in shared.iterdir():
        (data_dir / "models" / file.name).hardlink_to(file)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    monkeypatch.chdir(tmp_path)
    yield
    for file in (data_dir / "models").glob("Qwen3*"):
        file.unlink()


def kb(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_two_commands_lead_from_an_empty_store_to_a_written_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path("papers")
    folder.mkdir()
    (folder / "warranty.txt").write_text(WARRANTY)
    assert CliRunner().invoke(ingest_app, [str(folder)]).exit_code == 0
    without = kb("ask", "How long is the warranty?")
    assert "kb models use Qwen3-4B-Instruct" in without.stdout

    known = find_known(CHAT)
    assert known
    # The hub has the small model of the tests under the name of the smallest known one.
    with hub_server.running(smollm2().read_bytes()) as hub:
        hub.repository, hub.file = known.repository, known.files[0].name
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        used = kb("models", "use", CHAT)
    assert used.exit_code == 0, used.output
    assert tomllib.loads(Path("kb.toml").read_text()) == {"chat_model": hub.file}

    answered = kb("ask", "How many months does the warranty last?")
    assert answered.exit_code == 0, answered.output
    assert "24" in answered.stdout
    assert "warranty.txt" in answered.stdout
