"""``python3 kb/install [--dev]``: sets the checkout up with nothing but Python itself.

Python 3.6 and later must parse this file, so that an old Python prints a message instead of a
syntax error. Therefore it has no newer syntax, and types are strings.
"""

import os
import runpy
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
_CHECK = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"


def is_supported(version: "tuple[int, int]") -> bool:
    """Return whether this version, such as ``(3, 12)``, can run the project."""
    return OLDEST <= version <= NEWEST


def find_supported_python(path: "str | None" = None) -> "str | None":
    """Return the path of a suitable Python on ``path`` (default: PATH), or None.

    It starts each candidate once, because version switchers leave launchers on PATH that only print
    an error.
    """
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}", path=path)
        if found is None:
            continue
        quiet = subprocess.DEVNULL
        command = [found, "-c", _CHECK]
        if subprocess.call(command, stdout=quiet, stderr=quiet) == 0:  # noqa: S603 - from PATH
            return found
    return None


def _start() -> None:
    if is_supported(sys.version_info[:2]):
        # kb/__init__.py may need packages that are not installed yet, so the parent package is left
        # out: kb/ replaces this folder on the path, and this package is `install`.
        sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - the shortest that any Python 3 reads
        runpy.run_module("install.environment", run_name="__main__")
        return
    other = find_supported_python()
    if other is not None:
        os.execv(other, [other, __file__, *sys.argv[1:]])  # noqa: S606 - checked just above
    major, minor = sys.version_info[:2]
    sys.stderr.write(
        f"This is Python {major}.{minor}, but Python 3.11, 3.12 or 3.13 is needed and none was "
        "found.\nInstall one (Debian, Ubuntu: sudo apt install python3 python3-venv) or name it:\n"
        "  make demo PYTHON=/path/to/python3.12\n",
    )
    sys.exit(2)


if __name__ == "__main__":
    _start()
