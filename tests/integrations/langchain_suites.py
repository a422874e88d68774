"""LangChain's own test suites for what takes its parts' place, in this process and served.

``test_other_libraries.py`` runs this file in the environment that ``install_libraries.py`` makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests
from two_bases import Bases, two_bases

from kb.integrations.langchain import Embeddings, KnowledgeBaseRetriever
from kb.integrations.options import Base


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bases]:
    with two_bases(tmp_path_factory.mktemp("suites"), HashingEmbedder()) as opened:
        yield opened


@pytest.fixture(params=["embedded", "served"])
def base(request: pytest.FixtureRequest, bases: Bases) -> Base:
    return bases[request.param]


class OverBothBases:
    """What LangChain's suites are told of a class: it is made with a knowledge base."""

    base: Base

    @pytest.fixture(autouse=True)
    def _over(self, base: Base) -> None:
        self.base = base


class TestRetrieverSuite(OverBothBases, RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[KnowledgeBaseRetriever]:
        return KnowledgeBaseRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"base": self.base}

    @property
    def retriever_query_example(self) -> str:
        return "kestrels, herons and the warranty"


class TestEmbeddingsSuite(OverBothBases, EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return Embeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"base": self.base}


class TestEmbeddingsUnitSuite(OverBothBases, EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return Embeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"base": self.base}
