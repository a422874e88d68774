"""Ingestion on a Ray cluster of two nodes, where Ray is installed.

`python tests/scaling/install_scaling.py` installs it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from install_scaling import HERE, PYTHON

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds Ray's processes in /proc"),
    pytest.mark.skipif(
        not PYTHON.exists(),
        reason="Ray is not there: run `make test-full`, or tests/scaling/install_scaling.py",
    ),
]


@pytest.mark.parametrize("name", ["ray_reading.py", "ray_faults.py", "ray_command.py"])
def test_all_tests_of_a_file_pass_where_ray_is_installed(name: str) -> None:
    command = [str(PYTHON), "-m", "pytest", "-p", "no:cacheprovider", "--quiet"]
    done = subprocess.run(
        [*command, str(HERE / name)],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=HERE.parents[1],
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
