"""Protected files on the command line: passwords are tried, and written down nowhere."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from locked_files import files_that_hold, locked_docx, locked_pdf
from typer.testing import CliRunner, Result

from ingest.cli import app
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

RIGHT, WRONG = "Zimtstern-4711-richtig", "Lebkuchen-0815-falsch"
FIRST, SECOND = "The grey heron waits in the reeds.", "The barn owl hunts over fields."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "heron.pdf").write_bytes(locked_pdf(FIRST, RIGHT))
    (folder / "owl.docx").write_bytes(locked_docx(SECOND, RIGHT))
    return folder


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    file = tmp_path / "passwords.txt"
    file.write_text(f"{WRONG}\n\n{RIGHT}\n", "utf-8")
    return file


def run(data_dir: Path, *arguments: object, status: int, **environment: str) -> Result:
    variables = {"KB_DATA_DIR": str(data_dir), "KB_WORKERS": "1", **environment}
    done = CliRunner().invoke(app, list(map(str, arguments)), env=variables)
    assert done.exit_code == status, done.output
    return done


def reasons(done: Result) -> dict[str, str]:
    files = json.loads(done.stdout)["files"]
    return {file["path"]: file["reason_code"] for file in files}


def texts(data_dir: Path, embedder: Embedder) -> list[str]:
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        return sorted(base.document_text(info.id) for info in base.documents())


def test_several_passwords_are_tried_and_stand_in_no_file_and_no_output(
    data_dir: Path,
    folder: Path,
    passwords: Path,
    embedder: Embedder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = run(data_dir, folder, "--json", status=1)
    assert set(reasons(asked).values()) == {"encrypted"}
    assert "needs a password" in asked.stdout
    wrong = run(data_dir, folder, "--json", "--password", WRONG, status=1)
    assert set(reasons(wrong).values()) == {"wrong_password"}
    assert "the password given does not open it" in wrong.stdout
    right = run(data_dir, folder, "--json", "--password-file", passwords, status=0)
    assert texts(data_dir, embedder) == sorted([FIRST, SECOND])
    for word in (RIGHT, WRONG):
        assert files_that_hold(word, data_dir) == []
        assert word not in caplog.text
        assert word not in asked.output + wrong.output + right.output


def test_other_settings_without_the_password_keep_what_was_read_and_say_what_is_needed(
    data_dir: Path, folder: Path, passwords: Path, embedder: Embedder
) -> None:
    run(data_dir, folder, "--password-file", passwords, status=0)
    assert run(data_dir, folder, status=0)  # nothing changed, so nothing is opened
    again = run(data_dir, folder, "--json", status=1, KB_CHUNK_SIZE="600")
    assert set(reasons(again).values()) == {"encrypted"}
    assert texts(data_dir, embedder) == sorted([FIRST, SECOND])
    run(data_dir, folder, "--password-file", passwords, status=0, KB_CHUNK_SIZE="600")
    assert texts(data_dir, embedder) == sorted([FIRST, SECOND])


@pytest.mark.parametrize(
    "odd",
    [
        "\udcff\udcfe",
        "密码" * 200,
        *(pytest.param(odd, marks=pytest.mark.slow) for odd in (" ", "\x00", "p\u00e4ss")),
    ],
)
def test_a_password_of_any_characters_is_wrong_and_no_more(
    data_dir: Path, folder: Path, odd: str
) -> None:
    done = run(data_dir, folder, "--json", "--password", odd, status=1)
    assert set(reasons(done).values()) == {"wrong_password"}
