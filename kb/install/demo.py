"""``make demo``: ingest the samples and search them, by the commands that a user would type."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = (
    "如何申请软件著作权？",
    "How many copies of my files should I keep?",
    "咖啡机如何除垢？",  # answered by an English document
)


def main() -> int:
    """Run the demo; return the exit code of the first command that fails, else 0."""
    programs = Path(sys.executable).parent
    python = str(programs / "python")
    first = ([python, "-m", "kb.models.bundled"], [python, "-m", "ingest", "data/samples"])
    for command in first:
        _announce(command)
        code = subprocess.call(command, cwd=ROOT)  # noqa: S603 - the fixed commands above
        if code != 0:
            return _stopped(command, code)
    # At the same time, shown in order: each spends most of its two seconds loading the model.
    searches = [[str(programs / "kb"), "search", query, "--top-k", "3"] for query in SEARCHES]
    running = [(command, _started(command)) for command in searches]
    outcomes = [(command, process.communicate()[0], process) for command, process in running]
    for command, output, process in outcomes:
        _announce(command)
        sys.stdout.write(output)
        if process.returncode != 0:
            return _stopped(command, process.returncode)
    sys.stdout.write("\nThat was the command line. To search in the browser, run:  make ui\n")
    return 0


def _started(command: list[str]) -> subprocess.Popen[str]:
    env = dict(os.environ)
    if sys.stdout.isatty():  # a pipe would lose the highlighting and the width of the terminal
        env |= {"FORCE_COLOR": "1", "COLUMNS": str(shutil.get_terminal_size().columns)}
    return subprocess.Popen(  # noqa: S603 - the fixed commands above
        command,
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _announce(command: list[str]) -> None:
    sys.stdout.write(f"\n$ {_shown(command)}\n")
    sys.stdout.flush()


def _stopped(command: list[str], code: int) -> int:
    sys.stderr.write(f"\nThe demo stopped: `{_shown(command)}` ended with exit code {code}.\n")
    return code


def _shown(command: list[str]) -> str:
    return shlex.join([Path(command[0]).name, *command[1:]])


if __name__ == "__main__":
    sys.exit(main())
