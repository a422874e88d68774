"""Vectors of one byte a number: unit length again, and as near to others as they were."""

from __future__ import annotations

import numpy as np
import pytest

from kb.sentences.packed import chunk_sentences, pack, pack_spans, sentence_table, unpack


def unit(rows: int, dim: int, seed: int = 1) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("dim", [32, 384, 2560])
def test_a_vector_takes_a_byte_a_number_and_four(dim: int) -> None:
    assert len(pack(unit(7, dim))) == 7 * (dim + 4)


@pytest.mark.parametrize("dim", [32, 384, 2560])
def test_cosines_move_by_less_than_half_a_hundredth(dim: int) -> None:
    vectors, queries = unit(200, dim), unit(50, dim, seed=2)
    back = unpack(pack(vectors), dim)
    assert back.dtype == np.float32
    assert np.abs(np.linalg.norm(back, axis=1) - 1).max() < 1e-5
    assert np.abs(queries @ back.T - queries @ vectors.T).max() < 5e-3
    assert ((back * vectors).sum(axis=1) > 0.999).all()


def test_one_large_number_does_not_wipe_out_the_others_direction() -> None:
    vector = np.full((1, 384), 0.02, dtype=np.float32)
    vector[0, 5] = 0.9
    vector /= np.linalg.norm(vector)
    assert (unpack(pack(vector), 384) * vector).sum() > 0.9995


def test_nothing_packed_is_nothing() -> None:
    assert unpack(pack(np.empty((0, 384), dtype=np.float32)), 384).shape == (0, 384)


def test_a_passage_and_its_sentences_come_back_together() -> None:
    vectors = unit(4, 384)
    spans = [(0, 90), (91, 200), (201, 260)]
    found = chunk_sentences(pack_spans(spans), pack(vectors))
    assert found.spans.tolist() == [list(span) for span in spans]
    assert found.sentences.shape == (3, 384)
    assert float(found.own @ vectors[0]) > 0.999
    assert np.allclose(found.scores(vectors[2]), unpack(pack(vectors), 384) @ vectors[2], atol=1e-6)


def test_a_passage_without_a_sentence_has_its_own_vector() -> None:
    found = chunk_sentences(pack_spans([]), pack(unit(1, 384)))
    assert found.sentences.shape == (0, 384)
    assert found.own.shape == (384,)


@pytest.mark.parametrize(("data", "dim"), [(b"x" * 10, 384), (b"x" * 388, 0), (b"x", 2560)])
def test_what_is_no_vector_of_that_width_is_refused(data: bytes, dim: int) -> None:
    with pytest.raises(ValueError, match="are no vectors"):
        unpack(data, dim)


def test_sentences_that_do_not_fit_their_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="vectors"):
        chunk_sentences(pack_spans([(0, 5)]), b"x" * 7)


def test_a_table_holds_the_vectors_of_several_passages_as_each_alone_has_them() -> None:
    passages = {7: unit(3, 32, seed=7), 5: unit(1, 32, seed=5), 9: unit(4, 32, seed=9)}
    table = sentence_table((key, len(each) - 1, pack(each)) for key, each in passages.items())
    assert table.chunks == [7, 5, 9]
    assert table.counts.tolist() == [3, 1, 4]
    rows = table.numbers * table.scales[:, np.newaxis]
    alone = [unpack(pack(each), 32) for each in passages.values()]
    assert rows == pytest.approx(np.concatenate(alone), abs=1e-6)


def test_a_table_of_nothing_has_no_rows() -> None:
    table = sentence_table([])
    assert (table.chunks, len(table.numbers), len(table.scales)) == ([], 0, 0)


@pytest.mark.parametrize(
    "second", [(8, 2, pack(unit(4, 32))), (8, 3, pack(unit(4, 31))), (8, 3, b"")]
)
def test_a_table_takes_no_vectors_that_do_not_fit(second: tuple[int, int, bytes]) -> None:
    with pytest.raises(ValueError, match="are no"):
        sentence_table([(7, 3, pack(unit(4, 32))), second])
