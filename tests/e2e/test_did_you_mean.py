"""A word that stands nowhere finds what it was probably meant to be: last, and said."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.errors import CollectionError


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    base.add("The warranty covers the pump for two years.", name="warranty.txt")
    base.add("The pump stands in the cellar beside the boiler.", name="pump.txt")
    base.add("Bread is baked in the kitchen every morning.", name="bread.txt")
    base.add("The spare part E-1407 and the code AB1234 are out of stock.", name="codes.txt")
    base.add("咖啡机的保修期为两年。", name="coffee.txt")
    return base


def found(base: KnowledgeBase, query: str, **options: object) -> list[str]:
    return [hit.source for hit in base.search(query, mode="keyword", **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "typed", ["warrenty", "waranty", "warrantyy", "warratny", "wwarranty", "Warrenty", "WARRENTY"]
)
def test_a_misspelt_word_finds_what_was_meant(filled: KnowledgeBase, typed: str) -> None:
    assert found(filled, typed) == ["warranty.txt"]
    meant = filled.did_you_mean(f"pump {typed}?")
    assert meant.lower() == "pump warranty?"
    assert [word.isupper() for word in meant.split()] == [False, typed.isupper()]


def test_passages_with_the_words_as_they_were_typed_come_first(filled: KnowledgeBase) -> None:
    assert found(filled, "boiler warrenty") == ["pump.txt", "warranty.txt"]
    first, last = filled.search("boiler warrenty", mode="keyword")
    assert 0 < last.score < first.score


def test_what_was_meant_is_marked(filled: KnowledgeBase) -> None:
    (hit,) = filled.search("warrenty", mode="keyword", highlights="words")
    assert [hit.text[start:end] for start, end in hit.highlights] == ["warranty"]


@pytest.mark.parametrize(
    "query",
    [
        "warranty pump",  # stands there
        "pumps",  # its stem does
        "xyzzyq",  # near nothing
        "E-1408",  # a code
        "AB1243",
        "1408",
        "保修斯",  # Chinese
        "pum",  # short
        "thier",  # a word that says nothing
        "",
    ],
)
def test_what_is_no_mistake_is_left(filled: KnowledgeBase, query: str) -> None:
    assert filled.did_you_mean(query) == ""


def test_a_word_is_looked_for_in_every_collection_that_is_searched(filled: KnowledgeBase) -> None:
    filled.create_collection("second")
    filled.add("The warrenty is misspelt here.", name="other.txt", collection="second")
    assert filled.did_you_mean("warrenty") == "warranty"
    both = [filled.settings.collection, "second"]
    assert filled.did_you_mean("warrenty", collection=both) == ""
    assert found(filled, "warrenty", collection=both)[0] == "other.txt"
    with pytest.raises(CollectionError):
        filled.did_you_mean("warrenty", collection="third")


def test_the_more_frequent_word_is_meant(filled: KnowledgeBase) -> None:
    filled.add("A board hangs on the wall.", name="board.txt")
    filled.add("A board lies on the floor.", name="board2.txt")
    filled.add("A boars run.", name="boars.txt")
    assert filled.did_you_mean("boarx") == "board"
    assert set(found(filled, "boarx")) == {"board.txt", "board2.txt", "boars.txt"}


def test_a_word_that_was_added_meanwhile_is_no_mistake_any_more(filled: KnowledgeBase) -> None:
    assert filled.did_you_mean("warrenty") == "warranty"
    filled.add("Warrenty is a surname.", name="name.txt")
    assert filled.did_you_mean("warrenty") == ""
    assert found(filled, "warrenty") == ["name.txt"]


def test_quotes_and_exclusions_stay_in_what_was_meant(filled: KnowledgeBase) -> None:
    assert filled.did_you_mean('"pump" warrenty -boiler') == '"pump" warranty -boiler'
    assert found(filled, "warrenty -pump") == []


@pytest.mark.parametrize(
    "query", ["Wie lange gilt die Garantie?", "garantie lange", "comment installer la pompe"]
)
def test_a_question_in_another_language_is_no_mistake(filled: KnowledgeBase, query: str) -> None:
    filled.add("The range is large. The change lasts long, the pome is ripe.", name="similar.txt")
    assert filled.did_you_mean("lange") == "large"
    assert filled.did_you_mean(query) == ""
    assert found(filled, query) == []


def test_several_misspelt_words_are_all_mended(filled: KnowledgeBase) -> None:
    assert filled.did_you_mean("warrenty bolier") == "warranty boiler"
    assert set(found(filled, "warrenty bolier")) == {"warranty.txt", "pump.txt"}


def test_the_command_line_says_it_beside_the_hits(
    settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("The warranty covers the pump for two years.", name="warranty.txt")
    monkeypatch.setenv("KB_DATA_DIR", str(settings.data_dir))
    done = CliRunner().invoke(app, ["search", "pump warrenty", "--mode", "keyword"])
    assert "warranty.txt" in done.stdout
    assert "did you mean 'pump warranty'?" in done.stderr
    done = CliRunner().invoke(app, ["search", "pump warrenty", "--json", "-m", "keyword"])
    assert [hit["sources"][0]["path"] for hit in json.loads(done.stdout)] == ["warranty.txt"]
    assert "did you mean 'pump warranty'?" in done.stderr
    assert not CliRunner().invoke(app, ["search", "pump warranty", "-m", "keyword"]).stderr
    done = CliRunner().invoke(app, ["search", '"warranty pumps"', "-m", "keyword"])
    assert "no passage holds the words in quotes" in done.stdout
    assert not done.stderr
