"""LangChain: a retriever over a knowledge base, and its model as LangChain embeddings.

It needs the extra ``langchain``.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from kb.integrations.extras import missing_extra
from kb.integrations.options import Base, SearchOptions
from kb.integrations.passages import passage_facts, passage_id, passage_text
from kb.records import SearchHit

try:
    from langchain_core import embeddings as langchain_embeddings
    from langchain_core.callbacks import (
        AsyncCallbackManagerForRetrieverRun,
        CallbackManagerForRetrieverRun,
    )
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import run_in_executor
except ModuleNotFoundError as error:
    raise missing_extra(error, "langchain_core", "langchain") from error


class KnowledgeBaseRetriever(SearchOptions, BaseRetriever):
    """Finds passages in a knowledge base. Thread-safe.

    ``page_content`` is the passage. ``metadata`` has its source, place and score
    (:func:`kb.integrations.passages.passage_facts`). ``base.read(passage.id)`` reads it again, with
    its neighbours or its pages. The best passage comes first.

    Options are fields, and each call may override them::

        retriever = KnowledgeBaseRetriever(base=base, k=4, where={"tags": ["invoice"]})
        retriever.invoke("How long is the warranty?", min_score=0.3)

    ``tags`` and ``metadata`` are LangChain's, for its traces. To filter by tags of documents, use
    ``where``.

    Attributes:
        base: a :class:`kb.KnowledgeBase` or a :class:`kb.client.Client`; its owner closes it.

    Raises:
        TypeError: an option does not exist.
        SettingsError: a value is out of bounds.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    base: Base = Field(exclude=True, repr=False)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's
        **options: Any,  # noqa: ANN401 - checked as fields are
    ) -> list[Document]:
        return [_document(hit) for hit in self.base.find(self._with(options).request(query))]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        **options: Any,  # noqa: ANN401 - as above
    ) -> list[Document]:
        return await run_in_executor(
            None,
            self._get_relevant_documents,
            query,
            run_manager=run_manager.get_sync(),
            **options,
        )

    def _with(self, options: dict[str, Any]) -> SearchOptions:
        options.pop("verbose", None)  # LangChain has already used it
        given = {name: getattr(self, name) for name in SearchOptions.model_fields}
        return SearchOptions(**given | options)


class Embeddings(langchain_embeddings.Embeddings):
    """The model of a knowledge base. Thread-safe.

    Queries and documents get the prompts that the model was trained with. Vectors have unit length.

    Args:
        base: a :class:`kb.KnowledgeBase` or a :class:`kb.client.Client`; its owner closes it.
        instruct: instruction for queries, for models that take one; empty for the model's default.
    """

    def __init__(self, base: Base, *, instruct: str = "") -> None:
        self._base = base
        self._instruct = instruct

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text.

        Raises:
            InputTooLongError: a text exceeds the model's limit; nothing is truncated.
            EmbeddingError: the model failed.
        """
        vectors: list[list[float]] = self._base.embedder.embed_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query.

        Raises:
            InputTooLongError: the query exceeds the model's limit.
            SettingsError: there is an instruction, but the model takes none.
            EmbeddingError: the model failed.
        """
        vector: list[float] = self._base.embedder.embed_query(text, task=self._instruct).tolist()
        return vector


def _document(hit: SearchHit) -> Document:
    return Document(id=passage_id(hit), page_content=passage_text(hit), metadata=passage_facts(hit))
