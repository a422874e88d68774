"""How long is waited before a request is sent again."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb import retry
from kb.embedding.remote.bounds import most_tokens
from kb.embedding.remote.plan import plan_requests
from kb.retry import RetryPolicy, requested_wait_s

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def test_the_limit_doubles_up_to_a_cap_and_the_wait_is_drawn_evenly_below_it() -> None:
    policy = RetryPolicy(base_s=0.5, cap_s=4.0)
    limits = [policy.delay_s(failures, uniform=lambda _, high: high) for failures in range(1, 7)]
    assert limits == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert policy.delay_s(10**6, uniform=lambda _, high: high) == 4.0
    draw = random.Random(7).uniform  # noqa: S311 - jitter is no secret
    waits = [policy.delay_s(3, uniform=draw) for _ in range(2000)]
    assert min(waits) < 0.1
    assert max(waits) > 1.9
    assert sum(waits) / len(waits) == pytest.approx(1.0, abs=0.05)


def test_what_the_server_asks_for_comes_first() -> None:
    assert RetryPolicy().delay_s(1, 7.0, uniform=lambda low, _: low) == 7.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("Mon, 23 Nov 2026 12:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(header: str | None, seconds: float | None) -> None:
    assert requested_wait_s(header, NOW) == seconds


def test_few_texts_are_spread_over_all_lanes_and_none_is_lost() -> None:
    assert [len(rows) for rows in plan_requests([10] * 32, lanes=4, most=32)] == [8, 8, 8, 8]
    assert [len(rows) for rows in plan_requests([10] * 5, lanes=4, most=32)] == [4, 1]
    plan = list(plan_requests([150_000, 100_000, 300_000, 5, 5], lanes=1, most=32))
    assert plan == [[0], [1], [2], [3, 4]]


@pytest.mark.parametrize("text", ["", "word", "ﷺ", "ΐ", "한국어", "🙂", "软件著作权", "\ud83d"])
def test_the_bound_covers_bytes_and_every_normal_form(text: str) -> None:
    assert most_tokens(text) > len(text.encode("utf-8", "surrogatepass"))
    assert most_tokens("ﷺ") >= 18


def test_no_other_module_decides_how_long_to_wait_for_a_server() -> None:
    root = Path(retry.__file__).parents[1]
    deciding = re.compile(r"\bparsedate_to_datetime\b|\brandom\.uniform\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    assert [file for file in modules if deciding.search(file.read_text("utf-8"))] == [
        root / "kb" / "retry.py"
    ]
