"""Set up what the slow golden tests compare with: transformers, and llama.cpp's own converter.

    python tests/golden/set_up.py [FOLDER]

FOLDER (``.cache/goldens`` of the checkout) gets a virtual environment with ``requirements.txt``
of this folder, several GB with PyTorch, and llama-cpp-python's source package as locked. What is
there already is left as it is.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

from references import FOLDER, LLAMA_CPP, PYTHON, ROOT

HERE = Path(__file__).parent


def main(folder: Path) -> None:
    """Do what is not done yet."""
    if not (folder / PYTHON).exists() or not (folder / "complete").exists():
        _run(sys.executable, "-m", "venv", "--clear", folder / "python")
        _run(folder / PYTHON, *_PIP, "install", "--requirement", HERE / "requirements.txt")
        (folder / "complete").touch()
    if not (folder / LLAMA_CPP).is_dir():
        lock = ("--require-hashes", "--requirement", ROOT / "requirements-llama.txt")
        source = ("--no-deps", "--no-binary", ":all:", "--no-build-isolation")
        _run(sys.executable, *_PIP, "download", *source, *lock, "--dest", folder)
        with tarfile.open(next(folder.glob("llama_cpp_python-*.tar.gz"))) as archive:
            archive.extractall(folder / "unpacking", filter="data")
        next((folder / "unpacking").iterdir()).rename(folder / LLAMA_CPP.parts[0])
        (folder / "unpacking").rmdir()


_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
