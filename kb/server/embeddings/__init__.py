"""Vectors and token counts for other programs, in the dialect of each.

| module | routes |
|---|---|
| ``openai`` | ``/v1/embeddings``, ``/v1/models`` |
| ``llama`` | ``/embedding``, ``/embeddings`` |
| ``ollama`` | ``/api/embed``, ``/api/embeddings``, ``/api/tags``, ``/api/show`` |
| ``rerank`` | ``/v1/rerank``, ``/rerank`` |
| ``counting`` | ``/tokenize`` |

All of them ask ``engine``. ``asking`` has what their request bodies have in common.
"""

from __future__ import annotations

from fastapi import APIRouter

from kb.knowledge_base import KnowledgeBase
from kb.server.embeddings import counting, llama, ollama, openai, rerank
from kb.server.embeddings.engine import Engine
from kb.server.lanes import Lane


def routers(engine: Engine, base: KnowledgeBase, *, ranking: Lane) -> list[APIRouter]:
    """Return the routes of every dialect over one loaded model, and those of the reranker.

    Args:
        engine: the model.
        base: the knowledge base with the reranker.
        ranking: threads for the reranker.
    """
    dialects = [each.routes(engine) for each in (openai, llama, ollama, counting)]
    return [*dialects, rerank.routes(base, lane=ranking)]
