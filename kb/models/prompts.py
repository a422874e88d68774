"""How each model family wants its inputs worded, pooled and ended."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_TASK = "Given a web search query, retrieve relevant passages that answer the query"
"""The instruction on the Qwen3-Embedding model card, used unless another is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """The words in front of a query and of a document.

    ``pooling`` is llama.cpp's constant where the family demands one, None to trust the GGUF;
    ``end_token`` is the text of a control token that must close every input exactly once.
    """

    query: str = ""
    document: str = ""
    instruct: str = ""
    pooling: int | None = None
    end_token: str = ""

    def word_query(self, text: str, task: str = "") -> str:
        """Return the query as the model wants it; ``task`` replaces the default instruction."""
        if self.instruct:
            return self.instruct.format(task=task or DEFAULT_TASK) + text
        return self.query + text

    def word_document(self, text: str) -> str:
        """Return the document as the model wants it."""
        return self.document + text


E5 = Prompts(query="query: ", document="passage: ")
"""intfloat/multilingual-e5-*: both sides are prefixed (model card)."""

NOMIC = Prompts(query="search_query: ", document="search_document: ")
"""nomic-ai/nomic-embed-text-v1*: a task prefix on both sides (model card)."""

QWEN3 = Prompts(instruct="Instruct: {task}\nQuery:", pooling=3, end_token="<|endoftext|>")  # noqa: S106 - a control token's text, no secret
"""Qwen/Qwen3-Embedding-*: last-token pooling, no space after ``Query:``, documents bare."""

BARE = Prompts()
"""A model about which nothing is known but its GGUF."""
