"""Phrases in quotes and exclusions, in a real full-text index."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog

import pytest

from kb.catalog.state import Change
from kb.search.query import parse
from kb.words.terms import index_text


def _holds(query: str, *texts: str) -> list[str]:
    """Return those of ``texts`` that hold the phrases of ``query`` and nothing it excludes."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    try:
        change = Change(db)
        change.create_keyword_index("kb-test")
        change.index_words("kb-test", [(n, index_text(t, "en"), "") for n, t in enumerate(texts)])
        parsed = parse(query)
        found = set(range(len(texts)))
        if parsed.required:
            found &= change.chunks_with_words("kb-test", parsed.condition)
        if parsed.excluded:
            found -= change.chunks_with_words("kb-test", parsed.exclusion)
        return [texts[n] for n in sorted(found)]
    finally:
        db.close()


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("2.3.10", "Release v2.3.10 is out."),
        ("v2.3.10", "Release 2.3.10 is out."),
        ("release 2.3.10", "Release v2.3.10 is out."),
        ("release v2.3.10", "Release 2.3.10 is out."),
        ("10.0.4.17", "Host srv-10.0.4.17 is up."),
        ("2.3.10", "Tag release_2_3_10"),
        ("2.3.10", "ｖ２．３．１０"),
        ("2.3.10", "v2.3.10-rc1"),
        ("KX-4471-B", "Fuse KX‑4471‑B sits"),
        ("KX-4471-B", "Fuse KX‐4471‐B sits"),
        ("KX-4471-B", "Fuse KX–4471–B sits"),
        ("KX-4471-B", "Fuse KX−4471−B sits"),
        ("KX-4471-B", "Fuse ＫＸ－４４７１－Ｂ sits"),
        ("KX-4471-B", "Fuse KX4471B sits"),
        ("KX-4471-B", "Fuse KX 4471 B sits"),
        ("KX‑4471‑B", "Fuse KX-4471-B sits"),
        ("fuse KX-4471-B sits", "Fuse KX‑4471‑B sits"),
        ("KX4471B", "Fuse KX-4471-B sits"),
        ("1250000", "a deposit of 1,250,000 yen"),
        ("1250000 yen", "a deposit of 1,250,000 yen"),
        ("1250000 yen", "a deposit of 1 250 000 yen"),
        ("1250000 yen", "a deposit of 12,50,000 yen"),
        ("1,250,000 yen", "a deposit of 1250000 yen"),
        ("1,250,000 yen", "a deposit of 1.250.000 yen"),
        ("1.234,56", "costs 1,234.56 dollars"),
        ("36500", "金额￥３６，５００元整"),
        ("02071234567", "call 020-7123-4567 now"),
        ("020-7123-4567", "call 02071234567 now"),
        ("call 02071234567 now", "call 020-7123-4567 now"),
        ("github actions", "with GitHub Actions"),
        ("javascript framework", "a JavaScript framework"),
        ("iPhone 15", "an iphone 15"),
        ("xml file", "call parseXMLFile()"),
        ("C++ code", "some C++ code"),
        ("well known", "a well-known fact"),
        ("cluster\u200bctl drain", "run clusterctl drain"),
        ("clusterctl drain", "run clus\u2060terctl drain"),
        ("员工请假", "員工請假須於三日前"),
        ("1,250,000", "It cost 1 250 000 in all."),
        ("1,250", "It cost 1.250 in all."),
        ("12,05", "It cost 12,05 in all."),
        ("員工請假須於", "员工请假须于三日前"),
        ("高峰用水", "⾼峰⽤⽔⽇"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(phrase: str, text: str) -> None:
    assert _holds(f'"{phrase}"', text) == [text]
    assert _holds(f'everything else -"{phrase}"', text) == []


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("2.3.10", "Release v2.10.3 is out."),
        ("2.3.10", "Release v1.2.3.10 is out."),
        ("2.3.1", "Release v2.3.10 is out."),
        ("2.3.1", "Release v2.3.1.4 is out."),
        ("KX-4471-B", "Fuse KX-B-4471 sits"),
        ("1250000 yen", "1 250 000 and yen"),
        ("1250000", "250,000 and 1"),
        ("5000", "pieces: 5 000 12"),
        ("1,250,000", "1, 250, 000 apples"),
        ("12,05", "12, 05 and 31"),
        ("for 1,250,000 yen", "for 1, 250, 000 yen"),
        ("copy", "two copies"),
        ("C code", "some C++ code"),
        ("file get", "parseFile getUser"),
        ("actions github", "with GitHub Actions"),
    ],
)
def test_a_phrase_keeps_its_words_and_their_order(phrase: str, text: str) -> None:
    assert _holds(f'"{phrase}"', text) == []


def test_what_is_excluded_is_the_word_that_was_typed() -> None:
    texts = ("two copies", "one copy")
    assert _holds("contract -copy", *texts) == ["two copies"]


def test_an_excluded_version_excludes_it_in_every_writing_and_no_other() -> None:
    texts = ("Release v1.2.3", "Release 1.2.3", "Release v1.2.3.4", "Release v3.2.1")
    assert _holds("release -v1.2.3", *texts) == ["Release v1.2.3.4", "Release v3.2.1"]
