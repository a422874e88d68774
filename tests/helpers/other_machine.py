"""Programs that believe they run on another kind of machine, where a package has no wheel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

MACHINES = {
    "Linux arm64": ("Linux", "aarch64"),
    "macOS arm64": ("Darwin", "arm64"),
    "macOS x86-64": ("Darwin", "x86_64"),
}

_SITE = """\
import importlib.metadata, platform, sys, sysconfig

if {prefix!r}:
    sys.prefix = {prefix!r}
platform.system = lambda: {system!r}
platform.machine = lambda: {machine!r}
platform.mac_ver = lambda: ("14.0", ("", "", ""), {machine!r})
_tag = "macosx-14.0-" if {system!r} == "Darwin" else "linux-"
sysconfig.get_platform = lambda: _tag + {machine!r}
_distribution = importlib.metadata.distribution


def _hiding(name):
    if name in {hidden!r}:
        raise importlib.metadata.PackageNotFoundError(name)
    return _distribution(name)


importlib.metadata.distribution = _hiding
"""


def believing(
    machine: str,
    folder: Path,
    *,
    hidden: tuple[str, ...] = (),
    prefix: str = "",
    paths: Sequence[str] = (),
) -> str:
    """Write what makes Python take this machine for another; return the PYTHONPATH that does it.

    Args:
        machine: one of :data:`MACHINES`.
        folder: an empty folder to write into.
        hidden: packages that are not installed there.
        prefix: what its environment is, if not the one that runs.
        paths: more folders to import from.
    """
    system, kind = MACHINES[machine]
    folder.mkdir(parents=True, exist_ok=True)
    text = _SITE.format(system=system, machine=kind, hidden=hidden, prefix=prefix)
    (folder / "sitecustomize.py").write_text(text, "utf-8")
    return os.pathsep.join((str(folder), *filter(None, paths)))
