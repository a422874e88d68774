"""Memory that nobody needs goes back to the system, and no byte around it."""

from __future__ import annotations

import ctypes
import mmap
import sys

import pytest

from kb.llama.pages import give_back

PAGE = mmap.PAGESIZE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this call")


def test_whole_pages_inside_are_dropped_and_all_else_is_kept() -> None:
    with mmap.mmap(-1, 6 * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(b"x" * 6 * PAGE)
        view = ctypes.c_char.from_buffer(memory)
        address = ctypes.addressof(view)
        del view  # the map cannot be closed while something points into it
        give_back(address + PAGE + 1, 3 * PAGE)  # holds pages 2 and 3 whole
        kept = b"x" * 2 * PAGE
        assert memory[:] == kept + bytes(2 * PAGE) + kept


def test_less_than_a_page_is_left_alone() -> None:
    with mmap.mmap(-1, 2 * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(b"x" * 2 * PAGE)
        view = ctypes.c_char.from_buffer(memory)
        address = ctypes.addressof(view)
        del view
        give_back(address + 1, PAGE)
        assert memory[:] == b"x" * 2 * PAGE
