"""Embedders: the protocol in ``base``, and one module for each kind of backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.embedding.base import Embedder
    from kb.settings import Settings


def open_embedder(settings: Settings) -> Embedder:
    """Open the embedder that the settings name; prepare the bundled model if needed.

    Raises:
        SettingsError: an address of an embedding server is invalid.
        ModelError: the model is unknown, missing or damaged.
        EmbeddingError: memory does not suffice, or no server answers.
    """
    from kb.remote.address import names_servers  # noqa: PLC0415 - as below

    if names_servers(settings.model):
        from kb.embedding.remote.embedder import ServerEmbedder  # noqa: PLC0415 - httpx takes a moment

        return ServerEmbedder(
            settings.model,
            dimensions=settings.dimensions,
            context_tokens=settings.context_tokens,
            prompts=settings.prompts,
            requests=settings.server_requests,
            batch=settings.server_batch,
            timeout_s=settings.server_timeout_s,
        )
    from kb.embedding.llama import LlamaEmbedder  # noqa: PLC0415 - llama.cpp takes a second to load
    from kb.models.files import resolve_model  # noqa: PLC0415

    return LlamaEmbedder(
        resolve_model(settings),
        n_gpu_layers=settings.n_gpu_layers,
        threads=settings.threads,
        dimensions=settings.dimensions,
        context_tokens=settings.context_tokens,
        calibration=settings.data_dir / "calibration.json",
    )
