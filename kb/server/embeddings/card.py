"""Facts about the served model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from kb.embedding.base import Embedder

OWNER = "shelfmark"
"""The embedding client recognises a server of this project by this name in ``owned_by``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The model's facts, asked once.

    Attributes:
        name: its name in requests.
        fingerprint: hash of the weights and of everything else that changes vectors.
        dim: width of the vectors.
        least_dim: smallest width to which vectors may be cut.
        takes_task: whether queries take an instruction.
        most_read: most tokens that it reads, prompt and special tokens included.
        most_input: most tokens of a document alone.
    """

    name: str
    fingerprint: str
    dim: int
    least_dim: int
    takes_task: bool
    most_read: int
    most_input: int

    @classmethod
    def of(cls, embedder: Embedder) -> Self:
        """Return the card of a loaded model."""
        identity, abilities = embedder.identity, embedder.abilities
        return cls(
            name=identity.model_id,
            fingerprint=identity.fingerprint,
            dim=identity.dim,
            least_dim=abilities.least_dim,
            takes_task=abilities.takes_task,
            most_read=embedder.max_tokens + embedder.count_read([""])[0],
            most_input=embedder.max_tokens,
        )
