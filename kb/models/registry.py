"""The known models, by name, by file and by shape.

The table has no checksums, because a repository may replace a file. Each download asks the hub for
the SHA-256, verifies it (``kb.models.hub``), and keeps it beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.models.known import Kind, KnownEmbedder, KnownFile, KnownModel
from kb.models.known_embedders import EMBEDDERS
from kb.models.known_others import CHAT, RERANKERS
from kb.models.prompts import QWEN3, Prompts
from kb.near_names import near_names

KNOWN: tuple[KnownModel, ...] = (*EMBEDDERS, *RERANKERS, *CHAT)

_MOST_OFFERED = 3

# Families by the architecture in the GGUF header, for files outside of the table.
BY_ARCHITECTURE: Mapping[str, Prompts] = {"qwen3": QWEN3}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model on disk.

    ``known`` is its entry in the table. It is None for other files, which the GGUF header
    describes. ``prompts`` overrides the prompts of both.
    """

    model_id: str
    path: Path
    known: KnownModel | None = None
    prompts: Prompts | None = None


def offered_for(name: str, kind: Kind | None = None) -> str:
    """Return known names for a message about an unknown one.

    Those that hold each of its parts, else those spelt like it, else all of the kind.
    """
    names = [each.name for each in KNOWN if kind in {None, each.kind}]
    parts = name.casefold().replace("_", "-").split("-")
    holding = [each for each in names if all(part in each.casefold() for part in parts)]
    if near := holding or near_names(name, names, most=_MOST_OFFERED):
        return f"{', '.join(near)} (`kb models list` shows all)"
    return ", ".join(names)


def find_known(name: str) -> KnownModel | None:
    """Return the model of that name, in upper or lower case; None if the table lacks it."""
    for model in KNOWN:
        if model.name.casefold() == name.casefold():
            return model
    return None


def known_by_file(file_name: str) -> tuple[KnownModel, KnownFile] | None:
    """Return the model whose repository has a file of exactly that name."""
    for model in KNOWN:
        for file in model.files:
            if file.name == file_name:
                return model, file
    return None


def known_by_shape(architecture: str, layers: int, dimensions: int) -> KnownEmbedder | None:
    """Return the model of this shape that has a card to check, whatever the file's name.

    Shapes tell the three Qwen3-Embedding models apart. No other embedding model has such a shape.
    """
    for model in EMBEDDERS:
        if model.card and (model.architecture, model.layers, model.dimensions) == (
            architecture,
            layers,
            dimensions,
        ):
            return model
    return None
