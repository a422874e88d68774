"""NVIDIA hardware and software on a machine: card, CUDA's compiler, parts of its toolkit.

The set-up uses it before compiling and ``kb doctor`` afterwards, so both report the same. The
set-up has no packages yet, so this module needs only the standard library.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CUDA_FOLDER = Path("/usr/local/cuda")
SYSTEM = Path("/usr")
ANSWER_TIMEOUT_S = 30

_RELEASE = re.compile(r"release (\d+)\.(\d+)")
_CAPABILITY = re.compile(r"^(\d+)\.(\d+)$")
_DRIVER = "the driver's stub library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the toolkit that llama.cpp compiles or links with, and its packages."""

    name: str
    header: str
    library: str
    nvidia: str
    conda: str

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(filter(None, (self.header, self.library)))})"


PARTS = (
    Part(
        name="the CUDA runtime",
        header="cuda_runtime.h",
        library="libcudart.so",
        nvidia="cuda-cudart-{}",
        conda="cuda-cudart-dev",
    ),
    Part(
        name="cuBLAS",
        header="cublas_v2.h",
        library="libcublas.so",
        nvidia="libcublas-{}",
        conda="libcublas-dev",
    ),
    Part(
        name=_DRIVER,
        header="",
        library="libcuda.so",
        nvidia="cuda-driver-{}",
        conda="cuda-driver-dev",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuda:
    """CUDA's compiler and its missing parts. ``version`` is empty if the compiler does not run."""

    compiler: str
    version: str
    missing: tuple[Part, ...] = ()
    mend: str = ""


def answer(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> str | None:
    """Return a program's output; None if it is missing, fails or runs too long."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands and the user's own tools
            [str(part) for part in command],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=ANSWER_TIMEOUT_S,
            env=dict(env) if env is not None else None,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def has_gpu(environ: Mapping[str, str]) -> bool:
    """Return whether the driver finds a card."""
    return "GPU" in (_smi(environ, "-L") or "")


def architectures(environ: Mapping[str, str]) -> str:
    """Return the architectures of the cards as CMake names them: ``86-real``, or ``native``.

    Code for only these cards compiles fastest. An old driver does not report them; then CMake
    detects them.
    """
    said = _smi(environ, "--query-gpu=compute_cap", "--format=csv,noheader") or ""
    matches = [_CAPABILITY.match(line.strip()) for line in said.splitlines()]
    found = {f"{match[1]}{match[2]}-real" for match in matches if match}
    return ";".join(sorted(found, key=lambda name: int(name.split("-")[0]))) or "native"


def nvcc_path(environ: Mapping[str, str], cuda_folder: Path = CUDA_FOLDER) -> str | None:
    """Return the path of CUDA's compiler; its installer does not put it on PATH."""
    places = [environ.get("CUDACXX", ""), "nvcc"]
    if environ.get("CUDA_HOME"):
        places.append(f"{environ['CUDA_HOME']}/bin/nvcc")
    places.append(str(cuda_folder / "bin/nvcc"))
    found = (shutil.which(place, path=environ.get("PATH")) for place in places if place)
    return next((path for path in found if path), None)


def cuda(
    environ: Mapping[str, str], cuda_folder: Path = CUDA_FOLDER, system: Path = SYSTEM
) -> Cuda | None:
    """Return CUDA's compiler with the missing parts of its toolkit; None without a compiler."""
    nvcc = nvcc_path(environ, cuda_folder)
    if nvcc is None:
        return None
    said = (answer([nvcc, "--version"]) or "").strip()
    if not said:
        return Cuda(compiler=nvcc, version="")
    missing = missing_parts(nvcc, environ, system)
    return Cuda(
        compiler=nvcc,
        version=said.splitlines()[-1],
        missing=missing,
        mend=_mend(missing, nvcc, said, environ, system) if missing else "",
    )


def missing_parts(nvcc: str, environ: Mapping[str, str], system: Path = SYSTEM) -> tuple[Part, ...]:
    """Return the parts that CMake will not find; starts no program.

    The user's ``CMAKE_ARGS`` count: with CUDA turned on there, no part counts as missing. Without
    CUDA's virtual memory (``GGML_CUDA_NO_VMM``) the driver's library is not needed.
    """
    asked = _defined(environ)
    if asked.get("GGML_CUDA", "").upper() in {"ON", "1", "TRUE", "YES"}:
        return ()
    no_driver = asked.get("GGML_CUDA_NO_VMM", "").upper() in {"ON", "1", "TRUE", "YES"}
    headers = list(_existing(_header_folders(nvcc, environ, system)))
    libraries = list(_existing(_library_folders(nvcc, environ, system)))
    return tuple(
        part
        for part in PARTS
        if not (part.name == _DRIVER and no_driver)
        and not (
            (not part.header or any((folder / part.header).exists() for folder in headers))
            and any((folder / part.library).exists() for folder in libraries)
        )
    )


def why_not(
    environ: Mapping[str, str], cuda_folder: Path = CUDA_FOLDER, system: Path = SYSTEM
) -> tuple[str, str]:
    """Return why llama.cpp cannot be compiled for the card, and the command that mends it.

    Both are empty if nothing is missing.
    """
    found = cuda(environ, cuda_folder, system)
    package = {"apt": "nvidia-cuda-toolkit", "dnf": "cuda-toolkit"}[_installer(environ)]
    whole = (
        f"sudo {_installer(environ)} install {package}   (or: developer.nvidia.com/cuda-downloads)"
    )
    if found is None:
        return "its compiler, nvcc, is not installed", whole
    if not found.version:
        return f"{found.compiler} does not run", whole
    if found.missing:
        lacking = " and ".join(map(str, found.missing))
        return f"the CUDA toolkit of {found.compiler} lacks {lacking}", found.mend
    return "", ""


def _smi(environ: Mapping[str, str], *arguments: str) -> str | None:
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    return answer([program, *arguments]) if program else None


def _defined(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the definitions in ``CMAKE_ARGS``: ``-DNAME=value``, with or without a type."""
    try:
        words = shlex.split(environ.get("CMAKE_ARGS", ""))
    except ValueError:  # an open quote; CMake will report it
        return {}
    matches = (re.fullmatch(r"-D(\w+)(?::\w+)?=(.*)", word) for word in words)
    return {match[1]: match[2] for match in matches if match}


def _roots(nvcc: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the folders in which CMake looks for parts of a toolkit."""
    asked = _defined(environ)
    named = (asked.get("CUDAToolkit_ROOT"), environ.get("CUDAToolkit_ROOT"))
    for folder in (*named, environ.get("CUDA_PATH"), environ.get("CUDA_HOME")):
        if folder:
            yield Path(folder)
    for place in (Path(nvcc), Path(nvcc).resolve()):
        root = place.parent.parent
        yield root
        yield root.parent / "cuda"  # NVIDIA's HPC SDK keeps compilers and libraries apart
        yield root.parent / "math_libs"


def _header_folders(nvcc: str, environ: Mapping[str, str], system: Path) -> Iterator[Path]:
    for root in _roots(nvcc, environ):
        yield root / "include"
        yield from root.glob("targets/*/include")
    yield from map(Path, filter(None, environ.get("CPATH", "").split(os.pathsep)))
    yield from (system / "include", system / "local" / "include")


def _library_folders(nvcc: str, environ: Mapping[str, str], system: Path) -> Iterator[Path]:
    places = [root / name for root in _roots(nvcc, environ) for name in ("lib64", "lib")]
    places += [each for root in _roots(nvcc, environ) for each in root.glob("targets/*/lib")]
    places += map(Path, filter(None, environ.get("LIBRARY_PATH", "").split(os.pathsep)))
    places += [system / "lib64", system / "lib", *system.glob("lib/*-linux-gnu*")]
    for place in places:
        yield place
        yield place / "stubs"


def _existing(folders: Iterator[Path]) -> Iterator[Path]:
    return (folder for folder in folders if folder.is_dir())


def _mend(
    missing: Sequence[Part], nvcc: str, said: str, environ: Mapping[str, str], system: Path
) -> str:
    """Return the command that installs the missing parts from the compiler's own source."""
    release = _RELEASE.search(said)
    places = (Path(nvcc), Path(nvcc).resolve())
    if any((place.parent.parent / "conda-meta").is_dir() for place in places):
        return f"conda install -c nvidia {' '.join(part.conda for part in missing)}"
    distribution = any("nvidia-cuda-toolkit" in place.parts for place in places)
    if distribution or release is None or places[0].parent.parent == system:
        return "sudo apt install nvidia-cuda-dev nvidia-cuda-toolkit"
    tool = _installer(environ)
    kind = "dev" if tool == "apt" else "devel"
    version = f"{kind}-{release[1]}-{release[2]}"
    return f"sudo {tool} install {' '.join(part.nvidia.format(version) for part in missing)}"


def _installer(environ: Mapping[str, str]) -> str:
    """Return the command that installs packages of this system: apt, unless there is only dnf."""
    path = environ.get("PATH")
    return (
        "dnf"
        if shutil.which("dnf", path=path) and not shutil.which("apt-get", path=path)
        else "apt"
    )
