"""Limits of a chat server: its window, and token counts, requested if it supports that."""

from __future__ import annotations

import math
from typing import Any

import httpx

DEFAULT_WINDOW_TOKENS = 4096
"""Default window if neither settings nor server know it: that of Ollama."""

_BYTES_A_TOKEN = 2.5  # a low estimate; usual text has more: English 4, code 3, Chinese 4 to 5


class ServerLimits:
    """Requests the constant properties of a server once.

    Args:
        http: client for the requests.
        root: the server's address without the version.
        api: the server's address with the version.
        model: the model's name on the server.
        window_tokens: the window in the settings; None to ask the server.
    """

    def __init__(
        self, http: httpx.Client, *, root: str, api: str, model: str, window_tokens: int | None
    ) -> None:
        self._http = http
        self._root = root
        self._api = api
        self._model = model
        self._window = window_tokens
        self._counts = True

    @property
    def window_tokens(self) -> int:
        """Limit of tokens for question and answer together.

        It comes from the settings, llama.cpp's ``/props``, vLLM's ``max_model_len``, or is 4,096.
        """
        if self._window is None:
            self._window = self._llama_cpp() or self._vllm() or DEFAULT_WINDOW_TOKENS
        return self._window

    def count(self, text: str) -> int:
        """Count a text's tokens with the server's ``/tokenize`` (llama.cpp, vLLM), or estimate."""
        if self._counts:
            body = {"model": self._model, "content": text, "prompt": text}
            tokens = self._asked("POST", f"{self._root}/tokenize", "tokens", body=body)
            if isinstance(tokens, list):
                return len(tokens)
            self._counts = False
        return estimated_tokens(text)

    def _llama_cpp(self) -> int | None:
        settings = self._asked("GET", f"{self._root}/props", "default_generation_settings")
        return _positive(settings.get("n_ctx")) if isinstance(settings, dict) else None

    def _vllm(self) -> int | None:
        models = self._asked("GET", f"{self._api}/models", "data")
        for each in models if isinstance(models, list) else ():
            if isinstance(each, dict) and each.get("id") == self._model:
                return _positive(each.get("max_model_len"))
        return None

    def _asked(self, method: str, url: str, key: str, *, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Return one value of the server's answer; None if it does not support the request."""
        try:
            answer = self._http.request(method, url, json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError, RecursionError):
            return None
        return answer.get(key) if isinstance(answer, dict) else None


def estimated_tokens(text: str) -> int:
    """Estimate the number of a text's tokens, rather too high than too low."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
