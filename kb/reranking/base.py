"""The reranker protocol, and what every reranker does with a passage that is too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from kb.errors import RerankingError

Scores: TypeAlias = npt.NDArray[np.float32]
"""float32, shape (n,), one for each passage in input order, higher is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerIdentity:
    """Which model scores: a readable name, and a hash of the weights where they are known.

    ``fingerprint`` is empty for a server, which tells nothing of its weights.
    """

    model_id: str
    fingerprint: str = ""


class Reranker(Protocol):
    """Reads a query together with each passage and says how well they match. Thread-safe."""

    @property
    def identity(self) -> RerankerIdentity:
        """Which model this is."""
        ...

    @property
    def description(self) -> dict[str, str | int]:
        """What `kb doctor` shows."""
        ...

    def score(self, query: str, passages: Sequence[str], *, task: str = "") -> Scores:
        """Score passages; a passage too long to be read whole counts as its best part.

        ``task`` is what the query asks for, empty for the model's own words; models that take
        none do not read it.

        Raises:
            InputTooLongError: the query leaves no room for a passage.
            RerankingError: the model failed or gave a score that is not finite.
        """
        ...

    def close(self) -> None:
        """Free the model; the reranker cannot be used afterwards."""
        ...


def halves(text: str) -> tuple[str, str] | None:
    """Cut a text near its middle, at white space if there is some; None if it cannot be cut."""
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
    """Cut a text into as few parts as halving gives that each fit; None if none can."""
    if fits(text):
        return [text]
    cut = halves(text)
    if cut is None:
        return None
    first, second = parts(cut[0], fits), parts(cut[1], fits)
    return None if first is None or second is None else first + second


def best_parts(scores: npt.NDArray[np.float32], owners: Sequence[int], count: int) -> Scores:
    """Return each passage's best score. ``owners`` says which passage each score is of.

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
