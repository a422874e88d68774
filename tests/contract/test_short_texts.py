"""Short texts share a call on a processor, and have the vectors that they have alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from kb import Settings
from kb.embedding.base import (
    Batching,
    Embedder,
    Vectors,
    batching,
    embed_queries,
    embed_short,
)
from kb.embedding.llama import LlamaEmbedder
from kb.llama.bulk import plan_calls
from kb.llama.context import Context
from kb.llama.fitting import SPREAD_SEQUENCES, SPREAD_TOKENS
from kb.llama.tokens import Tokens
from kb.models.files import resolve_model

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


@pytest.fixture(scope="module")
def packing(models_dir: Path) -> Iterator[LlamaEmbedder]:
    """The default model as a GPU has it: many texts in a call."""
    model = resolve_model(Settings(data_dir=models_dir.parent / "none"))
    with closing(LlamaEmbedder(model, pack=True)) as opened:
        yield opened


def test_queries_that_are_embedded_together_have_the_vectors_that_each_has_alone(
    packing: LlamaEmbedder, embedder: Embedder
) -> None:
    queries = [*TEXTS[:20], TEXTS[-2], TEXTS[-1]]
    alone = np.stack([embedder.embed_query(query) for query in queries])
    np.testing.assert_allclose(embed_queries(embedder, queries), alone, atol=1e-6)
    assert ((embed_queries(packing, queries) * alone).sum(axis=1) > 0.999).all()


def test_queries_are_computed_in_as_few_calls_as_a_packing_model_takes(
    packing: LlamaEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    encode = Context.encode

    def look(context: Context, sequences: Sequence[Tokens]) -> Vectors:
        calls.append(len(sequences))
        return encode(context, sequences)

    monkeypatch.setattr(Context, "encode", look)
    embed_queries(packing, TEXTS[:20])
    assert calls == [20]


def test_an_embedder_says_how_the_texts_of_many_askers_are_handed_over(
    packing: LlamaEmbedder, embedder: Embedder
) -> None:
    packed, spread = batching(packing), batching(embedder)
    assert packed.texts == packing.description["texts_per_call"] > 1
    # As many as there are contexts are computed; two more are ready.
    assert isinstance(embedder, LlamaEmbedder)
    assert (spread.calls, spread.texts) == (int(embedder.description["contexts"]) + 2, 1)
    assert batching(HashingEmbedder()) == Batching()
