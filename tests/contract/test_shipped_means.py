"""The means of languages that come with the program are those of the default model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.languages import questions
from kb.languages.neutral import Means
from kb.languages.shipped import shipped_means, shipped_trials
from kb.languages.trial import Trials

# Half precision, and a processor that adds in another order.
TOLERANCE = 1e-3

TWENTY_MOST_USED = "en zh hi es fr ar bn pt ru ur id de ja mr te tr ta vi ko fa"


def test_there_are_texts_in_the_languages_used_most_as_many_in_each() -> None:
    assert set(TWENTY_MOST_USED.split()) <= set(questions.languages())
    for language in questions.languages():
        texts = questions.texts(language)
        assert [len(texts.queries), len(texts.answers), len(texts.others)] == [40, 30, 12], language
        lines = [*texts.queries, *texts.passages]
        assert len(set(lines)) == len(lines), language
        assert all(line == line.strip() and line for line in lines), language


def test_the_default_model_has_the_means_of_every_language(embedder: Embedder) -> None:
    found = shipped_means(embedder.identity.fingerprint)
    assert found is not None
    assert set(found.queries) == set(found.passages) == set(questions.languages())
    assert found.complete
    assert shipped_means("another model") is None


@pytest.mark.parametrize("language", ["de", "zh"])
def test_the_model_gives_the_means_again_from_our_texts(embedder: Embedder, language: str) -> None:
    texts, found = questions.texts(language), shipped_trials(embedder.identity.fingerprint)
    queries = np.stack([embedder.embed_query(text) for text in texts.queries])
    passages = embedder.embed_documents(texts.passages)
    assert queries.mean(axis=0) == pytest.approx(found[language].query, abs=TOLERANCE)
    assert passages.mean(axis=0) == pytest.approx(found[language].passage, abs=TOLERANCE)


def test_a_trial_gives_the_figures_again(embedder: Embedder) -> None:
    found = shipped_trials(embedder.identity.fingerprint)["fr"].figures
    again = Trials(embedder).of("fr").figures
    assert again.helps
    # One of sixty questions may be decided by the last digit.
    for name in ("across_before", "across_after", "within_before", "within_after"):
        assert getattr(again, name) == pytest.approx(getattr(found, name), abs=0.035), name


def test_every_language_finds_more_across_languages_and_languages_lose_nothing_within(
    embedder: Embedder,
) -> None:
    found = shipped_trials(embedder.identity.fingerprint)
    for language, trial in found.items():
        assert trial.figures.across_after > trial.figures.across_before, language
    gains = [each.figures.within_after - each.figures.within_before for each in found.values()]
    assert np.mean(gains) > 0.03
    assert min(gains) > -1.5 / 60  # one of sixty questions, in Korean


def asked(embedder: Embedder, question: str, passages: Sequence[tuple[str, str]]) -> str:
    """Return the passage, of (language, text), that is nearest to a question without languages."""
    known = shipped_means(embedder.identity.fingerprint)
    assert known is not None
    means = Means(model=known)
    query = means.shifted(embedder.embed_query(question), question)
    scores = []
    for language, text in passages:
        mean = means.chunk_mean("kb-1", language)
        assert mean is not None
        rest = embedder.embed_documents([text])[0] - mean
        scores.append(float(query @ rest / np.linalg.norm(rest)))
    return passages[int(np.argmax(scores))][1]


def test_a_question_finds_its_answer_in_another_language_before_other_texts_of_its_own(
    embedder: Embedder,
) -> None:
    right = "The kettle switches itself off after four minutes without water."
    passages = [
        ("en", right),
        ("zh", "这本书讲的是一个渔夫和他的三个儿子。"),
        ("zh", "展览每天上午九点开始，周一休息。"),
        ("en", "The exhibition opens at nine every day but Monday."),
    ]
    question = "水壶没有水的时候多久会自动断电？"
    plain = embedder.embed_documents([text for _, text in passages]) @ embedder.embed_query(
        question
    )
    assert passages[int(np.argmax(plain))][0] == "zh"  # what is mended
    assert asked(embedder, question, passages) == right


class Renamed:
    """The default model under a name that nothing is shipped for."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.identity = replace(inner.identity, fingerprint="renamed")

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_a_real_model_that_none_are_shipped_for_gets_the_same_means_made(
    embedder: Embedder, tmp_path: Path
) -> None:
    shipped = shipped_trials(embedder.identity.fingerprint)
    renamed = cast("Embedder", Renamed(embedder))
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=renamed) as base:
        base.add("The kettle switches itself off without water.", name="en")
        base.add("水壶没有水的时候会自动断电。", name="zh")
        assert base.make_language_means() == ["en", "zh"]
        known = base.language_means()
        assert known.used == {"en", "zh"}
        assert known.figures["zh"].across_after == pytest.approx(
            shipped["zh"].figures.across_after, abs=0.035
        )
        with base._store.catalog.reading() as state:
            means = base._means.of(state, renamed.identity, [base.collection().id])
        assert means.model.queries["zh"] == pytest.approx(shipped["zh"].query, abs=TOLERANCE)
        assert means.model.passages["en"] == pytest.approx(shipped["en"].passage, abs=TOLERANCE)
