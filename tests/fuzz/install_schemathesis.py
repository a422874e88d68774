"""Set up what the slow tests of descriptions need: schemathesis, in an environment of its own.

    python tests/fuzz/install_schemathesis.py

``.cache/fuzz`` of the checkout gets it. What is there already is left as it is.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".cache" / "fuzz"
PROGRAM = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "schemathesis"


def main() -> None:
    """Do what is not done yet."""
    wanted = HERE / "requirements.txt"
    done = FOLDER / hashlib.sha256(wanted.read_bytes()).hexdigest()
    if done.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    python = PROGRAM.with_name("python")
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    subprocess.run([str(python), *pip, "--requirement", str(wanted)], check=True)
    done.touch()


if __name__ == "__main__":
    main()
