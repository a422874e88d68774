"""Short texts share a call on a processor, and have the vectors that they have alone."""

from __future__ import annotations

import numpy as np

from kb.embedding.base import Embedder, embed_short
from kb.llama.bulk import plan_calls
from kb.llama.fitting import SPREAD_SEQUENCES, SPREAD_TOKENS

TEXTS = [
    *(f"Valve {number} is opened by turning wheel {number * 7} twice." for number in range(40)),
    "Green tea is steeped for two minutes at eighty degrees. " * 12,
    "保修期为二十四个月。",
    "x",
]


def test_vectors_of_texts_together_are_those_of_each_alone(embedder: Embedder) -> None:
    together = embed_short(embedder, TEXTS)
    alone = np.vstack([embedder.embed_documents([text]) for text in TEXTS])
    assert ((together * alone).sum(axis=1) > 0.9995).all()
    # Nothing of a text is seen by those beside it.
    others = embed_short(embedder, [TEXTS[0], *TEXTS[20:]])
    assert float(others[0] @ alone[0]) > 0.9995


def test_documents_have_the_same_vectors_whatever_is_beside_them(embedder: Embedder) -> None:
    np.testing.assert_array_equal(
        embedder.embed_documents(TEXTS)[:3], embedder.embed_documents(TEXTS[:3])
    )


def test_calls_hold_short_texts_together_and_long_ones_alone() -> None:
    lengths = [300, 20, 129, 128, 40, *([6] * 40)]
    calls = list(plan_calls(lengths, SPREAD_TOKENS, SPREAD_SEQUENCES))
    assert sorted(row for rows in calls for row in rows) == list(range(len(lengths)))
    assert calls[:3] == [[0], [2], [3]]
    for rows in calls[3:]:
        assert sum(lengths[row] for row in rows) <= SPREAD_TOKENS
        assert len(rows) <= SPREAD_SEQUENCES
    assert len(calls) < 8
