"""Whatever the filter: hits are the best of what matches, and as many as were asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from kb import Document, KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter
from kb.records import MediaType, SearchMode, Section

COUNT = 160
TYPES: tuple[MediaType, ...] = ("pdf", "docx", "markdown", "text")
TAGS = ("alpha", "beta", "gamma 3", "概要")
LANGUAGES = ("en", "zh", "zh-Hant", "de")
QUERY = "stone river castle"


def made(number: int) -> tuple[str, Document]:
    """Return a document's path and the document; the same for the same number."""
    draw = random.Random(number)  # noqa: S311 - test data
    words = " ".join(f"w{draw.randrange(400)}" for _ in range(30))
    text = f"{draw.choice(QUERY.split())} stone {words} n{number}"
    tags = draw.sample(TAGS, draw.randrange(3))
    document = Document(
        text=text,
        sections=(Section(start=0, end=len(text)),),
        title=f"document {number}",
        media_type=draw.choice(TYPES),
        metadata={
            "language": draw.choice(LANGUAGES),
            "date": f"{2015 + draw.randrange(8)}-{1 + draw.randrange(12):02}-15",
            "tags": ", ".join(tags),
            "level": draw.randrange(4),
            "owner": draw.choice(("Ann", "李雷")),
        },
    )
    return f"folder {draw.randrange(5)}/{number}.x", document


DOCUMENTS = dict(made(number) for number in range(COUNT))


def given(path: str) -> set[str]:
    """Return the tags that a person has given to a document."""
    return {TAGS[len(path) % len(TAGS)]} if int(path.split("/")[1][:-2]) % 7 == 0 else set()


def matches(path: str, document: Document, condition: SearchFilter) -> bool:
    """Say in plain Python whether a document passes."""
    about = document.metadata
    day = str(about["date"])
    language = str(about["language"]).lower()
    wanted = [each.lower() for each in condition.languages]
    tags = {tag for tag in str(about["tags"]).split(", ") if tag}
    until = condition.date_to
    return (
        (not condition.media_types or document.media_type in condition.media_types)
        and (not condition.path or fnmatchcase(path, condition.path))
        and (not wanted or any(language == w or language.startswith(f"{w}-") for w in wanted))
        and set(condition.tags) <= tags | given(path)
        and (not condition.date_from or day >= condition.date_from)
        and (not until or day[: len(until)] <= until)
        and all(str(about[key]) == str(value) for key, value in condition.metadata.items())
    )


def drawn(seed: int) -> SearchFilter:
    """Return one to three conditions at random."""
    draw = random.Random(f"filter {seed}")  # noqa: S311 - test data
    makers = {
        "media_types": lambda: tuple(draw.sample(TYPES, 1 + draw.randrange(2))),
        "path": lambda: draw.choice(("folder 1/*", "*/7.x", "*1*", "folder [23]/*")),
        "languages": lambda: (draw.choice(("en", "zh", "zh-hant", "fr")),),
        "tags": lambda: tuple(draw.sample(TAGS, 1 + draw.randrange(2))),
        "date_from": lambda: draw.choice(("2018", "2021-06-15")),
        "date_to": lambda: draw.choice(("2016", "2020-06")),
        "metadata": lambda: draw.choice(({"level": 2}, {"owner": "李雷"}, {"level": "1"})),
    }
    chosen = draw.sample(sorted(makers), 1 + draw.randrange(3))
    values = {name: makers[name]() for name in chosen}
    since, until = str(values.get("date_from", "")), str(values.get("date_to", "9"))
    if since[: len(until)] > until:  # refused
        del values["date_to"]
    return SearchFilter(**values)  # type: ignore[arg-type] # by name


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder: Path = tmp_path_factory.mktemp("filters")
    settings = Settings.load(data_dir=folder, contextual=False)  # vectors of the texts alone
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        for path, document in DOCUMENTS.items():
            added = opened.add(document, name=path)
            if given(path):
                opened.tag([added.document_id], add=sorted(given(path)))
        yield opened


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("mode", ["dense", "keyword", "hybrid"])
def test_hits_are_the_best_of_what_matches(
    base: KnowledgeBase, seed: int, mode: SearchMode
) -> None:
    condition = drawn(seed)
    expected = {path for path, each in DOCUMENTS.items() if matches(path, each, condition)}
    for top_k in (5, COUNT):
        found = base.search(QUERY, mode=mode, where=condition, top_k=top_k, highlights="none")
        assert len(found) == min(top_k, len(expected)), condition
        assert {hit.source for hit in found} <= expected
        if mode == "dense":
            vectors = base.embedder.embed_documents([DOCUMENTS[path].text for path in expected])
            scores = sorted(vectors @ base.embedder.embed_query(QUERY), reverse=True)[:top_k]
            given = [hit.scores["dense"] for hit in found]
            np.testing.assert_allclose(given, scores, atol=1e-5)


def test_the_filters_drawn_are_of_every_selectivity() -> None:
    shares = [
        sum(matches(path, each, drawn(seed)) for path, each in DOCUMENTS.items()) / COUNT
        for seed in range(30)
    ]
    assert min(shares) == 0
    assert any(0 < share < 0.02 for share in shares)
    assert max(shares) > 0.4
