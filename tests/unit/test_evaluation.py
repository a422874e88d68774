"""Metrics, judged sets, and comparing runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.errors import SettingsError
from kb.evaluation import metrics, spans
from kb.evaluation.judged import read_set

RANKED = ["a", "b", "c", "d"]


def test_recall_is_the_share_of_relevant_found() -> None:
    assert metrics.recall(RANKED, {"b", "x"}, 5) == 0.5
    assert metrics.recall(RANKED, {"b", "x"}, 1) == 0.0


def test_reciprocal_rank_counts_the_first_relevant_only() -> None:
    assert metrics.reciprocal_rank(RANKED, {"c", "d"}, 10) == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank(RANKED, {"c"}, 2) == 0.0


def test_ndcg_is_one_for_a_perfect_ranking_and_falls_with_the_rank() -> None:
    assert metrics.ndcg(RANKED, {"a", "b"}, 10) == pytest.approx(1.0)
    assert metrics.ndcg(RANKED, {"b"}, 10) == pytest.approx(0.6309, abs=1e-4)
    assert metrics.ndcg(RANKED, {"x"}, 10) == 0.0


def test_the_interval_holds_the_mean_and_narrows_with_more_queries() -> None:
    few, many = metrics.interval([0.0, 1.0] * 10), metrics.interval([0.0, 1.0] * 500)
    assert few[0] < 0.5 < few[1]
    assert many[1] - many[0] < few[1] - few[0]


def test_equal_runs_do_not_differ_and_better_ones_do() -> None:
    one = [0.1 * (n % 7) for n in range(100)]
    assert metrics.paired(one, one)[2] == 1.0
    difference, (low, high), p = metrics.paired(one, [value + 0.1 for value in one])
    assert difference == pytest.approx(0.1)
    assert low == pytest.approx(0.1)
    assert high == pytest.approx(0.1)
    assert p < 0.01


def test_spans_count_text_read_twice_against_precision_only() -> None:
    once = spans.score([("d", 10, 20)], [("d", 0, 40)])
    assert once == {"recall": 1.0, "precision": 0.25, "iou": 0.25}
    twice = spans.score([("d", 10, 20)], [("d", 0, 15), ("d", 10, 15), ("e", 10, 20)])
    assert twice["recall"] == 0.5
    assert twice["precision"] == pytest.approx(10 / 30)


def _write(folder: Path, queries: str, qrels: str) -> Path:
    (folder / "corpus.jsonl").write_text(json.dumps({"id": "d1", "text": "one\u2028two"}) + "\n")
    (folder / "queries.jsonl").write_text(queries)
    (folder / "qrels.tsv").write_text(qrels)
    return folder


def test_a_set_is_read_with_its_judgements(tmp_path: Path) -> None:
    queries = '{"id": "q1", "text": "x"}\n{"id": "q2", "text": "unjudged"}\n'
    judged = read_set(_write(tmp_path, queries, "q1\td1\t1\ndeleted\td1\t1\n"))
    assert dict(judged.queries) == {"q1": "x"}
    assert judged.relevant["q1"] == {"d1"}
    assert judged.documents[0].text == "one\u2028two"


@pytest.mark.parametrize(
    ("queries", "qrels", "says"),
    [
        ('{"id": "q1", "text": ""}\n', "q1\td1\t1\n", "no text"),
        ('{"id": "q1"}\n', "q1\td1\t1\n", "line 1: 'text'"),
        ("nonsense\n", "q1\td1\t1\n", "line 1 is not JSON"),
        ('{"id": "q1", "text": "x"}\n', "q1 d1 1\n", "separate them with tabs"),
        ('{"id": "q1", "text": "x"}\n', "q1\td9\t1\n", "no document 'd9'"),
        ('{"id": "q1", "text": "x"}\n', "q1\td1\tyes\n", "not a whole number"),
        ('{"id": "q1", "text": "x"}\n', "", "judges none"),
        ('{"id": "q1", "text": "x"}\n{"id": "q1", "text": "y"}\n', "q1\td1\t1\n", "line 2: the id"),
    ],
)
def test_a_wrong_set_is_refused_with_file_and_line(
    tmp_path: Path, queries: str, qrels: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        read_set(_write(tmp_path, queries, qrels))
