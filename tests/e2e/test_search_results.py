"""What a search gives beside its hits: the text around them, and hits that differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, SearchFilter, SearchHit, Settings
from kb.cli.app import app
from kb.errors import SettingsError

ENGLISH = "\n\n".join(
    f"Paragraph {n} of the manual. " + f"Wheel {n} turns slowly around its axle. " * 5
    for n in range(20)
)
CHINESE = "\n\n".join(f"第{n}节。" + f"第{n}号轮子绕着它的轴缓慢转动。" * 14 for n in range(20))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings(data_dir=tmp_path / "data", chunk_size=256, chunk_overlap=64)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(ENGLISH, name="manual")
        opened.add(CHINESE, name="手册")
        yield opened


@pytest.mark.parametrize("count", [1, 3, 100])
@pytest.mark.parametrize("query", ['"wheel 9"', "“第9号轮子”"])
def test_a_hit_is_given_its_neighbours_without_their_overlap(
    base: KnowledgeBase, query: str, count: int
) -> None:
    for hit in base.search(query, context=count):
        whole = base.document_text(hit.document_id)
        chunks = base.chunks(hit.document_id)
        first = chunks[max(0, hit.ordinal - count)]
        last = chunks[min(len(chunks) - 1, hit.ordinal + count)]
        assert hit.before + hit.text + hit.after == whole[first.start : last.end]
        assert whole[hit.start : hit.end] == hit.text


def test_the_first_chunk_has_nothing_before_it_and_no_hit_has_neighbours_unasked(
    base: KnowledgeBase,
) -> None:
    (hit, *_) = base.search('"paragraph 0"', context=1)
    assert (hit.ordinal, hit.before) == (0, "")
    assert hit.after
    (bare, *_) = base.search('"paragraph 0"')
    assert (bare.before, bare.after) == ("", "")


def test_only_one_document_is_searched_where_that_is_asked(base: KnowledgeBase) -> None:
    (other,) = [info for info in base.documents() if info.name == "手册"]
    hits = base.search("wheel 轮子", where=SearchFilter(documents=(other.id,)), top_k=20)
    assert {hit.source for hit in hits} == {"手册"}


def pairs_alike(base: KnowledgeBase, hits: list[SearchHit]) -> float:
    """Return the greatest cosine of two hits."""
    vectors = base.embedder.embed_documents([hit.text for hit in hits])
    alike = vectors @ vectors.T
    return max(float(alike[i, j]) for i in range(len(hits)) for j in range(i))


@pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])
def test_diversity_spreads_the_hits_and_keeps_the_best(base: KnowledgeBase, mode: str) -> None:
    query = "slowly turning wheels 轮子转动"
    plain = base.search(query, mode=mode, top_k=5)
    spread = base.search(query, mode=mode, top_k=5, diversity=0.7)
    assert spread[0] == plain[0]
    assert len(spread) == len(plain) == 5
    assert pairs_alike(base, spread) < pairs_alike(base, plain)
    assert base.search(query, mode=mode, top_k=5, diversity=0.0) == plain


def test_what_is_out_of_bounds_is_refused(base: KnowledgeBase) -> None:
    for wrong in ({"diversity": 1.5}, {"diversity": -0.1}, {"context": -1}):
        with pytest.raises(SettingsError, match="diversity"):
            base.search("wheel", **wrong)  # type: ignore[arg-type]  # one of the options


@pytest.fixture
def command(data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    monkeypatch.setenv("KB_CHUNK_SIZE", "256")
    monkeypatch.setenv("KB_CHUNK_OVERLAP", "64")
    with KnowledgeBase.open() as base:
        base.add(ENGLISH[:1500], name="manual")
        base.add("轮子不转了。", name="故障")
    return CliRunner()


def test_the_command_line_shows_neighbours_and_names_each_score(command: CliRunner) -> None:
    asked = ["search", "wheel 2", "--context", "1", "--diversity", "0.3", "--json"]
    (first, *_) = json.loads(command.invoke(app, asked).stdout)
    assert first["before"]
    assert first["after"]
    assert first["ranks"]["fused"] == 1
    shown = command.invoke(app, ["search", "wheel 2", "-k", "1", "--explain"]).stdout
    assert re.search(r"fused 0\.\d{3} from cosine 0\.", shown)
    assert "(#1) and BM25 " in shown
    by_words = command.invoke(
        app, ["search", "wheel", "--mode", "keyword", "-k", "1", "--explain"]
    ).stdout
    assert "BM25 " in by_words
    assert "cosine" not in by_words
    around = command.invoke(app, ["search", '"wheel 2"', "--context", "1", "-k", "1"]).stdout
    assert "Paragraph 1 of" in around
    assert "Paragraph 3 of" in around


def test_the_command_line_takes_a_document_by_its_id(command: CliRunner) -> None:
    listed = json.loads(command.invoke(app, ["documents", "--json"]).stdout)
    (number,) = [item["id"] for item in listed if item["sources"][0]["path"] == "故障"]
    found = command.invoke(app, ["search", "wheel", "--document", str(number), "--json"])
    assert [hit["document_id"] for hit in json.loads(found.stdout)] == [number]


def test_sentences_are_marked_as_each_collections_instruction_words_the_query(
    tmp_path: Path,
) -> None:
    birds, trees = "Quokka pears hum.", "Zebra apples glow."
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        for name, instruction in (("birds", birds), ("trees", trees)):
            base.add(f"{trees} {birds}", name=f"{name}.txt", collection=name)
            base.instruct_collection(name, instruction)
        wanted = {"birds": birds, "trees": trees}
        for names in (["birds"], ["trees"], ["birds", "trees"], ["trees", "birds"]):
            found = base.search("anything else", collection=names, highlights="words", top_k=5)
            marked = base.highlight("anything else", found)
            assert marked == base.search("anything else", collection=names, top_k=5)
            for hit in marked:
                (span,) = hit.highlights
                assert hit.text[slice(*span)] == wanted[hit.collection]
        found = base.search("anything", collection="birds", highlights="words")
        (asked,) = base.highlight("anything", found, instruct=trees)
        assert asked.text[slice(*asked.highlights[0])] == trees
        base.delete_collection("birds")
        assert base.highlight("anything", found)[0].highlights
