"""What the server answers, for ``/openapi.json``; tests hold real answers against it.

Those of each subject stand beside its routes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Reply(BaseModel):
    """An answer as JSON; strict, for some are sent back."""

    model_config = ConfigDict(
        extra="forbid", protected_namespaces=(), strict=True, allow_inf_nan=False
    )


class ErrorDetail(Reply):
    """What is wrong. ``code`` is stable, ``param`` names the field."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorReply(Reply):
    """Every answer that is no success."""

    error: ErrorDetail


class OllamaErrorReply(Reply):
    """Every answer that is no success, in the words of Ollama's clients."""

    error: str


class HealthReply(Reply):
    """The server answers requests."""

    status: Literal["ok"]
