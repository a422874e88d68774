"""A chat model behind ``/v1/chat/completions``: llama.cpp's server, vLLM, Ollama, OpenAI."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Self

import httpx

from kb.chat.base import Message
from kb.chat.limits import ServerLimits
from kb.embedding.servers.address import parse_servers
from kb.embedding.servers.client import CONNECT_TIMEOUT_S, key_from_environment
from kb.errors import ChatError, ChatTooLongError, SettingsError

_SAID_MOST = 300  # characters of a server's own words in a message
_TOO_LONG = (400, 413)
_ABOUT_LENGTH = re.compile(r"context|too long|too many tokens|maximum length", re.IGNORECASE)


class ChatServer:
    """Asks a chat model on a server. Thread-safe.

    Args:
        model: address and model, as ``http://host:8080/v1#name``.
        timeout_s: longest silence within one answer.
        window_tokens: what the model reads and writes at once; None asks the server.

    Raises:
        SettingsError: the address cannot be used, or there are several.
    """

    def __init__(
        self, model: str, *, timeout_s: float = 120.0, window_tokens: int | None = None
    ) -> None:
        addresses, self._model = parse_servers(model)
        if len(addresses) != 1:
            msg = "`chat_model` must be one address, such as http://localhost:8080/v1#name"
            raise SettingsError(msg)
        self._address = addresses[0]
        key = key_from_environment()
        local = self._address.loopback
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            trust_env=not local,
            verify=not local or self._address.root.startswith("https:"),
        )
        self._limits = ServerLimits(
            self._http,
            root=self._address.root,
            api=self._address.api,
            model=self._model,
            window_tokens=window_tokens,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def where(self) -> str:
        """The server's name in messages."""
        return self._address.root

    def complete(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> str:
        """Return the model's whole answer.

        Raises:
            ChatError: as for :meth:`stream`.
        """
        parts = self.stream(messages, most_tokens=most_tokens, temperature=temperature)
        return "".join(parts).strip()

    def stream(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> Generator[str, None, None]:
        """Give the model's answer piece by piece; closing the iterator ends the request.

        Raises:
            ChatError: no server answers, it refuses, falls silent or breaks off; what was given
                before is all there is.
        """
        body = {
            "model": self._model,
            "messages": [asdict(message) for message in messages],
            "max_tokens": most_tokens,
            "temperature": temperature,
            "stream": True,
        }
        url = f"{self._address.api}/chat/completions"
        try:
            with self._http.stream("POST", url, json=body) as response:
                if not response.is_success:
                    response.read()
                    raise self._refusal(response)
                yield from self._pieces(response)
        except httpx.TimeoutException as error:
            msg = f"the chat server {self.where} gave no answer in time"
            raise ChatError(msg) from error
        except httpx.ConnectError as error:
            msg = f"there is no connection to the chat server {self.where} ({error}); is it on?"
            raise ChatError(msg) from error
        except httpx.HTTPError as error:
            msg = f"the connection to the chat server {self.where} broke off ({error})"
            raise ChatError(msg) from error

    @property
    def window_tokens(self) -> int:
        """Tokens that the model reads and writes at once, as far as that can be known."""
        return self._limits.window_tokens

    def count(self, text: str) -> int:
        """Return how many tokens a text has, by the server's own tokenizer or estimated."""
        return self._limits.count(text)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _pieces(self, response: httpx.Response) -> Iterator[str]:
        """Read server-sent events (WHATWG HTML, section 9.2), or one JSON answer."""
        if "text/event-stream" not in response.headers.get("content-type", ""):
            response.read()
            yield self._content(self._parsed(response.text), "message")
            return
        for line in response.iter_lines():
            name, _, value = line.partition(":")
            if name != "data":
                continue
            if value.strip() == "[DONE]":
                return
            event = self._parsed(value)
            if isinstance(event, dict) and "error" in event:
                msg = f"the chat server {self.where} failed: {_said(event)}"
                raise ChatError(msg)
            if piece := self._content(event, "delta"):
                yield piece
        msg = f"the chat server {self.where} ended its answer too early"
        raise ChatError(msg)

    def _parsed(self, text: str) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            msg = f"the chat server {self.where} sent what is no JSON; is it a chat server?"
            raise ChatError(msg) from error

    def _content(self, event: Any, part: str) -> str:  # noqa: ANN401 - JSON
        """Return the text of an answer or of a piece of it; reasoning is left out."""
        try:
            choices = event["choices"]
            text = choices[0][part].get("content") if choices else ""
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            msg = f"the chat server {self.where} sent an answer without a text"
            raise ChatError(msg) from error
        return text if isinstance(text, str) else ""

    def _refusal(self, response: httpx.Response) -> ChatError:
        try:
            said = _said(response.json())
        except (ValueError, RecursionError):
            said = response.text[:_SAID_MOST]
        ways = {
            401: "; set KB_API_KEY",
            403: "; set KB_API_KEY",
            404: "; check the address and the model's name in `chat_model`",
        }
        way = ways.get(response.status_code, "")
        msg = f"the chat server {self.where} answers {response.status_code}: {said!r}{way}"
        if response.status_code in _TOO_LONG and _ABOUT_LENGTH.search(said):
            return ChatTooLongError(f"{msg}; set KB_CHAT_CONTEXT_TOKENS to what the model reads")
        return ChatError(msg)


def _said(answer: Any) -> str:  # noqa: ANN401 - JSON
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    said = error.get("message", error) if isinstance(error, dict) else error
    return str(said)[:_SAID_MOST]
