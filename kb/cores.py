"""How many processor cores this process may keep busy; the only place that counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
# Where the controller of the first version is mounted, and both of its files.
_MOUNTS_V1 = ("cpu", "cpu,cpuacct", "cpuacct,cpu")
_FILES_V1 = ("cpu.cfs_quota_us", "cpu.cfs_period_us")


def available_cores(cgroups: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Return how many cores this process may use, at least one.

    Besides the affinity mask, a container's quota counts: with ``docker run --cpus 2`` on 64
    cores the mask has all 64, and threads for each of them would be halted for most of the time
    while others spin, waiting for them. Of nested groups the smallest quota counts.

    Args:
        cgroups: where the control groups are mounted.
        membership: the file that names this process's groups.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quotas = [quota for quota in _quotas(cgroups, membership) if quota is not None]
    return max(1, min(cores, round(min(quotas)))) if quotas else cores


def _quotas(cgroups: Path, membership: Path) -> Iterator[float | None]:
    """Yield the quota of each group that this process is in, in cores, None for no limit."""
    groups = _groups(membership)
    # A hybrid system mounts the second version below "unified".
    for mount in (cgroups, cgroups / "unified"):
        for folder in _with_parents(mount, groups.get("", "/")):
            yield _quota(_numbers(folder / "cpu.max"))
    for mount in (cgroups / name for name in _MOUNTS_V1):
        for folder in _with_parents(mount, groups.get("cpu", "/")):
            quota, period = (_numbers(folder / name) for name in _FILES_V1)
            yield _quota([*quota, *period])


def _groups(membership: Path) -> dict[str, str]:
    """Return controller -> group; the second version's only group belongs to ""."""
    try:
        lines = membership.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # not Linux
        return {}
    fields = (line.split(":", 2) for line in lines)
    return {name: each[2] for each in fields if len(each) == 3 for name in each[1].split(",")}  # noqa: PLR2004 - number, controllers, group


def _with_parents(mount: Path, group: str) -> Iterator[Path]:
    """Yield the folder of a group and of those around it, up to the mount itself.

    A container without a namespace of its own is told a group that it cannot see: only the mount
    is there then.
    """
    parts = [part for part in PurePosixPath(group).parts if part not in ("/", "..")]
    for length in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:length])


def _quota(numbers: list[int]) -> float | None:
    """Return quota and period, both in microseconds, as cores."""
    match numbers:
        case [quota_us, period_us] if quota_us > 0 and period_us > 0:
            return quota_us / period_us
        case _:
            return None


def _numbers(file: Path) -> list[int]:
    try:
        return [int(word) for word in file.read_text("ascii").split()]
    except (OSError, ValueError):  # no such file; "max" for no limit
        return []
