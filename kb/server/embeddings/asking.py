"""Shared parts of request bodies with texts: the model's name, and the kind of the texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi.responses import Response
from pydantic import Field

from kb.server.description import Errors
from kb.server.embeddings.card import Card
from kb.server.embeddings.engine import Embedded, Engine, InputType, Wording
from kb.server.errors import RefusalError, json_response
from kb.server.fields import MOST_TEXTS, NO_TOKENS, Instruction, LongInputs, Words
from kb.server.json_bodies import JsonRoute
from kb.server.replies import Reply
from kb.server.requests import Body

LONG_INPUTS_HEADER = "X-Long-Inputs"
"""Response header with the number of texts that were too long for the model."""

WITH_VECTORS: Errors = {
    HTTPStatus.OK.value: {
        "description": "Vectors in the order of the texts.",
        "headers": {
            LONG_INPUTS_HEADER: {
                "description": "Texts that were too long for the model, if there are any.",
                "schema": {"type": "integer", "minimum": 1},
            }
        },
    }
}
"""Description of an answer with vectors in ``/openapi.json``."""

# Names that other programs use for the kinds. Programs that name no kind send questions and
# documents alike. With the prompt of documents around both, E5 finds fewer of the right files than
# with none (34 against 38 of 38, by Open WebUI). Some of these programs also add prompts of their
# own.
_INPUT_TYPES: Mapping[str, InputType] = {
    "query": "query",
    "document": "document",
    "none": "none",
    "search_query": "query",
    "search_document": "document",
    "passage": "document",
    "": "none",
}


class TextsRoute(JsonRoute):
    """A route whose body contains texts."""

    advice = f"send at most {MOST_TEXTS} texts; if these are token numbers: {NO_TOKENS}"


class Asked(Body):
    """Texts for a model, and their prompt.

    ``input_type`` chooses the model's prompt for queries or for documents; without it the texts get
    no prompt. ``instruct`` is the instruction of queries.
    """

    model: Words | None = None
    input_type: (
        Literal["query", "document", "none", "search_query", "search_document", "passage", ""]
        | None
    ) = None
    instruct: Instruction = ""

    def wording(self, card: Card) -> Wording:
        """Return the prompt for the texts.

        Raises:
            RefusalError: the request names another model, or has an instruction where none is
                allowed.
        """
        self.check_served(card.name)
        input_type = _INPUT_TYPES[self.input_type or ""]
        if self.instruct:
            check_instruct(input_type, card)
        return Wording(input_type=input_type, instruct=self.instruct)

    def check_served(self, served: str) -> None:
        """Refuse a request for a model that this server does not serve.

        Raises:
            RefusalError: it names another model (404).
        """
        if self.model is not None:
            check_model(self.model, served)


class Embeddable(Asked):
    """Texts to embed. ``long_inputs`` decides on texts that are too long for the model.

    ``windows`` reads such a text in overlapping windows, whose mean vector stands for it;
    ``refuse`` answers 400. The default is the server's.
    """

    long_inputs: LongInputs | None = None


class LongInput(Reply):
    """A text that was too long, and its number of windows."""

    index: Annotated[int, Field(ge=0)]
    windows: Annotated[int, Field(ge=2)]


def long_inputs(windows: Mapping[int, int]) -> dict[str, list[dict[str, int]]]:
    """Return the response field about texts that were too long; empty without any."""
    told = [{"index": index, "windows": count} for index, count in windows.items()]
    return {"long_inputs": told} if told else {}


def check_model(wanted: str, served: str) -> None:
    """Refuse a request for a model that this server does not serve.

    Raises:
        RefusalError: it names another model (404).
    """
    if wanted != served:
        msg = f"the model {wanted[:200]!r} is not served here; the only one is {served!r}"
        raise RefusalError(HTTPStatus.NOT_FOUND, msg, param="model", code="model_not_found")


def check_instruct(input_type: str, card: Card) -> None:
    """Refuse an instruction where none is allowed.

    Raises:
        RefusalError: the texts are not queries, or the model takes no instruction (400).
    """
    if input_type != "query":
        msg = 'an instruction belongs to queries; send input_type "query", or leave it out'
    elif not card.takes_task:
        msg = f"{card.name} takes no instruction; leave it out"
    else:
        return
    raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="instruct")


def check_dimensions(wanted: int | None, card: Card) -> None:
    """Refuse a vector width that the model does not allow.

    Raises:
        RefusalError: it is too small or too large for the model (400).
    """
    if wanted is None or card.least_dim <= wanted <= card.dim:
        return
    alone = card.least_dim == card.dim
    allowed = f"only {card.dim}" if alone else f"{card.least_dim} to {card.dim}"
    msg = f"dimensions={wanted}, but {card.name} gives {allowed}"
    raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="dimensions")


async def answered(engine: Engine, done: Embedded, write: Callable[[], Any]) -> Response:
    """Return the answer with vectors that ``write`` makes; a header counts long texts."""
    response = await engine.written(lambda: json_response(write()), texts=len(done.vectors))
    if done.windows:
        response.headers[LONG_INPUTS_HEADER] = str(len(done.windows))
    return response
