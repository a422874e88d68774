"""Conditions that a person types, and what the catalog makes of them."""

from __future__ import annotations

import json
import sqlite3  # noqa: TID251 - the file, past the catalog
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.catalog.connections import Connections
from kb.catalog.labels import labels
from kb.catalog.state import Change, State
from kb.errors import SettingsError
from kb.metadata import stated_date, stated_language
from kb.records import MetadataValue
from kb.search.filters import SearchFilter, filter_from_text

# id: (media type, path, metadata, day added, pages of its two chunks)
DOCUMENTS: dict[int, tuple[str, str, dict[str, MetadataValue], tuple[int | None, int | None]]] = {
    1: ("pdf", "a/report.pdf", {"language": "zh-Hant", "date": "2023-05-02"}, (1, 2)),
    2: ("markdown", "a/b/notes.md", {"tags": "Draft, budget", "year": 2024}, (None, None)),
    3: ("text", "c.txt", {"lang": "en", "final": True}, (None, None)),
    4: ("pdf", "报告/年度.pdf", {"language": "zh", "modified": "2024-07-01T10:00:00Z"}, (7, 9)),
}
DOCUMENTS[5] = (
    "text",
    "a/b/Ärger.txt",
    {
        "language": "de, fr_CA",
        "keywords": "Ärger；Élan",
        "date": "May 1, 2024",
        "Authors": "Li, Wang",
        "draft": True,
        "version": "1.10",
    },
    (None, None),
)
GIVEN = ((2, "Vital"), (3, "vital"), (3, "税务 2024"))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = Connections(tmp_path / "catalog.sqlite3")
    with database.write() as connection:
        connection.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at)"
            " VALUES ('kb-1', 'name', 'model', 'print', 3, '2022')"
        )
        for number, (media_type, path, metadata, pages) in DOCUMENTS.items():
            _insert(connection, number, media_type, path, metadata, pages)
        for number, tag in GIVEN:
            Change(connection).tag_documents([number], add=[tag])
    with database.read() as connection:
        yield connection
    database.close()


def _insert(  # noqa: PLR0917 - one row, column by column
    connection: sqlite3.Connection,
    number: int,
    media_type: str,
    path: str,
    metadata: dict[str, MetadataValue],
    pages: tuple[int | None, int | None],
) -> None:
    connection.execute(
        "INSERT INTO documents (id, collection_id, state, content_hash, settings_hash, title,"
        " media_type, size, characters, tokens, chunk_count, page_count, metadata, notices,"
        " language, labels, day, added_at) VALUES (?, 'kb-1', 'active', '', '', '', ?,"
        " 1, 1, 1, 2, 0, ?, '[]', ?, ?, ?, '2022-01')",
        (
            number,
            media_type,
            json.dumps(metadata, ensure_ascii=False, separators=(",", ":")),
            stated_language(metadata),
            labels(metadata),
            stated_date(metadata),
        ),
    )
    connection.execute(
        "INSERT INTO sources (collection_id, root, path, document_id, size, mtime_ns,"
        " content_hash, settings_hash, outcome, seen_at)"
        " VALUES ('kb-1', '/', ?, ?, 1, 1, '', '', 'indexed', '')",
        (path, number),
    )
    for ordinal, page in enumerate(pages):
        connection.execute(
            "INSERT INTO chunks (id, document_id, ordinal, text, start, end, heading_path, kind,"
            " page_first, page_last, page_label, read_by, tokens, vector_key)"
            " VALUES (?, ?, ?, '', 0, 0, '[]', 'text', ?, ?, '', 'text', 1, x'')",
            (number * 10 + ordinal, number, ordinal, page, page),
        )


@pytest.mark.parametrize(
    ("condition", "chunks"),
    [
        (SearchFilter(), {10, 11, 20, 21, 30, 31, 40, 41, 50, 51}),
        (SearchFilter(documents=(2, 3)), {20, 21, 30, 31}),
        (SearchFilter(media_types=("pdf",)), {10, 11, 40, 41}),
        (SearchFilter(path="a/*"), {10, 11, 20, 21, 50, 51}),
        (SearchFilter(path="报告/*"), {40, 41}),
        (SearchFilter(languages=("zh",)), {10, 11, 40, 41}),
        (SearchFilter(languages=("zh-hant", "EN")), {10, 11, 30, 31}),
        (SearchFilter(tags=("draft",)), {20, 21}),
        (SearchFilter(tags=("draft", "Budget")), {20, 21}),
        (SearchFilter(tags=("draf",)), set()),
        (SearchFilter(tags=("VITAL",)), {20, 21, 30, 31}),
        (SearchFilter(tags=("vital", "draft")), {20, 21}),
        (SearchFilter(tags=("税务 2024",)), {30, 31}),
        (SearchFilter(tags=("vital",), languages=("en",)), {30, 31}),
        (SearchFilter(page_first=2, page_last=7), {11, 40}),
        (SearchFilter(date_from="2023"), {10, 11, 40, 41, 50, 51}),
        (SearchFilter(date_to="2023"), {10, 11, 20, 21, 30, 31}),
        (SearchFilter(date_from="2024-07-01", date_to="2024-07-01"), {40, 41}),
        (SearchFilter(metadata={"year": 2024}), {20, 21}),
        (SearchFilter(metadata={"year": "2024"}), {20, 21}),
        (SearchFilter(metadata={"final": True}), {30, 31}),
        (SearchFilter(metadata={"no' such": "x"}), set()),
        (SearchFilter(metadata={"draft": "true"}), {50, 51}),
        (SearchFilter(metadata={"draft": True}), {50, 51}),
        (SearchFilter(metadata={"draft": False}), set()),
        (SearchFilter(metadata={"authors": "Wang"}), {50, 51}),
        (SearchFilter(metadata={"authors": "Li, Wang"}), {50, 51}),
        (SearchFilter(metadata={"authors": "Wan"}), set()),
        (SearchFilter(metadata={"version": "1.10"}), {50, 51}),
        (SearchFilter(metadata={"version": "1.1"}), set()),
        (SearchFilter(metadata={"half \udcff": "\udcff"}), set()),
        (SearchFilter(tags="ärger"), {50, 51}),  # type: ignore[arg-type] # one for a tuple of one
        (SearchFilter(tags=("ÉLAN",)), {50, 51}),
        (SearchFilter(languages=("de",)), {50, 51}),
        (SearchFilter(languages=("fr-ca",)), {50, 51}),
        (SearchFilter(languages=("fr",)), {50, 51}),
        (SearchFilter(languages=("zh_Hant",)), {10, 11}),
        (SearchFilter(date_from="2024-05-01", date_to="2024-05-01"), {50, 51}),
        (SearchFilter(path="[!a]*"), {30, 31, 40, 41}),
        (SearchFilter(path="**/*.txt"), {30, 31, 50, 51}),
        (SearchFilter(path="/a/*.pdf"), {10, 11}),
        (SearchFilter(path="\udcff"), set()),
        (SearchFilter(page_first=10**30), set()),
        (SearchFilter(page_last=10**30), {10, 11, 40, 41}),
        (SearchFilter(media_types=("pdf",), path="a/*", page_last=1), {10}),
    ],
)
def test_all_conditions_apply_together(
    db: sqlite3.Connection, condition: SearchFilter, chunks: set[int]
) -> None:
    assert set(State(db).chunks_passing("kb-1", condition, 100)) == chunks
    everything = [number * 10 + half for number in DOCUMENTS for half in (0, 1)]
    assert State(db).passing_of(everything, "kb-1", condition) == chunks


def test_documents_on_their_way_in_or_out_never_match(db: sqlite3.Connection) -> None:
    db.execute("UPDATE documents SET state = 'retired' WHERE id = 1")
    db.execute("UPDATE documents SET state = 'pending' WHERE id = 2")
    assert set(State(db).chunks_passing("kb-1", SearchFilter(), 100)) == {30, 31, 40, 41, 50, 51}


@pytest.mark.parametrize(
    ("typed", "first", "last"), [("3", 3, 3), ("3-7", 3, 7), ("3-", 3, None), ("-7", None, 7)]
)
def test_pages_are_typed_as_a_range(typed: str, first: int | None, last: int | None) -> None:
    made = filter_from_text(pages=typed)
    assert (made.page_first, made.page_last) == (first, last)


@pytest.mark.parametrize(
    "typed",
    [
        {"pages": "three"},
        {"pages": "-"},
        {"since": "yesterday"},
        {"metadata": ["author"]},
        {"media_types": ["exe"]},
    ],
)
def test_what_cannot_be_understood_is_refused(typed: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        filter_from_text(**typed)  # type: ignore[arg-type]  # any one of the options


def test_nothing_typed_is_no_filter() -> None:
    assert filter_from_text().is_empty


@pytest.mark.parametrize("typed", ["2025-13", "2025-02-30", "2025-00", "25", "yesterday"])
def test_a_date_that_there_is_not_is_refused(typed: str) -> None:
    with pytest.raises(SettingsError, match="is not a date"):
        filter_from_text(since=typed)


def test_pages_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(SettingsError, match="write 1-3"):
        filter_from_text(pages="3-1")


@pytest.mark.parametrize(
    ("since", "until"), [("2030", "2020"), ("2024-05-02", "2024-05-01"), ("2024", "2023-12")]
)
def test_dates_that_end_before_they_begin_are_refused_however_they_are_given(
    since: str, until: str
) -> None:
    for make in (
        lambda: filter_from_text(since=since, until=until),
        lambda: SearchFilter(date_from=since, date_to=until),
    ):
        with pytest.raises(SettingsError, match="before they begin") as told:
            make()
        assert repr(since) in str(told.value)
        assert repr(until) in str(told.value)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2024-05-01", "2024"), ("2024", "2024-05"), ("2024", "2024"), ("", "2024")],
)
def test_a_day_is_no_later_than_the_year_that_it_is_in(since: str, until: str) -> None:
    assert SearchFilter(date_from=since, date_to=until).date_to == until


def test_pages_that_end_before_they_begin_are_refused_in_python_too() -> None:
    with pytest.raises(SettingsError, match="page_first 7 comes after page_last 3"):
        SearchFilter(page_first=7, page_last=3)
