"""Vectors of sentences: computed once, resumed after a stop or a kill, never in anybody's way."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from kb import CollectionGoneError, Document, KnowledgeBase, Settings, StoreError
from kb.embedding.base import Vectors
from kb.sentences.packed import ChunkSentences
from kb.sentences.windows import windows
from kb.store import room
from tests.helpers.hashing_embedder import HashingEmbedder

RUN = [sys.executable, "-m", "tests.e2e.refine_run"]
ROOT = Path(__file__).resolve().parents[2]
SENTENCES = [
    f"Valve {number} is opened by turning wheel {number * 7} twice, and then lever {number * 11}."
    for number in range(400)
]
LONG = " ".join(SENTENCES)


@dataclass
class Counting(HashingEmbedder):
    """Remembers what it embedded."""

    texts: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.before()
        self.texts += texts
        return super().embed_documents(texts, on_progress)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def base(tmp_path: Path, embedder: Counting) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=embedder) as opened:
        yield opened


def stored(base: KnowledgeBase) -> dict[str, ChunkSentences]:
    """Return what is stored for each chunk, by its text."""
    target = base.collection()
    with base._store.catalog.reading() as state:
        ids = sorted(state.visible_chunk_ids(target.id))
        chunks = state.visible_chunks([target.id], ids)
        found = state.sentences_of(target.id, ids)
    return {chunks[chunk_id].text: each for chunk_id, each in found.items()}


def assert_whole(base: KnowledgeBase) -> None:
    """Expect that every chunk has its own vector and that of every sentence, and nothing else."""
    plain = HashingEmbedder()
    found, texts = stored(base), set()
    for document in base.documents():
        for chunk in base.chunks(document.id):
            texts.add(chunk.text)
            each = found[chunk.text]
            spans = windows(chunk.text)
            assert [tuple(span) for span in each.spans.tolist()] == spans
            wanted = plain.embed_documents([chunk.text, *(chunk.text[a:b] for a, b in spans)])
            have = np.vstack([each.own, each.sentences])
            assert ((have * wanted).sum(axis=1) > 0.999).all()
    assert set(found) == texts
    info = base.collection()
    assert info.refined == info.chunks


def test_every_chunk_gets_its_sentences_and_a_second_call_computes_nothing(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add(LONG, name="valves")
    base.add("One sentence only.", name="short")
    embedder.texts.clear()
    told: list[tuple[int, int]] = []
    done = base.refine(on_progress=lambda *each: told.append(each))
    assert_whole(base)
    assert done.left == 0
    assert done.computed == done.chunks == base.collection().chunks
    assert done.sentences == len(embedder.texts)
    assert told[-1] == (done.chunks, done.chunks)
    embedder.texts.clear()
    again = base.refine()
    assert (again.computed, again.sentences, embedder.texts) == (0, 0, [])


def test_a_chunk_of_one_sentence_is_not_embedded_twice(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add("One sentence only.", name="short")
    embedder.texts.clear()
    base.refine()
    assert embedder.texts == []
    assert_whole(base)


def test_sentences_that_neighbours_share_are_embedded_once(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add(LONG, name="valves")
    embedder.texts.clear()
    base.refine()
    assert len(embedder.texts) == len(set(embedder.texts))


def test_the_model_is_not_loaded_where_nothing_is_to_be_done(tmp_path: Path) -> None:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        base.add(LONG, name="valves")
        base.refine()
    nowhere = Settings(data_dir=tmp_path, model="/nowhere.gguf")
    with KnowledgeBase.open(nowhere) as base:
        assert base.refine().computed == 0


def test_an_edit_costs_the_sentences_of_the_chunks_that_changed(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add(LONG, name="valves")
    base.refine()
    changed = LONG.replace("Valve 200 is", "Valve 200 of the second tank is")
    result = base.add(changed, name="valves")
    embedder.texts.clear()
    done = base.refine()
    assert 0 < done.computed <= result.embedded < 6
    assert_whole(base)


def test_a_stop_keeps_what_is_done_and_the_next_call_goes_on(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add(LONG, name="valves")
    embedder.texts.clear()
    stop = threading.Event()

    def after_the_first_step(done: int, total: int) -> None:
        if 0 < done < total:
            stop.set()

    part = base.refine(on_progress=after_the_first_step, stop=stop)
    assert 0 < part.refined < part.chunks
    assert part.left == part.chunks - part.refined
    rest = base.refine()
    assert part.computed + rest.computed == rest.chunks
    assert_whole(base)


def test_a_process_that_is_killed_loses_one_step_at_most(tmp_path: Path) -> None:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        base.add(LONG, name="valves")
    with subprocess.Popen(
        [*RUN, str(tmp_path), "0.002"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        reached = 0
        for line in process.stdout:
            reached = int(line.split()[0])
            if reached:
                process.kill()
                break
    counting = Counting()
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=counting) as base:
        before = base.collection()
        assert 0 < reached <= before.refined < before.chunks
        done = base.refine()
        assert done.computed == before.chunks - before.refined
        assert_whole(base)


def test_two_processes_share_the_work_and_none_is_done_twice(tmp_path: Path) -> None:
    counting = Counting()
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=counting) as base:
        base.add(LONG, name="valves")
        with subprocess.Popen(
            [*RUN, str(tmp_path), "0.001"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline()  # it is at work
            assert process.stdout.readline()
            counting.texts.clear()
            done = base.refine()
            process.stdout.read()
        assert process.returncode == 0
        assert (done.left, counting.texts) == (0, [])
        assert_whole(base)


def test_documents_that_come_and_go_meanwhile_lose_nothing(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add(LONG, name="valves")
    gone = base.add("Pumps are oiled daily. " * 80, name="pumps")
    steps = iter(
        [
            lambda: base.add(LONG.replace("lever", "handle"), name="levers"),
            lambda: base.remove(gone.document_id),
            lambda: base.add(LONG.replace("Valve 3 ", "Valve three "), name="valves"),
            lambda: base.rename_collection(base.settings.collection, "other"),
            lambda: base.rename_collection("other", base.settings.collection),
        ]
    )
    busy = threading.Lock()

    def meanwhile() -> None:
        if busy.acquire(blocking=False):
            try:
                next(steps, lambda: None)()
            finally:
                busy.release()

    embedder.before = meanwhile
    base.refine()
    base.refine()
    embedder.before = lambda: None
    assert_whole(base)
    assert base.check().ok


def test_a_collection_that_is_deleted_meanwhile_ends_it(
    base: KnowledgeBase, embedder: Counting
) -> None:
    base.add(LONG, name="valves")
    embedder.before = lambda: base.delete_collection(base.settings.collection)
    with pytest.raises(CollectionGoneError, match="deleted meanwhile"):
        base.refine()
    assert base.check().ok


def test_a_full_disk_costs_one_step(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    base.add(LONG, name="valves")
    with monkeypatch.context() as full:

        def fill(done: int, _: int) -> None:
            if done:
                full.setattr(room, "LEAST_FREE_BYTES", 2**60)

        with pytest.raises(StoreError, match=r"disk of .* is full"):
            base.refine(on_progress=fill)
    assert 0 < base.collection().refined < base.collection().chunks
    base.refine()
    assert_whole(base)


def test_a_chunk_whose_own_vector_is_missing_waits_for_repair(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    base.add("Pumps are oiled daily. " * 80, name="pumps")
    target = base.collection()
    with base._store.catalog.reading() as state:
        lost = sorted(state.visible_chunk_ids(target.id))[3]
    base._store.vectors.delete(target.id, [lost])
    done = base.refine()
    assert 0 < done.left < done.chunks
    base.check(repair=True)
    assert base.refine().left == 0
    assert_whole(base)


def test_windows_longer_than_the_model_reads_are_cut(tmp_path: Path, embedder: Counting) -> None:
    embedder.max_tokens = 40
    settings = Settings(data_dir=tmp_path, chunk_size=200, chunk_overlap=0)
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("a.b," * 300 + " " + LONG, name="codes")
        base.refine()
        assert all(embedder.count_tokens([text])[0] <= 40 for text in embedder.texts)
        assert base.collection().refined == base.collection().chunks


def test_sentences_have_no_context_and_title_and_headings_are_one_more(
    tmp_path: Path, embedder: Counting
) -> None:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=embedder) as base:
        base.add(Document.from_text("One sentence only.", title="Rye bread"), name="short")
        base.refine()
        (found,) = stored(base).values()
        # The chunk's own vector is that of title and text.
        wanted = HashingEmbedder().embed_documents(["Rye bread", "One sentence only."])
        assert found.spans.tolist() == [[0, 0], [0, 18]]
        assert (found.sentences * wanted).sum(axis=1) == pytest.approx([1, 1], abs=1e-3)


def test_what_is_marked_lies_in_the_passage_even_if_its_title_is_nearest(
    tmp_path: Path, embedder: Counting
) -> None:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=embedder) as base:
        text = "Fold it twice. " * 8 + "Leave it to rise for three hours. " * 4
        base.add(Document.from_text(text, title="Rye bread"), name="bread.txt")
        base.refine()
        (hit,) = base.search("rye bread", mode="dense")
        assert hit.sentence is not None
        start, end = hit.sentence
        assert "rise" in text[start:end] or "Fold" in text[start:end]


def test_titles_of_refined_chunks_go_through_an_archive(tmp_path: Path, embedder: Counting) -> None:
    with KnowledgeBase.open(Settings(data_dir=tmp_path / "a"), embedder=embedder) as base:
        base.add(Document.from_text("One sentence only.", title="Rye bread"), name="short")
        base.refine()
        base.export(tmp_path / "a.kb")
    read = len(embedder.texts)
    with KnowledgeBase.open(Settings(data_dir=tmp_path / "b"), embedder=embedder) as base:
        base.import_archive(tmp_path / "a.kb")
        (found,) = stored(base).values()
        assert found.spans.tolist() == [[0, 0], [0, 18]]
    assert len(embedder.texts) == read


class Told(HashingEmbedder):
    """Gives each text the cosine with every query that its first number says, in thousandths."""

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        rows = super().embed_documents(texts, on_progress)
        for row, text in zip(rows, texts, strict=True):
            found = re.search(r"\d+", text)
            cosine = int(found[0]) / 1000 if found else 1.0
            row[0] = 0.0
            rest = (1 - cosine**2) ** 0.5 / max(1e-9, float(np.linalg.norm(row)))
            row[:] = [cosine, *(rest * row[1:])]
        return rows


def test_a_passage_is_found_by_its_sentence_though_a_hundred_vectors_are_nearer(
    tmp_path: Path,
) -> None:
    told = Told()
    words = "and so the passage goes on for some time without a point to make or an end to reach"
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=told) as base:
        for number in range(250):
            base.add(
                f"{500 + number % 50} {number} stands in {words} and is not the only one.",
                name=f"near {number}",
            )
        base.add(f"600 is told where {words}. 990 is said of this one, as {words}.", name="first")
        base.add(f"490 is told where {words}. 980 is said of this one, as {words}.", name="second")
        vector = told.embed_query("which")
        nearest = [each for each, _ in base._store.query(base.collection().id, vector, 100)]
        wanted = {name: chunk_of(base, name) for name in ("first", "second")}
        assert wanted["second"] not in nearest
        base.refine()
        hits = base.search("which", mode="dense", top_k=2, highlights="none")
        assert [hit.chunk_id for hit in hits] == list(wanted.values())


def chunk_of(base: KnowledgeBase, name: str) -> int:
    """Return the id of the only chunk of a document."""
    with base._store.catalog.reading() as state:
        chunks = state.visible_chunks(
            [base.collection().id], sorted(state.visible_chunk_ids(base.collection().id))
        )
        sources = state.sources_of({chunk.document_id for chunk in chunks.values()})
    (found,) = [key for key, chunk in chunks.items() if sources[chunk.document_id][0].path == name]
    return found
