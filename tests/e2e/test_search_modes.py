"""How a collection is searched: as the query says, else the collection, else the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kb import Document, KnowledgeBase, Settings
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.errors import CollectionError
from kb.records import SearchHit, SearchMode


def modes_of(hits: list[SearchHit]) -> set[str]:
    """Say how was searched, by the stages that gave scores."""
    return set().union(*(hit.scores for hit in hits))


@pytest.fixture
def open_base(settings: Settings, embedder: Embedder) -> Iterator[KnowledgeBase]:
    """A knowledge base whose settings say ``keyword``."""
    chosen = settings.model_copy(update={"mode": "keyword"})
    with KnowledgeBase.open(chosen, embedder=embedder) as base:
        base.add("The tea is steeped.", name="tea")
        yield base


@pytest.mark.parametrize(
    ("query", "collection", "stages"),
    [
        (None, None, {"keyword"}),
        (None, "dense", {"dense"}),
        ("hybrid", "dense", {"dense", "keyword", "fused"}),
    ],
)
def test_the_querys_mode_outranks_the_collections_and_that_the_settings(
    open_base: KnowledgeBase,
    query: SearchMode | None,
    collection: SearchMode | None,
    stages: set[str],
) -> None:
    open_base.set_collection_mode("default", collection)
    assert open_base.collection().mode == collection
    assert modes_of(open_base.search("tea", mode=query)) == stages


def test_collections_of_different_modes_are_searched_as_the_settings_say(
    open_base: KnowledgeBase,
) -> None:
    open_base.add("Tea comes from Assam.", name="assam", collection="second")
    both = ["default", "second"]
    open_base.set_collection_mode("default", "dense")
    open_base.set_collection_mode("second", "dense")
    assert modes_of(open_base.search("tea", collection=both)) == {"dense"}
    open_base.set_collection_mode("second", "hybrid")
    assert modes_of(open_base.search("tea", collection=both)) == {"keyword"}


def test_a_mode_can_be_taken_back_and_needs_a_collection(open_base: KnowledgeBase) -> None:
    open_base.set_collection_mode("default", "dense")
    open_base.set_collection_mode("default", None)
    assert open_base.collection().mode is None
    with pytest.raises(CollectionError, match="no collection 'nowhere'"):
        open_base.set_collection_mode("nowhere", "dense")


@pytest.fixture
def command(
    data_dir: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    """The command line over a collection of one document."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    with KnowledgeBase.open(Settings.load(), embedder=embedder) as base:
        base.add(Document.from_text("Rye bread."))
    return CliRunner()


def test_the_command_line_sets_how_a_collection_is_searched(command: CliRunner) -> None:
    done = command.invoke(app, ["collections", "set", "default", "--mode", "keyword"])
    assert done.exit_code == 0, done.output
    (listed,) = json.loads(command.invoke(app, ["collections", "--json"]).stdout)
    assert (listed["name"], listed["mode"]) == ("default", "keyword")
    (hit,) = json.loads(command.invoke(app, ["search", "bread", "--json"]).stdout)
    assert set(hit["scores"]) == {"keyword"}
    command.invoke(app, ["collections", "set", "default", "--mode", "default"])
    (hit,) = json.loads(command.invoke(app, ["search", "bread", "--json"]).stdout)
    assert set(hit["scores"]) == {"dense", "keyword", "fused"}


def test_a_collection_keeps_its_instruction_and_a_model_without_says_so(
    command: CliRunner,
) -> None:
    to_default = ["collections", "set", "default", "--instruct"]
    done = command.invoke(app, [*to_default, "Find the recipe", "--description", "Baking"])
    assert done.exit_code == 0, done.output
    (listed,) = json.loads(command.invoke(app, ["collections", "--json"]).stdout)
    assert (listed["instruction"], listed["description"]) == ("Find the recipe", "Baking")
    asked = command.invoke(app, ["search", "bread"])
    assert asked.exit_code == 2
    assert "multilingual-e5-small takes no instruction" in asked.stderr
    command.invoke(app, [*to_default, ""])
    assert command.invoke(app, ["search", "bread"]).exit_code == 0
    assert command.invoke(app, ["search", "bread", "--instruct", "x"]).exit_code == 2


def test_setting_nothing_or_an_unknown_collection_is_refused(command: CliRunner) -> None:
    nothing = command.invoke(app, ["collections", "set", "default"])
    assert (nothing.exit_code, "give --mode" in nothing.stderr) == (2, True)
    unknown = command.invoke(app, ["collections", "set", "烹饪", "--mode", "dense"])
    assert (unknown.exit_code, "烹饪" in unknown.stderr) == (1, True)


def test_the_command_line_names_the_bound_of_a_query(command: CliRunner) -> None:
    done = command.invoke(app, ["search", "word " * 4000])
    assert done.exit_code == 1
    assert "20,000 characters, but at most 16,384 are searched for" in done.stderr
