"""The bar of long commands in a terminal: it is gone before the command prints its result."""

from __future__ import annotations

import os
import re
import subprocess
import sys

COMMAND = """
from kb.cli.common import stdout
from kb.cli.counting import counted
with counted("copying [red]minutes") as count:
    count(1, 2)
    count.begin("embedding")
    count(3, 4)
stdout().print("done: 4 documents")
"""


def in_a_terminal(command: str) -> str:
    """Return what a program writes to a terminal, which both of its streams are."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": ""}
    with subprocess.Popen(
        [sys.executable, "-c", command], stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # Linux's way to say that the program has ended
                break
            if not part:
                break
            said += part
        assert process.wait() == 0
    os.close(ours)
    return said.decode()


def test_the_bar_names_the_task_and_leaves_the_line_to_the_result() -> None:
    said = in_a_terminal(COMMAND)
    assert "copying [red]minutes" in said or "embedding" in said
    assert "75%" in said
    line = next(each for each in said.splitlines() if "done" in each)
    erased = line.rpartition("\x1b[2K")[2]
    assert re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", erased).strip() == "done: 4 documents"
