"""Set up what the slow tests of integrations need: LlamaIndex, and LangChain's own test suites.

    python tests/integrations/install_libraries.py

``.cache/integrations`` of the checkout gets an environment with what ``requirements.txt`` of this
folder has beyond this Python's own packages, which it takes from there. ``make lock`` pins them
together. What is there already is left as it is.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".cache" / "integrations"
PYTHON = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def main() -> None:
    """Do what is not done yet."""
    wanted = HERE / "requirements.txt"
    done = FOLDER / hashlib.sha256(wanted.read_bytes()).hexdigest()
    if done.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    found = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
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
    subprocess.run([str(PYTHON), *pip, *lock], check=True)
    done.touch()


if __name__ == "__main__":
    main()
