"""The served model, as the first answer of a server shows it."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from kb.embedding.base import EmbedderIdentity, unit_rows
from kb.embedding.remote.families import Family, PromptsName, family_of
from kb.embedding.remote.kinds import OwnModel, Profile
from kb.embedding.remote.server import Server
from kb.errors import EmbeddingError, SettingsError

_log = logging.getLogger(__name__)

PROBE = "The lighthouse keeper writes down every passing ship. 软件著作权登记"
"""The text whose vector shows whether two servers serve the same model."""

# The vectors of one model's quantisations agree better than this, those of other models far worse.
_SAME_MODEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """Name, prompts and width of a served model, and its raw vector of :data:`PROBE`.

    ``own`` holds the properties from a server of this project, which adds prompts itself.
    """

    identity: EmbedderIdentity
    family: Family
    width: int
    reference: npt.NDArray[np.float32]
    own: OwnModel | None = None

    @classmethod
    def learn(
        cls,
        server: Server,
        raw: npt.NDArray[np.float32],
        *,
        prompts: PromptsName,
        dimensions: int | None,
    ) -> Self:
        """Return the model of ``server``, with its vector ``raw`` of the probe.

        Raises:
            EmbeddingError: ``dimensions`` exceeds the width of the vectors.
            SettingsError: a server of this project does not take ``prompts`` or ``dimensions``.
        """
        profile = server.profile()
        name = profile.model_id
        if profile.own is not None:
            return cls._own(profile, profile.own, raw, prompts=prompts, dimensions=dimensions)
        family = family_of(name, prompts)
        if family is None:
            _log.warning(
                "the name of the model %r does not tell its prompts; queries and documents are "
                "sent without any. If it needs prompts, name its family in KB_PROMPTS",
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

    @classmethod
    def _own(
        cls,
        profile: Profile,
        own: OwnModel,
        raw: npt.NDArray[np.float32],
        *,
        prompts: PromptsName,
        dimensions: int | None,
    ) -> Self:
        """Return the model of a server of this project: the same as the model in its process.

        Its vectors are comparable with those that this process computes from the same file.
        """
        if prompts != "auto":
            msg = (
                f"`kb serve` puts the prompts of {profile.model_id} around texts itself; take "
                f"`prompts` ({prompts}) out of the settings"
            )
            raise SettingsError(msg)
        width = len(raw)
        dim = dimensions or width
        if not own.least_dim <= dim <= width:
            msg = (
                f"dimensions={dim}, but the served vectors of {profile.model_id} may be cut to "
                f"{own.least_dim} to {width} only"
            )
            raise SettingsError(msg)
        cut = hashlib.sha256(f"{own.fingerprint}\0{dim}".encode()).hexdigest()
        identity = EmbedderIdentity(
            model_id=profile.model_id,
            fingerprint=own.fingerprint if dim == width else cut,
            dim=dim,
        )
        return cls(identity=identity, family=Family(), width=width, reference=raw, own=own)

    def check_same(self, server: Server, raw: npt.NDArray[np.float32]) -> None:
        """Refuse a server whose vector of the probe comes from another model."""
        where, own = server.where, server.profile().own
        if (own and own.fingerprint) != (self.own and self.own.fingerprint):
            msg = (
                f"the embedding server {where} serves another model than the first one, or only "
                "one of the two is `kb serve`: all must serve the same model in the same way"
            )
            raise EmbeddingError(msg)
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
