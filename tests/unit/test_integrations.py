"""Integrations: what of them is there without their libraries, and which options there are."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest
from pydantic import ValidationError

from kb import (
    MissingExtraError,
    SearchFilter,
    SearchHit,
    SearchRequest,
    SettingsError,
    Source,
    WeightedQuery,
)
from kb.integrations.extras import missing_extra
from kb.integrations.options import SearchOptions
from kb.integrations.passages import passage_facts, passage_text

HIT = SearchHit(
    score=0.5,
    text="b | 2\nand more",
    collection="c",
    document_id=1,
    chunk_id=2,
    ordinal=3,
    title="T",
    media_type="markdown",
    sources=(Source(root="/r", path="a/b.md"), Source(root="/r", path="copy.md")),
    start=10,
    end=24,
    heading_path=("One", "Two"),
)


def output_of(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_a_library_that_is_not_installed_is_said_with_its_extra() -> None:
    program = """
import importlib, sys
from importlib.machinery import ModuleSpec

class Gone:
    def find_spec(self, name, *_):
        if name == gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name == "llama_index":  # another package of LlamaIndex's is there
            return ModuleSpec(name, None, is_package=True)

sys.meta_path.insert(0, Gone())
for module, gone in (
    ("langchain", "langchain_core"),
    ("llama_index", "llama_index"),
    ("llama_index", "llama_index.core"),
):
    try:
        importlib.import_module(f"kb.integrations.{module}")
    except ImportError as error:
        print(type(error).__name__, error)
"""
    langchain, *llama_index = output_of(program).splitlines()
    assert langchain == (
        "MissingExtraError langchain_core is not installed: pip install 'shelfmark[langchain]'"
    )
    assert llama_index == 2 * [
        "MissingExtraError llama_index.core is not installed: pip install 'shelfmark[llama-index]'"
    ]


def test_another_package_that_is_missing_is_said_as_it_is() -> None:
    other = ModuleNotFoundError("No module named 'yaml'", name="yaml")
    assert missing_extra(other, "langchain_core", "langchain") is other


def test_a_library_is_imported_by_its_own_module_alone() -> None:
    program = (
        "import sys, kb, kb.client, kb.knowledge_base, kb.integrations\n"
        "print({'langchain_core', 'llama_index'} & {*sys.modules})\n"
    )
    assert output_of(program) == "set()\n"


def test_a_missing_extra_is_an_import_error_with_its_message() -> None:
    error = MissingExtraError("x needs y: pip install y")
    assert isinstance(error, ImportError)
    assert (str(error), repr(error)) == (
        *("x needs y: pip install y", "MissingExtraError('x needs y: pip install y')"),
    )


def test_options_are_asked_for_as_they_are_given() -> None:
    options = SearchOptions(
        k=3,
        collection="notes",
        where={"tags": "invoice", "page_first": 2, "metadata": {"year": 2024}},
        mode="dense",
        min_score=0.2,
        context=1,
        diversity=0.5,
        instruct="Find rules",
        rerank=False,
        highlights="words",
    )
    assert options.request("how long?") == SearchRequest(
        query="how long?",
        collections=("notes",),
        top_k=3,
        where=SearchFilter(tags=("invoice",), page_first=2, metadata={"year": 2024}),
        mode="dense",
        min_score=0.2,
        context=1,
        diversity=0.5,
        instruct="Find rules",
        rerank=False,
        highlights="words",
    )


def test_every_part_of_a_request_has_its_option() -> None:
    called = {"top_k": "k", "collections": "collection"}
    parts = {called.get(each.name, each.name) for each in fields(SearchRequest)}
    assert parts - {"query"} == SearchOptions.model_fields.keys()


def test_queries_come_beside_the_one_that_is_asked() -> None:
    weighted = WeightedQuery(text="c", mode="keyword", weight=2)
    options = SearchOptions(queries=["b", {"text": "c", "mode": "keyword", "weight": 2}])
    assert options.request("a").asked == (
        *(WeightedQuery(text="a"), WeightedQuery(text="b"), weighted),
    )
    assert SearchOptions(queries="b").request(" ").asked == (WeightedQuery(text="b"),)
    assert SearchOptions(queries=weighted).request("").asked == (weighted,)
    assert SearchOptions().request("a") == SearchRequest(query="a", highlights="none")


def test_a_text_among_queries_is_read_as_the_shell_reads_it() -> None:
    asked = (WeightedQuery(text="rent", mode="keyword", weight=2), WeightedQuery(text="rent"))
    assert SearchOptions(queries=["words*2:rent", "rent"]).queries == asked
    literal = SearchOptions(queries={"text": "words:rent"}).queries
    assert literal == (WeightedQuery(text="words:rent"),)
    with pytest.raises(SettingsError, match=r"no kind of query 'lex'.*both:lex:rent"):
        SearchOptions(queries="lex:rent")


@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_query_is_refused_unless_there_are_others(blank: str) -> None:
    with pytest.raises(SettingsError, match="the query is blank"):
        SearchOptions().request(blank)
    assert SearchOptions(queries="rent").request(blank).asked == (WeightedQuery(text="rent"),)


def test_a_mode_is_for_the_query_of_a_call_beside_those_that_have_their_own() -> None:
    options = SearchOptions(mode="dense", queries="words:rent")
    assert options.request("lease").mode == "dense"
    assert options.request("").mode is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"top_k": 3}, "a retriever has no 'top_k'; did you mean 'k'?"),
        ({"filters": {}}, "a retriever has no 'filters'; did you mean 'where'?"),
        ({"min_scores": 1}, "a retriever has no 'min_scores'; did you mean 'min_score'?"),
        ({"colour": 1}, "a retriever has no 'colour'. It has k, collection, where"),
        ({"where": {"tag": "x"}}, "a filter has no 'tag'; did you mean 'tags'?"),
        ({"where": {"since": "2024"}}, "a filter has no 'since'; did you mean 'date_from'?"),
        ({"queries": [{"query": "x"}]}, "a query has no 'query'; did you mean 'text'?"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_right_one(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(TypeError) as caught:
        SearchOptions(**given)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "given",
    [
        *({"k": 0}, {"min_score": 1.5}, {"diversity": -1}, {"context": -1}),
        {"queries": [{"text": "x", "weight": 0}]},
        {"queries": ["x"] * 17},
    ],
)
def test_a_value_out_of_bounds_is_refused_when_it_is_given(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        SearchOptions(**given)


@pytest.mark.parametrize(
    "given",
    [
        *({"k": "many"}, {"mode": "fuzzy"}, {"where": "birds/*"}, {"queries": [3]}),
        *({"where": {"page_first": "two"}}, {"highlights": "all"}, {"collection": 3}),
    ],
)
def test_a_value_of_another_kind_is_refused_when_it_is_given(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SearchOptions(**given)


def test_the_text_of_a_passage_has_its_neighbours_and_the_head_of_its_table() -> None:
    assert passage_text(HIT) == "b | 2\nand more"
    around = replace(HIT, header="name | n", before="a | 1\n", after=".")
    assert passage_text(around) == "name | n\na | 1\nb | 2\nand more."
    assert passage_text(replace(around, before="name | n\na | 1\n")) == (
        "name | n\na | 1\nb | 2\nand more."
    )


def test_facts_of_a_passage_have_the_same_names_whatever_is_known() -> None:
    bare = passage_facts(HIT)
    assert (bare["page"], bare["pages"], bare["sentence"], bare["matched"]) == (None, "", "", [])
    assert (bare["source"], bare["sources"]) == ("a/b.md", ["a/b.md", "copy.md"])
    assert bare["heading"] == "One › Two"
    full = passage_facts(
        replace(HIT, page_first=3, page_last=4, sentence=(0, 5), words=((6, 9),), read_by="ocr")
    )
    assert (full["page"], full["page_last"], full["pages"]) == (3, 4, "3–4")
    assert (full["sentence"], full["matched"]) == ("b | 2", ["and"])
    assert full.keys() == bare.keys()


@pytest.mark.parametrize("few", [0, -1])
def test_a_number_of_passages_that_cannot_be_is_told_by_its_own_name(few: int) -> None:
    with pytest.raises(SettingsError, match=f"^k is {few}, but must be 1 or more"):
        SearchOptions(k=few)


def test_one_query_is_read_as_one_of_several_is() -> None:
    expected = (WeightedQuery(text="rent", mode="keyword"),)
    assert SearchOptions(queries="words:rent").queries == expected
    assert SearchOptions(queries=["words:rent"]).queries == expected
