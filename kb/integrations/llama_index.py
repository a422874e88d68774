"""LlamaIndex: a retriever over a knowledge base, and its model as LlamaIndex embeddings.

It needs the extra ``llama-index``.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from kb.integrations.extras import missing_extra
from kb.integrations.options import Base, SearchOptions, refuse_unknown
from kb.integrations.passages import (
    READ_BESIDE_THE_TEXT,
    passage_facts,
    passage_id,
    passage_text,
)
from kb.records import SearchHit
from kb.search.request import WeightedQuery

try:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.schema import (
        NodeRelationship,
        NodeWithScore,
        QueryBundle,
        RelatedNodeInfo,
        TextNode,
    )
except ModuleNotFoundError as error:
    raise missing_extra(error, "llama_index.core", "llama-index") from error

_MOST_TEXTS = 128
"""Texts of one call: enough to keep all contexts of a processor, or a server, busy."""

_OPERATORS = re.compile(r"[\"“”]|(?<!\S)-+(?=[^\W\d])")


class KnowledgeBaseRetriever(BaseRetriever):
    """Finds passages in a knowledge base. Thread-safe.

    A passage is a ``TextNode`` with its score; its metadata has source and place
    (:func:`kb.integrations.passages.passage_facts`). A language model sees source, title, pages and
    heading. The best passage comes first::

        retriever = KnowledgeBaseRetriever(base, k=4, where={"tags": ["invoice"]})

    It also searches by meaning for a query bundle's ``custom_embedding_strs``. It ignores the
    bundle's ``embedding``: the knowledge base's model embeds the query.

    Args:
        base: a :class:`kb.KnowledgeBase` or a :class:`kb.client.Client`; its owner closes it.
        callback_manager: LlamaIndex's callback manager.
        verbose: LlamaIndex's option of this name.
        options: fields of :class:`~kb.integrations.options.SearchOptions`.

    Raises:
        TypeError: an option does not exist.
        SettingsError: a value is out of bounds.
    """

    def __init__(
        self,
        base: Base,
        *,
        callback_manager: CallbackManager | None = None,
        verbose: bool = False,
        **options: Any,  # noqa: ANN401 - SearchOptions checks them
    ) -> None:
        self.options = SearchOptions(**options)
        self._base = base
        super().__init__(callback_manager=callback_manager, verbose=verbose)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        if query_bundle.image_path:
            msg = "a knowledge base is searched by text; give a query without an image"
            raise ValueError(msg)
        query = query_bundle.query_str
        more = [
            WeightedQuery(text=_without_operators(text), mode="dense")
            for text in query_bundle.custom_embedding_strs or ()
            if text != query
        ]
        return [_node(hit) for hit in self._base.find(self.options.request(query, *more))]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class Embeddings(BaseEmbedding):
    """The model of a knowledge base. Thread-safe.

    Queries and documents get the prompts that the model was trained with. Vectors have unit length.
    The constructor loads the model, because it needs the model's name.

    Args:
        base: a :class:`kb.KnowledgeBase` or a :class:`kb.client.Client`; its owner closes it.
        fields: ``instruct``, the instruction for queries, for models that take one; and the fields
            of LlamaIndex's ``BaseEmbedding``.

    Raises:
        TypeError: a field does not exist.
        EmbeddingError: the model cannot be opened.
    """

    model_config = ConfigDict(extra="forbid")

    embed_batch_size: int = Field(default=_MOST_TEXTS, gt=0, le=2048)
    instruct: str = ""

    _base: Base = PrivateAttr()

    def __init__(self, base: Base, **fields: Any) -> None:  # noqa: ANN401 - pydantic checks them
        super().__init__(**{"model_name": base.embedder.identity.model_id} | fields)
        self._base = base

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: dict[str, Any]) -> dict[str, Any]:
        refuse_unknown(given, cls.model_fields, of="an embedding")
        return given

    @classmethod
    def class_name(cls) -> str:
        """Return the name of the class in LlamaIndex's traces."""
        return "ShelfmarkEmbeddings"

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self._base.embedder.embed_query(query, task=self.instruct).tolist()
        return vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await asyncio.to_thread(self._get_text_embedding, text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._base.embedder.embed_documents(texts).tolist()
        return vectors

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)


def _node(hit: SearchHit) -> NodeWithScore:
    facts = passage_facts(hit)
    for_programs = [name for name in facts if name not in READ_BESIDE_THE_TEXT or not facts[name]]
    node = TextNode(
        id_=passage_id(hit),
        text=passage_text(hit),
        start_char_idx=hit.start,
        end_char_idx=hit.end,
        metadata=facts,
        excluded_llm_metadata_keys=for_programs,
        excluded_embed_metadata_keys=for_programs,
        relationships={
            NodeRelationship.SOURCE: RelatedNodeInfo(
                node_id=str(hit.document_id), metadata={"source": hit.source, "title": hit.title}
            )
        },
    )
    return NodeWithScore(node=node, score=hit.score)


def _without_operators(text: str) -> str:
    """Return a text without query operators; it is a written answer, not a query."""
    return _OPERATORS.sub(" ", text)
