"""A page turned so that some of its text is upright, and the map back to the visible page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_Box = tuple[float, float, float, float]

QUARTER = 90


class Turn(NamedTuple):
    """The turn of a page: its text runs in the direction of ``angle``, clockwise, in degrees.

    ``width`` and ``height`` are those of the turned page.
    """

    angle: float
    width: float
    height: float

    @property
    def along_an_edge(self) -> bool:
        """Whether its lines run along an edge of the page."""
        return self.angle % QUARTER == 0

    def on_page(self, box: _Box) -> _Box:
        """Return the place on the visible page of a box of the turned page."""
        left, top, right, bottom = box
        turn = self.angle % 360
        if turn == 0:
            return box
        if turn == QUARTER:
            return self.height - bottom, left, self.height - top, right
        if turn == 2 * QUARTER:
            return self.width - right, self.height - bottom, self.width - left, self.height - top
        if turn == 3 * QUARTER:
            return top, self.width - right, bottom, self.width - left
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        corners = [(u, v) for u in (left, right) for v in (top, bottom)]
        across = [u * cos - v * sin for u, v in corners]
        down = [u * sin + v * cos for u, v in corners]
        return min(across), min(down), max(across), max(down)

    def from_page(self, box: _Box) -> _Box:
        """Return the place on the turned page of a box of the visible page."""
        left, top, right, bottom = box
        turn = self.angle % 360
        if turn == QUARTER:
            return top, self.height - right, bottom, self.height - left
        if turn == 2 * QUARTER:
            return self.width - right, self.height - bottom, self.width - left, self.height - top
        if turn == 3 * QUARTER:
            return self.width - bottom, left, self.width - top, right
        return box


class Place(NamedTuple):
    """An affine map of the page: x' = a x + c y + e, y' = b x + d y + f; ``turn`` in degrees."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    turn: int

    def points(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Map points given by their two coordinates."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def boxes(self, *edges: npt.NDArray[np.float64]) -> tuple[list[float], ...]:
        """Map boxes (left, bottom, right, top) to the visible page (left, top, right, bottom)."""
        import numpy as np  # noqa: PLC0415 - PDFs only

        left, bottom, right, top = edges
        x1, y1 = self.points(left, bottom)
        x2, y2 = self.points(right, top)
        return (
            np.minimum(x1, x2).tolist(),
            np.minimum(y1, y2).tolist(),
            np.maximum(x1, x2).tolist(),
            np.maximum(y1, y2).tolist(),
        )
