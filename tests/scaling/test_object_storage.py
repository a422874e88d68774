"""Object storage through s3fs, against a server that plays Amazon S3, where both are installed.

`python tests/scaling/install_scaling.py` installs them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from library_environment import LibraryEnvironment

ENVIRONMENT = LibraryEnvironment(Path(__file__).parent)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not ENVIRONMENT.python.exists(),
        reason="s3fs is not there: run `make test-full`, or tests/scaling/install_scaling.py",
    ),
]


def test_all_tests_of_s3_pass_where_s3fs_is_installed() -> None:
    ENVIRONMENT.pass_all("s3_objects.py")
