"""``/v1/answer``: an answer from the documents, whole or streamed, with citations as data."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from kb import wire
from kb.answering.answer import AnswerStream
from kb.chat.base import Message
from kb.chat.opening import HOW_TO_ADD
from kb.records import SearchMode
from kb.search.query import MOST_CHARACTERS
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import MALFORMED, RefusalError, json_response
from kb.server.fields import INTEGER, VALID, CollectionNames
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.filters import Filters
from kb.server.knowledge.records import HitReply
from kb.server.knowledge.serving import STORE, Serving
from kb.server.knowledge.streaming import EVENTS, Emit, streamed
from kb.server.replies import Reply
from kb.server.requests import Body
from kb.server.scopes import needs
from kb.stopping import checkpoint

_MOST_TURNS = 100
_MOST_TURN = 100_000
_FAILED = "The chat model failed, or gave no answer; `message` says why."
_ANSWERS = {
    **errors(*STORE, HTTPStatus.CONFLICT, body=True, said={HTTPStatus.BAD_GATEWAY: _FAILED}),
    HTTPStatus.OK: EVENTS,
}


class AnswerReply(Reply):
    """An answer: ``[n]`` in it is the n-th of ``sources``, and ``cited`` lists those numbers.

    ``cut`` says that the answer is incomplete; ``ended`` names an unusual reason.
    """

    question: str
    answer: str
    thinking: str
    cut: bool
    ended: str
    cited: list[Annotated[int, Field(ge=1), INTEGER]]
    sources: list[HitReply]


class Turn(Body):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=_MOST_TURN), VALID]


class AnswerBody(Body):
    """``POST /v1/answer``: the parameters of ``kb ask``; with ``stream``, answers as events."""

    question: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), VALID]
    history: list[Turn] = Field(default=[], max_length=_MOST_TURNS)
    collection: CollectionNames | None = None
    top_k: Annotated[int, Field(ge=1, le=100), INTEGER] | None = None
    mode: SearchMode | None = None
    filters: Filters = Filters()
    min_score: Annotated[float, Field(ge=0, le=1)] | None = None
    stream: bool = False


def _whole(answer: AnswerReply) -> AnswerReply:
    """Refuse lone surrogates anywhere in an answer: JSON can contain them, UTF-8 cannot."""
    try:
        json.dumps(answer.model_dump(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        msg = "half of a surrogate pair stands in it; send valid Unicode"
        raise ValueError(msg) from None
    return answer


class ContinueBody(Body):
    """``POST /v1/answer/continue``: an incomplete answer, as the server returned it."""

    answer: Annotated[AnswerReply, AfterValidator(_whole)]
    stream: bool = False


def routes(serving: Serving) -> APIRouter:
    """Return the routes of answers."""
    router = APIRouter(route_class=JsonRoute)
    base = serving.base

    @router.post(
        "/v1/answer", operation_id="answer", response_model=AnswerReply, responses=_ANSWERS
    )
    @needs("read", body="json", collections="asked")
    async def answer(body: AnswerBody, caller: Asking) -> Response:
        """Answer a question from the documents, with the passages that support the answer.

        As a stream of events: first `sources`, then every `piece`, at last `answer` with the whole.
        `takes_back` says that all pieces so far were the model's thinking.
        """
        _require_chat(serving)
        chosen = serving.chosen(caller, *(body.collection or ()))
        where = body.filters.search_filter()
        stream = base.ask(
            body.question,
            history=[Message(role=each.role, content=each.content) for each in body.history],
            top_k=body.top_k,
            collection=chosen,
            where=where,
            mode=body.mode,
            min_score=body.min_score,
        )
        return await _answered(serving, stream, caller, as_events=body.stream)

    @router.post(
        "/v1/answer/continue",
        operation_id="continue_answer",
        response_model=AnswerReply,
        responses=_ANSWERS,
    )
    @needs("read", body="json", collections="asked")
    async def go_on(body: ContinueBody, caller: Asking) -> Response:
        """Continue an incomplete answer from the same passages."""
        _require_chat(serving)
        caller.check(*dict.fromkeys(hit.collection for hit in body.answer.sources))
        begun = wire.answer_from_json(body.answer.model_dump())
        if not begun.can_go_on:
            msg = "this answer was not cut short by its length, so there is nothing to go on with"
            raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="answer", code=MALFORMED)
        return await _answered(serving, base.continue_answer(begun), caller, as_events=body.stream)

    return router


def _require_chat(serving: Serving) -> None:
    if not serving.base.settings.chat_model:
        msg = (
            "this server has no chat model; /v1/search gives the passages. To add a model, "
            f"{HOW_TO_ADD}"
        )
        raise RefusalError(HTTPStatus.BAD_REQUEST, msg, code="no_chat_model")


async def _answered(
    serving: Serving, stream: AnswerStream, caller: Caller, *, as_events: bool
) -> Response:
    if as_events:
        return await streamed(serving.answers, _told(stream), caller)

    def whole() -> dict[str, Any]:
        _told(stream)(lambda _name, _data: None)
        return wire.answer_json(stream.so_far)

    return await serving.answers.run(lambda: json_response(whole()))


def _told(stream: AnswerStream) -> Callable[[Emit], None]:
    """Return a function that emits an answer as events; the model stops when the client leaves."""

    def tell(emit: Emit) -> None:
        check = checkpoint()
        taken_back = 0
        begun = False
        try:
            for piece in stream:
                check()
                if not begun:
                    begun = True
                    sources = [wire.hit_json(hit) for hit in stream.sources]
                    emit("sources", {"question": stream.question, "sources": sources})
                if stream.taken_back > taken_back:
                    taken_back = stream.taken_back
                    emit("takes_back", {})
                elif piece:
                    emit("piece", {"text": piece})
            emit("answer", wire.answer_json(stream.so_far))
        finally:
            stream.close()

    return tell
