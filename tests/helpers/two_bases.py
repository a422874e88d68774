"""One small library for tests of integrations: in this process, and behind the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from served_app import served_app

from kb import Document, KnowledgeBase
from kb.client import Client
from kb.embedding.base import Embedder
from kb.records import Page, Section

Bases = dict[str, KnowledgeBase | Client]

WARRANTY = "The warranty of the Aurora coffee machine lasts 24 months from the purchase."


@contextmanager
def two_bases(folder: Path, embedder: Embedder) -> Iterator[Bases]:
    """Fill a library; give it as ``embedded`` and as ``served``."""
    with served_app(folder, embedder=embedder) as served, Client(served.url) as client:
        base = served.base
        base.add(WARRANTY, name="machines/coffee.txt", metadata={"year": 2024})
        base.add("Kestrels hover above meadows and hunt voles.", name="birds/kestrel.txt")
        base.add("Herons stand in shallow water and eat fish.", name="birds/heron.txt")
        base.add("红隼在草地上空盘旋,捕食田鼠。", name="红隼.txt", collection="中文")
        base.add(tides(), name="tides.pdf")
        yield {"embedded": base, "served": client}


def tides() -> Document:
    """Return a document with pages, a heading and properties."""
    return Document(
        text="Tides\n\nHigh water comes twice a day.\n\nLow water follows six hours later.",
        media_type="pdf",
        title="Tide tables",
        sections=(Section(start=0, end=72, heading_path=("Almanac", "Tides")),),
        pages=(
            Page(number=1, start=0, end=37, label="iv"),
            Page(number=2, start=39, end=72, label="v"),
        ),
        metadata={"author": "Li"},
    )
