"""Runs commands of ``kb`` as a user who may not pass over permissions, even as root.

    python powerless.py COMMAND…

Each argument is a command line; printed are their exit statuses and what they say.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import sys

from typer.testing import CliRunner

from kb.cli.app import app

_VERSION_3 = 0x20080522
_PASS_OVER_PERMISSIONS = 0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH


def give_up_powers() -> None:
    """Give up root's right to read and write every file, for this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    # Effective, permitted and inheritable; of the capabilities 0 to 31, then of the others.
    held = (ctypes.c_uint32 * 6)()
    if libc.capget(header, held):
        raise OSError(ctypes.get_errno(), "capget")
    for at in range(3):
        held[at] &= ~_PASS_OVER_PERMISSIONS
    if libc.capset(header, held):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    if os.geteuid() == 0:
        give_up_powers()
    for line in sys.argv[1:]:
        done = CliRunner().invoke(app, shlex.split(line))
        said = done.output or repr(done.exception)
        sys.stdout.write(f"{done.exit_code} {line}: {' '.join(said.split())}\n")
