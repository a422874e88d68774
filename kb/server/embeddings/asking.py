"""What bodies with texts have in common: the model's name, and what the texts are."""

from __future__ import annotations

from http import HTTPStatus

from kb.server.embeddings.card import Card
from kb.server.embeddings.engine import Wording
from kb.server.errors import RefusalError
from kb.server.fields import InputType, Instruction, Words
from kb.server.requests import Body


class Asked(Body):
    """Texts of a model; ``instruct`` is what queries ask for."""

    model: Words | None = None
    input_type: InputType = "document"
    instruct: Instruction = ""

    def wording(self, card: Card) -> Wording:
        """Return what stands around the texts.

        Raises:
            RefusalError: another model is asked for, or an instruction where none belongs.
        """
        if self.model is not None:
            check_model(self.model, card.name)
        if self.instruct:
            check_instruct(self.input_type, card)
        return Wording(input_type=self.input_type, instruct=self.instruct)


def check_model(wanted: str, served: str) -> None:
    """Refuse a request for another model than the one that is served.

    Raises:
        RefusalError: it is another (404).
    """
    if wanted != served:
        msg = f"the model {wanted[:200]!r} is not served here; the only one is {served!r}"
        raise RefusalError(HTTPStatus.NOT_FOUND, msg, param="model", code="model_not_found")


def check_instruct(input_type: str, card: Card) -> None:
    """Refuse an instruction where none belongs.

    Raises:
        RefusalError: the texts are no queries, or the model takes none (400).
    """
    if input_type != "query":
        msg = 'an instruction belongs to queries; send input_type "query", or leave it out'
    elif not card.takes_task:
        msg = f"{card.name} takes no instruction; leave it out"
    else:
        return
    raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="instruct")


def check_dimensions(wanted: int | None, card: Card) -> None:
    """Refuse a width that vectors may not be cut to.

    Raises:
        RefusalError: it is too small or too large for the model (400).
    """
    if wanted is None or card.least_dim <= wanted <= card.dim:
        return
    alone = card.least_dim == card.dim
    allowed = f"only {card.dim}" if alone else f"{card.least_dim} to {card.dim}"
    msg = f"dimensions={wanted}, but {card.name} gives {allowed}"
    raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="dimensions")
