"""Signals: the first asks a program to end, the second ends it at once."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kb import interrupts
from kb.stopping import Cancellation

BETWEEN_S = 0.7  # longer than two signals of one key press may be apart

BEGIN = f"""
import os, sys, time
from pathlib import Path
from kb import interrupts
left = Path(sys.argv[1])
def strike(number):
    os.kill(os.getpid(), number)
    time.sleep({BETWEEN_S})
"""
LOOKING = """
interruption = interrupts.Interruption()
interruption.watch()
with interrupts.cleaning_up(left.unlink):
    for number in map(int, sys.argv[2:]):
        strike(number)
    print("event" if interruption.event.is_set() else "none", interruption.status)
"""
UNWOUND = """
interrupts.unwind_once()
with interrupts.cleaning_up(left.unlink):
    try:
        strike(int(sys.argv[2]))
    finally:
        for number in map(int, sys.argv[3:]):
            strike(number)
        print("unwound")
"""


def ended(code: str, left: Path, *numbers: signal.Signals) -> tuple[int, str]:
    left.touch()
    command = [sys.executable, "-c", BEGIN + code, str(left), *(str(int(each)) for each in numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_an_event_to_look_at_or_unwinds(
    tmp_path: Path, number: signal.Signals
) -> None:
    left = tmp_path / "left"
    assert ended(LOOKING, left, number) == (0, f"event {128 + number}")
    assert ended(UNWOUND, left, number) == (128 + number, "unwound")
    assert left.exists(), "nothing ended at once"


@pytest.mark.parametrize("code", [LOOKING, UNWOUND], ids=["looking", "unwound"])
def test_the_second_ends_at_once_and_cleans_up(tmp_path: Path, code: str) -> None:
    left = tmp_path / "left"
    assert ended(code, left, signal.SIGTERM, signal.SIGINT)[1] == ""
    assert not left.exists()


def test_the_status_is_that_of_the_first_signal(tmp_path: Path) -> None:
    status, _ = ended(LOOKING, tmp_path / "left", signal.SIGTERM, signal.SIGINT)
    assert status == 128 + signal.SIGTERM


def test_work_is_cancelled_by_itself_or_by_whoever_asked_for_it() -> None:
    outer = Cancellation(None)
    one, other = Cancellation(outer), Cancellation(outer)
    one.set()
    assert (one.is_set(), other.is_set(), outer.is_set()) == (True, False, False)
    outer.set()
    assert other.is_set()


def test_no_other_module_handles_signals() -> None:
    root = Path(interrupts.__file__).parents[1]
    handling = re.compile(r"\bsignal\.signal\(|\bset_wakeup_fd\b|\bsignal\.getsignal\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    assert {file for file in modules if handling.search(file.read_text("utf-8"))} == {
        root / "kb" / "interrupts.py",
        # It leaves the terminal's Ctrl-C to the process it works for.
        root / "ingest" / "reading" / "worker.py",
    }
