"""Refusals of vector servers, worded with advice; the same for every kind of server."""

from __future__ import annotations

from kb.errors import VectorServerError
from kb.remote.peer import Peer


def refused(answer: str, peer: Peer, header: str) -> VectorServerError:
    """Return the error of a server that refuses the token, which is in ``header``."""
    return VectorServerError(
        f"{answer}: {peer.refusal}; set KB_VECTOR_TOKEN, and KB_VECTOR_TOKEN_HEADER if it goes in "
        f"another header than {header}"
    )


def full(answer: str) -> VectorServerError:
    """Return the error of a server whose disk is full."""
    return VectorServerError(
        f"{answer}: it is full. What is stored can still be searched; make room there, and run "
        "the same command again"
    )


def failed(answer: str) -> VectorServerError:
    """Return the error of a server for a failure without advice."""
    return VectorServerError(f"{answer}; the request was not repeated")
