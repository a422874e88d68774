"""Runs ``python -m MODULE ARGUMENT…`` with no file allowed to grow beyond so many bytes.

Run by ``test_full_disk.py``: ``limited_run.py BYTES MODULE ARGUMENT…``. To a program the limit
looks like a disk that is full: its writes fail.
"""

from __future__ import annotations

import resource
import runpy
import sys


def main() -> None:
    most, module = int(sys.argv[1]), sys.argv[2]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
