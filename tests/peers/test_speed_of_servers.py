"""Several servers are as many times as fast as one: real HTTP, servers that take a fixed time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from server_pool import embedding_seconds


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_servers_of_fixed_service_time_are_within_a_tenth_of_ideal(count: int) -> None:
    texts, seconds = 640, 0.02
    taken = embedding_seconds(count, texts=texts, seconds=seconds)
    assert texts * seconds / count <= taken <= 1.1 * texts * seconds / count
