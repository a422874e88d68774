"""Environments for slow tests of libraries that this project does without.

Each is a folder in ``.cache`` of the checkout, with what a lock of its own has beyond this Python's
packages, which it takes from there. What is there already is left as it is.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LibraryEnvironment:
    """The environment of the tests in a folder, with the pins of its ``requirements.txt``."""

    tests: Path

    @property
    def folder(self) -> Path:
        return self.tests.parents[1] / ".cache" / self.tests.name

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    def set_up(self) -> None:
        """Do what is not done yet."""
        wanted = self.tests / "requirements.txt"
        done = self.folder / hashlib.sha256(wanted.read_bytes()).hexdigest()
        if done.exists():
            return
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(self.folder)], check=True)
        found = subprocess.run(
            [str(self.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        )
        shared = sysconfig.get_path("purelib")
        # A line that is a path would not follow what the packages there name in turn: this project.
        line = f"import site; site.addsitedir({shared!r})\n"
        Path(found.stdout.strip(), "project.pth").write_text(line, "utf-8")
        pip = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps")
        lock = ("--require-hashes", "--requirement", str(wanted))
        subprocess.run([str(self.python), *pip, *lock], check=True)
        done.touch()

    def pass_all(self, name: str, *, timeout_s: float = 900) -> None:
        """Run the tests of a file of the folder there: all pass, and none is left out."""
        # pytest-asyncio, which some libraries bring along, would take async tests for its own.
        options = ("-p", "no:asyncio", "-p", "no:cacheprovider", "--quiet")
        done = subprocess.run(
            [str(self.python), "-m", "pytest", *options, str(self.tests / name)],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.tests.parents[1],
            timeout=timeout_s,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert " passed" in done.stdout
        assert "skipped" not in done.stdout
