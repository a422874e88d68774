"""Attacks of files on those who read them: hostile workers, nesting without end, stolen keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from attack_report import Report
from deep_files import deep_folder
from hostile_worker import ENDLESS, MESSAGES, ODD_ERROR, take_over

from kb import KnowledgeBase, Settings

KEYS = ("KB_SERVER_API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY")


def ingest(folder: Path, data: Path, **environment: str) -> dict[str, dict[str, Any]]:
    """Read a folder as users do; return what became of each file."""
    ended = subprocess.run(
        [sys.executable, "-m", "ingest", str(folder), "--json"],
        env={**os.environ, "KB_DATA_DIR": str(data), "KB_WORKERS": "2", **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ended.returncode in (0, 1), ended.stderr
    assert "Traceback" not in ended.stderr
    return {file["path"]: file for file in json.loads(ended.stdout)["files"]}


def texts(data: Path) -> dict[str, str]:
    """Return the text of each document of a knowledge base."""
    with KnowledgeBase.open(Settings(data_dir=data)) as base:
        return {each.name: base.document_text(each.id) for each in base.documents()}


def hostile_folder(folder: Path, messages: dict[str, Any]) -> None:
    """Write a file for each message, and good ones between them."""
    folder.mkdir()
    for number, name in enumerate(messages):
        (folder / f"{number:03}-bad.txt").write_text(name)
        if number % 10 == 0:
            (folder / f"{number:03}-good.txt").write_text(f"good words {number}")


def test_no_malformed_message_of_a_worker_ends_a_run(tmp_path: Path, report: Report) -> None:
    folder = tmp_path / "files"
    hostile_folder(folder, MESSAGES)
    files = ingest(folder, tmp_path / "data", PYTHONPATH=take_over(tmp_path / "code"))

    bad = {name: file for name, file in files.items() if name.endswith("-bad.txt")}
    stored = [name for name, file in bad.items() if file["outcome"] != "failed"]
    assert len(bad) == len(MESSAGES)
    assert stored == []
    assert [name for name, file in bad.items() if name not in file["reason"]] == []
    assert all(text.startswith("good words") for text in texts(tmp_path / "data").values())
    assert {file["outcome"] for name, file in files.items() if name not in bad} == {"added"}
    report(
        f"{len(MESSAGES)} malformed messages of workers",
        "8 end the run, 36 are stored",
        f"0 end the run, {len(stored)} are stored",
    )


def test_no_message_of_an_error_ends_a_run(tmp_path: Path, report: Report) -> None:
    folder = tmp_path / "files"
    hostile_folder(folder, {ODD_ERROR: None})
    files = ingest(
        folder, tmp_path / "data", PYTHONPATH=take_over(tmp_path / "code"), KB_FILE_TIMEOUT_S="5"
    )

    assert files["000-bad.txt"]["reason"] == "no\ufffd\ufffd\ufffd[2J"
    report("an error that cannot be stored", "ends the run", "is its file's reason")


def test_no_worker_that_comes_to_no_end_holds_up_a_run(tmp_path: Path, report: Report) -> None:
    folder = tmp_path / "files"
    hostile_folder(folder, ENDLESS)
    files = ingest(
        folder,
        tmp_path / "data",
        PYTHONPATH=take_over(tmp_path / "code"),
        KB_FILE_TIMEOUT_S="3",
    )

    given_up = [name for name, file in files.items() if file["reason_code"] == "timeout"]
    assert len(given_up) == len(ENDLESS)
    assert files["000-good.txt"]["outcome"] == "added"
    report(
        f"{len(ENDLESS)} workers that come to no end",
        "1 holds up the run for ever",
        f"{len(ENDLESS) - len(given_up)} hold it up",
    )


def test_no_nesting_ends_a_run_or_loses_text(tmp_path: Path, report: Report) -> None:
    names = deep_folder(tmp_path / "files")
    files = ingest(tmp_path / "files", tmp_path / "data")

    found = sorted(name for name, text in texts(tmp_path / "data").items() if "inside" in text)
    assert found == names
    assert sorted(files) == names
    report(
        f"{len(names)} files nested deeper than programs write",
        "6 read whole",
        f"{len(found)} read whole",
    )


def test_workers_are_given_no_keys(tmp_path: Path, report: Report) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("environment")
    secrets = {name: f"secret-{number}-0123456789abcdef" for number, name in enumerate(KEYS)}
    ingest(folder, tmp_path / "data", PYTHONPATH=take_over(tmp_path / "code"), **secrets)

    told = texts(tmp_path / "data")["a.txt"]
    given = [name for name, secret in secrets.items() if name in told or secret in told]
    assert '"PATH"' in told
    assert given == []
    report("keys that workers see", f"{len(KEYS)} of {len(KEYS)}", f"{len(given)} of {len(KEYS)}")
