"""A divided table in a real store: found by its columns' names, shown, kept, and made again."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from rich.console import Console

from ingest.loaders.base import LoadOptions
from ingest.loaders.markdown.loader import MarkdownLoader
from kb import KnowledgeBase, SearchHit, Settings
from kb.answering.prompts import pack
from kb.cli.presentation import print_hits
from kb.embedding.base import Vectors
from kb.server.knowledge.records import HitReply
from kb.wire import hit_json
from ui.hits import citation
from ui.markup import header_html

HEADER = "Id | Site | Yearly kWh"
NAMES = ("Weir", "Mill", "Lock", "Ford")
TABLE = "| Id | Site | Yearly kWh |\n|---|---|---|\n" + "".join(
    f"| {2000 + n} | {NAMES[n % 4]} {n} | {n * 37 % 900} |\n" for n in range(200)
)


class Listening(HashingEmbedder):
    """Remembers what it read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.read += texts
        return super().embed_documents(texts, on_progress)


@pytest.fixture
def embedder() -> Listening:
    return Listening()


@pytest.fixture
def base(settings: Settings, embedder: Listening, tmp_path: Path) -> Iterator[KnowledgeBase]:
    path = tmp_path / "weirs.md"
    path.write_text(f"# Inventory\n\nAll of them.\n\n{TABLE}", encoding="utf-8")
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        opened.add(MarkdownLoader().load(path, LoadOptions()), name="weirs.md")
        opened.add("The yearly report counts every kWh that was used anywhere.", name="report")
        yield opened


def hit_of(base: KnowledgeBase, mode: str) -> SearchHit:
    return base.search("yearly kWh of Ford 91", mode=mode, top_k=1)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_a_row_is_found_with_the_name_of_its_column(base: KnowledgeBase, mode: str) -> None:
    hit = hit_of(base, mode)

    assert "Ford 91" in hit.text
    assert hit.header == HEADER
    assert HEADER not in hit.text
    assert base.document_text(hit.document_id)[hit.start : hit.end] == hit.text
    assert base.chunks(hit.document_id)[hit.ordinal].header == HEADER


def test_a_word_of_the_header_row_alone_finds_every_chunk_of_the_table(
    base: KnowledgeBase,
) -> None:
    hits = base.search("site", mode="keyword", top_k=50)

    table = next(each for each in base.documents() if each.name == "weirs.md")
    assert len(hits) == sum("| " in chunk.text for chunk in base.chunks(table.id)) > 3


def test_the_embedding_is_of_the_header_row_with_the_rows(
    base: KnowledgeBase, embedder: Listening
) -> None:
    hit = hit_of(base, "keyword")

    assert f"Inventory\n\n{HEADER}\n{hit.text}" in embedder.read
    assert hit.text not in embedder.read


def test_an_archive_keeps_header_rows_and_the_words_in_them(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    before = hit_of(base, "keyword")
    base.export(tmp_path / "a.kba")

    base.import_archive(tmp_path / "a.kba", collection="copy")
    after = base.search("yearly kWh of Ford 91", mode="keyword", top_k=1, collection="copy")[0]

    assert (after.header, after.text, after.score) == (HEADER, before.text, before.score)


def test_lost_vectors_of_a_table_are_computed_again(
    base: KnowledgeBase, embedder: Listening
) -> None:
    before = hit_of(base, "dense")
    base.close()
    shutil.rmtree(base.settings.store_dir / "chroma")

    with KnowledgeBase.open(base.settings, embedder=embedder) as again:
        assert again.check(repair=True).ok
        after = hit_of(again, "dense")

    assert after.text == before.text
    assert after.score == pytest.approx(before.score, abs=1e-4)


def test_a_hit_shows_its_header_row_wherever_it_is_shown(base: KnowledgeBase) -> None:
    hit = hit_of(base, "keyword")
    shown = io.StringIO()

    print_hits("q", [hit], Console(file=shown, width=200))

    assert f"   {HEADER}\n" in shown.getvalue()
    assert hit_json(hit)["header"] == HEADER
    assert HitReply.model_validate_json(json.dumps(hit_json(hit))).header == HEADER
    assert f"{HEADER}\n{hit.text}" in citation(hit)
    assert f">{HEADER}</span>" in header_html(hit.header)
    messages, _ = pack("?", [hit], count=len, room=10_000)
    assert f"{HEADER}\n{hit.text}" in messages[-1].content
