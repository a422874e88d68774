"""Stands before CUDA's compiler in cuda_build.py: counts its seconds and memory, keeps its objects.

    python tests/benchmarks/cuda_step.py FOLDER nvcc ... -c SOURCE -o OBJECT

Below FOLDER, ``times.txt`` has a line for each object of the build: processor seconds, KiB,
whether it was kept, name. An object is taken from an earlier build if command and source are the
same. Headers are not compared, so each version of llama.cpp needs a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = re.compile(r"[^\s\"=]*/vendor/llama\.cpp/")  # each build unpacks into another folder


def main() -> int:
    """Run the compiler, or copy what it made before; return its exit code."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    source, made = (_after(command, option) for option in ("-c", "-o"))
    if not SOURCES.match(source):  # CMake trying the compiler out
        return _run(command)[0]
    text = "\n".join((*command, Path(source).read_text(encoding="utf-8")))
    kept = folder / "objects" / hashlib.sha256(SOURCES.sub("", text).encode()).hexdigest()
    times = kept.with_suffix(".txt")
    was_kept = times.exists()
    if was_kept:
        shutil.copyfile(kept, made)
    else:
        code, used = _run(command)
        if code:
            return code
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(made, kept)
        times.write_text(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss}", encoding="utf-8")
    with (folder / "times.txt").open("a", encoding="utf-8") as log:
        log.write(f"{times.read_text(encoding='utf-8')} {was_kept:d} {Path(made).name}\n")
    return 0


def _after(command: list[str], option: str) -> str:
    return command[command.index(option) + 1] if option in command else ""


def _run(command: list[str]) -> tuple[int, resource.struct_rusage]:
    started = subprocess.Popen(command)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    return started.returncode, used


if __name__ == "__main__":
    sys.exit(main())
