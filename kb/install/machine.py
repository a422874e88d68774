"""The machine's processor, C++ compiler, GPU and CUDA compiler."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from .commands import SetupError, answer

if TYPE_CHECKING:
    from kb import nvidia
else:
    # The set-up has kb/ itself on the path, and the packages of kb's other modules may be missing.
    nvidia = import_module("nvidia" if __package__ == "install" else "kb.nvidia")

CPUINFO = Path("/proc/cpuinfo")

# Attention only over caches of 16-bit floats, the kind of every context here.
_CUDA_KERNELS = ("-DGGML_CUDA_FA_QUANTS=f16-f16",)

# Linux's names of the processor and its instructions, on x86 and on ARM.
_CPU_FIELDS = {"model name", "flags", "CPU implementer", "CPU part", "Features"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """Target of the build of llama.cpp: its CMake flags, and a notice for the user."""

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
    for line in text.split("\n\n", 1)[0].splitlines():  # the first core stands for all
        name, _, value = line.partition(":")
        if name.strip() in _CPU_FIELDS:
            facts.append(" ".join(sorted(value.split())))
    return " ".join(facts)


def cpp_compiler(environ: Mapping[str, str]) -> str:
    """Return the first line of the C++ compiler's version.

    Raises:
        SetupError: there is no C++ compiler, or no C compiler beside it.
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


def gpu_identity(environ: Mapping[str, str], cuda_folder: Path | None = None) -> str:
    """Name the inputs of a GPU build, so that the set-up notices a change; starts no program."""
    smi = shutil.which("nvidia-smi", path=environ.get("PATH"))
    nvcc = nvidia.nvcc_path(environ, cuda_folder or nvidia.CUDA_FOLDER)
    missing = nvidia.missing_parts(nvcc, environ) if nvcc else ()
    return f"{smi} {nvcc} {[part.name for part in missing]}"


def accelerator(
    environ: Mapping[str, str], cuda_folder: Path | None = None, system: Path | None = None
) -> Accelerator:
    """Choose CUDA for a GPU with a complete toolkit, Metal on a Mac, else the processor."""
    if sys.platform == "darwin":
        return Accelerator(name="Metal")
    if not nvidia.has_gpu(environ):
        return Accelerator(name="CPU")
    places = (cuda_folder or nvidia.CUDA_FOLDER, system or nvidia.SYSTEM)
    why, command = nvidia.why_not(environ, *places)
    found = nvidia.cuda(environ, *places)
    if found is not None and not why:
        return Accelerator(
            name="CUDA",
            flags=(
                "-DGGML_CUDA=on",
                f"-DCMAKE_CUDA_ARCHITECTURES={nvidia.architectures(environ)}",
                f"-DCMAKE_CUDA_COMPILER={found.compiler}",
                *_CUDA_KERNELS,
            ),
            compiler=found.version,
        )
    return Accelerator(
        name="CPU",
        advice=(
            f"This machine has an NVIDIA GPU, but {why}: building for the CPU.\n"
            "To use the GPU, install what is missing:\n"
            f"  {command}\n"
            "Then run the set-up again, the same way (make setup in a checkout)."
        ),
    )
