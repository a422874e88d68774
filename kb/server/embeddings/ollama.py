"""``/api/embed``, ``/api/embeddings``, ``/api/tags`` and ``/api/show``: Ollama's interface."""

from __future__ import annotations

import time
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from kb.embedding.base import unit_rows
from kb.server.description import errors
from kb.server.embeddings.asking import (
    WITH_VECTORS,
    Embeddable,
    LongInput,
    TextsRoute,
    answered,
    check_dimensions,
    long_inputs,
)
from kb.server.embeddings.engine import Engine
from kb.server.errors import RefusalError, json_response
from kb.server.fields import INTEGER, MOST_TEXTS, LongInputs, Text, Words, text_or_texts
from kb.server.replies import OllamaErrorReply, Reply
from kb.server.requests import Body
from kb.server.scopes import KEY_SCOPES, needs

_TAG = ":latest"
_ANSWERS = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
_ERRORS = errors(*_ANSWERS, body=True, model=OllamaErrorReply)


def _input(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Return the texts to embed; like Ollama, accept none, and take an empty text for none."""
    if value in (None, "", []):
        return []
    text_or_texts(value)
    return [value] if isinstance(value, str) else value


def _duration(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Check a duration that has no effect: this model stays loaded."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
        msg = "a text such as 5m or a number of seconds is needed"
        raise ValueError(msg)
    return value


class _OllamaRequest(Embeddable):
    """The shared fields of both routes. Unknown fields are ignored, as Ollama does.

    ``options`` and ``keep_alive`` are for loading a model; this one is already loaded.
    """

    model_config = ConfigDict(extra="ignore")

    model: Words
    options: dict[str, Any] | None = None
    keep_alive: Annotated[
        Any,
        BeforeValidator(_duration),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}),
    ] = None

    def check_served(self, served: str) -> None:
        """Refuse a request for a model that this server does not serve.

        Raises:
            RefusalError: it names another model (404).
        """
        check_name(self.model, served)


class EmbedRequest(_OllamaRequest):
    """``POST /api/embed``: ``truncate`` false refuses texts that are too long for the model.

    The server never truncates a text: see ``long_inputs``.
    """

    input: Annotated[
        list[str],
        BeforeValidator(_input),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}, "maxItems": MOST_TEXTS},
                    {"type": "null"},
                ]
            }
        ),
    ] = Field(default=[])
    truncate: bool | None = None
    dimensions: Annotated[int, Field(ge=0, le=2**31 - 1), INTEGER] | None = None

    @property
    def long(self) -> LongInputs | None:
        """How to treat a text that is too long."""
        return self.long_inputs or ("refuse" if self.truncate is False else None)


class LegacyRequest(_OllamaRequest):
    """``POST /api/embeddings``, Ollama's route for older clients."""

    prompt: Text = ""


class ShowRequest(Body):
    """``POST /api/show``: older clients send ``name`` instead of ``model``."""

    model_config = ConfigDict(extra="ignore")

    model: Words = ""
    name: Words = ""


class EmbedReply(Reply):
    """Vectors in the order of the texts; durations in nanoseconds."""

    model: str
    embeddings: list[list[float]]
    total_duration: Annotated[int, Field(ge=0)]
    load_duration: Literal[0]
    prompt_eval_count: Annotated[int, Field(ge=0)]
    long_inputs: list[LongInput] = Field(default=[])


class LegacyReply(Reply):
    """The vector of one text, empty for an empty text."""

    embedding: list[float]
    long_inputs: list[LongInput] = Field(default=[])


class Details(Reply):
    """Facts about the model; empty where unknown."""

    parent_model: str
    format: str
    family: str
    families: list[str]
    parameter_size: str
    quantization_level: str


class Tag(Reply):
    """A model; ``digest`` is its fingerprint."""

    name: str
    model: str
    modified_at: datetime
    size: int
    digest: str
    details: Details


class TagsReply(Reply):
    """All served models: one."""

    models: list[Tag]


class ShowReply(Reply):
    """Facts about the model, and its capabilities."""

    modelfile: str
    parameters: str
    template: str
    details: Details
    model_info: dict[str, str | int]
    capabilities: list[Literal["embedding"]]
    modified_at: datetime


def routes(engine: Engine) -> APIRouter:
    """Return the routes over one loaded model."""
    router = APIRouter(route_class=TextsRoute)

    @router.post("/api/embed", response_model=EmbedReply, responses=WITH_VECTORS | _ERRORS)
    @needs("embed", collections="none")
    async def embed_texts(body: EmbedRequest) -> Response:
        """Turn texts into vectors of unit length, in Ollama's form."""
        return await _embed(engine, body)

    @router.post("/api/embeddings", response_model=LegacyReply, responses=WITH_VECTORS | _ERRORS)
    @needs("embed", collections="none")
    async def embed_prompt(body: LegacyRequest) -> Response:
        """Turn one text into a vector of unit length, in the form for older clients of Ollama."""
        return await _embed_one(engine, body)

    @router.get(
        "/api/tags",
        response_model=TagsReply,
        responses=errors(HTTPStatus.TOO_MANY_REQUESTS, model=OllamaErrorReply),
    )
    @needs(*KEY_SCOPES, collections="none")
    async def list_tags() -> Response:
        """List the served model in Ollama's form."""
        return json_response({"models": [_tag(engine)]})

    @router.post("/api/show", response_model=ShowReply, responses=_ERRORS)
    @needs(*KEY_SCOPES, collections="none")
    async def show_model(body: ShowRequest) -> Response:
        """Describe the served model in Ollama's form."""
        check_name(body.model or body.name, engine.card.name)
        return json_response(_shown(engine))

    return router


def check_name(wanted: str, served: str) -> None:
    """Refuse a model that this server does not serve; case and the tag `latest` do not count.

    Raises:
        RefusalError: it is another model (404).
    """
    if wanted.removesuffix(_TAG).casefold() != served.removesuffix(_TAG).casefold():
        msg = f"model {wanted[:200]!r} not found: the only one that is served is {served!r}"
        raise RefusalError(HTTPStatus.NOT_FOUND, msg, param="model", code="model_not_found")


async def _embed(engine: Engine, body: EmbedRequest) -> Response:
    began = time.perf_counter_ns()
    wording = body.wording(engine.card)
    check_dimensions(body.dimensions or None, engine.card)
    done = await engine.embed(body.input, wording, body.long)

    def write() -> dict[str, Any]:
        cut = body.dimensions and body.input
        vectors = unit_rows(done.vectors, dim=body.dimensions) if cut else done.vectors
        return {
            "model": body.model,
            "embeddings": vectors.tolist(),
            "total_duration": time.perf_counter_ns() - began,
            "load_duration": 0,
            "prompt_eval_count": done.tokens,
            **long_inputs(done.windows),
        }

    return await answered(engine, done, write)


async def _embed_one(engine: Engine, body: LegacyRequest) -> Response:
    texts = [body.prompt] if body.prompt else []
    done = await engine.embed(texts, body.wording(engine.card), body.long_inputs)

    def write() -> dict[str, Any]:
        vector = done.vectors[0].tolist() if texts else []
        return {"embedding": vector, **long_inputs(done.windows)}

    return await answered(engine, done, write)


def _details(engine: Engine) -> dict[str, Any]:
    facts = engine.facts
    return {
        "parent_model": "",
        "format": facts.format,
        "family": facts.family,
        "families": [facts.family],
        "parameter_size": facts.parameters,
        "quantization_level": facts.quantization,
    }


def _tag(engine: Engine) -> dict[str, Any]:
    name = engine.card.name
    tagged = name if ":" in name else f"{name}{_TAG}"
    return {
        "name": tagged,
        "model": tagged,
        "modified_at": engine.facts.modified_at.isoformat(),
        "size": engine.facts.size,
        "digest": engine.card.fingerprint,
        "details": _details(engine),
    }


def _shown(engine: Engine) -> dict[str, Any]:
    card, family = engine.card, engine.facts.family
    return {
        "modelfile": "",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": _details(engine),
        "model_info": {
            "general.architecture": family,
            f"{family}.context_length": card.most_read,
            f"{family}.embedding_length": card.dim,
        },
        "capabilities": ["embedding"],
        "modified_at": engine.facts.modified_at.isoformat(),
    }
