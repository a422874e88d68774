"""Requests for vectors and their answers, in the dialects of OpenAI, llama.cpp and Ollama."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kb.errors import EmbeddingError
from kb.remote.address import Dialect, ServerAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Raw vectors in the order of the texts, float32, shape (n, width), not scaled.

    ``tokens`` is the number that the server reports to have read; 0 if it does not report it.
    """

    vectors: npt.NDArray[np.float32]
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Kind of the texts, for a server that adds the prompts itself (``kb serve``).

    ``instruct`` is the instruction of a query; empty for the model's default. ``none`` has no
    prompt.
    """

    input_type: Literal["query", "document", "none"] = "document"
    instruct: str = ""

    def fields(self) -> dict[str, str]:
        """Return it as fields of a request."""
        told = {"input_type": self.input_type}
        return told | ({"instruct": self.instruct} if self.instruct else {})


DOCUMENT = Meaning()
BARE = Meaning(input_type="none")


def never_empty(text: str) -> str:
    """Return a space for an empty text, because most servers refuse that."""
    return text or " "


def embedding_url(dialect: Dialect, address: ServerAddress) -> str:
    """Return the URL for texts of a dialect."""
    if dialect == "ollama":
        return f"{address.root}/api/embed"
    return f"{address.api if dialect == 'openai' else address.root}/embeddings"


def request_body(
    dialect: Dialect,
    model: str,
    texts: Sequence[str],
    *,
    context_tokens: int,
    meaning: Meaning | None = None,
    refuse_long: bool = False,
) -> dict[str, Any]:
    """Return the JSON of a request for the vectors of ``texts``.

    ``meaning`` is for servers of this project. They also pack vectors, bit for bit, into a quarter
    of the characters. With ``refuse_long`` they refuse long texts.

    Ollama truncates long texts unless told not to, and chooses the model's context unless given
    one.
    """
    if dialect == "ollama":
        return {
            "model": model,
            "input": list(texts),
            "truncate": False,
            "options": {"num_ctx": context_tokens},
        }
    if meaning is not None:
        told = meaning.fields() | ({"long_inputs": "refuse"} if refuse_long else {})
        return {"model": model, "input": list(texts), "encoding_format": "base64", **told}
    if dialect == "llama.cpp":
        return {"content": list(texts)}
    return {"model": model, "input": list(texts), "encoding_format": "float"}


def read_answer(dialect: Dialect, body: Any, count: int, where: str) -> Answer:  # noqa: ANN401 - JSON
    """Return the vectors in an answer to ``count`` texts, checked and in order.

    Raises:
        EmbeddingError: vectors are missing, differ in width, or are not finite. The message names
            them.
    """
    try:
        rows, tokens = _rows(dialect, body)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"the answer of the embedding server {where} has no embeddings where they belong"
        raise EmbeddingError(msg) from error
    indices = [index for index, _ in rows]
    if sorted(indices) != list(range(count)):
        msg = (
            f"the embedding server {where} answered {len(rows)} vectors with other numbers than "
            f"the {count} texts sent; nothing of this answer was used"
        )
        raise EmbeddingError(msg)
    vectors = [vector for _, vector in sorted(rows, key=lambda row: row[0])]
    widths = {len(vector) for vector in vectors}
    if len(widths) != 1 or 0 in widths:
        msg = (
            f"the embedding server {where} answered vectors of several or no widths "
            f"({', '.join(map(str, sorted(widths)))}); nothing of this answer was used"
        )
        raise EmbeddingError(msg)
    matrix = np.stack(vectors)
    bad = ~np.isfinite(matrix).all(axis=1)
    if bad.any():
        msg = (
            f"the embedding server {where} answered a vector that is not finite for text "
            f"{int(np.flatnonzero(bad)[0])} of {count}; its model or its GPU driver is at fault"
        )
        raise EmbeddingError(msg)
    return Answer(vectors=matrix, tokens=tokens)


def _rows(
    dialect: Dialect,
    body: Any,  # noqa: ANN401 - JSON
) -> tuple[list[tuple[int, npt.NDArray[np.float32]]], int]:
    if dialect == "ollama":
        vectors = [_vector(item) for item in body["embeddings"]]
        return list(enumerate(vectors)), int(body.get("prompt_eval_count") or 0)
    items: Sequence[Mapping[str, Any]] = body if isinstance(body, list) else body["data"]
    usage = {} if isinstance(body, list) else body.get("usage") or {}
    rows = [
        (int(item.get("index", position)), _vector(item["embedding"]))
        for position, item in enumerate(items)
    ]
    return rows, int(usage.get("prompt_tokens") or 0)


def _vector(value: Any) -> npt.NDArray[np.float32]:  # noqa: ANN401 - JSON
    """Read one vector; null, JSON's way of writing not-a-number, stays not-a-number."""
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4").astype(np.float32)
    if value and isinstance(value[0], list):
        if len(value) > 1:
            msg = "one vector for each token"
            raise ValueError(msg)  # llama.cpp without pooling; the caller words the error
        value = value[0]
    return np.asarray(value, dtype=np.float32)
