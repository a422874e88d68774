"""The model that servers serve, as the first answer of one of them makes it known."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from kb.embedding.base import EmbedderIdentity, unit_rows
from kb.embedding.servers.families import Family, PromptsName, family_of
from kb.embedding.servers.server import Server
from kb.errors import EmbeddingError

_log = logging.getLogger(__name__)

PROBE = "The lighthouse keeper writes down every passing ship. 软件著作权登记"
"""The text whose vector shows whether two servers serve the same model."""

# Quantisations of one model agree better than this on a text, other models far worse.
_SAME_MODEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """Name, prompts and width of a served model, and its raw vector of :data:`PROBE`."""

    identity: EmbedderIdentity
    family: Family
    width: int
    reference: npt.NDArray[np.float32]

    @classmethod
    def learn(
        cls,
        server: Server,
        raw: npt.NDArray[np.float32],
        *,
        prompts: PromptsName,
        dimensions: int | None,
    ) -> Self:
        """Return the model of ``server``, whose vector of the probe is ``raw``.

        Raises:
            EmbeddingError: ``dimensions`` is more than its vectors have.
        """
        name = server.profile().model_id
        family = family_of(name, prompts)
        if family is None:
            _log.warning(
                "how the model %r wants queries and documents worded is not known from its name; "
                "they are sent bare. If it wants prompts, name its family in KB_PROMPTS",
                name,
            )
        width = len(raw)
        if dimensions is not None and dimensions > width:
            msg = f"dimensions={dimensions}, but {name} on {server.where} gives {width}; lower it"
            raise EmbeddingError(msg)
        family = family or Family()
        words = family.prompts
        dim = dimensions or width
        parts = ("server", name, words.query, words.document, words.instruct, str(width), str(dim))
        identity = EmbedderIdentity(
            model_id=name,
            fingerprint=hashlib.sha256("\0".join(parts).encode()).hexdigest(),
            dim=dim,
        )
        return cls(identity=identity, family=family, width=width, reference=raw)

    def check_same(self, where: str, raw: npt.NDArray[np.float32]) -> None:
        """Refuse a server whose vector of the probe is another model's."""
        self.check_width(where, len(raw))
        both = unit_rows(np.stack([self.reference, raw]))
        alike = float(both[0] @ both[1])
        if alike < _SAME_MODEL:
            msg = (
                f"the embedding server {where} gives other vectors than the first one (cosine "
                f"{alike:.2f} for the same text): all must serve the same model"
            )
            raise EmbeddingError(msg)

    def check_width(self, where: str, width: int) -> None:
        """Refuse vectors of another width."""
        if width != self.width:
            msg = (
                f"the embedding server {where} gave vectors of {width} dimensions instead of "
                f"{self.width}: it serves another model now. Nothing of this answer was used"
            )
            raise EmbeddingError(msg)
