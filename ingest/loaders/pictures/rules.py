"""Ruling lines in a picture: dark, long and thin shapes, such as the borders of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

LONGEST_SIDE = 1800
"""Longest side in pixels for finding lines: thin ones survive at this size."""

MOST_RULES = 2_000
"""Lines of a picture above which it is a drawing or a photograph instead of a table."""

_SHORTEST = 45  # pixels at that size: strokes of letters are shorter
_THICKEST = 9
_LEANS = 0.03
_DARKER = 70  # steps of grey below the paper


def rules_in(picture: npt.NDArray[np.uint8]) -> tuple[Bounds, ...]:
    """Return horizontal and vertical lines of a picture, shape (height, width, 3); () if many."""
    import numpy as np  # noqa: PLC0415 - scans only

    step = -(-max(picture.shape[:2]) // LONGEST_SIDE)
    grey = picture[:, :, :3].mean(axis=2)
    height, width = (side // step * step for side in grey.shape)
    if min(height, width) < _SHORTEST * step:
        return ()
    shrunk = grey[:height, :width].reshape(height // step, step, width // step, step)
    grey = shrunk.min(axis=(1, 3))
    dark = grey < np.median(grey) - _DARKER
    level = _lines(dark)
    upright = [(top, left, bottom, right) for left, top, right, bottom in _lines(dark.T)]
    found = [*level, *upright]
    if len(found) > MOST_RULES:
        return ()
    return tuple(
        (left * step, top * step, right * step, bottom * step) for left, top, right, bottom in found
    )


def _lines(dark: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Return the boxes of horizontal lines: runs of dark pixels, joined if their rows touch."""
    found: list[tuple[int, int, int, int]] = []
    filled: list[int] = []
    above: list[int] = []
    for row, starts, ends in _runs(dark):
        near = [at for at in above if found[at][3] >= row]
        above = []
        for start, end in zip(starts, ends, strict=True):
            home = next((at for at in near if found[at][0] < end and start < found[at][2]), None)
            if home is None:
                home = len(found)
                found.append((start, row, end, row + 1))
                filled.append(0)
                if home > MOST_RULES:
                    return []
            left, top, right, _ = found[home]
            found[home] = (min(left, start), top, max(right, end), row + 1)
            filled[home] += end - start
            above.append(home)
    return [
        box
        for box, pixels in zip(found, filled, strict=True)
        if pixels <= _THICKEST * (box[2] - box[0]) and box[3] - box[1] <= _lean(box)
    ]


def _lean(box: tuple[int, int, int, int]) -> float:
    """Return how many rows a leaning line may take, as in scans."""
    return _THICKEST + _LEANS * (box[2] - box[0])


def _runs(dark: npt.NDArray[np.bool_]) -> Any:  # noqa: ANN401 - rows with lists of whole numbers
    """Yield each row with long runs of dark pixels, with their starts and ends."""
    import numpy as np  # noqa: PLC0415 - scans only

    joined = dark.copy()
    joined[1:] |= dark[:-1]  # a leaning line steps from row to row
    counts = np.cumsum(joined, axis=1, dtype=np.int32)
    long = np.flatnonzero(((counts[:, _SHORTEST:] - counts[:, :-_SHORTEST]) == _SHORTEST).any(1))
    for row in long.tolist():
        edges = np.flatnonzero(np.diff(np.concatenate(([0], joined[row].view(np.int8), [0]))))
        starts, ends = edges[::2], edges[1::2]
        kept = ends - starts >= _SHORTEST
        yield row, starts[kept].tolist(), ends[kept].tolist()
