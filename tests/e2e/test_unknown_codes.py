"""A code that stands nowhere is not answered by another, and what is asked for in quotes is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.search.reasons import RELEVANT

TEXTS = {
    "manual.txt": "Dishwasher DW-300 manual. E01: inlet fault. E04: overflow, call service.",
    "tickets.txt": "SHOP-812 checkout fails. SHOP-815 coupon accepted. SHOP-820 search.",
    "heating.txt": "F22: Wassermangel. F28: keine Zündung. F75: Drucksensor defekt.",
    "apart.txt": "The model KX 55 is sold with a bag.",
    "release.txt": "Release 2.3.1 mends the export, since Python 3 is needed.",
    "fire.txt": "The assembly point is the car park behind the building. The line is busy.",
    "bread.txt": "Bread is baked in the kitchen every morning.",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder: Path = tmp_path_factory.mktemp("codes") / "data"
    with KnowledgeBase.open(Settings.load(data_dir=folder), embedder=HashingEmbedder()) as opened:
        for name, text in TEXTS.items():
            opened.add(text, name=name)
        yield opened


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize(
    "code", ["DW-301", "dw-301", "DW301", "SHOP-899", "shop-899", "F82", "f82", "E9", "2.3.9"]
)
def test_a_code_that_stands_nowhere_is_not_answered_by_one_of_the_same_parts(
    library: KnowledgeBase, code: str, mode: str
) -> None:
    hits = library.search(code, mode=mode)
    assert max((hit.score for hit in hits), default=0.0) < RELEVANT
    assert not any(hit.matched for hit in hits)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("DW-300", "manual.txt"),
        ("DW300", "manual.txt"),
        ("dw-300", "manual.txt"),
        ("DW", "manual.txt"),
        ("SHOP-815", "tickets.txt"),
        ("SHOP", "tickets.txt"),
        ("F28", "heating.txt"),
        ("E04", "manual.txt"),
        ("KX-55", "apart.txt"),
        ("KX55", "apart.txt"),
        ("v2.3.1", "release.txt"),
        ("python3", "release.txt"),
    ],
)
def test_a_code_that_stands_somewhere_is_found_first_however_it_is_written(
    library: KnowledgeBase, code: str, name: str
) -> None:
    first, *_ = library.search(code)
    assert first.sources[0].path == name
    assert first.score >= RELEVANT


def test_beside_other_words_a_part_of_a_code_that_stands_nowhere_finds_nothing(
    library: KnowledgeBase,
) -> None:
    found = [hit.sources[0].path for hit in library.search("DW-301 bread", mode="keyword")]
    assert found == ["bread.txt"]


def test_a_lone_letter_of_a_code_is_not_marked_in_other_codes(library: KnowledgeBase) -> None:
    first, *_ = library.search("what does E04 mean", highlights="words")
    assert first.matched == ("E04",)
    assert [first.text[start:end] for start, end in first.words] == ["E04"]


@pytest.mark.parametrize("query", ['"assembly point"', '"car park"', 'bread "Python 3"'])
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_a_passage_with_the_phrase_in_quotes_is_relevant(
    library: KnowledgeBase, query: str, mode: str
) -> None:
    hits = library.search(query, mode=mode)
    assert hits
    assert all(hit.score >= RELEVANT for hit in hits)


def test_no_phrase_in_quotes_is_suggested_that_no_passage_holds(
    library: KnowledgeBase,
) -> None:
    assert library.did_you_mean('"assembly lane"') == ""
    assert library.did_you_mean('"asembly point"') == '"assembly point"'


def test_a_mended_word_is_nearly_as_sure_as_the_word_itself(library: KnowledgeBase) -> None:
    for mode in ("keyword", "hybrid"):
        right, *_ = library.search("kitchen", mode=mode)
        mended, *_ = library.search("kichen", mode=mode)
        assert mended.sources[0].path == right.sources[0].path == "bread.txt"
        assert RELEVANT < mended.score < right.score
