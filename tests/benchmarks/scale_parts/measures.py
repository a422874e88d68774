"""What is measured of one store, each part in a process of its own: see ``PARTS``."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from large_library import Made, store_made
from processes import peak_mib, resident_mib

from kb import KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter
from kb.models.bundled import ensure_bundled_model
from kb.records import SearchMode
from scale_parts.stores import NARROW, Measured, models, opened, served

QUERIES = 100
CHANGES = 5
SOME_FOLDER = 5
Figures = dict[str, float]


def search(store: Measured, queries: int) -> Figures:
    """Open, search without and with filters; memory after all of them."""
    figures: Figures = {}
    with ExitStack() as held:
        inner, embedder = held.enter_context(models(store.width))
        asked = store.library(inner).queries(queries)
        for query in asked:  # a model does its first work now, not in what is timed
            embedder.embed_query(query)
        server = held.enter_context(served(store))
        started = time.perf_counter()
        with KnowledgeBase.open(store.settings, embedder=embedder) as base:
            base.search(asked[0], highlights="none")
            figures["open_s"] = time.perf_counter() - started
            times = [_ms(lambda: base.search(query, highlights="none")) for query in asked]  # noqa: B023
            for name, share in (("p50", 0.5), ("p95", 0.95)):
                figures[f"new_{name}_ms"] = float(np.quantile(times, share))
            # The searcher keeps their vectors, and how often their words occur: the rest is timed.
            figures |= _searches(base, asked)
            figures["rss_mib"] = resident_mib(os.getpid())
            figures["peak_mib"] = peak_mib(os.getpid())
            if server is not None:
                figures["server_mib"] = resident_mib(server)
    return figures


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def opening(store: Measured, queries: int) -> Figures:  # noqa: ARG001 - called as the others are
    """Open and search with a model that is yet to be loaded, as ``kb search`` does."""
    if store.width != NARROW:
        return {}  # there is no model of that width here
    ensure_bundled_model(store.settings.models_dir)
    with served(store):
        started = time.perf_counter()
        with KnowledgeBase.open(store.settings) as base:
            base.search("harbour lights", highlights="none")
            return {"open_with_model_s": time.perf_counter() - started}


def _searches(base: KnowledgeBase, asked: Sequence[str]) -> Figures:
    median = base.document_page(limit=1, offset=base.collection().documents // 2).documents[0]
    filters: dict[str, tuple[SearchFilter | None, SearchMode | None]] = {
        "hybrid": (None, None),
        "one_chunk": (SearchFilter(documents=(median.id,), page_first=5, page_last=5), None),
        "percent_folder": (SearchFilter(path=f"folder {SOME_FOLDER}/*"), None),
        "percent_tag": (SearchFilter(tags=("tag7",)), None),
        "half": (SearchFilter(media_types=("pdf",)), None),
        "dense": (None, "dense"),
        "keyword": (None, "keyword"),
    }
    figures: Figures = {}
    for name, (where, mode) in filters.items():
        times, spent, counts = [], [], []
        for query in asked:
            started, computed = time.perf_counter(), time.process_time()
            found = base.search(query, where=where, mode=mode, highlights="none")
            spent.append((time.process_time() - computed) * 1000)
            times.append((time.perf_counter() - started) * 1000)
            counts.append(len(found))
        assert any(counts), name
        figures[f"{name}_first_ms"] = times[0]
        for kind, each in (("", times), ("cpu_", spent)):
            middle, high = np.quantile(each, (0.5, 0.95))
            figures |= {f"{name}_{kind}p50_ms": middle, f"{name}_{kind}p95_ms": high}
    return figures


def change(store: Measured, queries: int) -> Figures:
    """Update, delete and add a document; search right after it. The size stays."""
    found: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        found.setdefault(name, []).append(time.perf_counter() - started)

    with models(store.width) as (inner, embedder), opened(store, embedder) as (base, _):
        library = store.library(inner)
        asked = library.queries(queries)
        target = base.collection()
        base.search(asked[0], highlights="none")
        documents = target.documents
        for at in range(CHANGES):
            number = documents // 2 + at
            old, new = library.made(target, [number]), library.made(target, [documents + number])
            place = old.documents[0].file
            file = replace(new.documents[0].file, source=place.source)
            updated = Made([replace(new.documents[0], file=file)], new.sentences)
            ids: list[int] = []
            timed("update_s", lambda: ids.extend(store_made(base, target, updated)))  # noqa: B023
            query = asked[at % len(asked)]
            timed("search_after_update_s", lambda: base.search(query, highlights="none"))  # noqa: B023
            timed("delete_s", lambda: base.remove(ids[0]))  # noqa: B023
            timed("add_s", lambda: store_made(base, target, old))  # noqa: B023
    return {name: float(np.median(each)) for name, each in found.items()}


def upkeep(store: Measured, queries: int) -> Figures:  # noqa: ARG001 - called as the others are
    """Check, export, restore and compact."""
    figures: Figures = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started, computed = time.perf_counter(), time.process_time()
        yield
        figures[f"{name}_s"] = time.perf_counter() - started
        # The rest is waiting, most of it for the disk.
        figures[f"{name}_cpu_s"] = time.process_time() - computed

    with (
        tempfile.TemporaryDirectory(dir=store.root) as scratch,
        models(store.width) as (_, embedder),
        opened(store, embedder) as (base, _),
    ):
        figures |= _sizes(store)
        with timed("doctor"):
            assert base.check().ok
        archive = Path(scratch) / "archive"
        with timed("export"):
            figures["archive_mib"] = base.export(archive).size / 2**20
        at = Settings.load().model_copy(update={"data_dir": Path(scratch) / "restored"})
        with KnowledgeBase.open(at, embedder=embedder) as other, timed("restore"):
            other.import_archive(archive)
        with timed("compact"):
            base.compact()
        figures["upkeep_peak_mib"] = peak_mib(os.getpid())
    return figures


def _sizes(store: Measured) -> Figures:
    folder = store.settings.store_dir
    catalog = sum(each.stat().st_size for each in folder.glob("catalog*"))
    everything = sum(each.stat().st_size for each in store.folder.rglob("*") if each.is_file())
    return {"catalog_mib": catalog / 2**20, "vectors_mib": (everything - catalog) / 2**20}


PARTS: dict[str, Callable[[Measured, int], Figures]] = {
    "search": search,
    "opening": opening,
    "change": change,
    "upkeep": upkeep,
}
"""By name, as the command line asks for them."""


def command(part: str, store: Measured, queries: int) -> list[str]:
    """Return the command that measures one part of a store."""
    script = Path(__file__).parents[1] / "scale.py"
    named: dict[str, Any] = {
        "--part": part,
        "--kinds": store.kind,
        "--width": store.width,
        "--sizes": store.size,
        "--stores": store.root,
        "--queries": queries,
    }
    return [sys.executable, str(script), *(str(each) for pair in named.items() for each in pair)]
