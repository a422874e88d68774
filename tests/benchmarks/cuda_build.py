"""Whether llama.cpp still compiles for an NVIDIA card, and what that takes; no card is needed.

    python tests/benchmarks/cuda_build.py [--capability 8.6] [--keep FOLDER]

Downloads CUDA's compiler and cuBLAS as Python packages (1 GB), lays them out as a toolkit and lets
the set-up's own code find it and build, with a stand-in for the driver's `nvidia-smi`. The driver's
stub library is in no package, so the build does without CUDA's virtual memory
(`GGML_CUDA_NO_VMM`). Then the wheel is installed beside the packages of this Python and embeds a
text where no card is: on the processor. Prints the steps, the seconds of processor time, the peak
memory of a compiler and the size of the wheel. Exits 1 if the set-up would not have built for CUDA
or the vector is not that of the ordinary build.

With `--keep` a build that was stopped goes on where it ended; the seconds of the objects that it
kept count (`cuda_step.py`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# The benchmark beside that is named as the package would hide it.
sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from kb.cores import available_cores
from kb.install import llama
from kb.install.commands import run_logged
from kb.install.machine import Accelerator, accelerator
from kb.install.progress import Progress

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-cuda-cccl==13.0.85",
    "nvidia-nvvm==13.0.88",
    "nvidia-cublas==13.0.2.14",
)
STEP = Path(__file__).with_name("cuda_step.py")
TIMES = "times.txt"
LIKENESS = 0.999
KINDS = {
    "flash attention on tensor cores": ("fattn-mma", "fattn-wmma"),
    "flash attention without them": ("fattn-tile",),
    "flash attention of single tokens": ("fattn-vec",),
    "products with quantised weights": ("mmq", "mmvq"),
    "products with small batches": ("mmf", "mmvf"),
    "all others": ("",),
}
EMBED = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from kb import Settings
from kb.embedding import open_embedder
embedder = open_embedder(Settings.load(data_dir=Path(sys.argv[2])))
print(json.dumps(embedder.embed_query("How many copies should I keep?").tolist()))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one object took: processor seconds and the compiler's memory."""

    name: str
    seconds: float
    kib: int
    kept: bool


def main() -> int:
    """Build, embed, print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--capability", default="8.6", help="of the card: 7.5, 8.6, 9.0, 12.0")
    parser.add_argument("--keep", type=Path, help="folder to leave toolkit and wheel in")
    chosen = parser.parse_args()
    with _folder(chosen.keep) as folder:
        steps = _steps(folder)
        environ = _environment(folder, steps, _toolkit(folder), chosen.capability)
        device = accelerator(environ, cuda_folder=folder / "none", system=folder / "none")
        if device.name != "CUDA":
            print(f"the set-up would build for the {device.name}: {device.advice}")
            return 1
        print(f"{device.compiler}, flags {' '.join(device.flags)}")
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        wheel, count = _built(environ, device)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = list(_taken(steps / TIMES))
        kept = [each.seconds for each in taken if each.kept]
        seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime + sum(kept)
        memory = max(used.ru_maxrss, *(each.kib for each in taken), 0)
        print(f"{count} steps, {seconds:,.0f} s of processor time")
        print(
            f"{(time.monotonic() - started) / 60:.0f} minutes on {available_cores()} cores", end=""
        )
        print(f", with {len(kept)} objects of an earlier run" if kept else "")
        print(f"peak memory of a compiler {memory / 1024:,.0f} MiB")
        for kind, files, share in _kinds(taken):
            print(f"  {kind}: {files} files, {share:,.0f} s")
        print(f"wheel {wheel.stat().st_size / 1e6:,.0f} MB")
        likeness = _likeness(folder, wheel, environ)
        print(f"embeds without a card, cosine to the ordinary build {likeness:.5f}")
        return 0 if likeness >= LIKENESS else 1


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="cuda-build-") as made:
        yield Path(made)


def _steps(folder: Path) -> Path:
    """Return the folder of objects for this version of llama.cpp and of the compiler."""
    lock = (ROOT / llama.LOCK_FILE).read_text(encoding="utf-8")
    version = hashlib.sha256(repr((lock, PACKAGES)).encode()).hexdigest()[:16]
    steps = folder / "steps" / version
    steps.mkdir(parents=True, exist_ok=True)
    (steps / TIMES).unlink(missing_ok=True)
    return steps


def _toolkit(folder: Path) -> Path:
    """Lay the packages out as NVIDIA's installer does; nvcc finds its parts from where it is."""
    packages, toolkit = folder / "packages", folder / "toolkit"
    if not packages.exists():
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        subprocess.run([*pip, "--no-deps", "--target", packages, *PACKAGES], check=True)
    (found,) = packages.glob("nvidia/cu*")
    for name in ("bin", "lib64"):
        (toolkit / name).mkdir(parents=True, exist_ok=True)
    links = {"include": found / "include", "nvvm": found / "nvvm", "lib": toolkit / "lib64"}
    links |= {f"bin/{path.name}": path for path in (found / "bin").iterdir()}
    for path in (found / "lib").iterdir():
        links[f"lib64/{path.name}"] = path
        links[f"lib64/{re.sub(r'[.]so[.].*', '.so', path.name)}"] = path  # what linkers look for
    for name, target in links.items():
        if not (toolkit / name).exists():
            (toolkit / name).symlink_to(target)
    return toolkit


def _environment(folder: Path, steps: Path, toolkit: Path, capability: str) -> dict[str, str]:
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    driver = tools / "nvidia-smi"
    driver.write_text(
        f'#!/bin/sh\ncase "$1" in -L) echo "GPU 0: stand-in";; *) echo {capability};; esac\n'
    )
    driver.chmod(0o755)
    path = os.pathsep.join((str(tools), str(toolkit / "bin"), os.environ["PATH"]))
    flags = ("-DGGML_CUDA_NO_VMM=ON", f"-DCUDAToolkit_ROOT={toolkit}")
    return {
        **os.environ,
        "PATH": path,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "CMAKE_ARGS": " ".join(flags),
        "CMAKE_CUDA_COMPILER_LAUNCHER": f"{sys.executable};{STEP};{steps}",
        "LD_LIBRARY_PATH": str(toolkit / "lib64"),
    }


def _built(environ: dict[str, str], device: Accelerator) -> tuple[Path, int]:
    """Build the wheel as the set-up does, and count the steps of the build."""
    describe = llama.describe_build
    steps: set[str] = set()

    def counted(line: str) -> str | None:
        step = re.match(r"^\s*\[(\d+)/\d+\] ", line)
        if step:
            steps.add(step[1])
        return describe(line)

    llama.describe_build = counted
    try:
        wheel = llama.ensure_wheel(
            llama.recipe_for(ROOT, device, environ),
            python=Path(sys.executable),
            root=ROOT,
            progress=Progress(),
            environ=environ,
        )
    finally:
        llama.describe_build = describe
    return wheel, len(steps)


def _taken(times: Path) -> Iterator[Taken]:
    if not times.exists():  # the wheel is an earlier run's
        return
    for line in times.read_text(encoding="utf-8").splitlines():
        seconds, kib, kept, name = line.split(" ", 3)
        yield Taken(name=name, seconds=float(seconds), kib=int(kib), kept=kept == "1")


def _kinds(taken: list[Taken]) -> Iterator[tuple[str, int, float]]:
    """Give how many files each kind of kernel has, and the processor seconds that they took."""
    kinds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for each in taken:
        kind = next(kind for kind, prefixes in KINDS.items() if each.name.startswith(prefixes))
        kinds[kind].append(each.seconds)
    for kind, seconds in kinds.items():
        yield kind, len(seconds), sum(seconds)


def _likeness(folder: Path, wheel: Path, environ: dict[str, str]) -> float:
    """Return the cosine of one vector by this build and by the one that is installed."""
    site = folder / "site"
    run_logged(
        [
            *(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--upgrade"),
            *("--target", site, wheel),
        ],
        what="Installing the wheel",
        log=folder / "install.log",
        progress=Progress(),
        describe=lambda _: None,
    )
    vectors: list[list[float]] = []
    for first in (site, folder / "none"):
        command = [sys.executable, "-c", EMBED, first, folder / "data"]
        environment = {**environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [str(part) for part in command],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )
        vectors.append(json.loads(done.stdout))
    ours, ordinary = vectors
    return sum(a * b for a, b in zip(ours, ordinary, strict=True))


if __name__ == "__main__":
    sys.exit(main())
