"""The tests themselves, run as a job in the background or by a CI system: SIGINT is ignored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")

ROOT = Path(__file__).parents[2]
SHOW = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


def test_children_can_be_interrupted() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], check=True, capture_output=True, text=True
    ).stdout
    assert shown == "True\n"


def test_children_can_be_interrupted_when_the_tests_run_in_the_background() -> None:
    one = f"{Path(__file__).relative_to(ROOT)}::{test_children_can_be_interrupted.__name__}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", one]
    done = subprocess.run(
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
