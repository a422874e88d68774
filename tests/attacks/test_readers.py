"""Attacks of files on those who read them: hostile workers, nesting without end, keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import Report
from hostile_worker import ENDLESS, MESSAGES, take_over

SECRETS = ("KB_SERVER_API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY")


def ingest(folder: Path, data: Path, **environment: str) -> tuple[int, dict[str, Any]]:
    """Read a folder as users do; return the exit status and the report."""
    ended = subprocess.run(
        [sys.executable, "-m", "ingest", str(folder), "--json"],
        env={**os.environ, "KB_DATA_DIR": str(data), "KB_WORKERS": "2", **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout)
