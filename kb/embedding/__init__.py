"""Embedders: the protocol in ``base``, one module for each way of computing vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.embedding.base import Embedder
    from kb.settings import Settings


def open_embedder(settings: Settings) -> Embedder:
    """Open the embedder that the settings name, making the bundled model ready if need be.

    Raises:
        ModelError: the model is unknown, missing or damaged.
        EmbeddingError: there is not enough memory for it.
    """
    from kb.embedding.llama import LlamaEmbedder  # noqa: PLC0415 - llama.cpp takes a second to load
    from kb.models.files import resolve_model  # noqa: PLC0415

    return LlamaEmbedder(
        resolve_model(settings),
        n_gpu_layers=settings.n_gpu_layers,
        threads=settings.threads,
        dimensions=settings.dimensions,
        context_tokens=settings.context_tokens,
    )
