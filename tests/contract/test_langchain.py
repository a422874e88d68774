"""Chains of LangChain's parts over a knowledge base in this process and a served one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import own_loop
import pytest
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda, RunnablePassthrough
from langchain_core.tools import create_retriever_tool
from langchain_core.vectorstores import InMemoryVectorStore
from llama_server import smollm2
from two_bases import WARRANTY, Bases, two_bases
from waiting_embedder import WaitingEmbedder
from worded_embedder import WordedEmbedder

from kb import InputTooLongError, SearchFilter, SettingsError, WeightedQuery
from kb.chat.base import Message
from kb.chat.llama import LocalChat
from kb.integrations.langchain import Embeddings, KnowledgeBaseRetriever
from kb.integrations.options import Base

QUESTION = "How many months does the warranty last?"
PROMPT = ChatPromptTemplate.from_messages(
    [("system", "Answer from these passages:\n{passages}"), ("user", "{question}")]
)


@pytest.fixture(scope="module")
def waiting() -> WaitingEmbedder:
    return WaitingEmbedder()


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory, waiting: WaitingEmbedder) -> Iterator[Bases]:
    with two_bases(tmp_path_factory.mktemp("langchain"), waiting) as opened:
        yield opened


@pytest.fixture(params=["embedded", "served"])
def base(request: pytest.FixtureRequest, bases: Bases) -> Base:
    return bases[request.param]


def test_a_passage_says_where_it_stands_and_how_sure_the_search_is(base: Base) -> None:
    (found,) = KnowledgeBaseRetriever(base=base, k=1).invoke("high water")
    assert "High water comes twice a day." in found.page_content
    facts = found.metadata
    assert facts["source"] == "tides.pdf"
    assert (facts["page"], facts["page_last"], facts["pages"]) == (1, 2, "iv–v")
    assert facts["heading"] == "Almanac › Tides"
    assert (facts["title"], facts["document"]) == ("Tide tables", {"author": "Li"})
    assert 0 < facts["score"] <= 1
    assert found.id == facts["id"]
    assert base.read(found.id).text == found.page_content


def test_here_and_served_give_the_same_documents(bases: Bases) -> None:
    here, there = (
        KnowledgeBaseRetriever(base=each, highlights="words", context=1).invoke("kestrels hunt")
        for each in bases.values()
    )
    assert here == there
    assert here[0].metadata["matched"] == ["Kestrels", "hunt"]


def test_filters_narrow_what_is_found(base: Base) -> None:
    for where in (SearchFilter(path="birds/*"), {"path": "birds/*"}):
        found = KnowledgeBaseRetriever(base=base, where=where).invoke(QUESTION)
        assert {each.metadata["source"].split("/")[0] for each in found} == {"birds"}


def test_unsure_passages_are_left_out_by_a_least_score(base: Base) -> None:
    found = KnowledgeBaseRetriever(base=base).invoke(QUESTION)
    scores = [each.metadata["score"] for each in found]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 1
    sure = KnowledgeBaseRetriever(base=base, min_score=scores[0] - 0.001).invoke(QUESTION)
    assert sure == found[:1]


def test_a_collection_is_named(base: Base) -> None:
    (found,) = KnowledgeBaseRetriever(base=base, collection="中文").invoke("红隼")
    assert (found.metadata["source"], found.metadata["collection"]) == ("红隼.txt", "中文")


def test_several_queries_are_asked_at_once(base: Base) -> None:
    retriever = KnowledgeBaseRetriever(
        base=base, k=2, queries=["kestrels", WeightedQuery(text="voles", mode="keyword")]
    )
    found = [each.metadata["source"] for each in retriever.invoke("aurora warranty")]
    assert set(found) == {"birds/kestrel.txt", "machines/coffee.txt"}


def test_any_option_may_be_given_with_a_call(base: Base) -> None:
    retriever = KnowledgeBaseRetriever(base=base, k=1)
    assert len(retriever.invoke("kestrels", k=3)) == 3
    narrow = retriever.bind(where={"path": "birds/*"}, k=5)
    assert len(narrow.invoke("kestrels")) == 2
    assert retriever.k == 1
    chosen = retriever.configurable_fields(k=ConfigurableField(id="k"))
    assert len(chosen.invoke("kestrels", {"configurable": {"k": 2}})) == 2


def test_an_option_of_a_call_is_checked_as_a_field_is(base: Base) -> None:
    retriever = KnowledgeBaseRetriever(base=base)
    with pytest.raises(TypeError, match="'top_k'; did you mean 'k'"):
        retriever.invoke("kestrels", top_k=3)
    with pytest.raises(SettingsError, match="min_score is 7"):
        retriever.invoke("kestrels", min_score=7)


def test_a_batch_is_answered_in_its_order(base: Base) -> None:
    found = KnowledgeBaseRetriever(base=base, k=1).batch(["kestrels", "warranty", "herons"])
    assert [each.metadata["source"] for (each,) in found] == [
        *("birds/kestrel.txt", "machines/coffee.txt", "birds/heron.txt")
    ]


def test_waiting_for_passages_leaves_the_loop_free(base: Base, waiting: WaitingEmbedder) -> None:
    retriever = KnowledgeBaseRetriever(base=base, k=1)
    question = f"wait for kestrels {id(base)}"
    (found,) = own_loop.run(waiting.let_go_by_the_loop(retriever.ainvoke(question, k=1)))
    assert found.metadata["source"] == "birds/kestrel.txt"


def test_waiting_for_vectors_leaves_the_loop_free(base: Base, waiting: WaitingEmbedder) -> None:
    model = Embeddings(base)
    vector = own_loop.run(waiting.let_go_by_the_loop(model.aembed_query("wait for one")))
    vectors = own_loop.run(waiting.let_go_by_the_loop(model.aembed_documents(["wait for all"])))
    assert (len(vector), len(vectors)) == (waiting.dim, 1)


def test_a_chain_hands_passages_to_a_prompt(base: Base) -> None:
    told = chain(base).invoke(QUESTION).to_messages()
    assert f"machines/coffee.txt: {WARRANTY}" in told[0].content
    assert told[1].content == QUESTION


def test_a_small_chat_model_answers_in_a_chain(bases: Bases) -> None:
    with closing(LocalChat(smollm2(), window_tokens=1024)) as chat:

        def answer(prompt: PromptValue) -> str:
            turns = [
                Message(role="system" if each.type == "system" else "user", content=each.text)
                for each in prompt.to_messages()
            ]
            return chat.complete(turns, most_tokens=40)

        passages = chain(bases["served"])
        assert "24" in (passages | RunnableLambda(answer) | StrOutputParser()).invoke(QUESTION)


def test_an_agent_gets_the_retriever_as_a_tool(base: Base) -> None:
    tool = create_retriever_tool(
        KnowledgeBaseRetriever(base=base, k=1), "search", "Search my documents"
    )
    assert tool.invoke({"query": QUESTION}) == WARRANTY


def test_a_vector_store_of_langchain_finds_with_the_model(base: Base) -> None:
    store = InMemoryVectorStore(Embeddings(base))
    store.add_texts(["Rye bread needs no kneading.", "The kettle whistles."])
    (found,) = store.similarity_search("kneading rye", k=1)
    assert found.page_content == "Rye bread needs no kneading."


@pytest.fixture(scope="module")
def worded() -> WordedEmbedder:
    return WordedEmbedder()


@pytest.fixture(scope="module")
def worded_bases(
    tmp_path_factory: pytest.TempPathFactory, worded: WordedEmbedder
) -> Iterator[Bases]:
    with two_bases(tmp_path_factory.mktemp("worded"), worded) as opened:
        yield opened


@pytest.mark.parametrize("where", ["embedded", "served"])
def test_queries_and_documents_are_worded_as_the_model_wants_them(
    where: str, worded_bases: Bases, worded: WordedEmbedder
) -> None:
    embeddings = Embeddings(worded_bases[where])
    embeddings.embed_documents(["bread", "tea"])
    assert worded.texts[-2:] == ["passage: bread", "passage: tea"]
    embeddings.embed_query("bread?")
    assert worded.texts[-1] == "query: bread?"
    Embeddings(worded_bases[where], instruct="Find recipes").embed_query("bread?")
    assert worded.texts[-1] == "Find recipes: bread?"


@pytest.mark.parametrize("where", ["embedded", "served"])
def test_a_text_longer_than_the_model_reads_is_refused(where: str, worded_bases: Bases) -> None:
    with pytest.raises(InputTooLongError):
        Embeddings(worded_bases[where]).embed_documents(["short", "word " * 200])


def test_no_texts_have_no_vectors(base: Base) -> None:
    assert Embeddings(base).embed_documents([]) == []


def chain(base: Base) -> Any:  # noqa: ANN401 - a Runnable of LangChain's
    """Return passages and question, put into a prompt."""
    retriever = KnowledgeBaseRetriever(base=base, k=2)
    return {"passages": retriever | _listed, "question": RunnablePassthrough()} | PROMPT


def _listed(passages: list[Document]) -> str:
    return "\n".join(f"{each.metadata['source']}: {each.page_content}" for each in passages)
