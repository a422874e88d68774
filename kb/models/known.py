"""The registry's records: where the files of a model are, and how to use it."""

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
"""The setting for each kind of model."""

WORDS: Mapping[Kind, str] = {
    "embedding": "embedding model",
    "reranking": "reranker",
    "chat": "chat model",
}
"""The name of each kind of model in messages."""


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
        name: its name for users.
        repository: owner and name on Hugging Face; empty for the built-in model.
        on_modelscope: whether ModelScope has the same repository.
        files: its files, the default first.
        architecture, layers: required values of the GGUF header.
        context_tokens: most tokens of one input; for a chat model, of question and answer together.
        licence: its licence as an SPDX expression.
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
        """Return the file of a quantisation, in upper or lower case; the default for None.

        Raises:
            ModelError: the model lacks that quantisation. The message lists the existing ones.
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
        dimensions: required value of the GGUF header.
        mrl: least and most width to which vectors may be cut; None if it was not trained for that.
        pooling: method of pooling token vectors into one.
        prompts: the texts around queries and documents.
        card: similarities of two queries and two documents on its model card, if any.
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
        scored_by: ``yes or no`` for a model that says whether a passage answers, ``classifier`` for
            a cross-encoder with a scoring head.
    """

    kind: ClassVar[Kind] = "reranking"

    scored_by: Literal["yes or no", "classifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChat(KnownModel):
    """A chat model. Its files contain the template of its conversations.

    Attributes:
        thinks: whether it thinks first by default. Its template is always told not to.
    """

    kind: ClassVar[Kind] = "chat"

    thinks: bool
