"""What a chat server can take: its window, and the tokens of a text, asked of it where it tells."""

from __future__ import annotations

import math
from typing import Any

import httpx

DEFAULT_WINDOW_TOKENS = 4096
"""Taken where neither the settings nor the server say: what Ollama gives a model."""

_BYTES_A_TOKEN = 2.5  # fewer than usual text has: English 4, code 3, Chinese 4 to 5


class ServerLimits:
    """Asks a server once for what it does not change.

    Args:
        http: for the requests.
        root: the server's address without a version.
        api: with it.
        model: the model's name there.
        window_tokens: what the settings say, None to ask the server.
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
        """Tokens that the model reads and writes at once.

        From the settings, llama.cpp's ``/props``, vLLM's ``max_model_len``, or 4,096.
        """
        if self._window is None:
            self._window = self._llama_cpp() or self._vllm() or DEFAULT_WINDOW_TOKENS
        return self._window

    def count(self, text: str) -> int:
        """Return a text's tokens by the server's ``/tokenize`` (llama.cpp, vLLM), or estimated."""
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
        """Return one value of what the server answers, None where it does not know the question."""
        try:
            answer = self._http.request(method, url, json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError, RecursionError):
            return None
        return answer.get(key) if isinstance(answer, dict) else None


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather more than fewer."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
