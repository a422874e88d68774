"""Positions of PDFium's objects: their matrices, and those of the forms around them.

A matrix ``(a, b, c, d, e, f)`` maps a point to ``(ax + cy + e, bx + dy + f)``, as in ISO 32000-1,
8.3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Matrix = tuple[float, float, float, float, float, float]
Place = Callable[[float, float], tuple[float, float]]
"""Returns the position on the visible page, in points, of a point in the page's own space."""

UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def matrix_of(raw: Any, item: Any) -> Matrix:  # noqa: ANN401 - pypdfium2 carries no types
    """Return the matrix of an object, the identity if PDFium has none."""
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, found):
        return UNIT
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def times(first: Matrix, then: Matrix) -> Matrix:
    """Return the product: the matrix that maps by one and then by the other."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return the image of a point under a matrix."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
