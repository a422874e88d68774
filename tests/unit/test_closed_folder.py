"""A store that belongs to another user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kb import KnowledgeBase, Settings
from tests.helpers.hashing_embedder import HashingEmbedder

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
