"""What this release knows of a model: where its files are and how it wants to be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from kb.errors import ModelError
from kb.models.prompts import Prompts

Kind = Literal["embedding", "reranking", "chat"]
Pooling = Literal["mean", "cls", "last"]

SETTINGS: Mapping[Kind, str] = {
    "embedding": "model",
    "reranking": "reranker",
    "chat": "chat_model",
}
"""Which setting names the model of a kind."""

WORDS: Mapping[Kind, str] = {
    "embedding": "embedding model",
    "reranking": "reranker",
    "chat": "chat model",
}
"""What a message calls a model of a kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """One GGUF file of a repository: its quantisation, exact name and approximate size in GB."""

    quant: str
    name: str
    size_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model of any kind.

    Attributes:
        name: what users call it.
        repository: owner and name on Hugging Face, empty for the built-in one.
        on_modelscope: ModelScope has the same repository.
        files: the default first.
        architecture, layers: what the GGUF header must say.
        context_tokens: most tokens of one input; of a chat model, question and answer together.
        licence: SPDX expression.
    """

    kind: ClassVar[Kind]

    name: str
    repository: str
    on_modelscope: bool
    files: tuple[KnownFile, ...]
    architecture: str
    layers: int
    context_tokens: int
    licence: str

    @property
    def built_in(self) -> bool:
        """Whether its weights come with the packages."""
        return not self.repository

    def file(self, quant: str | None = None) -> KnownFile:
        """Return the file of a quantisation, in any case of letters; the default for None.

        Raises:
            ModelError: there is none; the message lists those that there are.
        """
        if quant is None:
            return self.files[0]
        for each in self.files:
            if each.quant.casefold() == quant.casefold():
                return each
        offered = ", ".join(each.quant for each in self.files)
        msg = f"{self.name} is not offered as {quant}; choose one of {offered}"
        raise ModelError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEmbedder(KnownModel):
    """An embedding model.

    Attributes:
        dimensions: what the GGUF header must say.
        mrl: least and most width that vectors may be cut to, None where it was not trained so.
        pooling: how token vectors become one.
        prompts: how queries and documents are worded.
        card: similarities of its model card's two queries by two documents, if it has them.
    """

    kind: ClassVar[Kind] = "embedding"

    dimensions: int
    mrl: tuple[int, int] | None
    pooling: Pooling
    prompts: Prompts
    card: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReranker(KnownModel):
    """A reranker.

    Attributes:
        scored_by: ``yes or no`` for one that is asked whether a passage answers and says so,
            ``classifier`` for a cross-encoder with a head that scores.
    """

    kind: ClassVar[Kind] = "reranking"

    scored_by: Literal["yes or no", "classifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChat(KnownModel):
    """A chat model. The template of its conversations stands in its files.

    Attributes:
        thinks: whether it thinks first unless its template is told not to, as it always is.
    """

    kind: ClassVar[Kind] = "chat"

    thinks: bool
