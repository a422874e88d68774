"""Object storage through s3fs and gcsfs, against servers that play it, where they are installed.

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


@pytest.mark.parametrize("name", ["s3_objects.py", "gs_objects.py"])
def test_all_tests_of_a_store_pass_where_its_client_is_installed(name: str) -> None:
    ENVIRONMENT.pass_all(name)
