"""A chat model behind ``/v1/chat/completions``: llama.cpp's server, vLLM, Ollama, OpenAI."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Self

import httpx
from httpx_sse import EventSource

from kb.chat.base import FILTERED, ChatStream, Message, Piece
from kb.chat.limits import ServerLimits
from kb.chat.thinking import ThinkingSplitter
from kb.errors import ChatError, ChatTooLongError, SettingsError
from kb.keys import bearer, key_from_environment
from kb.remote.address import parse_servers
from kb.remote.client import KEY_VARIABLES
from kb.remote.peer import Peer
from kb.text import one_line

_SAID_MOST = 300  # characters of a server's own text in a message
_TOO_LONG = (400, 413)
_REFUSED = (400, 422)
_WITHOUT_THINKING: dict[str, Any] = {
    # llama.cpp, vLLM, SGLang: options of the chat template (Qwen3; DeepSeek, Granite).
    "chat_template_kwargs": {"enable_thinking": False, "thinking": False},
    # Ollama, and OpenAI's own newer models.
    "reasoning_effort": "none",
}
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")  # beside ``content``, by server
# End reasons by server: OpenAI's words, and those of TGI, Anthropic, Gemini and Mistral.
_OWN_ENDS = frozenset({"", "stop", "eos", "eos_token", "stop_sequence", "end_turn"})
_LENGTH = frozenset({"length", "max_tokens", "model_length"})
_TOOLS = frozenset({"tool_calls", "function_call"})
_REASON_MOST = 60  # characters of an unknown reason
_ABOUT_LENGTH = re.compile(r"context|too long|too many tokens|maximum length", re.IGNORECASE)


class ChatServer:
    """Runs a chat model on a server. Thread-safe.

    Args:
        model: address and model, as ``http://host:8080/v1#name``.
        timeout_s: longest pause within one answer, in seconds.
        window_tokens: limit of tokens for prompt and answer together; None to ask the server.

    Raises:
        SettingsError: the address is invalid, or there are several.
    """

    def __init__(
        self, model: str, *, timeout_s: float = 120.0, window_tokens: int | None = None
    ) -> None:
        addresses, self._model = parse_servers(model)
        if len(addresses) != 1:
            msg = "`chat_model` must be one address, such as http://localhost:8080/v1#name"
            raise SettingsError(msg)
        self._address = addresses[0]
        self._extras = dict(_WITHOUT_THINKING)
        key = key_from_environment(*KEY_VARIABLES)
        root = self._address.root
        self._peer = Peer(named=f"the chat server {root}", root=root, secret=key)
        self._http = self._peer.connect(bearer(key), timeout_s=timeout_s)
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
        return self.stream(messages, most_tokens=most_tokens, temperature=temperature).whole()

    def stream(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> ChatStream:
        """Return the model's answer as a stream; closing it ends the request.

        Raises (where it is iterated):
            ChatError: the server does not answer, refuses, pauses too long or breaks off. The
                pieces before are all of the answer.
        """
        body = {
            "model": self._model,
            "messages": [asdict(message) for message in messages],
            "max_tokens": most_tokens,
            "temperature": temperature,
            "stream": True,
        }
        return ChatStream(self._stream(body))

    def _stream(self, body: dict[str, Any]) -> Generator[Piece, None, None]:
        splitter = ThinkingSplitter()
        with (
            self._peer.calling(ChatError, ChatError, advice="; is it on?"),
            self._answering(body) as response,
        ):
            for piece in self._pieces(response):
                if piece.thinking or piece.cut or piece.ended:
                    yield piece
                else:
                    yield from splitter.feed(piece.text)
        yield from splitter.end()

    @contextmanager
    def _answering(self, body: dict[str, Any]) -> Iterator[httpx.Response]:
        """Send the request, with thinking turned off if the server accepts the option.

        An option that the server refuses is not sent again. There is no standard: some servers
        ignore unknown fields, others answer 400 or 422.
        """
        url = f"{self._address.api}/chat/completions"
        extras = self._extras
        while True:
            with self._http.stream("POST", url, json={**body, **extras}) as response:
                if response.is_success:
                    self._extras = extras
                    yield response
                    return
                response.read()
                refusal = self._refusal(response)
                if (
                    not extras
                    or response.status_code not in _REFUSED
                    or isinstance(refusal, ChatTooLongError)
                ):
                    raise refusal
                named = [name for name in extras if name in response.text]
            extras = {name: extras[name] for name in extras if named and name not in named}

    @property
    def window_tokens(self) -> int:
        """Limit of tokens for prompt and answer together, as far as known."""
        return self._limits.window_tokens

    def count(self, text: str) -> int:
        """Return the number of tokens of a text, from the server's own tokenizer or estimated."""
        return self._limits.count(text)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _pieces(self, response: httpx.Response) -> Iterator[Piece]:
        """Read the pieces of server-sent events, or of one JSON answer."""
        kind = response.headers.get("content-type", "").partition(";")[0]
        if "text/event-stream" not in kind:
            response.read()
            yield from self._contents(self._parsed(response.text), "message")
            return
        finished = False
        response.encoding = "utf-8"  # whatever the header says; the standard has no other
        for sent in EventSource(response).iter_sse():
            if not sent.data:
                continue
            if sent.data.strip() == "[DONE]":
                return
            event = self._parsed(sent.data)
            if isinstance(event, dict) and "error" in event:
                said = self._peer.words_in(event, most=_SAID_MOST)
                msg = f"the chat server {self.where} failed: {said}"
                raise ChatError(msg)
            yield from self._contents(event, "delta")
            finished = finished or _finish(event) != ""
        if not finished:
            msg = f"the chat server {self.where} ended its answer too early"
            raise ChatError(msg)

    def _parsed(self, text: str) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            msg = f"the chat server {self.where} sent what is no JSON; is it a chat server?"
            raise ChatError(msg) from error

    def _contents(self, event: Any, part: str) -> Iterator[Piece]:  # noqa: ANN401 - JSON
        """Yield the thinking and the text of an answer, or of a part of it."""
        try:
            choices = event["choices"]
            first = choices[0] if choices else {part: {}}
            # The last event of a stream may contain only the end reason.
            said = first[part] if part == "message" else first.get(part) or {}
            thoughts = [said.get(name) for name in _THOUGHTS]
            text = said.get("content")
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            msg = f"the chat server {self.where} sent an answer without a text"
            raise ChatError(msg) from error
        thought = next((each for each in thoughts if isinstance(each, str) and each), "")
        if thought:
            yield Piece(text=thought, thinking=True)
        if isinstance(text, str) and text:
            yield Piece(text=text)
        yield from self._end(_finish(event))

    def _end(self, reason: str) -> Iterator[Piece]:
        """Yield the end reason of an answer, unless the model ended by itself."""
        word = reason.strip().lower()
        if word in _TOOLS:
            msg = (
                f"the chat model of {self.where} called a tool instead of answering, though it was "
                "given none; ask again, or take another model"
            )
            raise ChatError(msg)
        if word in _LENGTH:
            yield Piece(cut=True)
        elif word == FILTERED:
            yield Piece(cut=True, ended=FILTERED)
        elif word not in _OWN_ENDS:
            yield Piece(ended=one_line(reason)[:_REASON_MOST].strip())

    def _refusal(self, response: httpx.Response) -> ChatError:
        said = self._peer.words(response, most=_SAID_MOST)
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


def _finish(event: Any) -> str:  # noqa: ANN401 - JSON
    """Return the end reason in OpenAI's form; "" while the model goes on."""
    choices = event.get("choices") if isinstance(event, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    reason = first.get("finish_reason") if isinstance(first, dict) else None
    return reason if isinstance(reason, str) else ""
