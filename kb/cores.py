"""The number of processor cores this process may use; the only module that counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
# Mount point of the version 1 controller, and its two files.
_MOUNTS_V1 = ("cpu", "cpu,cpuacct", "cpuacct,cpu")
_FILES_V1 = ("cpu.cfs_quota_us", "cpu.cfs_period_us")


def available_cores(cgroups: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Return how many cores this process may use, at least one.

    The result respects the affinity mask and a container's CPU quota. With ``docker run --cpus 2``
    on 64 cores the mask has all 64. The kernel would then halt 64 threads for most of the time,
    while others spin waiting for them. The smallest quota of nested groups counts.

    Args:
        cgroups: mount point of the control groups.
        membership: file that lists this process's groups.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quotas = [quota for quota in _quotas(cgroups, membership) if quota is not None]
    return max(1, min(cores, round(min(quotas)))) if quotas else cores


def _quotas(cgroups: Path, membership: Path) -> Iterator[float | None]:
    """Yield the quota of each of this process's groups, in cores; None for no limit."""
    groups = _groups(membership)
    # A hybrid system mounts version 2 below "unified".
    for mount in (cgroups, cgroups / "unified"):
        for folder in _with_parents(mount, groups.get("", "/")):
            yield _quota(_numbers(folder / "cpu.max"))
    for mount in (cgroups / name for name in _MOUNTS_V1):
        for folder in _with_parents(mount, groups.get("cpu", "/")):
            quota, period = (_numbers(folder / name) for name in _FILES_V1)
            yield _quota([*quota, *period])


def _groups(membership: Path) -> dict[str, str]:
    """Map each controller to this process's group; version 2's only group has the key ""."""
    try:
        lines = membership.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # not Linux
        return {}
    fields = (line.split(":", 2) for line in lines)
    return {name: each[2] for each in fields if len(each) == 3 for name in each[1].split(",")}  # noqa: PLR2004 - number, controllers, group


def _with_parents(mount: Path, group: str) -> Iterator[Path]:
    """Yield the folder of a group and its parents, up to the mount point.

    A container without its own namespace is told a group that is not visible inside it. Then only
    the mount point is yielded.
    """
    parts = [part for part in PurePosixPath(group).parts if part not in ("/", "..")]
    for length in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:length])


def _quota(numbers: list[int]) -> float | None:
    """Return a quota in cores from quota and period in microseconds."""
    match numbers:
        case [quota_us, period_us] if quota_us > 0 and period_us > 0:
            return quota_us / period_us
        case _:
            return None


def _numbers(file: Path) -> list[int]:
    try:
        return [int(word) for word in file.read_text("ascii").split()]
    except (OSError, ValueError):  # no such file, or "max" for no limit
        return []
