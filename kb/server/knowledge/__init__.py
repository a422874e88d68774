"""Stored data over HTTP: collections, documents, search, answers, uploads and their jobs."""

from __future__ import annotations

from fastapi import APIRouter

from kb.server.knowledge import (
    adding,
    answering,
    collections,
    documents,
    glancing,
    history,
    job_changes,
    jobs,
    originals,
    reading,
    searching,
    tags,
    uploads,
)
from kb.server.knowledge.serving import Serving

__all__ = ["Serving", "routers"]


def routers(serving: Serving) -> list[APIRouter]:
    """Return the routes over a knowledge base."""
    return [
        searching.routes(serving),
        answering.routes(serving),
        collections.routes(serving),
        documents.routes(serving),
        reading.routes(serving),
        adding.routes(serving),
        glancing.routes(serving),
        tags.routes(serving),
        originals.routes(serving),
        history.routes(serving),
        uploads.routes(serving),
        jobs.routes(serving),
        job_changes.routes(serving),
    ]
