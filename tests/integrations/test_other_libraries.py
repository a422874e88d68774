"""LlamaIndex's parts and LangChain's test suites, run where these libraries are installed.

`python tests/integrations/install_libraries.py` installs them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from install_libraries import HERE, PYTHON

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(),
        reason="LlamaIndex is not there: run `make test-full`, or install_libraries.py",
    ),
]


@pytest.mark.parametrize("name", ["langchain_suites.py", "llama_index_parts.py"])
def test_all_tests_of_a_file_pass_in_the_environment_of_its_library(name: str) -> None:
    # pytest-asyncio, which LangChain's suites bring along, would take async tests for its own.
    command = [str(PYTHON), "-m", "pytest", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--quiet", str(HERE / name)],
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
