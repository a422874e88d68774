"""The meaning of a server's answer: done, retry, divide the batch, or give up."""

from __future__ import annotations

import re

import httpx

from kb.errors import InputTooLongError, ModelCallError
from kb.remote.peer import Peer
from kb.retry import AWAY_STATUSES, LONGEST_REQUESTED_WAIT_S, requested_wait_s

_HTTP = httpx.codes

# Servers' wording for a text with too many tokens. llama.cpp sends it with status 500, Ollama with
# 400, 413 or 500 by version, vLLM and OpenAI with 400, TEI with 413: the words decide.
_TEXT_TOO_LONG = re.compile(
    r"too large to process|exceed_context_size|context[ _](length|size|window)"
    r"|must have less than \d+ tokens|maximum (input|sequence|model) length"
    r"|(input|prompt|text|sequence)\b.{0,20}\btoo long|too many tokens|reduce the length",
    re.IGNORECASE,
)
# Servers' wording for a request with too many texts, or too much text in all.
_BATCH_TOO_LARGE = re.compile(
    r"(?<!physical )batch[ _]size|per (request|batch|submitted batch)|too many (inputs|texts|items)"
    r"|at most \d+ (inputs|texts|items)|array (is )?too (long|large)|payload too large",
    re.IGNORECASE,
)
_LLAMA_BATCH = re.compile(r"physical batch", re.IGNORECASE)


class UnavailableError(ModelCallError):
    """The server cannot answer now; ``wait_s`` is the wait it asked for, in seconds."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class DisconnectedError(UnavailableError):
    """There is no connection, or it broke: the next answer may be from a restarted server."""


class BatchTooLargeError(ModelCallError):
    """The request has too many texts.

    ``by_count`` says that the server named their number as the reason.
    """

    def __init__(self, message: str, *, by_count: bool) -> None:
        super().__init__(message)
        self.by_count = by_count


class KeyRefusedError(ModelCallError):
    """The server refuses this key, or refuses it this action (401, 403)."""


class AbsentError(ModelCallError):
    """The server has no such path or no such model (404, 405)."""


def explain(response: httpx.Response, peer: Peer, *, key_advice: str) -> ModelCallError:
    """Return the error of an unsuccessful response; it never contains the key.

    Args:
        response: the server's response.
        peer: the server.
        key_advice: what to do if the key is refused.
    """
    status = response.status_code
    said = peer.quoted(response)
    answer = f"{peer.named} answered {status}{said}"
    size = _size_error(status, said, answer)
    if size is not None:
        return size
    # A model server may fail once, for example without memory: all of 5xx but one are retried.
    if status in AWAY_STATUSES or (
        status >= _HTTP.INTERNAL_SERVER_ERROR and status != _HTTP.NOT_IMPLEMENTED
    ):
        return _unavailable(response, answer)
    if status in {_HTTP.UNAUTHORIZED, _HTTP.FORBIDDEN}:
        return KeyRefusedError(f"{answer}: {peer.refusal}; {key_advice}")
    if status in {_HTTP.NOT_FOUND, _HTTP.METHOD_NOT_ALLOWED}:
        return AbsentError(
            f"{answer}; check the address and the model's name after # in the settings"
        )
    if _HTTP.is_redirect(status):
        return ModelCallError(f"{answer}, a redirect; name the address where the server itself is")
    return ModelCallError(f"{answer}; the request was not repeated")


def explain_page(response: httpx.Response, peer: Peer) -> ModelCallError:
    """Return the error of a successful response without JSON."""
    kind = response.headers.get("content-type", "")
    if "html" in kind or response.text.lstrip().startswith("<"):
        return ModelCallError(
            f"{peer.named} answered with a web page, so it is none; "
            "check the address in the settings"
        )
    return UnavailableError(f"the answer of {peer.named} is broken off")


def _size_error(status: int, said: str, answer: str) -> ModelCallError | None:
    if status not in {
        _HTTP.BAD_REQUEST,
        _HTTP.REQUEST_ENTITY_TOO_LARGE,
        _HTTP.UNPROCESSABLE_ENTITY,
        _HTTP.INTERNAL_SERVER_ERROR,
    }:
        return None
    if _LLAMA_BATCH.search(said):
        return InputTooLongError(f"{answer}; start llama-server with a larger --ubatch-size")
    if status != _HTTP.INTERNAL_SERVER_ERROR and _BATCH_TOO_LARGE.search(said):
        return BatchTooLargeError(answer, by_count="batch" in said.lower())
    if _TEXT_TOO_LONG.search(said):
        return InputTooLongError(answer)
    if status == _HTTP.REQUEST_ENTITY_TOO_LARGE:
        return BatchTooLargeError(answer, by_count=False)
    return None


def _unavailable(response: httpx.Response, answer: str) -> ModelCallError:
    wait_s = requested_wait_s(response.headers.get("retry-after"))
    if wait_s is not None and wait_s > LONGEST_REQUESTED_WAIT_S:
        return ModelCallError(f"{answer} and asks to wait {wait_s:.0f} s; try again after that")
    return UnavailableError(answer, wait_s)
