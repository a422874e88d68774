"""Attacks: what a hostile or unlucky user does, with the figure before the mend and now.

Each test makes one attack on the running program, reports its figure beside the one measured at
commit e8e16ac, before the mend, and asserts a bound. The table stands at the end of the run.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attack_report import Report

_FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def report(pytestconfig: pytest.Config) -> Report:
    """Add a line to the table of figures that ends the run."""
    figures = pytestconfig.stash.setdefault(_FIGURES, [])

    def add(attack: str, before: str, now: str) -> None:
        figures.append((attack, before, now))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = terminalreporter.config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("attacks: before the mend, and now")
        for attack, before, now in sorted(figures):
            terminalreporter.write_line(f"{attack}: {before} -> {now}")
