"""Rerankers: the protocol in ``base``, and one module for each kind of backend.

A model that reads query and passage together orders the best hits of a search (R. Nogueira, K. Cho,
"Passage Re-ranking with BERT", 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.errors import SettingsError

if TYPE_CHECKING:
    from kb.reranking.base import Reranker
    from kb.settings import Settings


def open_reranker(settings: Settings) -> Reranker:
    """Open the reranker that the settings name.

    Raises:
        SettingsError: the settings name none, or an invalid address.
        ModelError: the file is missing, damaged, or not a reranker.
        OutOfMemoryError: the model does not fit into memory.
    """
    from kb.remote.address import names_servers  # noqa: PLC0415 - as below

    name = settings.reranker
    if not name:
        msg = (
            "no reranker is set: run `kb models use bge-reranker-v2-m3` (0.6 GB; `kb models list` "
            "has others), or set KB_RERANKER to the path of a GGUF file or to a server's address, "
            "http://host:port/v1#name"
        )
        raise SettingsError(msg)
    if names_servers(name):
        from kb.reranking.remote import ServerReranker  # noqa: PLC0415 - httpx takes a moment

        return ServerReranker(
            name, batch=settings.server_batch, timeout_s=settings.server_timeout_s
        )
    from kb.models.files import find_model  # noqa: PLC0415
    from kb.reranking.llama import LlamaReranker  # noqa: PLC0415 - llama.cpp takes a second to load

    model = find_model(name, settings.models_dir, kind="reranking")
    return LlamaReranker(
        model,
        n_gpu_layers=settings.n_gpu_layers,
        threads=settings.threads,
    )
