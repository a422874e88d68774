"""The models this release knows, by name, by file and by shape.

No checksum stands here: a repository may replace a file, so the hub's own SHA-256 is asked for at
each download and always verified (``kb.models.hub``), then kept beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.models.known import KnownEmbedder, KnownFile, KnownModel
from kb.models.known_embedders import EMBEDDERS
from kb.models.known_others import CHAT, RERANKERS
from kb.models.prompts import QWEN3, Prompts

KNOWN: tuple[KnownModel, ...] = (*EMBEDDERS, *RERANKERS, *CHAT)

# Families by the architecture in the GGUF header, for files that are not in the table.
BY_ARCHITECTURE: Mapping[str, Prompts] = {"qwen3": QWEN3}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model on disk.

    ``known`` is its entry here, None for a file that the table lacks: the GGUF's header says all
    of it then. ``prompts`` is given where neither shall decide how inputs are worded.
    """

    model_id: str
    path: Path
    known: KnownModel | None = None
    prompts: Prompts | None = None


def find_known(name: str) -> KnownModel | None:
    """Return the model of that name, in any case of letters; None if the table lacks it."""
    for model in KNOWN:
        if model.name.casefold() == name.casefold():
            return model
    return None


def known_by_file(file_name: str) -> tuple[KnownModel, KnownFile] | None:
    """Return the model whose repository offers a file of exactly that name."""
    for model in KNOWN:
        for file in model.files:
            if file.name == file_name:
                return model, file
    return None


def known_by_shape(architecture: str, layers: int, dimensions: int) -> KnownEmbedder | None:
    """Return the model that has a card to check against and this shape, whatever its file's name.

    Shapes tell the three Qwen3-Embedding models apart; nothing else of that shape embeds.
    """
    for model in EMBEDDERS:
        if model.card and (model.architecture, model.layers, model.dimensions) == (
            architecture,
            layers,
            dimensions,
        ):
            return model
    return None
