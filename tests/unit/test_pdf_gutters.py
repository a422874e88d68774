"""White strips of a page, found over whole arrays, are those that a walk down each column finds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ingest.loaders.pdf.layout.gutters import _strips


def walked(free: npt.NDArray[np.bool_], least: float) -> set[tuple[int, int, int, int]]:
    """Find the runs of free places column by column, and join equal ones that are neighbours."""
    down, across = free.shape
    runs: dict[tuple[int, int], list[int]] = {}
    for x in range(across):
        begin = None
        for y in range(down + 1):
            if y < down and free[y, x]:
                begin = y if begin is None else begin
            elif begin is not None:
                if y - begin >= least:
                    runs.setdefault((begin, y), []).append(x)
                begin = None
    found = set()
    for (top, bottom), places in runs.items():
        first = last = places[0]
        for x in [*places[1:], across + 1]:
            if x > last + 1:
                if first > 0 and last < across - 1:
                    found.add((first, last, top, bottom))
                first = x
            last = x
    return found


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_strips_are_those_of_a_walk_down_each_column(share: float) -> None:
    rng = np.random.default_rng(4)
    for down, across in ((1, 1), (1, 7), (7, 1), (30, 20), (60, 90)):
        free = rng.random((down, across)) < share
        free[:, across // 2 : across // 2 + 2] = True
        for least in (1.0, 2.5, 6.0):
            strips = _strips(free, least)
            assert set(strips) == walked(free, least)
            assert len(strips) == len(set(strips))


def test_strips_that_end_higher_come_first_and_of_these_the_left_ones() -> None:
    free = np.zeros((6, 9), np.bool_)
    free[0:4, 5] = free[1:4, 2] = free[0:6, 7] = free[3:6, 4] = True
    assert _strips(free, 3) == [(2, 2, 1, 4), (5, 5, 0, 4), (4, 4, 3, 6), (7, 7, 0, 6)]
