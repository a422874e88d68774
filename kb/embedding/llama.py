"""Embeddings from a GGUF model in this process, with llama.cpp."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kb.embedding.base import Vector, Vectors, unit_rows
from kb.embedding.loaded import LoadedModel
from kb.errors import EmbeddingError, InputTooLongError, SettingsError, failing_as
from kb.llama.bulk import encode, plan_calls
from kb.llama.tokens import Tokens
from kb.stopping import checkpoint


class LlamaEmbedder(LoadedModel):
    """An :class:`~kb.embedding.base.Embedder` over one GGUF file. Thread-safe.

    Arguments and errors are those of :class:`~kb.embedding.loaded.LoadedModel`.
    """

    @failing_as(EmbeddingError)
    def round_trip(self, text: str) -> str:
        """Cut a text into tokens and join them; return the resulting text."""
        with self._in_use.entered():
            return self._model.detokenize(self._tokenizer.tokens(text))

    @failing_as(EmbeddingError)
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text without prompt and special tokens."""
        with self._in_use.entered():
            return [self._tokenizer.count(text) for text in texts]

    @failing_as(EmbeddingError)
    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        """Count the tokens of each text with prompt and special tokens."""
        words = self._prompts
        worded = [words.word_query(t, task) if query else words.word_document(t) for t in texts]
        with self._in_use.entered():
            return [len(self._tokenizer.tokens(text)) for text in worded]

    @failing_as(EmbeddingError)
    def count_bare(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of texts without a prompt, but with special tokens."""
        with self._in_use.entered():
            return [len(self._tokenizer.tokens(text)) for text in texts]

    @failing_as(EmbeddingError)
    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed documents: float32, shape (n, dim), unit length, input order.

        Raises:
            InputTooLongError: a text has more than ``max_tokens`` tokens.
            EmbeddingError: llama.cpp failed or gave a vector that is not finite.
        """
        with self._in_use.entered():
            return self._embed([self._prompts.word_document(text) for text in texts], on_progress)

    @failing_as(EmbeddingError)
    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        """Embed as :meth:`embed_documents`, without a prompt around the texts."""
        with self._in_use.entered():
            return self._embed(list(texts), None)

    @failing_as(EmbeddingError)
    def embed_short(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed as :meth:`embed_documents`, several short texts in a call: twice as fast on a CPU.

        The vectors differ in the fourth digit from those of separate calls.
        """
        with self._in_use.entered():
            worded = [self._prompts.word_document(text) for text in texts]
            return self._embed(worded, on_progress, short=True)

    @failing_as(EmbeddingError)
    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed one query: float32, shape (dim,), unit length; before any waiting documents.

        ``task`` replaces the model's default instruction.

        Raises:
            SettingsError: a task is given, but the model takes none.
        """
        vector: Vector = self.embed_queries([text], task=task)[0]
        return vector

    @failing_as(EmbeddingError)
    def embed_queries(self, texts: Sequence[str], *, task: str = "") -> Vectors:
        """Embed queries as :meth:`embed_query` does; on a GPU, many in a call.

        Raises:
            SettingsError: a task is given, but the model takes none.
        """
        if task and not self._prompts.instruct:
            msg = (
                f"{self._identity.model_id} takes no instruction; leave out --instruct, and take "
                "`instruction` out of the settings and of the collection"
            )
            raise SettingsError(msg)
        check = checkpoint()
        with self._in_use.entered():
            tokens = self._checked_tokens([self._prompts.word_query(text, task) for text in texts])
            raw = np.empty((len(texts), self._model.width), dtype=np.float32)
            context = self._pool.any()
            most = context.n_seq if context.packs else 1
            for rows in plan_calls([len(each) for each in tokens], context.n_ubatch, most):
                check()
                urgent = sum(len(tokens[row]) for row in rows)
                with self._pool.borrow(urgent_tokens=urgent, texts=len(rows)) as context:
                    raw[rows] = encode(context, [tokens[row] for row in rows])
                self.on_read(urgent)
        return unit_rows(raw, dim=self._dimensions)

    def _embed(
        self,
        texts: list[str],
        on_progress: Callable[[int], None] | None,
        *,
        short: bool = False,
    ) -> Vectors:
        if not texts:
            return np.empty((0, self._dimensions), dtype=np.float32)
        tokens = self._checked_tokens(texts)
        raw = self._bulk.run(tokens, on_progress, short=short)
        self.on_read(sum(map(len, tokens)))
        return unit_rows(raw, dim=self._dimensions)

    def _checked_tokens(self, texts: list[str]) -> list[Tokens]:
        sequences = [self._tokenizer.tokens(text) for text in texts]
        for row, tokens in enumerate(sequences):
            if len(tokens) > self._context_tokens:
                msg = (
                    f"input {row} of {len(texts)} has {len(tokens)} tokens, but "
                    f"{self._model.path.name} reads at most {self._context_tokens}; "
                    "nothing was cut off"
                )
                raise InputTooLongError(msg)
        return sequences
