"""Fixtures: the small checkpoints, made once, and a copy of one to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_checkpoints import CHECKPOINTS


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all small checkpoints by name."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, write in CHECKPOINTS.items():
        write(folder / name)
    return folder


@pytest.fixture
def copied(checkpoints: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies a checkpoint to where a test may change it."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(checkpoints / name, tmp_path / name))

    return copy
