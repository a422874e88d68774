"""The project's wheel, and empty environments that it is installed into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BUILT_FROM = ("kb", "ingest", "ui", "data/samples")
_FILES = ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY_NOTICES")


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the checkout, where no build leaves anything behind."""
    tree = folder / "tree"
    for name in _BUILT_FROM:
        ignored = shutil.ignore_patterns("__pycache__", "screenshots")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(ROOT / name, tree / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(tree)]
    subprocess.run(command, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    return next(folder.glob("shelfmark-*.whl"))


def install_wheel(wheel: Path, environment: Path) -> Path:
    """Install it with pip into a new environment; return the environment's folder of programs.

    The dependencies are those of the environment that runs the tests: no download, no build. Its
    own installation of the project, an editable one, is not among them.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text("\n".join(_dependencies()) + "\n")
    return environment / "bin"


def _dependencies() -> list[str]:
    """Return the folders of packages of this process; one in a .pth is not read for more."""
    purelib = sysconfig.get_path("purelib")
    return [path for path in sys.path if path == purelib or path.endswith("site-packages")]


def users_environment(home: Path) -> dict[str, str]:
    """Return the variables of a user who has set nothing for this project."""
    home.mkdir(exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KB_", "XDG_", "PYTHON", "VIRTUAL_ENV", "PYTEST_"))
    }
    return {**kept, "HOME": str(home), "PYTHONWARNINGS": "default"}
