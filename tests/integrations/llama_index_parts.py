"""LlamaIndex's own parts over a knowledge base in this process and a served one.

``test_other_libraries.py`` runs this file in the environment that ``install_libraries.py`` makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import own_loop
import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.llms import MockLLM
from llama_index.core.llms.custom import CustomLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import MetadataMode, NodeRelationship, QueryBundle, TextNode
from llama_server import smollm2
from two_bases import WARRANTY, Bases, two_bases
from waiting_embedder import WaitingEmbedder

from kb import SearchFilter, SettingsError, WeightedQuery
from kb.chat.base import Message
from kb.chat.llama import LocalChat
from kb.integrations.llama_index import Embeddings, KnowledgeBaseRetriever
from kb.integrations.options import Base

QUESTION = "How many months does the warranty last?"


@pytest.fixture(scope="module")
def waiting() -> WaitingEmbedder:
    return WaitingEmbedder()


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory, waiting: WaitingEmbedder) -> Iterator[Bases]:
    with two_bases(tmp_path_factory.mktemp("llama_index"), waiting) as opened:
        yield opened


@pytest.fixture(params=["embedded", "served"])
def base(request: pytest.FixtureRequest, bases: Bases) -> Base:
    return bases[request.param]


class SmallChat(CustomLLM):
    """The small chat model as LlamaIndex's language model."""

    local: Any

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=self.local.window_tokens, num_output=40)

    def complete(self, prompt: str, **_: object) -> CompletionResponse:
        turns = [Message(role="user", content=prompt)]
        return CompletionResponse(text=self.local.complete(turns, most_tokens=40))

    def stream_complete(self, prompt: str, **_: object) -> CompletionResponseGen:
        yield self.complete(prompt)


def sources(found: list[Any]) -> list[str]:
    return [each.metadata["source"] for each in found]


def test_a_node_says_where_it_stands_and_how_sure_the_search_is(base: Base) -> None:
    (found,) = KnowledgeBaseRetriever(base, k=1).retrieve("high water")
    assert "High water comes twice a day." in found.text
    facts = found.metadata
    assert (facts["source"], facts["page"], facts["pages"]) == ("tides.pdf", 1, "iv–v")
    assert (facts["heading"], facts["document"]) == ("Almanac › Tides", {"author": "Li"})
    assert found.score == facts["score"] > 0
    assert found.node_id == facts["id"]
    assert base.read(found.node_id).text == found.text
    assert isinstance(found.node, TextNode)
    assert (found.node.start_char_idx, found.node.end_char_idx) == (facts["start"], facts["end"])
    assert found.node.relationships[NodeRelationship.SOURCE].node_id == str(facts["document_id"])


def test_a_language_model_is_shown_where_a_passage_is_from_and_nothing_else(base: Base) -> None:
    (tides,) = KnowledgeBaseRetriever(base, k=1).retrieve("high water")
    head = tides.node.get_content(MetadataMode.LLM).split("\n\n")[0]
    assert head.split("\n") == [
        *("source: tides.pdf", "title: Tide tables", "pages: iv–v", "heading: Almanac › Tides")
    ]
    (kestrel,) = KnowledgeBaseRetriever(base, k=1).retrieve("kestrels")
    assert kestrel.node.get_content(MetadataMode.LLM).startswith("source: birds/kestrel.txt\n\nKes")


def test_here_and_served_give_the_same_nodes(bases: Bases) -> None:
    here, there = (KnowledgeBaseRetriever(each).retrieve("kestrels") for each in bases.values())
    assert here == there
    assert len(here) == 4


def test_options_are_those_of_a_search(base: Base) -> None:
    def found(query: str, **options: object) -> list[str]:
        return sources(KnowledgeBaseRetriever(base, **options).retrieve(query))

    assert len(found("kestrels", k=2)) == 2
    assert set(found(QUESTION, where={"path": "birds/*"})) == set(
        found(QUESTION, where=SearchFilter(path="birds/*"))
    )
    assert found("aurora warranty", mode="keyword") == ["machines/coffee.txt"]
    assert found("红隼", collection="中文") == ["红隼.txt"]
    voles = WeightedQuery(text="voles", mode="keyword")
    assert set(found("aurora warranty", queries=["kestrels", voles], k=2)) == {
        *("birds/kestrel.txt", "machines/coffee.txt")
    }
    best = KnowledgeBaseRetriever(base).retrieve(QUESTION)[0].score or 0
    assert found(QUESTION, min_score=best - 0.001) == ["machines/coffee.txt"]


def test_an_option_that_is_none_is_refused_by_the_name_of_the_right_one(base: Base) -> None:
    with pytest.raises(TypeError, match="'similarity_top_k'; did you mean 'k'"):
        KnowledgeBaseRetriever(base, similarity_top_k=3)
    with pytest.raises(TypeError, match="'filters'; did you mean 'where'"):
        KnowledgeBaseRetriever(base, filters=None)
    with pytest.raises(SettingsError, match="min_score is 7"):
        KnowledgeBaseRetriever(base, min_score=7)
    with pytest.raises(TypeError, match="'instruction'; did you mean 'instruct'"):
        Embeddings(base, instruction="Find recipes")


def test_texts_that_stand_for_a_query_are_searched_for_by_meaning(base: Base) -> None:
    # Written by a model as an answer: quotation marks and hyphens are no operators.
    guess = 'They eat "fresh" fish, -standing in water'
    bundle = QueryBundle("who is patient?", custom_embedding_strs=[guess, "who is patient?"])
    assert sources(KnowledgeBaseRetriever(base, k=1).retrieve(bundle)) == ["birds/heron.txt"]


def test_a_query_by_picture_is_refused(base: Base) -> None:
    with pytest.raises(ValueError, match="without an image"):
        KnowledgeBaseRetriever(base).retrieve(QueryBundle("kestrel", image_path="kestrel.png"))


def test_waiting_for_nodes_leaves_the_loop_free(base: Base, waiting: WaitingEmbedder) -> None:
    question = f"wait for kestrels {id(base)}"
    call = KnowledgeBaseRetriever(base, k=1).aretrieve(question)
    assert sources(own_loop.run(waiting.let_go_by_the_loop(call))) == ["birds/kestrel.txt"]


def test_waiting_for_vectors_leaves_the_loop_free(base: Base, waiting: WaitingEmbedder) -> None:
    model = Embeddings(base)
    for call in (
        model.aget_query_embedding("wait for one"),
        model.aget_text_embedding("wait for another"),
        model.aget_text_embedding_batch(["wait for all", "of these"]),
    ):
        assert len(own_loop.run(waiting.let_go_by_the_loop(call))) in {waiting.dim, 2}


def test_vectors_are_those_of_the_model_for_queries_and_for_documents(base: Base) -> None:
    model = Embeddings(base, instruct="Find recipes")
    assert model.model_name == "hashed-words"
    here = WaitingEmbedder()
    document = pytest.approx(here.embed_documents(["bread"])[0].tolist())
    assert model.get_text_embedding("bread") == document
    query = pytest.approx(here.embed_query("bread", task="Find recipes").tolist())
    assert model.get_query_embedding("bread") == query
    assert own_loop.run(model.aget_query_embedding("bread")) == query


def test_a_query_engine_hands_passages_to_a_prompt(base: Base) -> None:
    # The mock of a language model says what it was asked.
    engine = RetrieverQueryEngine.from_args(KnowledgeBaseRetriever(base, k=1), llm=MockLLM())
    answer = engine.query(QUESTION)
    assert f"source: machines/coffee.txt\n\n{WARRANTY}" in str(answer)
    assert sources(answer.source_nodes) == ["machines/coffee.txt"]
    answer = own_loop.run(engine.aquery("what eats fish in shallow water?"))
    assert sources(answer.source_nodes) == ["birds/heron.txt"]


def test_a_small_chat_model_answers_in_a_query_engine(base: Base) -> None:
    with closing(LocalChat(smollm2(), window_tokens=2048)) as chat:
        engine = RetrieverQueryEngine.from_args(
            KnowledgeBaseRetriever(base, k=1), llm=SmallChat(local=chat)
        )
        answer = engine.query(QUESTION)
    assert "24" in str(answer)
    assert sources(answer.source_nodes) == ["machines/coffee.txt"]


def test_several_retrievers_are_fused(base: Base) -> None:
    parts = [KnowledgeBaseRetriever(base, mode=mode, k=2) for mode in ("dense", "keyword")]
    fusion = QueryFusionRetriever(
        parts, llm=MockLLM(), num_queries=1, similarity_top_k=2, use_async=False
    )
    assert sources(fusion.retrieve(QUESTION))[0] == "machines/coffee.txt"


def test_an_index_of_llama_index_is_made_and_asked_with_the_model(base: Base) -> None:
    nodes = [TextNode(text="Rye bread needs no kneading."), TextNode(text="The kettle whistles.")]
    model = Embeddings(base)
    embedded = IngestionPipeline(transformations=[model]).run(nodes=nodes)
    index = VectorStoreIndex(nodes=list(embedded), embed_model=model)
    (found,) = index.as_retriever(similarity_top_k=1).retrieve("kneading rye")
    assert found.text == "Rye bread needs no kneading."
