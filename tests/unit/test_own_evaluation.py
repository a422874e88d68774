"""Own questions as a set: scored on the documents as they are, with other settings, exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings, SettingsError
from kb.evaluation import own, runs, trials

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."
EGRET = "The white egret waits motionless in shallow water and strikes at small fish."
TEA = "Green tea is steeped for two minutes in water that has stopped boiling."
FILLER = " ".join(f"Sentence {n} speaks of the weather on day {n * 7}." for n in range(60))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for name, text in {"heron": f"{HERON}\n\n{FILLER}", "egret": EGRET, "tea": TEA}.items():
            opened.add(text, name=f"{name}.txt")
        yield opened


def mark(base: KnowledgeBase, question: str, words: str, *, good: bool) -> None:
    (hit,) = base.search(words, mode="keyword", top_k=1)
    base.questions.judge(question, hit, good=good)


def test_a_question_scores_by_the_place_of_its_passage(base: KnowledgeBase) -> None:
    mark(base, "heron egret motionless fish", "grey heron", good=True)
    mark(base, "heron egret motionless fish", "white egret", good=False)
    mark(base, "green tea", "green tea", good=True)
    mark(base, "weather", "green tea", good=False)
    judged = own.own_set(base)
    assert (len(judged.questions), judged.left_out, judged.gone) == (2, 1, 0)
    found = own.run(base, judged, mode="keyword")
    tea, heron = found.queries
    assert (tea.query, tea.scores["recall@1"]) == ("green tea", 1)
    assert tea.expected == ("tea.txt",)
    hits = base.search("heron egret motionless fish", mode="keyword", top_k=10)
    places = [n for n, hit in enumerate(hits, 1) if "grey heron" in hit.text]
    assert heron.scores["mrr@10"] == 1 / places[0]
    assert heron.scores["bad@10"] == 1 / len(hits)
    assert heron.scores["judged@10"] == 2 / len(hits)
    assert found.own
    assert found.set_name == "default"


def test_two_hits_of_one_marked_passage_count_once(base: KnowledgeBase) -> None:
    mark(base, "weather day", "grey heron", good=True)
    judged = own.own_set(base)
    smaller = {"chunk_size": 256, "chunk_overlap": 0}
    _, after = trials.compare_settings(base, judged, smaller)
    (result,) = after.queries
    assert result.expected == ("heron.txt",)
    assert len([each for each in result.found if each.startswith("heron")]) > 1
    assert result.scores["recall@10"] == 1
    assert result.scores["ndcg@10"] <= 1


def test_passages_that_are_gone_are_not_asked_for(base: KnowledgeBase) -> None:
    mark(base, "tea", "green tea", good=True)
    mark(base, "egret", "white egret", good=True)
    base.add("Nothing of it is left in this version of the file.", name="tea.txt")
    judged = own.own_set(base)
    assert [each.text for each in judged.questions] == ["egret"]
    assert (judged.gone, judged.left_out) == (1, 1)


def test_without_a_good_passage_there_is_no_set(base: KnowledgeBase) -> None:
    with pytest.raises(SettingsError, match="marked as good"):
        own.own_set(base)
    mark(base, "tea", "green tea", good=False)
    with pytest.raises(SettingsError, match="the collection default"):
        own.own_set(base)


def test_another_mode_is_tried_on_the_documents_as_they_are(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    mark(base, "water", "green tea", good=True)
    mark(base, "fish", "white egret", good=True)
    before, after = trials.compare_settings(base, own.own_set(base), {"mode": "keyword"})
    assert (before.mode, after.mode) == ("hybrid", "keyword")
    assert (before.changed, after.changed) == ({}, {"mode": "keyword"})
    difference, (low, high), p = runs.compare(before, after, "ndcg@10")
    assert low <= difference <= high
    assert 0 < p <= 1
    runs.save([before, after], tmp_path / "runs.json")
    assert runs.load(tmp_path / "runs.json") == [before, after]


def test_other_chunks_are_tried_in_a_throw_away_folder(base: KnowledgeBase) -> None:
    mark(base, "heron fish", "grey heron", good=True)
    mark(base, "tea", "green tea", good=True)
    generation, chunks = base.generation, base.collection().chunks
    told: list[tuple[int, int]] = []
    _, after = trials.compare_settings(
        base,
        own.own_set(base),
        {"chunk_size": 256, "chunk_overlap": 0},
        on_documents=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [result.scores["recall@10"] for result in after.queries] == [1, 1]
    assert after.changed == {"chunk_size": "256", "chunk_overlap": "0"}
    assert (base.generation, base.collection().chunks) == (generation, chunks)


def test_runs_of_other_marks_are_not_compared(base: KnowledgeBase) -> None:
    mark(base, "tea", "green tea", good=True)
    before = own.run(base, own.own_set(base), mode="keyword")
    mark(base, "tea", "white egret", good=True)
    after = own.run(base, own.own_set(base), mode="keyword")
    with pytest.raises(SettingsError, match="changed since"):
        runs.compare(before, after, "ndcg@10")
