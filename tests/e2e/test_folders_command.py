"""``kb folders``: added once, followed by one of several processes, through kills and restarts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kb import KnowledgeBase, Settings
from kb.catalog.watched_folders import FolderRun
from kb.cli.app import app
from kb.cli.shapes import FolderShape

PATIENCE_S = 120


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "heron.txt").write_text("The grey heron waits at the weir.\n", "utf-8")
    return folder


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that a test has started; none outlives it."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def kb(settings: Settings, *arguments: str) -> Result:
    """Run a ``kb`` command in this process, which spares starting Python for each."""
    return CliRunner().invoke(app, arguments, env={"KB_DATA_DIR": str(settings.data_dir)})


def listed(settings: Settings) -> list[dict[str, Any]]:
    done = kb(settings, "folders", "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    for each in found:
        FolderShape.model_validate_json(json.dumps(each))
    return found


def follow(settings: Settings, started: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", "folders", "watch"],
        env={**os.environ, "KB_DATA_DIR": str(settings.data_dir), "KB_WORKERS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started.append(process)
    return process


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.2)


def found(settings: Settings) -> list[str]:
    done = kb(settings, "documents", "--json")
    return sorted(each["name"] for each in json.loads(done.stdout)) if not done.exit_code else []


def test_folders_are_added_listed_and_left_alone(settings: Settings, folder: Path) -> None:
    assert "no folder is watched" in kb(settings, "folders").output
    assert kb(settings, "folders", "add", str(folder)).exit_code == 0
    again = kb(settings, "folders", "add", str(folder))
    assert again.exit_code == 2
    assert "is watched already" in again.output
    told = kb(settings, "folders").output
    assert str(folder) in told
    assert "no program watches them now" in told
    (only,) = listed(settings)
    assert (only["path"], only["state"], only["last_run"]) == (str(folder), "waiting", None)
    assert kb(settings, "folders", "remove", str(folder)).exit_code == 0
    assert kb(settings, "folders", "remove", "1").exit_code == 2
    assert kb(settings, "folders", "watch").exit_code == 2
    assert listed(settings) == []


def test_counts_of_a_run_have_a_fixed_order(settings: Settings, folder: Path) -> None:
    ended = datetime(2026, 11, 30, 8, tzinfo=UTC)
    counts = {"unchanged": 1200, "failed": 1, "removed": 2, "added": 3}
    with KnowledgeBase.open(settings) as base:
        number = base.watched.add(folder).id
        with base._store.catalog.change() as change:
            change.end_folder_run(number, FolderRun(began_at=ended, ended_at=ended, counts=counts))
    told = kb(settings, "folders").output
    assert "files: 3 added, 2 removed, 1,200 unchanged, 1 failed" in told
    run = listed(settings)[0]["last_run"]
    assert list(run["counts"]) == ["added", "removed", "unchanged", "failed"]


@pytest.mark.slow
def test_another_process_goes_on_where_one_was_killed(
    settings: Settings, folder: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    kb(settings, "folders", "add", str(folder))
    first = follow(settings, started)
    until(lambda: found(settings) == ["heron.txt"])
    follow(settings, started)
    (folder / "owl.txt").write_text("The owl hunts at night.\n", "utf-8")
    until(lambda: found(settings) == ["heron.txt", "owl.txt"])
    first.kill()
    first.wait()
    (folder / "heron.txt").rename(folder / "crane.txt")
    (folder / "kite.txt").write_text("The kite circles.\n", "utf-8")
    until(lambda: found(settings) == ["crane.txt", "kite.txt", "owl.txt"])
    until(lambda: listed(settings)[0]["state"] == "in_step")
