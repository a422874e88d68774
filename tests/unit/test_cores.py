"""How many cores are used: those of the affinity mask, within a container's quota."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.reading.sandbox import Sandbox
from kb import cores
from kb.install.llama import Recipe, build_environment


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


@pytest.mark.usefixtures("of_64")
@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/app/web", {"app/web/cpu.max": "max 100000", "app/cpu.max": "300000 100000"}, 3),
        ("0::/app/web", {"app/web/cpu.max": "200000 100000", "app/cpu.max": "800000 100000"}, 2),
        ("0::/app/web", {"app/web/cpu.max": "800000 100000", "app/cpu.max": "200000 100000"}, 2),
        ("0::/app", {"app/cpu.max": "max 100000", "other/cpu.max": "100000 100000"}, 64),
        # without a namespace: the group that is named cannot be seen, its own files are the root's
        ("0::/docker/0123", {"cpu.max": "400000 100000"}, 4),
        ("0::/../../app", {"app/cpu.max": "200000 100000"}, 2),
        (
            "3:memory:/m\n2:cpu,cpuacct:/pod/one\n1:name=systemd:/x\n0::/",
            {
                "cpu,cpuacct/pod/one/cpu.cfs_quota_us": "-1",
                "cpu,cpuacct/pod/one/cpu.cfs_period_us": "100000",
                "cpu,cpuacct/pod/cpu.cfs_quota_us": "600000",
                "cpu,cpuacct/pod/cpu.cfs_period_us": "200000",
            },
            3,
        ),
        ("1:cpu:/\n0::/app", {"unified/app/cpu.max": "500000 100000"}, 5),
        ("nonsense\n\n0::", {"cpu.max": "200000 100000"}, 2),
    ],
)
def test_of_nested_groups_the_smallest_quota_counts(
    tmp_path: Path, membership: str, files: dict[str, str], expected: int
) -> None:
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    own = tmp_path / "self"
    own.write_text(f"{membership}\n")

    assert cores.available_cores(tmp_path / "cgroup", own) == expected


@pytest.mark.usefixtures("of_64")
def test_readers_embedders_and_builds_count_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_quotas", lambda *_: [2.0])

    with Sandbox() as sandbox:
        assert sandbox.workers == 2
    recipe = Recipe(requirement="", hook="", flags=(), cpu="", compiler="", system="")
    assert build_environment(recipe, Path("python"), {})["CMAKE_BUILD_PARALLEL_LEVEL"] == "2"


def test_the_set_up_counts_cores_before_anything_is_installed() -> None:
    root = Path(cores.__file__).parents[1]
    program = (
        f"import sys; sys.path[0] = {str(root / 'kb')!r}\n"
        "from install.llama import Recipe, build_environment\n"
        "recipe = Recipe(requirement='', hook='', flags=(), cpu='', compiler='', system='')\n"
        "from pathlib import Path\n"
        "print(build_environment(recipe, Path('python'), {})['CMAKE_BUILD_PARALLEL_LEVEL'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert int(ended.stdout) == cores.available_cores()


def test_no_other_module_counts_cores() -> None:
    root = Path(cores.__file__).parents[1]
    counting = re.compile(r"\b(?:process_)?cpu_count\b|\bsched_getaffinity\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]

    assert [file for file in modules if counting.search(file.read_text("utf-8"))] == [
        root / "kb" / "cores.py"
    ]


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group of this machine with a quota of one core."""
    v2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    folder = Path("/sys/fs/cgroup", "" if v2 else "cpu", f"shelfmark-test-{os.getpid()}")
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"control groups cannot be made here: {error.strerror}")
    try:
        if v2:
            (folder / "cpu.max").write_text("100000 100000")
        else:
            (folder / "cpu.cfs_period_us").write_text("100000")
            (folder / "cpu.cfs_quota_us").write_text("100000")
        (folder / "inner").mkdir()
        yield folder / "inner"
    except OSError as error:
        pytest.skip(f"quotas cannot be set here: {error.strerror}")
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a group once the kernel has noticed that its processes have ended."""
    deadline = time.monotonic() + 60
    for each in (folder / "inner", folder):
        while each.exists():
            try:
                each.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
def test_a_process_in_a_group_with_a_quota_uses_as_many_cores(group: Path) -> None:
    program = (
        "import os, pathlib, sys\n"
        "pathlib.Path(sys.argv[1], 'cgroup.procs').write_text(str(os.getpid()))\n"
        "from ingest.reading.sandbox import Sandbox\n"
        "from kb.cores import available_cores\n"
        "with Sandbox() as sandbox:\n"
        "    print(available_cores(), sandbox.workers)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(group)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ended.stdout.split() == ["1", "1"]
