"""Reads of a running process what attacks and loads are measured by: its memory, its time."""

from __future__ import annotations

import os
from pathlib import Path


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has held so far, in MiB (VmHWM)."""
    return _field(pid, "VmHWM") / 1024


def resident_mib(pid: int) -> float:
    """Return the memory that a process holds now, in MiB (VmRSS)."""
    return _field(pid, "VmRSS") / 1024


def processor_s(pid: int) -> float:
    """Return how many seconds of processors a process has taken so far, all its threads."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def reset_peak(pid: int) -> None:
    """Have the peak counted from what a process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _field(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    msg = f"/proc/{pid}/status has no {name}"
    raise ValueError(msg)
