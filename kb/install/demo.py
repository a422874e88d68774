"""``make demo``: ingest the samples and search them, by the commands that a user would type."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = (
    "如何申请软件著作权？",
    "How many copies of my files should I keep?",
    "咖啡机的保修期是多久？",  # answered by an English document
)


def main() -> int:
    """Run the demo; return the exit code of the first command that fails, else 0."""
    programs = Path(sys.executable).parent
    commands = [
        [str(programs / "python"), "-m", "kb.models.bundled"],
        [str(programs / "python"), "-m", "ingest", "data/samples"],
        *([str(programs / "kb"), "search", query, "--top-k", "3"] for query in SEARCHES),
    ]
    for command in commands:
        shown = shlex.join([Path(command[0]).name, *command[1:]])
        sys.stdout.write(f"\n$ {shown}\n")
        sys.stdout.flush()
        code = subprocess.call(command, cwd=ROOT)  # noqa: S603 - the fixed commands above
        if code != 0:
            sys.stderr.write(f"\nThe demo stopped: `{shown}` ended with exit code {code}.\n")
            return code
    sys.stdout.write("\nThat was the command line. To search in the browser, run:  make ui\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
