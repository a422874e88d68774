"""Vectors and counts for other programs, each asked for in the words that it speaks.

| module | routes |
|---|---|
| ``openai`` | ``/v1/embeddings``, ``/v1/models`` |
| ``counting`` | ``/tokenize`` |

``engine`` is what all of them ask, ``asking`` what their bodies have in common.
"""

from __future__ import annotations

from fastapi import APIRouter

from kb.server.embeddings import counting, openai
from kb.server.embeddings.engine import Engine


def routers(engine: Engine) -> list[APIRouter]:
    """Return the routes of every dialect over one loaded model."""
    return [openai.routes(engine), counting.routes(engine)]
