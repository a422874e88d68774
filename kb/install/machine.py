"""What this machine has: its processor, a C++ compiler, a GPU and the compiler for it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .commands import SetupError, answer

CPUINFO = Path("/proc/cpuinfo")
CUDA_FOLDER = Path("/usr/local/cuda")

# What Linux calls the processor and its instructions, on x86 and on ARM.
_CPU_FIELDS = {"model name", "flags", "CPU implementer", "CPU part", "Features"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """What llama.cpp is built for: its CMake flags, and what the user should know about it."""

    name: str
    flags: tuple[str, ...] = ()
    compiler: str = ""
    advice: str = ""


def cpu_identity(cpuinfo: Path = CPUINFO) -> str:
    """Name the processor and its instruction sets: a native build runs only on the same kind."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        brand = answer(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.processor()
        return f"{platform.machine()} {brand.strip()}"
    facts = [platform.machine()]
    for line in text.split("\n\n", 1)[0].splitlines():  # the first core speaks for all
        name, _, value = line.partition(":")
        if name.strip() in _CPU_FIELDS:
            facts.append(" ".join(sorted(value.split())))
    return " ".join(facts)


def cpp_compiler(environ: Mapping[str, str]) -> str:
    """Return the first line that the C++ compiler says about itself.

    Raises:
        SetupError: there is none, or no C compiler beside it.
    """
    found = []
    for variable, names in (("CXX", ("c++", "g++", "clang++")), ("CC", ("cc", "gcc", "clang"))):
        chosen = environ.get(variable, "").split()
        candidates = [" ".join(chosen[:1])] if chosen else names
        paths = (shutil.which(name, path=environ.get("PATH")) for name in candidates)
        said = next((text for path in paths if path and (text := answer([path, "--version"]))), "")
        if not said:
            fix = (
                "xcode-select --install"
                if sys.platform == "darwin"
                else "sudo apt install g++   (Fedora: sudo dnf install gcc-c++)"
            )
            language = "C++" if variable == "CXX" else "C"
            message = (
                f"No working {language} compiler was found (looked for {', '.join(candidates)}), "
                f"and llama.cpp is compiled on this machine. Install one and try again:\n  {fix}"
            )
            raise SetupError(message)
        found.append(said.splitlines()[0])
    return found[0]


def nvcc_path(environ: Mapping[str, str], cuda_folder: Path = CUDA_FOLDER) -> str | None:
    """Return where CUDA's compiler is; its installer does not put it on PATH."""
    places = [environ.get("CUDACXX", ""), "nvcc"]
    if environ.get("CUDA_HOME"):
        places.append(f"{environ['CUDA_HOME']}/bin/nvcc")
    places.append(str(cuda_folder / "bin/nvcc"))
    found = (shutil.which(place, path=environ.get("PATH")) for place in places if place)
    return next((path for path in found if path), None)


def accelerator(environ: Mapping[str, str], cuda_folder: Path = CUDA_FOLDER) -> Accelerator:
    """Choose CUDA where a GPU and its compiler both work, Metal on a Mac, else the processor."""
    if sys.platform == "darwin":
        return Accelerator(name="Metal")
    smi = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if smi is None or "GPU" not in (answer([smi, "-L"]) or ""):
        return Accelerator(name="CPU")
    nvcc = nvcc_path(environ, cuda_folder)
    version = (answer([nvcc, "--version"]) or "").strip() if nvcc else ""
    if nvcc and version:
        return Accelerator(
            name="CUDA",
            flags=(
                "-DGGML_CUDA=on",
                "-DCMAKE_CUDA_ARCHITECTURES=native",
                f"-DCMAKE_CUDA_COMPILER={nvcc}",
            ),
            compiler=version.splitlines()[-1],
        )
    why = f"{nvcc} does not run" if nvcc else "its compiler, nvcc, is not installed"
    return Accelerator(
        name="CPU",
        advice=(
            f"This machine has an NVIDIA GPU, but {why}: building for the CPU.\n"
            "To use the GPU, install the CUDA toolkit and set up again:\n"
            "  sudo apt install nvidia-cuda-toolkit   (or: developer.nvidia.com/cuda-downloads)\n"
            "  make setup"
        ),
    )
