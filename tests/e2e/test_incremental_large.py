"""An edit of a long document costs less than a hundredth of its vectors, through the whole way."""

# ruff: noqa: S311 - seeded texts, nothing secret

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from docx import Document as WordDocument
from docx.enum.text import WD_BREAK
from reportlab.lib.styles import (  # type: ignore[import-untyped] # it has no types
    getSampleStyleSheet,
)
from reportlab.platypus import (  # type: ignore[import-untyped] # likewise
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
)
from rich.console import Console

from ingest import IngestReport, ingest
from ingest.display import print_report
from kb import KnowledgeBase, Settings
from kb.embedding.base import EmbedderIdentity, Vector, Vectors, unit_rows

PAGES = 400
MEGABYTE = 1_000_000
NEWS = "The herons have been counted again: forty of them nest at the weir this spring. "
DIM = 64
WORD = re.compile(r"\w+|\S")


class HashingEmbedder:
    """An embedder without a model, a hundred times as fast as the smallest one.

    Feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
    2009): each word adds one or minus one to a place that its hash decides. The vectors compare
    texts by the words that they share. A word is a token.
    """

    identity = EmbedderIdentity(model_id="hashed-words", fingerprint=f"crc32-{DIM}", dim=DIM)
    dim = DIM
    max_tokens = 8192

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(WORD.findall(text)) for text in texts]

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        rows = np.zeros((len(texts), DIM), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in WORD.findall(text.lower()):
                hashed = crc32(word.encode("utf-8", "surrogatepass"))
                row[hashed % DIM] += 1 if hashed & (1 << 16) else -1
            # A text whose words cancel out would have no direction.
            row[0] += 0.5
        if on_progress is not None:
            on_progress(len(texts))
        return unit_rows(rows, dim=DIM)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        del task  # nothing is learnt for one
        vector: Vector = self.embed_documents([text])[0]
        return vector

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def sentences(chance: random.Random, count: int) -> str:
    words = ["".join(chance.choices("abdeghilmnorstu", k=n % 8 + 2)) for n in range(300)]
    made = (" ".join(chance.choices(words, k=chance.randint(5, 22))) for _ in range(count))
    return " ".join(f"{sentence.capitalize()}." for sentence in made)


def pages() -> list[list[str]]:
    """Return the paragraphs of each page, about 2,200 characters altogether."""
    chance = random.Random(21)
    return [[sentences(chance, 7) for _ in range(4)] for _ in range(PAGES)]


def write_docx(file: Path, pages: list[list[str]]) -> None:
    """Write pages with a break after each, and a heading on each tenth."""
    document = WordDocument()
    for number, paragraphs in enumerate(pages):
        if number % 10 == 0:
            document.add_heading(f"Chapter {number // 10 + 1}", 1)
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
        document.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
    document.save(str(file))


def write_pdf(file: Path, pages: list[list[str]]) -> None:
    style = getSampleStyleSheet()["BodyText"]
    story: list[object] = []
    for paragraphs in pages:
        story += [Paragraph(paragraph, style) for paragraph in paragraphs]
        story.append(PageBreak())
    SimpleDocTemplate(str(file)).build(story)


def printed(report: IngestReport) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=200))
    return out.getvalue()


def expect_few_new(report: IngestReport, before: IngestReport) -> None:
    """Less than a hundredth was embedded, and the report says how much was not."""
    assert before.chunks > 1000
    assert report.summary() == {"changed": 1}
    assert report.embedded + report.reused == report.chunks
    assert 0 < report.embedded < 0.01 * report.chunks
    assert f"({report.reused:,} vectors reused)" in printed(report)
    (file,) = report.files
    assert (file.embedded, file.reused) == (report.embedded, report.reused)


@pytest.mark.slow
def test_an_edited_paragraph_of_four_hundred_pages(base: KnowledgeBase, tmp_path: Path) -> None:
    file = tmp_path / "handbook.docx"
    written = pages()
    write_docx(file, written)
    first = ingest(base, [file])
    written[37][1] = NEWS + sentences(random.Random(22), 5)
    write_docx(file, written)
    expect_few_new(ingest(base, [file]), first)
    assert "forty of them nest" in base.search("herons counted weir")[0].text


@pytest.mark.slow
def test_an_edited_paragraph_of_a_pdf_of_four_hundred_pages(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    file = tmp_path / "handbook.pdf"
    written = pages()
    write_pdf(file, written)
    first = ingest(base, [file])
    written[37][1] = NEWS + sentences(random.Random(22), 5)
    write_pdf(file, written)
    expect_few_new(ingest(base, [file]), first)
    (info,) = base.documents()
    assert info.metadata["pages"] == PAGES


@pytest.mark.parametrize(
    "kind",
    [
        "one paragraph",
        pytest.param("lines", marks=pytest.mark.slow),
        pytest.param("Chinese", marks=pytest.mark.slow),
    ],
)
def test_a_paragraph_inserted_near_the_start_of_a_megabyte_without_headings(
    base: KnowledgeBase, tmp_path: Path, kind: str
) -> None:
    chance = random.Random(23)
    if kind == "Chinese":
        codes = range(0x4E00, 0x5E00)
        lengths = (chance.randint(6, 45) for _ in range(MEGABYTE // 26))
        text = "".join("".join(map(chr, chance.choices(codes, k=n))) + "。" for n in lengths)
    else:
        text = " ".join(sentences(chance, 100) for _ in range(MEGABYTE // 8800))
    if kind == "lines":
        text = text.replace(". ", ".\n")
    file = tmp_path / "flat.txt"
    file.write_text(text, "utf-8")
    first = ingest(base, [file])
    end = "。" if kind == "Chinese" else "."
    at = text.index(end, 2000) + 1
    file.write_text(text[:at] + " " + NEWS * 4 + text[at:].lstrip(), "utf-8")
    expect_few_new(ingest(base, [file]), first)
