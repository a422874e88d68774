"""Object storage through s3fs, against a server that plays Amazon S3, where both are installed.

`python tests/scaling/install_scaling.py` installs them.
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
    pytest.mark.skipif(
        not PYTHON.exists(),
        reason="s3fs is not there: run `make test-full`, or tests/scaling/install_scaling.py",
    ),
]


def test_all_tests_of_s3_pass_where_s3fs_is_installed() -> None:
    # pytest-asyncio would take async tests for its own.
    command = [str(PYTHON), "-m", "pytest", "-p", "no:cacheprovider", "--quiet"]
    done = subprocess.run(
        [*command, str(HERE / "s3_objects.py")],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=HERE.parents[1],
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
