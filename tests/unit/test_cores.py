"""How many cores are used: those of the affinity mask, within a container's quota."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.embedding import cores


@pytest.fixture
def of_64(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 64 cores."""
    everything = set(range(64))
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _pid: everything, raising=False)


@pytest.mark.usefixtures("of_64")
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000"}, 64),
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "9900000 100000"}, 64),
        ({"cpu.max": ""}, 64),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
        ({"cpu/cpu.cfs_quota_us": "400000"}, 64),
    ],
)
def test_a_quota_limits_the_cores_used(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    assert cores.available_cores(tmp_path) == expected


def test_this_machine_has_at_least_one_core() -> None:
    assert cores.available_cores() >= 1
