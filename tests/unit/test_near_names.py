"""What a mistyped name of a few is told to be."""

from __future__ import annotations

from pathlib import Path

from kb.near_names import near_names

ROOT = Path(__file__).parents[2]


def test_a_name_in_another_case_is_the_nearest_as_it_is_written() -> None:
    assert near_names("MINUTES", ["Minutes", "minute", "roof"]) == ["Minutes"]


def test_the_nearest_come_first_and_what_is_unlike_not_at_all() -> None:
    assert near_names("querie", ["query", "queries", "limit"], most=2) == ["queries", "query"]
    assert near_names("colour", ["limit", "offset"]) == []


def test_a_word_without_end_is_compared_by_its_beginning() -> None:
    assert near_names("limit" + "x" * 10_000_000, ["limit"]) == []


def test_names_are_compared_in_one_place() -> None:
    of_pictures = "ingest/loaders/pictures/lines.py"  # lines of text that were read twice
    expected = {"kb/near_names.py", "kb/reading/nearest.py", of_pictures}
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("kb", "ingest", "ui")
        for path in (ROOT / folder).rglob("*.py")
        if "difflib" in path.read_text("utf-8")
    }
    assert found == expected
