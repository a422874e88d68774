"""Shapes of the server's answers, for ``/openapi.json``; tests compare them with real answers.

Shapes of a single subject are in the module of its routes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Reply(BaseModel):
    """An answer as JSON; strict, because clients send some of them back."""

    model_config = ConfigDict(
        extra="forbid", protected_namespaces=(), strict=True, allow_inf_nan=False
    )


class ErrorDetail(Reply):
    """Description of an error. ``code`` is stable, ``param`` names the field."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorReply(Reply):
    """The shape of every error."""

    error: ErrorDetail


class OllamaErrorReply(Reply):
    """The shape of every error for Ollama's clients."""

    error: str


class HealthReply(Reply):
    """The server answers requests."""

    status: Literal["ok"]
