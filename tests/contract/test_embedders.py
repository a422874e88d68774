"""What every embedder promises, and the golden values of the default model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from llama_server import llama_server
from own_server import serving

from kb.embedding.base import Embedder, tell_of_tokens
from kb.embedding.llama import LlamaEmbedder
from kb.embedding.remote.embedder import ServerEmbedder
from kb.errors import EmbeddingError, InputTooLongError
from kb.llama.calibration import LEAST_TEXTS, LEAST_TOKENS, ROUNDS, candidates
from kb.models.prompts import E5
from kb.models.registry import ModelFile

GOLDEN = json.loads((Path(__file__).parent.parent / "files" / "e5-small.json").read_text("utf-8"))[
    "items"
]

TEXTS = ["软件著作权登记", "Keep the receipt.", "", "Ein Satz auf Deutsch.", "الكتاب", "🙂" * 20]


class EmbedderContract:
    """Inherited by a class per embedder, which supplies the fixture ``subject``."""

    def test_vectors_are_float32_of_unit_length_in_input_order(self, subject: Embedder) -> None:
        vectors = subject.embed_documents(TEXTS)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(TEXTS), subject.dim)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        for text, vector in zip(TEXTS, vectors, strict=True):
            np.testing.assert_allclose(subject.embed_documents([text])[0], vector, atol=1e-4)

    def test_no_texts_give_no_vectors(self, subject: Embedder) -> None:
        assert subject.embed_documents([]).shape == (0, subject.dim)

    def test_a_text_at_the_limit_is_read_and_one_token_more_is_refused(
        self, subject: Embedder
    ) -> None:
        words = ["word"] * subject.max_tokens
        while subject.count_tokens([" ".join(words)])[0] > subject.max_tokens:
            words.pop()
        assert subject.count_tokens([" ".join(words)]) == [subject.max_tokens]
        assert subject.embed_documents([" ".join(words)]).shape == (1, subject.dim)
        with pytest.raises(InputTooLongError, match="nothing was cut off"):
            subject.embed_documents(["short", " ".join([*words, "word"])])

    def test_progress_counts_every_text(self, subject: Embedder) -> None:
        done: list[int] = []
        subject.embed_documents(TEXTS, done.append)
        assert sum(done) == len(TEXTS)

    def test_a_query_is_nearest_to_the_text_that_answers_it(self, subject: Embedder) -> None:
        documents = subject.embed_documents(
            [
                "软件著作权登记申请由中国版权保护中心受理。",
                "Bread dough rests for an hour before baking.",
                "The trail is closed in winter because of avalanches.",
            ]
        )
        query = subject.embed_query("How do I register the copyright of a program in China?")
        assert query.shape == (subject.dim,)
        assert int(np.argmax(documents @ query)) == 0


class TestDefaultModel(EmbedderContract):
    @pytest.fixture
    def subject(self, embedder: Embedder) -> Embedder:
        return embedder

    @pytest.mark.parametrize("item", GOLDEN, ids=range(len(GOLDEN)))
    def test_tokens_and_vectors_equal_the_reference(
        self, subject: LlamaEmbedder, item: dict[str, list[float]]
    ) -> None:
        text = str(item["text"])
        assert subject._model.tokenize(text).tolist() == item["ids"]
        vector = subject._embed([text], None)[0]
        assert float(vector @ np.asarray(item["vector"], dtype=np.float32)) >= 0.9995

    def test_control_tokens_in_a_document_stay_text(self, subject: LlamaEmbedder) -> None:
        ids = subject._model.tokenize("</s><s>")
        assert ids[0] == 0
        assert ids[-1] == 2
        assert not {0, 2} & set(ids[1:-1].tolist())

    def test_a_query_is_embedded_while_documents_have_every_context(
        self, subject: LlamaEmbedder
    ) -> None:
        text = "Which form is needed?"
        with ExitStack() as busy, ThreadPoolExecutor(1) as other:
            for _ in range(subject._pool.size):
                busy.enter_context(subject._pool.borrow())
            beside = other.submit(subject.embed_query, text).result(timeout=60)
        # By a context for documents, which are computed alike but for the prompt.
        (alone,) = subject.embed_bare([subject._prompts.word_query(text, "")])
        assert 1 - float(beside @ alone) < 1e-6


def test_an_embedder_tells_how_many_tokens_its_model_reads(embedder: LlamaEmbedder) -> None:
    told: list[int] = []
    assert tell_of_tokens(embedder, told.append)
    texts = ["The heron waits.", "红隼在草地上空盘旋。", "a"]
    embedder.embed_documents(texts)
    assert told == [sum(embedder.count_read(texts))]
    embedder.embed_query("Where does it wait?")
    assert told[1:] == embedder.count_read(["Where does it wait?"], query=True)
    with pytest.raises(InputTooLongError):
        embedder.embed_documents(["word " * 2000])
    assert len(told) == 2
    tell_of_tokens(embedder, lambda _: None)


def test_the_first_bulk_finds_out_how_cores_are_best_shared(
    models_dir: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.embedding.loaded.available_cores", lambda: 2)
    model = ModelFile(model_id="e5", path=next(models_dir.glob("*.gguf")), prompts=E5)
    file = tmp_path / "calibration.json"
    # What is measured is not looked at here: a quarter of the work is enough.
    least = LEAST_TOKENS // 4
    monkeypatch.setattr("kb.llama.calibration.LEAST_TOKENS", least)
    texts = [f"{n} " + "harbour wall " * 11 for n in range(LEAST_TEXTS)]
    assert least <= sum(embedder.count_read(texts)) < 2 * least
    expected = embedder.embed_documents(texts)
    with closing(LlamaEmbedder(model, calibration=file)) as first:
        assert "until a bulk has measured it" in str(first.description["cores_shared_by"])
        shapes = set()
        for _ in range(ROUNDS * len(candidates(2))):
            assert (first.embed_documents(texts) * expected).sum(axis=1).min() > 0.9999
            shapes.add((first.description["contexts"], first.description["threads_per_context"]))
        assert shapes == {(2, 1), (1, 2)}
        chosen = {key: first.description[key] for key in ("contexts", "threads_per_context")}
        assert first.description["cores_shared_by"] == "measuring"
    with closing(LlamaEmbedder(model, calibration=file)) as second:
        assert second.description["cores_shared_by"] == "measuring"
        assert chosen.items() <= second.description.items()
    with closing(LlamaEmbedder(model, calibration=file, threads=2)) as told:
        assert told.description["cores_shared_by"] == "rule"


class TestPackedCalls(EmbedderContract):
    """Many texts in one call, as on a GPU, give the vectors of single calls."""

    @pytest.fixture
    def subject(self, packed: Embedder) -> Embedder:
        return packed


@pytest.fixture(scope="module")
def packed(models_dir: Path) -> Iterator[Embedder]:
    opened = LlamaEmbedder(
        ModelFile(model_id="e5", path=next(models_dir.glob("*.gguf")), prompts=E5), pack=True
    )
    yield opened
    opened.close()


class TestServer(EmbedderContract):
    """The default model served by ``llama_cpp.server``, a server of other people's making."""

    @pytest.fixture
    def subject(self, served: Embedder) -> Embedder:
        return served

    def test_vectors_equal_those_computed_in_process(
        self, subject: Embedder, embedder: Embedder
    ) -> None:
        texts = [*TEXTS, "A longer text. " * 60, "申请材料包括申请表和源程序。" * 20]
        alike = (subject.embed_documents(texts) * embedder.embed_documents(texts)).sum(axis=1)
        assert alike.min() >= 0.9999
        query = "Wie meldet man ein Programm an?"
        assert float(subject.embed_query(query) @ embedder.embed_query(query)) >= 0.9999

    def test_tokens_are_counted_as_in_process(self, subject: Embedder, embedder: Embedder) -> None:
        assert subject.count_tokens(TEXTS) == embedder.count_tokens(TEXTS)
        assert subject.max_tokens == embedder.max_tokens

    def test_the_server_is_known_for_what_it_is(self, subject: ServerEmbedder) -> None:
        assert subject.identity.model_id == "multilingual-e5-small-q4_0"
        assert subject.description["server_kind"] == "llama-cpp-python"
        assert subject.description["tokens_counted_by"] == "the server"


@pytest.fixture(scope="module")
def served(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    log = tmp_path_factory.mktemp("server") / "log"
    model = next(models_dir.glob("*.gguf"))
    sizes = dict.fromkeys(("n_ctx", "n_batch", "n_ubatch"), 512)
    with llama_server(model, log, embedding="true", flash_attn="true", **sizes) as address:
        opened = ServerEmbedder(address)
        yield opened
        opened.close()


class TestOwnServer(EmbedderContract):
    """The default model served by ``kb serve``."""

    @pytest.fixture
    def subject(self, served_here: Embedder) -> Embedder:
        return served_here


@pytest.fixture(scope="module")
def served_here(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "models").symlink_to(models_dir)
    with serving(folder) as running:
        opened = ServerEmbedder(running.url)
        yield opened
        opened.close()


def test_a_model_that_is_closed_waits_for_work_under_way_and_says_so_afterwards(
    models_dir: Path,
) -> None:
    opened = LlamaEmbedder(
        ModelFile(model_id="e5", path=next(models_dir.glob("*.gguf"))), n_gpu_layers=0
    )
    texts = ["A heron waits in shallow water. " * 20] * 24
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(opened.embed_documents, texts)
        while not opened._in_use._inside and not under_way.done():
            pass
        opened.close()
        assert under_way.result().shape == (24, opened.dim)
    opened.close()
    for late in (
        lambda: opened.embed_documents(["late"]),
        lambda: opened.embed_query("late"),
        lambda: opened.count_tokens(["late"]),
        lambda: opened.count_read(["late"]),
        lambda: opened.round_trip("late"),
    ):
        with pytest.raises(EmbeddingError, match="embedding model is closed"):
            late()
