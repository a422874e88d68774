"""What is missing or wrong in a GGUF's header is put right at load, and said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

from kb import KnowledgeBase, Settings
from kb.embedding.base import unit_rows
from kb.embedding.checking import check_model, compare_with_card
from kb.embedding.llama import LlamaEmbedder
from kb.errors import ModelError, SettingsError
from kb.llama.context import Context
from kb.llama.fitting import bf16_notice
from kb.llama.native import POOLING_LAST, Model
from kb.models.convert import convert_checkpoint
from kb.models.files import find_model
from kb.models.prompts import DEFAULT_TASK
from kb.models.registry import KnownModel, ModelFile, find_known

TEXT = "软件著作权登记申请 and a few words more."
POOLING = "qwen3.pooling_type"
ADD_END = "tokenizer.ggml.add_eos_token"
END = "tokenizer.ggml.eos_token_id"

Rewrite = Callable[..., Path]


@pytest.fixture(scope="module")
def whole(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Qwen3-Embedding whose header says all."""
    path = tmp_path_factory.mktemp("gguf") / "whole.gguf"
    convert_checkpoint(checkpoints / "qwen3", path, quantize="F16")
    return path


@pytest.fixture
def rewritten(whole: Path, tmp_path: Path) -> Rewrite:
    """Writes a copy of it with other keys in its header."""

    def rewrite(
        *,
        without: Sequence[str] = (),
        uint32: Mapping[str, int] | None = None,
        name: str = "x.gguf",
    ) -> Path:
        path = tmp_path / name
        changed = {
            key: MetadataDetails(gguf.GGUFValueType.UINT32, value)
            for key, value in (uint32 or {}).items()
        }
        writer = gguf.GGUFWriter(path, "qwen3")
        copy_with_new_metadata(gguf.GGUFReader(whole), writer, changed, without)
        return path

    return rewrite


@pytest.fixture(scope="module")
def expected(whole: Path) -> Iterator[np.ndarray]:
    with closing(LlamaEmbedder(ModelFile(model_id="whole", path=whole))) as embedder:
        yield embedder.embed_documents([TEXT])


def test_a_header_that_says_all_gives_no_warning(
    whole: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(LlamaEmbedder(ModelFile(model_id="whole", path=whole))) as embedder:
        assert "notes" not in embedder.description
        assert embedder.description["pooling"] == "last"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("without", "uint32", "said"),
    [
        ([POOLING], {}, "does not say how it pools; last pooling is used"),
        ([], {POOLING: 0}, "does not say how it pools; last pooling is used"),
        ([ADD_END], {}, "inputs end with <|endoftext|>"),
        ([], {END: 3}, "inputs end with <|endoftext|>"),
        ([POOLING, ADD_END, END], {}, "does not say how it pools"),
    ],
)
def test_an_early_conversion_gives_the_same_vectors_with_a_warning(
    rewritten: Rewrite,
    expected: np.ndarray,
    caplog: pytest.LogCaptureFixture,
    *,
    without: Sequence[str],
    uint32: Mapping[str, int],
    said: str,
) -> None:
    path = rewritten(without=without, uint32=uint32)
    with (
        caplog.at_level(logging.WARNING, "kb.embedding.traits"),
        closing(LlamaEmbedder(ModelFile(model_id="x", path=path))) as embedder,
    ):
        np.testing.assert_allclose(embedder.embed_documents([TEXT]), expected, atol=1e-5)
        assert str(embedder.description["notes"])
    assert said in caplog.text


def test_what_the_registry_knows_outranks_a_wrong_header(
    rewritten: Rewrite, expected: np.ndarray
) -> None:
    path = rewritten(uint32={POOLING: 1})
    small = _known(layers=2, dimensions=256)
    with closing(LlamaEmbedder(ModelFile(model_id="x", path=path, known=small))) as embedder:
        np.testing.assert_allclose(embedder.embed_documents([TEXT]), expected, atol=1e-5)
        assert "says mean pooling" in str(embedder.description["notes"])


def test_a_file_of_another_shape_than_its_name_says_is_used_as_its_header_says(
    rewritten: Rewrite,
) -> None:
    path = rewritten(name="Qwen3-Embedding-4B-Q4_K_M.gguf")
    file = find_model("Qwen3-Embedding-4B", path.parent)
    assert file.known is find_known("Qwen3-Embedding-4B")
    with closing(LlamaEmbedder(file)) as embedder:
        assert "but another shape" in str(embedder.description["notes"])
        assert embedder.dim == 256


def test_a_reranker_is_refused(rewritten: Rewrite) -> None:
    with pytest.raises(ModelError, match="is a reranker, which gives no vectors"):
        LlamaEmbedder(ModelFile(model_id="x", path=rewritten(uint32={POOLING: 4})))


def test_vectors_are_cut_then_normalised_and_the_width_is_recorded(whole: Path) -> None:
    with closing(LlamaEmbedder(ModelFile(model_id="w", path=whole), dimensions=32)) as cut:
        vector = cut.embed_documents([TEXT])
        identity = cut.identity
    with closing(LlamaEmbedder(ModelFile(model_id="w", path=whole))) as full:
        head = full.embed_documents([TEXT])[:, :32]
        assert full.identity.fingerprint != identity.fingerprint
    assert identity.dim == 32
    np.testing.assert_allclose(vector, head / np.linalg.norm(head), atol=1e-6)


@pytest.mark.parametrize("wanted", [16, 31, 257, 4096])
def test_a_width_outside_the_models_range_is_refused(whole: Path, wanted: int) -> None:
    with pytest.raises(SettingsError, match="may be cut to 32 to 256 only"):
        LlamaEmbedder(ModelFile(model_id="w", path=whole), dimensions=wanted)


def test_a_model_that_was_not_trained_to_be_cut_is_not_cut(models_dir: Path) -> None:
    with pytest.raises(SettingsError, match="was not trained to have its vectors cut"):
        LlamaEmbedder(find_model("multilingual-e5-small", models_dir), dimensions=128)


def test_an_instruction_changes_queries_and_not_documents(whole: Path) -> None:
    with closing(LlamaEmbedder(ModelFile(model_id="w", path=whole))) as embedder:
        plain = embedder.embed_query(TEXT)
        np.testing.assert_allclose(embedder.embed_query(TEXT, task=DEFAULT_TASK), plain)
        asked = embedder.embed_query(TEXT, task="Find {the} law")
        worded = f"Instruct: Find {{the}} law\nQuery:{TEXT}"
        np.testing.assert_allclose(asked, embedder.embed_documents([worded])[0], atol=1e-5)
        assert float(asked @ plain) < 0.9999


def test_a_model_with_made_up_weights_fails_the_cards_figures(whole: Path) -> None:
    done = check_model(ModelFile(model_id="w", path=whole))
    by_name = {finding.name: finding for finding in done.findings}
    assert by_name["tokenizer"].ok
    known = find_known("Qwen3-Embedding-4B")
    assert known is not None
    found = np.full((2, 2), 0.5, dtype=np.float32)
    verdict = compare_with_card(found, known, "F16")
    assert verdict.ok is False
    assert "pull it again" in verdict.detail


@pytest.mark.parametrize(
    ("quant", "off", "ok"),
    [
        ("F16", 0.0019, True),
        ("F16", 0.0021, False),
        ("Q8_0", 0.0049, True),
        ("Q8_0", 0.0051, False),
        ("Q4_K_M", 0.0199, True),
        ("Q4_K_M", 0.0201, False),
        ("F16", float("nan"), False),
    ],
)
def test_figures_may_be_off_by_what_the_quantisation_loses(
    quant: str, off: float, *, ok: bool
) -> None:
    known = find_known("Qwen3-Embedding-0.6B")
    assert known is not None
    found = np.asarray(known.card, dtype=np.float32)
    found[1, 0] += off
    assert compare_with_card(found, known, quant).ok is ok


def _known(*, layers: int, dimensions: int) -> KnownModel:
    known = find_known("Qwen3-Embedding-0.6B")
    assert known is not None
    return replace(known, layers=layers, dimensions=dimensions, mrl=(32, dimensions))


def test_the_querys_instruction_outranks_the_collections_and_that_the_settings(
    whole: Path, tmp_path: Path
) -> None:
    settings = Settings.load(data_dir=tmp_path, model=str(whole), instruction="of the settings")
    with KnowledgeBase.open(settings) as base:
        base.add(TEXT, collection="plain")
        base.add(TEXT, collection="own")
        base.instruct_collection("own", "of the collection")
        embedder = base.embedder
        (document,) = embedder.embed_documents([TEXT])

        def score(task: str) -> float:
            return float(embedder.embed_query("words", task=task) @ document)

        for collection, instruct, task in (
            ("plain", "", "of the settings"),
            ("own", "", "of the collection"),
            ("own", "of the query", "of the query"),
        ):
            (hit,) = base.search("words", collection=collection, mode="dense", instruct=instruct)
            assert hit.scores["dense"] == pytest.approx(score(task), abs=1e-4), task
        assert len({round(score(f"of the {name}"), 4) for name in ("settings", "query")}) == 2
        # Each collection is asked in its own words; the same text in both is one hit, the better.
        best = max(score("of the settings"), score("of the collection"))
        hit, *_ = base.search("words", collection=["plain", "own"], mode="dense")
        assert hit.scores["dense"] == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize(
    ("info", "slow"),
    [
        ("CPU : SSE3 = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | OPENMP = 1 | ", True),
        ("CPU : SSE3 = 1 | AVX512 = 1 | AVX512_VNNI = 1 | ", True),
        ("CPU : SSE3 = 1 | AVX512 = 1 | AVX512_BF16 = 1 | ", False),
        ("Metal : EMBED_LIBRARY = 1 | CPU : NEON = 1 | ARM_FMA = 1 | ", False),
    ],
)
def test_bf16_weights_on_a_processor_without_bf16_are_warned_of(
    checkpoints: Path, tmp_path: Path, info: str, *, slow: bool
) -> None:
    notices = {}
    for dtype in ("BF16", "F16"):
        path = tmp_path / f"{dtype}.gguf"
        convert_checkpoint(checkpoints / "qwen3", path, quantize=None if dtype == "BF16" else dtype)
        model = Model(path, n_gpu_layers=0, only_header=True)
        notices[dtype] = bf16_notice(model, info)
        model.close()
    assert notices["F16"] is None
    assert (notices["BF16"] is not None) == slow
    if slow:
        assert "--quantize F16" in str(notices["BF16"])


def test_texts_computed_piece_by_piece_get_the_vectors_they_get_at_once(whole: Path) -> None:
    model = Model(whole, n_gpu_layers=0)
    lengths = [1, 700, 63, 64, 65, 300]
    texts = [(np.arange(length, dtype=np.int32) * 7 + length) % 200 for length in lengths]
    found = []
    for piece in (2048, 64):
        context = Context(
            model, n_batch=2048, n_ubatch=piece, n_seq=8, threads=1, pooling=POOLING_LAST
        )
        found.append(unit_rows(context.encode(texts)))
        context.close()
    model.close()
    assert (found[0] * found[1]).sum(axis=1).min() > 0.9999
