"""What evaluations count: documents, wherever their passages rank, and spans, wherever they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings, SettingsError
from kb.cli.app import app
from kb.embedding.base import Embedder
from kb.errors import InputTooLongError
from kb.evaluation import runs, spans
from kb.evaluation.judged import JudgedSet, read_set
from kb.evaluation.making import make_set

LONG = "\n\n".join(
    f"The heron of lake {n} waits in shallow water for fish. " * 12 for n in range(30)
)
COPY = "The quarterly review is held in the blue room every third Thursday at nine. " * 4


def write_set(
    folder: Path,
    documents: Mapping[str, str],
    queries: Mapping[str, str],
    qrels: Sequence[tuple[str, str]],
    gold: Sequence[tuple[str, str, int, int]] = (),
) -> Path:
    folder.mkdir()
    for name, items in (("corpus.jsonl", documents), ("queries.jsonl", queries)):
        lines = [
            json.dumps({"id": key, "text": text, "title": None}) for key, text in items.items()
        ]
        (folder / name).write_text("\n".join(lines), "utf-8-sig")
    (folder / "qrels.tsv").write_text("".join(f"{q}\t{d}\t1\n" for q, d in qrels), "utf-8-sig")
    if gold:
        (folder / "spans.tsv").write_text("".join(f"{q}\t{d}\t{a}\t{b}\n" for q, d, a, b in gold))
    return folder


def scored(judged: JudgedSet, tmp_path: Path) -> runs.Run:
    settings = Settings.load(data_dir=tmp_path / "data")
    with runs.ingested(judged, settings, HashingEmbedder()) as base:
        return runs.run(base, judged, mode="keyword")


def test_ten_places_are_ten_documents_however_many_passages_one_has(tmp_path: Path) -> None:
    documents = {"long": LONG, "a": "A heron by the water.", "b": "Water and a heron, twice heron."}
    qrels = [("q", name) for name in documents]
    folder = write_set(tmp_path / "set", documents, {"q": "heron lake water fish"}, qrels)
    judged = read_set(folder)
    assert len(judged.relevant["q"]) == 3, "a byte order mark costs no judgement"
    done = scored(judged, tmp_path)
    assert set(done.queries[0].found) == set(documents)
    assert done.means()["recall@10"][0] == 1


def test_a_span_is_found_in_every_document_that_holds_the_passage(tmp_path: Path) -> None:
    before = "Something else comes first here, about the garden and the shed. "
    documents = {"one": COPY, "two": before * 3 + COPY}
    start = len(before) * 3
    folder = write_set(
        tmp_path / "set",
        documents,
        {"q": "quarterly review blue room"},
        [("q", "two")],
        [("q", "two", start, start + len(COPY.strip()))],
    )
    judged = read_set(folder, spans=True)
    settings = Settings.load(data_dir=tmp_path / "data")
    with runs.ingested(judged, settings, HashingEmbedder()) as base:
        found = spans.run(base, judged, mode="keyword", top_k=5)
    assert found.means["recall"][0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("gold", "says"),
    [
        (("q", "none", 0, 3), "no document 'none'"),
        (("q", "a", 3, 3), "3 to 3 is no span"),
        (("q", "a", 5, 2), "5 to 2 is no span"),
        (("q", "a", 0, 999), "0 to 999 is no span"),
        (("other", "a", 0, 3), "no span of any query"),
    ],
)
def test_spans_that_cannot_be_are_refused(
    tmp_path: Path, gold: tuple[str, str, int, int], says: str
) -> None:
    folder = write_set(tmp_path / "set", {"a": "A heron."}, {"q": "heron"}, [("q", "a")], [gold])
    with pytest.raises(SettingsError, match=says):
        read_set(folder, spans=True)


def test_runs_of_different_sets_are_not_compared(tmp_path: Path) -> None:
    documents, queries = {"a": "A heron."}, {"q": "heron"}
    one = scored(read_set(write_set(tmp_path / "one", documents, queries, [("q", "a")])), tmp_path)
    changed = {"q": "another question"}
    (tmp_path / "later").mkdir()
    other = scored(
        read_set(write_set(tmp_path / "later" / "one", documents, changed, [("q", "a")])), tmp_path
    )
    with pytest.raises(SettingsError, match="changed since"):
        runs.compare(one, other, "ndcg@10")
    with pytest.raises(SettingsError, match="has no precision"):
        runs.compare(one, one, "precision")
    of_before = replace(one, fingerprint="")  # as older releases saved them
    assert runs.compare(of_before, one, "ndcg@10")[0] == 0


def test_a_query_that_is_too_long_is_named(tmp_path: Path, embedder: Embedder) -> None:
    folder = write_set(tmp_path / "set", {"a": "A heron."}, {"q7": "heron " * 900}, [("q7", "a")])
    judged = read_set(folder)
    settings = Settings.load(data_dir=tmp_path / "data")
    with (
        runs.ingested(judged, settings, embedder) as base,
        pytest.raises(InputTooLongError, match="query 'q7' of set"),
    ):
        runs.run(base, judged, mode="dense")


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv", "spans.tsv"])
def test_making_a_set_loses_no_file(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text("precious")
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("A heron waits.")
        with pytest.raises(SettingsError, match=name):
            make_set(base, folder, collection=None, count=1)
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text() == "precious"


def test_the_command_refuses_what_would_cost_a_run_and_compares_in_json(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    folder = write_set(tmp_path / "set", {"a": "A heron."}, {"q": "heron"}, [("q", "a")])
    command = CliRunner()
    lost = command.invoke(app, ["eval", str(folder), "--save", str(tmp_path / "no" / "x.json")])
    assert lost.exit_code == 2
    assert "make it first" in lost.output
    both = command.invoke(app, ["eval", str(folder), "--spans", "--save", "x.json"])
    assert "leave out --save" in both.output
    saved = tmp_path / "run.json"
    command.invoke(app, ["eval", str(folder), "--mode", "keyword", "--save", str(saved)])
    again = command.invoke(
        app, ["eval", str(folder), "--mode", "keyword", "--compare", str(saved), "--json"]
    )
    (run,) = json.loads(again.stdout)
    assert run["compared"][0]["with"] == "keyword"
    assert run["compared"][0]["difference"] == 0
