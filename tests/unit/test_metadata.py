"""What documents say of themselves, however they write it."""

from __future__ import annotations

import pytest

from kb.metadata import stated_date, stated_language, stated_tags
from kb.records import MetadataValue


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-05-01", "2024-05-01"),
        ("2024-05", "2024-05"),
        (2024, "2024"),
        ("2024-05-01T10:00:00Z", "2024-05-01"),
        ("2024-05-01 10:00", "2024-05-01"),
        ("2024/5/1", "2024-05-01"),
        ("2024-5-1", "2024-05-01"),
        ("2024年5月1日", "2024-05-01"),
        ("2024年5月", "2024-05"),
        ("1.5.2024", "2024-05-01"),
        ("May 1, 2024", "2024-05-01"),
        ("1 May 2024", "2024-05-01"),
        ("May 2024", "2024-05"),
        ("05/01/2024", ""),
        ("2024-02-31", ""),
        ("TBD", ""),
        ("12", ""),
    ],
)
def test_a_date_is_understood_or_left_alone(written: MetadataValue, day: str) -> None:
    assert stated_date({"date": written}) == day


def test_the_date_that_tells_most_counts() -> None:
    written = {"created": "2019", "modified": "2025-01-01", "date": "2020-01-01"}
    assert stated_date(written) == "2020-01-01"
    assert stated_date({**written, "date": "soon"}) == "2025-01-01"


def test_tags_and_keywords_are_both_tags() -> None:
    assert stated_tags({"tags": "alpha，delta", "keywords": "tax; 税务、合同"}) == (
        "alpha",
        "delta",
        "tax",
        "税务",
        "合同",
    )
    assert stated_tags({"tags": 2024}) == ("2024",)


def test_languages_are_written_in_one_way() -> None:
    assert stated_language({"lang": "zh_CN"}) == "zh-CN"
    assert stated_language({"language": "", "lang": "en, de"}) == "en, de"
