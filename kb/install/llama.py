"""Builds llama-cpp-python from its source package, once per version, flags and processor.

llama.cpp's plain build compiles 193 files, and Python never loads most of them. This build leaves
out the ``common`` library and compiles several sources at a time: 61 steps, about 2 minutes on two
cores. The user's cache folder keeps the wheels, so a second checkout builds nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from .commands import SetupError, run_logged
from .machine import Accelerator, cpp_compiler, cpu_identity
from .progress import Progress

LOCK_FILE = "requirements-llama.txt"
HOOK = Path(__file__).resolve().with_name("llama.cmake")
AMX_HEADER = HOOK.with_name("llama_amx.h")

_FLAGS = ("-G Ninja", "-DLLAVA_BUILD=OFF", "-DCMAKE_UNITY_BUILD=ON")
_STEP = re.compile(r"^\s*\[(\d+)/(\d+)\] ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All inputs of a build; equal recipes share one wheel."""

    requirement: str
    hook: str
    flags: tuple[str, ...]
    cpu: str
    compiler: str
    system: str

    @property
    def key(self) -> str:
        """The name of the recipe's folder among the wheels."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def wheel_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of built wheels, below ``XDG_CACHE_HOME`` or ``~/.cache``."""
    base = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "shelfmark" / "wheels"


def recipe_for(root: Path, device: Accelerator, environ: Mapping[str, str]) -> Recipe:
    """Describe the build that this checkout needs on this machine.

    The user's own flags in ``CMAKE_ARGS`` come last and therefore win.

    Raises:
        SetupError: no C++ compiler was found.
    """
    return Recipe(
        requirement=(root / LOCK_FILE).read_text(encoding="utf-8"),
        hook=HOOK.read_text(encoding="utf-8") + AMX_HEADER.read_text(encoding="utf-8"),
        flags=(*_FLAGS, *device.flags, environ.get("CMAKE_ARGS", "")),
        cpu=cpu_identity(),
        compiler=f"{cpp_compiler(environ)} {device.compiler}",
        system=f"{sys.platform} {platform.machine()} {'.'.join(platform.libc_ver())}",
    )


def describe_build(line: str) -> str | None:
    """Word a line of the build's output as progress; None for a line without progress."""
    step = _STEP.match(line)
    if step:
        return f"compiling llama.cpp: {step[1]}/{step[2]} steps"
    if line.lstrip().startswith("Downloading "):
        return f"downloading llama.cpp{line[line.rfind('(') - 1 :].rstrip()}"
    return None


def ensure_wheel(
    recipe: Recipe,
    *,
    python: Path,
    root: Path,
    progress: Progress,
    environ: Mapping[str, str],
) -> Path:
    """Return the wheel of ``recipe``; build it first unless it is in the cache.

    The wheel appears in its folder whole or not at all. Two set-ups at once build it only once.

    Raises:
        SetupError: the build failed.
    """
    wheels = wheel_folder(environ)
    wheels.mkdir(parents=True, exist_ok=True)
    home = wheels / recipe.key
    with (wheels / f"{recipe.key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed, also when this process dies
        kept = next(home.glob("*.whl"), None)
        if kept is not None:
            return kept
        log = wheels / f"{recipe.key}.log"
        with tempfile.TemporaryDirectory(dir=wheels, prefix="building-") as scratch:
            run_logged(
                build_command(python, root, Path(scratch) / "wheel"),
                what="Building llama.cpp",
                log=log,
                progress=progress,
                describe=describe_build,
                env=build_environment(recipe, python, environ),
            )
            built = Path(scratch) / "wheel"
            (built / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))
            shutil.rmtree(home, ignore_errors=True)  # a folder without a wheel
            built.rename(home)
        log.unlink()
    kept = next(home.glob("*.whl"), None)
    if kept is None:
        message = f"Building llama.cpp ended well but left no wheel in {home}; remove it, try again"
        raise SetupError(message)
    return kept


def build_command(python: Path, root: Path, into: Path) -> list[str | Path]:
    """Return the command that builds the locked source package, hash checked and never cached.

    pip's cache identifies a wheel by its name alone, and ignores the flags of its build.
    """
    return [
        *(python, "-m", "pip", "--disable-pip-version-check", "wheel", "--verbose"),
        *("--no-deps", "--no-build-isolation", "--no-cache-dir", "--require-hashes"),
        *("--no-binary", "llama-cpp-python", "--wheel-dir", into),
        *("--requirement", root / LOCK_FILE),
    ]


def build_environment(recipe: Recipe, python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the build's environment: flags, all cores, and the virtual environment's ninja."""
    hook = shlex.quote(f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={HOOK}")
    # The set-up has kb/ itself on the path, and the packages of kb's other modules may be missing.
    cores = import_module("cores" if __package__ == "install" else "kb.cores").available_cores()
    return {
        "CMAKE_BUILD_PARALLEL_LEVEL": str(cores),
        **environ,
        "CMAKE_ARGS": " ".join((hook, *filter(None, recipe.flags))),
        "PATH": f"{python.parent}{os.pathsep}{environ.get('PATH', os.defpath)}",
    }
