"""How many processor cores this process may keep busy."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def available_cores(cgroups: Path = _CGROUPS) -> int:
    """Return how many cores this process may use, at least one.

    Besides the affinity mask, a container's quota counts: with ``docker run --cpus 2`` on 64
    cores the mask has all 64, and threads for each of them would be halted for most of the time
    while others spin, waiting for them.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _quota(cgroups)
    return cores if quota is None else max(1, min(cores, round(quota)))


def _quota(cgroups: Path) -> float | None:
    """Return the quota in cores; cgroup v2 has it in one file, v1 in two, microseconds both."""
    found = _numbers(cgroups / "cpu.max")
    if found is None:
        quota = _numbers(cgroups / "cpu" / "cpu.cfs_quota_us")
        period = _numbers(cgroups / "cpu" / "cpu.cfs_period_us")
        found = None if quota is None or period is None else [*quota, *period]
    match found:
        case [quota_us, period_us] if quota_us > 0 and period_us > 0:
            return quota_us / period_us
        case _:
            return None


def _numbers(file: Path) -> list[int] | None:
    try:
        return [int(word) for word in file.read_text("ascii").split()]
    except (OSError, ValueError):  # no such file; "max" for no limit
        return None
