"""Several queries in one search of a knowledge base."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hashing_embedder import HashingEmbedder

from kb import CollectionError, KnowledgeBase, SearchFilter, Settings, SettingsError, WeightedQuery
from kb.records import SearchMode

BIRDS = {
    "heron.txt": "The heron stands in shallow water and waits for fish.",
    "owl.txt": "The owl hunts at night without a sound.",
    "kestrel.txt": "The kestrel hovers above meadows and looks for mice.",
    "pump.txt": "Error E-1407: the pump has stopped. Check the valve.",
    "tea.txt": "Green tea is steeped at eighty degrees.",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("several")
    settings = Settings.load(data_dir=folder)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for name, text in BIRDS.items():
            opened.add(text, name=name)
        opened.refine()
        yield opened


@pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])
@pytest.mark.parametrize("highlights", ["sentences", "words", "none"])
def test_one_query_in_a_list_gives_the_very_hits_of_that_query(
    base: KnowledgeBase, mode: SearchMode, highlights: str
) -> None:
    for query in ("heron fish", "E-1407", '"at night" -heron', "nothing like it"):
        alone = base.search(query, mode=mode, highlights=highlights, context=1)  # type: ignore[arg-type] # a parameter
        for asked in ([query], [WeightedQuery(text=query, mode=mode, weight=7)]):
            how = None if isinstance(asked[0], WeightedQuery) else mode
            assert base.search(asked, mode=how, highlights=highlights, context=1) == alone  # type: ignore[arg-type] # likewise


def test_the_same_query_twice_gives_its_hits_with_its_scores(base: KnowledgeBase) -> None:
    alone = base.search("Which bird hunts at night?")
    twice = base.search(["Which bird hunts at night?"] * 2)
    assert [hit.chunk_id for hit in twice] == [hit.chunk_id for hit in alone]
    assert [hit.score for hit in twice] == pytest.approx([hit.score for hit in alone])
    assert [hit.highlights for hit in twice] == [hit.highlights for hit in alone]


def test_each_query_is_searched_for_in_its_own_mode(base: KnowledgeBase) -> None:
    both = base.search(
        [
            WeightedQuery(text="E-1407", mode="keyword"),
            WeightedQuery(text="a bird in shallow water", mode="dense"),
        ]
    )
    assert {hit.source for hit in both[:2]} == {"pump.txt", "heron.txt"}
    pump = next(hit for hit in both if hit.source == "pump.txt")
    assert {"keyword", "query_1"} <= set(pump.scores)
    by_words = base.search(["E-1407", "kestrel"], mode="keyword")
    assert {hit.source for hit in by_words} == {"pump.txt", "kestrel.txt"}
    assert not any("dense" in hit.scores for hit in by_words)


def test_a_heavier_query_comes_first(base: KnowledgeBase) -> None:
    for heavy, first in ((0, "owl.txt"), (1, "tea.txt")):
        weights = [9.0 if at == heavy else 1.0 for at in range(2)]
        hits = base.search(
            [
                WeightedQuery(text="the owl hunts at night", weight=weights[0]),
                WeightedQuery(text="green tea steeped", weight=weights[1]),
            ]
        )
        assert hits[0].source == first


def test_words_of_all_queries_are_marked_and_the_sentence_of_the_leading_one(
    base: KnowledgeBase,
) -> None:
    hit = base.search(["pump stopped", WeightedQuery(text="valve", weight=0.1)], top_k=1)[0]
    assert {hit.text[start:end] for start, end in hit.words} == {"pump", "stopped", "valve"}
    assert hit.sentence is not None
    assert "pump has stopped" in hit.text[slice(*hit.sentence)]


def test_what_one_query_excludes_another_may_find(base: KnowledgeBase) -> None:
    hits = base.search(["hunts -owl", WeightedQuery(text="owl", mode="keyword")])
    assert "owl.txt" in {hit.source for hit in hits}
    only = SearchFilter(path="h*")
    assert {hit.source for hit in base.search(["owl", "tea"], where=only)} == {"heron.txt"}


def test_a_blank_query_among_others_is_refused_by_its_number(base: KnowledgeBase) -> None:
    with pytest.raises(SettingsError, match="query 2 of 3 is blank"):
        base.search(["owl", "  ", "tea"])
    assert base.search([" "]) == []
    with pytest.raises(SettingsError, match="only excludes passages"):
        base.search(["owl", "-tea"])


def test_no_query_at_all_is_a_blank_one(base: KnowledgeBase) -> None:
    assert base.search([]) == []


def test_a_collection_that_is_not_there_is_told(base: KnowledgeBase) -> None:
    with pytest.raises(CollectionError, match="there is no collection 'none'"):
        base.search(["owl", "tea"], collection="none")
