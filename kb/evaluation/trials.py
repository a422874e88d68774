"""Compares present and changed settings on own questions.

Settings of searches are tried on the stored documents. For settings of cutting and embedding, the
documents are ingested again, into a temporary folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from kb.evaluation import own
from kb.evaluation.own import OnProgress, OwnSet
from kb.evaluation.runs import Run, scratch_base
from kb.knowledge_base import KnowledgeBase
from kb.records import DocumentInfo, SearchMode

OF_SEARCH = frozenset({"mode", "reranker", "rerank_candidates", "language_means"})
"""Settings that can be tried without embedding anything again."""

MOST_CHUNKS = 20_000
"""Largest collection embedded again for a trial, in chunks.

A first model reads some ten a second.
"""


def needs_embedding(changes: Mapping[str, object]) -> bool:
    """Return whether a trial embeds the documents again."""
    return not changes.keys() <= OF_SEARCH


def mode_of(base: KnowledgeBase, collection: str) -> SearchMode:
    """Return the present search mode of a collection."""
    return base.collection(collection).mode or base.settings.mode


def compare_settings(
    base: KnowledgeBase,
    judged: OwnSet,
    changes: Mapping[str, object],
    *,
    on_documents: OnProgress | None = None,
    on_questions: OnProgress | None = None,
) -> tuple[Run, Run]:
    """Return a run with the present settings, and one with some of them changed.

    Args:
        base: the knowledge base with the documents; nothing in it changes.
        judged: the questions.
        changes: new, valid values of settings, by name.
        on_documents: called with the number of documents embedded again and the total.
        on_questions: called with the number of finished questions and the total, for each run.

    Raises:
        CollectionError: the collection is gone.
        ModelError: a model cannot be loaded.
    """
    today = mode_of(base, judged.collection)
    before = own.run(base, judged, mode=today, on_progress=on_questions)
    changed = {name: _shown(value) for name, value in changes.items()}
    mode: SearchMode = changes.get("mode", today)  # type: ignore[assignment] # one of the modes
    if not needs_embedding(changes):
        other = base.settings.model_copy(update=dict(changes))
        with KnowledgeBase.open(other, embedder=base.embedder) as tried:
            after = own.run(tried, judged, mode=mode, changed=changed, on_progress=on_questions)
        return before, after
    infos = base.documents(collection=judged.collection)
    with _embedded_again(base, judged.collection, infos, changes, on_documents) as tried:
        after = own.run(
            tried,
            judged,
            mode=mode,
            changed=changed,
            collection=tried.settings.collection,
            copied={str(info.id): _source(info) for info in infos},
            on_progress=on_questions,
        )
    return before, after


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _source(info: DocumentInfo) -> str:
    return str(info.sources[0]) if info.sources else info.name


@contextmanager
def _embedded_again(
    base: KnowledgeBase,
    collection: str,
    infos: Sequence[DocumentInfo],
    changes: Mapping[str, object],
    on_progress: OnProgress | None,
) -> Iterator[KnowledgeBase]:
    """Yield a temporary copy of a collection, cut and embedded with other settings."""
    settings = base.settings.model_copy(update=dict(changes))
    embedder = None if changes.keys() & {"model", "dimensions", "prompts"} else base.embedder
    with scratch_base(settings, embedder, documents=len(infos)) as scratch:
        instruction = base.collection(collection).instruction
        scratch.create_collection(scratch.settings.collection, instruction=instruction)
        for done, info in enumerate(infos, start=1):
            document = base.document_content(info.id)
            scratch.add(document, name=str(info.id))
            if on_progress is not None:
                on_progress(done, len(infos))
        if settings.sentences:
            scratch.refine()
        yield scratch
