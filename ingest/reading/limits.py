"""Limits that a worker process sets for itself: memory, and its parent's life."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

WATCH_INTERVAL_S = 0.5
EXIT_MEMORY = 86
"""Exit status of a worker that its own watchdog ended for its memory."""

_PR_SET_PDEATHSIG = 1


def apply(memory_bytes: int, parent: int) -> None:
    """Limit this process's memory and end it when its parent ends.

    Linux does both by itself: an address-space limit turns every allocation beyond it into a
    MemoryError, and the kernel kills the process with its parent. Elsewhere a thread watches.
    """
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - exists on POSIX only

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before the line above
            sys.exit(1)
    else:
        threading.Thread(target=watch, args=(memory_bytes, parent), daemon=True).start()


def watch(memory_bytes: int, parent: int) -> None:
    """End this process when its memory exceeds the limit or its parent has ended."""
    while True:
        if os.getppid() != parent:
            os._exit(1)
        if peak_memory() > memory_bytes:
            os._exit(EXIT_MEMORY)
        time.sleep(WATCH_INTERVAL_S)


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes; 0 if unknown."""
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - exists on POSIX only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def address_space() -> int:
    """Return the present address space of this process, in bytes; 0 if unknown."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - no Path for a few bytes
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
