"""LlamaIndex's parts and LangChain's test suites, run where these libraries are installed.

`python tests/integrations/install_libraries.py` installs them.
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
        reason="LlamaIndex is not there: run `make test-full`, or install_libraries.py",
    ),
]


@pytest.mark.parametrize("name", ["langchain_suites.py", "llama_index_parts.py"])
def test_all_tests_of_a_file_pass_in_the_environment_of_its_library(name: str) -> None:
    ENVIRONMENT.pass_all(name)
