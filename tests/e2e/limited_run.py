"""Runs ``python -m MODULE ARGUMENT…`` with no file allowed to grow beyond so many bytes.

Run by ``test_full_disk.py``: ``limited_run.py BYTES MODULE ARGUMENT…``. To a program the limit
looks like a disk that is full: its writes fail. Temporary files are often on another disk; with
``KB_TEST_ROOM_FOR_TEMPORARY=1`` the one that tells languages is read before the limit holds.
"""

from __future__ import annotations

import os
import resource
import runpy
import sys

from kb.languages.documents import told_by


def main() -> None:
    most, module = int(sys.argv[1]), sys.argv[2]
    if os.environ.get("KB_TEST_ROOM_FOR_TEMPORARY"):
        assert told_by("The lamp hangs in the hall.") == "en"
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
