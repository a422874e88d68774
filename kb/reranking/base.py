"""The reranker protocol, and the common treatment of passages that are too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from kb.errors import RerankingError

Scores: TypeAlias = npt.NDArray[np.float32]
"""Scores of passages, higher is better: float32, shape (n,), in input order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerIdentity:
    """Identity of a reranking model: a readable name, and a hash of the weights if known.

    ``fingerprint`` is empty for a server, whose weights are unknown.
    """

    model_id: str
    fingerprint: str = ""


class Reranker(Protocol):
    """Scores how well a query and each passage match. Thread-safe."""

    @property
    def identity(self) -> RerankerIdentity:
        """Identity of this model."""
        ...

    @property
    def description(self) -> dict[str, str | int]:
        """Properties for `kb doctor`."""
        ...

    def score(self, query: str, passages: Sequence[str], *, task: str = "") -> Scores:
        """Score passages; a passage that exceeds the model's limit gets the score of its best part.

        ``task`` is an instruction for the model; empty for its default one. Models without
        instructions ignore it.

        Raises:
            InputTooLongError: the query leaves no room for a passage.
            RerankingError: the model failed or gave a score that is not finite.
        """
        ...

    def close(self) -> None:
        """Free the model; the reranker cannot be used afterwards."""
        ...


def halves(text: str) -> tuple[str, str] | None:
    """Cut a text near its middle, if possible at white space; None for a single character."""
    middle = len(text) // 2
    if middle == 0:
        return None
    spread = max(1, len(text) // 8)
    for distance in range(spread):
        for at in (middle - distance, middle + distance):
            if 0 < at < len(text) and text[at].isspace():
                return text[:at], text[at:]
    return text[:middle], text[middle:]


def parts(text: str, fits: Callable[[str], bool]) -> list[str] | None:
    """Halve a text repeatedly until all parts fit; None if even one character does not."""
    if fits(text):
        return [text]
    cut = halves(text)
    if cut is None:
        return None
    first, second = parts(cut[0], fits), parts(cut[1], fits)
    return None if first is None or second is None else first + second


def best_parts(scores: npt.NDArray[np.float32], owners: Sequence[int], count: int) -> Scores:
    """Return each passage's best score. ``owners`` maps each score to its passage.

    Raises:
        RerankingError: a score is not finite.
    """
    bad = np.flatnonzero(~np.isfinite(scores))
    if len(bad):
        msg = (
            f"the reranker gave a score that is not finite for passage {owners[int(bad[0])]} of "
            f"{count}; its model file or its GPU driver is at fault"
        )
        raise RerankingError(msg)
    best = np.full(count, -np.inf, dtype=np.float32)
    np.maximum.at(best, np.asarray(owners, dtype=np.intp), scores)
    return best
