"""A citation names both its pages by label, or both by number, wherever it is shown."""

from __future__ import annotations

import json
import sqlite3  # noqa: TID251 - the file, past the catalog
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import chat_server
import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import Document, KnowledgeBase, Page, Section, Settings
from kb.answering.markdown import as_markdown
from kb.catalog import migrations
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.places import page_span

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest  # noqa: TID251 - draws the UI in tests

ENDS = "Herons wait in the shallows.", "Then they strike at a fish."


def two_pages(first: str, last: str, ends: tuple[str, str] = ENDS) -> Document:
    """A document whose one passage runs from page 24 to page 25."""
    text = " ".join(ends)
    border = len(ends[0]) + 1
    return Document(
        text=text,
        media_type="pdf",
        title="Herons",
        sections=(Section(start=0, end=len(text)),),
        pages=(
            Page(number=24, start=0, end=border, label=first),
            Page(number=25, start=border, end=len(text), label=last),
        ),
    )


LABELS = pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("xxiv", "xxv", "xxiv–xxv"),
        ("12", "13", "12–13"),
        ("12", "", "24–25"),
        ("", "13", "24–25"),
        ("", "", "24–25"),
        ("A", "A", "24–25"),
    ],
)


@LABELS
def test_both_ends_are_labels_or_both_are_numbers(first: str, last: str, shown: str) -> None:
    assert page_span(24, 25, first_label=first, last_label=last) == shown
    assert page_span(24, 24, first_label=first, last_label=first) == first or "24"
    assert page_span(24, first_label=first) == first or "24"


@LABELS
def test_a_hit_its_json_and_an_answers_sources_name_them_alike(
    tmp_path: Path, first: str, last: str, shown: str
) -> None:
    service = chat_server.ChatService(lambda _: "They wait [1].")
    settings = Settings.load(data_dir=tmp_path, chat_model=service.model)
    try:
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            base.add(two_pages(first, last), name="herons.pdf")
            (hit,) = base.search("herons")
            assert hit.place == f"p. {shown}"
            answer = base.ask("herons").answer
            assert f"herons.pdf, p. {shown}" in service.seen[-1]["messages"][-1]["content"]
            assert f"p. {shown}" in as_markdown(answer)
    finally:
        service.stop()


@pytest.fixture
def command_line(
    settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add(two_pages("xxiv", "xxv"), name="herons.pdf")
    monkeypatch.setenv("KB_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


def test_the_command_line_names_both_labels(command_line: CliRunner) -> None:
    assert "p. xxiv–xxv" in command_line.invoke(app, ["search", "herons"]).stdout
    found = json.loads(command_line.invoke(app, ["search", "herons", "--json"]).stdout)
    assert found[0]["place"] == "p. xxiv–xxv"
    assert (found[0]["page_first"], found[0]["page_last"]) == (24, 25)


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)  # type: ignore[attr-defined] # AppTest


@pytest.mark.parametrize(("locale", "shown"), [("en-US", "xxiv–xxv"), ("zh-CN", "xxiv–xxv")])
def test_the_browser_names_both_labels_in_hits_and_in_the_document(
    ui: UserInterface, locale: str, shown: str
) -> None:
    ui.shared.base.add(two_pages("xxiv", "xxv"), name="herons.pdf")
    page = ui.open("search", locale=locale, q="herons")
    assert shown in html(page)
    document = ui.open("search", locale=locale)
    document.switch_page("views/document.py")
    document.query_params["id"] = "1"
    document.run()
    assert not document.exception
    assert shown in html(document)


LATER_TRIGGERS = (
    "source_forgotten",
    "source_left",
    "source_joined",
    "job_collection_renamed",
    "job_collection_deleted",
    "refined_shown",
    "refined_hidden",
    "document_refined",
    "collection_dropped",
    "source_name_added",
    "source_name_removed",
    "source_name_changed",
)
LATER_TABLES = (
    "judgements",
    "own_questions",
    "watched_folders",
    "conversation_passages",
    "conversations",
    "remembered_searches",
    "source_names",
    "key_collections",
    "keys",
    "unplaced_roots",
    "stale_descriptions",
    "dropped_vectors",
    "job_files",
    "jobs",
    "job_changes",
    "sentence_vectors",
    "dropped_sentences",
    "wanted_sentences",
    "document_means",
    "language_sums",
    "model_means",
)


def test_documents_from_before_have_the_label_of_their_last_page(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add(two_pages("xxiv", "xxv"), name="herons.pdf")
        base.add("Kestrels hover.", name="kestrel.txt")
        other = two_pages("i", "ii", ("Rye is sown.", "Rye is cut."))
        damaged = base.add(other, name="damaged.pdf").document_id
    (catalog,) = settings.store_dir.glob("*.sqlite3")
    connection = sqlite3.connect(catalog)
    with connection:  # as release 7 left it
        for later in LATER_TRIGGERS:
            connection.execute(f"DROP TRIGGER {later}")
        connection.execute("DROP INDEX documents_unrefined")
        connection.execute("DROP INDEX documents_newest")
        connection.execute("ALTER TABLE documents DROP COLUMN refined")
        for later in ("page_label_last", "header", "language"):
            connection.execute(f"ALTER TABLE chunks DROP COLUMN {later}")
        for later in ("vectors", "moving_to", "refined_count", "folders"):
            connection.execute(f"ALTER TABLE collections DROP COLUMN {later}")
        for later in ("revision", "name_words"):
            connection.execute(f"ALTER TABLE sources DROP COLUMN {later}")
        for later in LATER_TABLES:
            connection.execute(f"DROP TABLE {later}")
        connection.execute("CREATE TABLE dropped_collections (id TEXT PRIMARY KEY) STRICT")
        connection.execute(
            "UPDATE document_bodies SET structure = ? WHERE document_id = ?",
            (zlib.compress(b"[]"), damaged),
        )
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    assert migrations.CURRENT_VERSION >= 8
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        labelled = {hit.source: hit.place for hit in base.search("herons kestrels rye")}
    assert labelled["herons.pdf"] == "p. xxiv–xxv"
    assert labelled["kestrel.txt"] == ""
    assert labelled["damaged.pdf"] == "p. 24–25"
