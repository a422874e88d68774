"""What a person is told of a hit: how sure, why, and that nothing answers where nothing does."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.console import Console

from kb import SearchHit, SearchRequest, Settings, SettingsError
from kb.cli.presentation import print_hits, snippet, why_text
from kb.search.reasons import RELEVANT, anything_relevant, explained

TEXT = "Warranty\nThe warranty lasts 24 months. Months are counted from the purchase."
HIT = SearchHit(
    score=0.92,
    text=TEXT,
    collection="default",
    document_id=1,
    chunk_id=1,
    ordinal=0,
    title="Manual",
    media_type="text",
    sources=(),
    start=0,
    end=len(TEXT),
    words=((0, 8), (13, 21), (31, 37), (39, 45)),
    sentence=(9, 38),
    highlights=((0, 8), (9, 38), (39, 45)),
)


def ranked(ranks: Mapping[str, int], score: float = 0.9) -> SearchHit:
    return replace(HIT, ranks=ranks, score=score)


def printed(*hits: SearchHit, explain: bool = False) -> str:
    file = io.StringIO()
    print_hits("a question", hits, Console(file=file, width=200), explain=explain)
    return file.getvalue()


def test_the_first_hit_is_the_best_match_where_anything_is_relevant() -> None:
    first, second = explained([ranked({"dense": 1}), ranked({"dense": 2}, 0.8)])
    assert first.reasons == ("best", "meaning")
    assert second.reasons == ("meaning",)
    (weak,) = explained([ranked({"dense": 1}, RELEVANT / 2)])
    assert weak.reasons == ("meaning",)


def test_what_only_words_brought_up_is_not_found_by_meaning() -> None:
    _, by_words = explained([ranked({"dense": 1}), ranked({"dense": 40, "keyword": 1})])
    assert by_words.reasons == ("words",)
    _, by_both = explained([ranked({"dense": 1}), ranked({"dense": 4, "keyword": 2})])
    assert by_both.reasons == ("meaning", "words")


def test_words_that_matched_are_told_once_as_they_stand_first() -> None:
    assert HIT.matched == ("Warranty", "months")


def test_a_word_inside_a_longer_one_is_told_apart_only_where_spaces_part_words() -> None:
    text = "需要证明：病假需要医院证明。"
    words = ((0, 2), (2, 4), (5, 9), (11, 13))
    assert replace(HIT, text=text, words=words).matched == ("病假需要", "证明")
    text = "Art of a party"
    assert replace(HIT, text=text, words=((0, 3), (9, 14))).matched == ("Art", "party")


def test_the_terminal_says_how_sure_and_why() -> None:
    (hit,) = explained([ranked({"dense": 1, "keyword": 1})])
    assert why_text(hit) == "0.90  best match, by meaning, words: Warranty, months"
    assert "0.90  best match, by meaning, words: Warranty, months" in printed(hit)


def test_figures_of_stages_are_shown_on_demand_only() -> None:
    hit = replace(ranked({"dense": 1, "fused": 1}), scores={"dense": 0.8123, "fused": 0.4444})
    assert "fused" not in printed(hit)
    assert "cosine" not in printed(hit)
    assert "fused 0.444 from cosine 0.812 (#1)" in printed(hit, explain=True)


def test_the_terminal_says_that_nothing_relevant_was_found_and_shows_the_nearest() -> None:
    weak = ranked({"dense": 1}, RELEVANT / 2)
    assert "nothing relevant found" in printed(weak)
    assert "The warranty lasts" in printed(weak)
    assert "nothing relevant found" not in printed(ranked({"dense": 1}))
    assert not anything_relevant([])


def test_a_snippet_is_cut_around_the_sentence_that_answers() -> None:
    before = "Words of a warranty come first. " * 20
    text = before + "The answer stands here at the end."
    hit = replace(
        HIT,
        text=text,
        words=((11, 19),),
        sentence=(len(before), len(text)),
        highlights=((11, 19), (len(before), len(text))),
    )
    shown = snippet(hit)
    assert shown.plain.endswith("The answer stands here at the end.")
    assert any(span.style == "yellow" for span in shown.spans)


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_a_least_score_is_between_0_and_1(score: float) -> None:
    with pytest.raises(SettingsError, match="min_score"):
        SearchRequest(query="x", min_score=score)
    with pytest.raises(SettingsError, match="min_score"):
        Settings.load(min_score=score)
