"""Ingestion on a Ray cluster of two nodes, where Ray is installed.

`python tests/scaling/install_scaling.py` installs it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from library_environment import LibraryEnvironment

ENVIRONMENT = LibraryEnvironment(Path(__file__).parent)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds Ray's processes in /proc"),
    pytest.mark.skipif(
        not ENVIRONMENT.python.exists(),
        reason="Ray is not there: run `make test-full`, or tests/scaling/install_scaling.py",
    ),
]


@pytest.mark.parametrize(
    "name",
    [
        "ray_crew.py",
        "ray_reading.py",
        "ray_sharing.py",
        "ray_telling.py",
        "ray_faults.py",
        "ray_deaths.py",
        "ray_command.py",
        "ray_joining.py",
    ],
)
def test_all_tests_of_a_file_pass_where_ray_is_installed(name: str) -> None:
    ENVIRONMENT.pass_all(name)
