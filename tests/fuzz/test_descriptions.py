"""Thousands of requests made of the server's descriptions: no 5xx, no answer that is undocumented.

Schemathesis makes them: those that a description allows, those that it does not, and headers,
methods and types around them. `python tests/fuzz/install_schemathesis.py` installs it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served_app import ServedApp, served_app

sys.path.append(str(Path(__file__).parent))

from install_schemathesis import PROGRAM

pytestmark = pytest.mark.slow

CHECKS = (
    *("not_a_server_error", "status_code_conformance"),
    *("content_type_conformance", "response_schema_conformance"),
)
ENDLESS = "events$"
"""Of what streams until something ends, a request tells nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with served_app(tmp_path_factory.mktemp("fuzzed")) as running:
        for number in range(3):
            text = f"Heron number {number} waits in shallow water."
            running.base.add(text, name=f"{number}.txt", metadata={"year": 2020 + number})
        yield running


@pytest.mark.parametrize(
    ("path", "examples", "least"),
    [("/openapi.json", 15, 2000), ("/tools/openapi.json", 50, 300)],
)
def test_no_request_that_can_be_made_of_a_description_has_an_answer_that_is_not_in_it(
    served: ServedApp, tmp_path: Path, path: str, examples: int, least: int
) -> None:
    root = served.url + path.removesuffix("/openapi.json")
    command = [
        *(str(PROGRAM), "run", served.url + path, "--url", root),
        *("--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing"),
        *("--max-examples", str(examples), "--exclude-path-regex", ENDLESS),
        *("--request-timeout", "60", "--no-color", "--generation-database", "none"),
    ]
    told = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        timeout=3000,
    )
    assert told.returncode == 0, told.stdout[-20_000:] + told.stderr[-2000:]
    found = re.search(r"([\d,]+) generated, ([\d,]+) passed", told.stdout)
    assert found, told.stdout[-2000:]
    assert int(found[1].replace(",", "")) >= least, found[0]
