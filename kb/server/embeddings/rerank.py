"""``/v1/rerank`` and ``/rerank``: sorts texts with the configured reranker.

A request with ``documents`` gets the answer of Jina, Cohere, llama.cpp and vLLM. A request with
``texts`` gets that of Text Embeddings Inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, WithJsonSchema
from pydantic import Tag as Choice

from kb.knowledge_base import KnowledgeBase
from kb.search.query import MOST_CHARACTERS
from kb.server.description import errors
from kb.server.embeddings.asking import check_model
from kb.server.errors import RefusalError, json_response
from kb.server.fields import INTEGER, VALID, Instruction, Text, Words, whole
from kb.server.json_bodies import JsonRoute
from kb.server.lanes import Lane
from kb.server.replies import Reply
from kb.server.requests import Body
from kb.server.scopes import needs

MOST_RANKED = 1000
"""Most texts of one request: as many as a search reranks."""

_DOCUMENTS = "a list of texts, or of objects with `text`, is needed"
_NONE = (
    "no reranker is set, so nothing is put in order: start the server with KB_RERANKER set to a "
    "GGUF file (Qwen3-Reranker, bge-reranker-v2-m3) or to a server's address, "
    "http://host:port/v1#name"
)


def _documents(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Return the texts of documents, each a text or an object that contains it."""
    if not isinstance(value, list):
        raise ValueError(_DOCUMENTS)  # noqa: TRY004 - pydantic reports ValueError only
    texts = [each.get("text") if isinstance(each, dict) else each for each in value]
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            msg = f"document {index} of {len(texts)} is no text; {_DOCUMENTS}"
            raise ValueError(msg)  # noqa: TRY004 - as above
        whole(text)
    return texts


def _not_raw(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Refuse raw scores, which this server does not have."""
    if value is not False:
        msg = "it must be false: scores are in [0, 1]"
        raise ValueError(msg)
    return value


class _RankRequest(Body):
    """A query; ``instruct`` is its instruction, for models that take one.

    Unknown fields are ignored: every reranking server has some of its own.
    """

    model_config = ConfigDict(extra="ignore")

    query: Annotated[str, Field(max_length=MOST_CHARACTERS), VALID]
    model: Words | None = None
    instruct: Instruction = ""


class RerankRequest(_RankRequest):
    """``documents`` to sort; the answer has the best ``top_n``."""

    documents: Annotated[
        list[str],
        Field(min_length=1, max_length=MOST_RANKED),
        BeforeValidator(_documents),
        WithJsonSchema(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_RANKED,
                "items": {
                    "anyOf": [
                        {"type": "string"},
                        {
                            "type": "object",
                            "properties": {"text": {"type": "string"}},
                            "required": ["text"],
                        },
                    ]
                },
            }
        ),
    ]
    top_n: Annotated[int, Field(ge=1, le=2**31 - 1), INTEGER] | None = None
    return_documents: bool | None = None
    user: Words | None = None


class TextsRequest(_RankRequest):
    """``texts`` to sort. Scores are in [0, 1], so ``raw_scores`` is not available."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=MOST_RANKED)]
    raw_scores: Annotated[Literal[False], BeforeValidator(_not_raw)] = False
    return_text: bool = False
    truncate: bool | None = None


class Ranked(Reply):
    """A document by its number, and its relevance in [0, 1]."""

    index: Annotated[int, Field(ge=0)]
    relevance_score: Annotated[float, Field(ge=0, le=1)]
    document: dict[str, str] = Field(default={})


class RerankReply(Reply):
    """Documents, best first."""

    object: Literal["list"]
    model: str
    results: list[Ranked]


class RankedText(Reply):
    """A text by its number, and its relevance in [0, 1]."""

    index: Annotated[int, Field(ge=0)]
    score: Annotated[float, Field(ge=0, le=1)]
    text: str = Field(default="")


def _field(body: Any) -> str:  # noqa: ANN401 - JSON
    """Return which field a body uses."""
    asks = isinstance(body, Mapping) and "texts" in body and "documents" not in body
    return "(texts)" if asks else "(documents)"


EitherRequest = Annotated[
    Annotated[RerankRequest, Choice("(documents)")] | Annotated[TextsRequest, Choice("(texts)")],
    Discriminator(_field),
]


class _Route(JsonRoute):
    advice = f"send at most {MOST_RANKED:,} documents"


_ERRORS = errors(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
    body=True,
    said={HTTPStatus.NOT_FOUND: "No reranker is set, or there is no such model."},
)


def routes(base: KnowledgeBase, *, lane: Lane) -> APIRouter:
    """Return the routes over a knowledge base; ``lane`` lends the threads."""
    router = APIRouter(route_class=_Route)

    @router.post("/v1/rerank", response_model=RerankReply, responses=_ERRORS)
    @needs("embed", collections="none")
    async def rank_documents(body: RerankRequest) -> Response:
        """Sort documents by how well they answer a query, best first.

        Use it to order passages from another search. Scores are in [0, 1].
        """
        return await lane.run(lambda: json_response(_ranked(base, body)))

    @router.post("/rerank", response_model=RerankReply | list[RankedText], responses=_ERRORS)
    @needs("embed", collections="none")
    async def rank_texts(body: EitherRequest) -> Response:
        """Sort texts by how well they answer a query, best first.

        A body with `documents` gets an object with `results`, one with `texts` a list.
        """
        return await lane.run(lambda: json_response(_ranked(base, body)))

    return router


def _ranked(base: KnowledgeBase, body: RerankRequest | TextsRequest) -> Any:  # noqa: ANN401 - JSON
    if not base.settings.reranker:
        raise RefusalError(HTTPStatus.NOT_FOUND, _NONE, code="no_reranker")
    reranker = base.reranker
    name = reranker.identity.model_id
    if body.model is not None:
        check_model(body.model, name)
    texts = body.documents if isinstance(body, RerankRequest) else body.texts
    scores = reranker.score(body.query, texts, task=body.instruct).tolist()
    order = sorted(range(len(texts)), key=lambda index: -scores[index])
    if isinstance(body, RerankRequest):
        best = order[: body.top_n]
        return {"object": "list", "model": name, "results": _results(body, best, scores)}
    shown = {index: {"text": texts[index]} if body.return_text else {} for index in order}
    return [{"index": index, "score": scores[index], **shown[index]} for index in order]


def _results(
    body: RerankRequest, best: Sequence[int], scores: Sequence[float]
) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "relevance_score": scores[index],
            **({"document": {"text": body.documents[index]}} if body.return_documents else {}),
        }
        for index in best
    ]
