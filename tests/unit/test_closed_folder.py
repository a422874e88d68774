"""A store that belongs to another user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb import KnowledgeBase, Settings
from tests.helpers.hashing_embedder import HashingEmbedder

POWERLESS = Path(__file__).parents[1] / "helpers" / "powerless.py"
OPEN = """
import os, sys
from pathlib import Path
from kb.errors import StoreError
from kb.store.snapshot import is_read_only
if os.geteuid() == 0:
    os.setuid(65534)  # root may read everything
try:
    is_read_only(Path(sys.argv[1]))
except StoreError as error:
    print(error)
"""


def test_whoever_may_not_look_is_told_whose_it_is_and_what_to_do(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("The heron waits.", name="heron.txt")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o055)
    settings.store_dir.chmod(0o000)
    try:
        told = subprocess.run(
            [sys.executable, "-c", OPEN, str(settings.store_dir)],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout
    finally:
        settings.store_dir.chmod(0o700)
    assert f"{settings.store_dir} may not be read by this user" in told
    assert "set KB_DATA_DIR" in told


COMMANDS = ("search heron", "ask heron", "documents", "doctor", "jobs", "keys list", "compact")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="root's powers are Linux's")
@pytest.mark.parametrize("shut", ["data", "store", "catalog"])
def test_every_command_says_so_without_a_traceback(tmp_path: Path, shut: str) -> None:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("The heron waits.", name="heron.txt")
    place = {
        "data": settings.data_dir,
        "store": settings.store_dir,
        "catalog": settings.store_dir / "catalog.sqlite3",
    }[shut]
    told = with_closed(place, settings, *COMMANDS)
    assert len(told) == len(COMMANDS)
    for line in told:
        assert line.startswith("1 ")
        assert f"error: {place} may not be read by this user" in line


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="root's powers are Linux's")
def test_models_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "data")
    settings.models_dir.mkdir(parents=True)
    (line,) = with_closed(settings.data_dir, settings, "models list")
    assert line.startswith("1 ")
    assert f"error: {settings.models_dir}: Permission denied; run as the user" in line


def with_closed(place: Path, settings: Settings, *commands: str) -> list[str]:
    """Return what commands say while nobody may look into a folder or file."""
    mode = place.stat().st_mode
    place.chmod(0)
    try:
        return subprocess.run(
            [sys.executable, POWERLESS, *commands],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ
            | {"PYTHONPATH": str(POWERLESS.parents[2]), "KB_DATA_DIR": str(settings.data_dir)},
        ).stdout.splitlines()
    finally:
        place.chmod(mode)
