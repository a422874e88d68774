"""Gives memory that a library allocates and never uses back to the operating system."""

from __future__ import annotations

import ctypes
import mmap
import sys


def give_back(address: int, size: int) -> None:
    """Drop the pages that lie wholly inside a memory range; reads then return zeros.

    Use it only for private anonymous memory whose contents nobody needs. ``size`` is in bytes. It
    does nothing on systems without this call (Linux has it), because it only saves memory.
    """
    start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    end = (address + size) // mmap.PAGESIZE * mmap.PAGESIZE
    if sys.platform == "linux" and start < end:
        ctypes.CDLL(None).madvise(
            ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED
        )
