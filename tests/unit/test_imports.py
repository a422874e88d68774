"""What a command imports is not looked through for garbage; afterwards garbage is collected."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from kb.imports import uncollected


def test_the_collector_rests_in_the_block_and_works_afterwards() -> None:
    try:
        with uncollected():
            assert not gc.isenabled()
            made = [{} for _ in range(3)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= len(made)
    finally:
        gc.unfreeze()


def test_it_works_after_an_import_that_failed() -> None:
    try:
        with pytest.raises(ImportError), uncollected():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_a_command_runs_with_the_collector_at_work() -> None:
    program = (
        "import gc, sys, kb.__main__, kb.cli.app as cli\n"
        "cli.app = lambda: print(gc.isenabled(), gc.get_freeze_count() > 0)\n"
        "kb.__main__.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "True True\n"
