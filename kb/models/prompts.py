"""Prompts, pooling and end token of each model family."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_TASK = "Given a web search query, retrieve relevant passages that answer the query"
"""Default instruction, from the Qwen3-Embedding model card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """The texts in front of a query and of a document.

    ``pooling`` is llama.cpp's constant if the family requires one; None to trust the GGUF.
    ``end_token`` is the text of a control token that must end every input exactly once.
    """

    query: str = ""
    document: str = ""
    instruct: str = ""
    pooling: int | None = None
    end_token: str = ""

    def word_query(self, text: str, task: str = "") -> str:
        """Return the query with its prompt; ``task`` replaces the default instruction."""
        if self.instruct:
            return self.instruct.format(task=task or DEFAULT_TASK) + text
        return self.query + text

    def word_document(self, text: str) -> str:
        """Return the document with its prompt."""
        return self.document + text


E5 = Prompts(query="query: ", document="passage: ")
"""intfloat/multilingual-e5-*: a prefix on both sides (model card)."""

NOMIC = Prompts(query="search_query: ", document="search_document: ")
"""nomic-ai/nomic-embed-text-v1*: a task prefix on both sides (model card)."""

QWEN3 = Prompts(instruct="Instruct: {task}\nQuery:", pooling=3, end_token="<|endoftext|>")  # noqa: S106 - a control token's text, no secret
"""Qwen/Qwen3-Embedding-*: last-token pooling, no space after ``Query:``, documents bare."""

BARE = Prompts()
"""A model of which only the GGUF is known."""
