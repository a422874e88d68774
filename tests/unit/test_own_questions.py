"""Own questions: judged passages outlive re-ingestion, and go with their files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest import IngestOptions, ingest
from kb import KnowledgeBase, Settings, SettingsError
from kb.errors import DocumentNotFoundError
from kb.own_questions import MOST_CHARACTERS
from kb.records import SearchHit

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish."
TEA = "Green tea is steeped for two minutes in water that has stopped boiling."
FILLER = " ".join(f"Sentence {n} speaks of the weather on day {n * 7}." for n in range(60))


class Another(HashingEmbedder):
    """A model whose vectors cannot be compared with those before."""

    identity = replace(HashingEmbedder.identity, model_id="another", fingerprint="another")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path / "data", sentences=False)


@pytest.fixture
def base(settings: Settings) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(HERON, name="heron.txt")
        opened.add(TEA, name="tea.txt")
        yield opened


def hit(base: KnowledgeBase, words: str) -> SearchHit:
    return base.search(words, mode="keyword", top_k=1)[0]


def kept(base: KnowledgeBase) -> list[tuple[str, list[tuple[str, bool]]]]:
    return [
        (each.text, [(str(one.source), one.good) for one in each.judgements])
        for each in base.questions.of("default")
    ]


def test_a_question_is_kept_with_its_good_and_bad_passages_newest_first(
    base: KnowledgeBase,
) -> None:
    base.questions.judge(" What  does it eat? ", hit(base, "heron fish"), good=True)
    base.questions.judge("What does it eat?", hit(base, "green tea"), good=False)
    base.questions.judge("茶要泡多久？", hit(base, "green tea"), good=True)
    assert kept(base) == [
        ("茶要泡多久？", [("tea.txt", True)]),
        ("What does it eat?", [("heron.txt", True), ("tea.txt", False)]),
    ]
    hits = [hit(base, "heron fish"), hit(base, "green tea")]
    assert list(base.questions.marks("What does it eat?", hits).values()) == [True, False]
    assert base.questions.marks("What does it drink?", hits) == {}


def test_a_passage_is_judged_once_and_its_judgement_taken_back(base: KnowledgeBase) -> None:
    found = hit(base, "heron fish")
    for good in (True, False, False):
        base.questions.judge("fish?", found, good=good)
    assert kept(base) == [("fish?", [("heron.txt", False)])]
    base.questions.judge("fish?", found, good=None)
    assert kept(base) == []


def test_judgements_outlive_a_new_version_another_chunk_size_and_a_move(
    tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    file = folder / "notes.txt"
    file.write_text(f"{FILLER}\n\n{HERON}\n\n{FILLER}", "utf-8")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        ingest(base, [folder])
        first = hit(base, "heron fish")
        base.questions.judge("fish?", first, good=True)
        file.write_text(f"{FILLER}\n\nA new beginning. {HERON}\n\n{FILLER} The end.", "utf-8")
        ingest(base, [folder])
        found = hit(base, "heron fish")
        assert found.document_id != first.document_id
        assert base.questions.marks("fish?", [found]) == {found.chunk_id: True}
    smaller = settings.model_copy(update={"chunk_size": 256, "chunk_overlap": 0})
    with KnowledgeBase.open(smaller, embedder=HashingEmbedder()) as base:
        ingest(base, [folder])
        found = hit(base, "heron fish")
        assert len(found.text) <= 256
        assert base.questions.marks("fish?", [found]) == {found.chunk_id: True}
        file.rename(folder / "birds.txt")
        ingest(base, [folder], options=IngestOptions(prune=True))
        assert kept(base) == [("fish?", [("birds.txt", True)])]
        assert base.questions.marks("fish?", [hit(base, "heron fish")])


def test_other_passages_of_the_same_document_are_not_taken_for_the_judged_one(
    base: KnowledgeBase,
) -> None:
    base.add(f"{HERON}\n\n{FILLER}", name="long.txt")
    hits = [each for each in base.search("weather heron", top_k=20) if "long" in each.source]
    assert len(hits) > 2
    base.questions.judge("weather?", hits[0], good=True)
    assert base.questions.marks("weather?", hits) == {hits[0].chunk_id: True}


def test_another_model_for_the_collection_keeps_its_questions(base: KnowledgeBase) -> None:
    base.questions.judge("fish?", hit(base, "heron fish"), good=True)
    settings = base.settings
    base.close()
    with KnowledgeBase.open(settings, embedder=Another()) as other:
        other.reembed()
        assert kept(other) == [("fish?", [("heron.txt", True)])]
        assert other.questions.marks("fish?", [hit(other, "heron fish")])


def test_judgements_go_with_their_file_and_questions_with_their_last(base: KnowledgeBase) -> None:
    found = hit(base, "heron fish")
    base.questions.judge("fish?", found, good=True)
    base.questions.judge("tea?", hit(base, "green tea"), good=True)
    base.remove(found.document_id)
    assert kept(base) == [("tea?", [("tea.txt", True)])]
    with pytest.raises(DocumentNotFoundError):
        base.questions.judge("fish?", found, good=True)
    assert [each.text for each in base.questions.of("default")] == ["tea?"]


def test_a_question_is_reworded_and_two_with_the_same_words_are_one(base: KnowledgeBase) -> None:
    base.questions.judge("fsh?", hit(base, "heron fish"), good=True)
    base.questions.judge("tea?", hit(base, "green tea"), good=True)
    _, old = base.questions.of("default")
    base.questions.reword(old.id, " fish? ")
    assert ("fish?", [("heron.txt", True)]) in kept(base)
    base.questions.reword(old.id, "fish?")
    assert ("fish?", [("heron.txt", True)]) in kept(base)
    base.questions.reword(old.id, "tea?")
    assert kept(base) == [("tea?", [("heron.txt", True), ("tea.txt", True)])]
    (question,) = base.questions.of("default")
    base.questions.forget_judgement(question.judgements[0].id)
    assert kept(base) == [("tea?", [("tea.txt", True)])]
    base.questions.forget(question.id)
    base.questions.forget(question.id)
    assert kept(base) == []


@pytest.mark.parametrize("question", ["", " ", "x" * (MOST_CHARACTERS + 1)])
def test_what_is_no_question_is_not_kept(base: KnowledgeBase, question: str) -> None:
    with pytest.raises(SettingsError, match="cannot be kept"):
        base.questions.judge(question, hit(base, "heron"), good=True)
    assert kept(base) == []
