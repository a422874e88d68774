"""A setting is changed in kb.toml: what is allowed, and what the change really costs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ingest import ingest
from kb import KnowledgeBase, ModelError, Settings, SettingsError
from kb.embedding import open_embedder
from kb.embedding.base import Embedder
from kb.setting_changes import CHANGEABLE, make_change, outranked, plan_change
from kb.settings import REEMBED, REREAD

# One other value for every setting that can be changed without another model or a server.
OTHERS = {
    "collection": "birds",
    "n_gpu_layers": "0",
    "threads": "1",
    "context_tokens": "128",
    "instruction": "Find birds",
    "server_requests": "2",
    "server_batch": "16",
    "server_timeout_s": "9.5",
    "queue_texts": "100",
    "queue_mb": "8",
    "vector_store": "exact",
    "vector_tenant": "ours",
    "vector_database": "library",
    "vector_token_header": "X-Chroma-Token",
    "vector_timeout_s": "30",
    "reranker": "http://127.0.0.1:9",
    "rerank_candidates": "5",
    "chat_model": "http://127.0.0.1:9/v1#tiny",
    "chat_answer_tokens": "512",
    "chat_context_tokens": "2048",
    "chunk_size": "512",
    "chunk_overlap": "64",
    "chunk_unit": "tokens",
    "contextual": "false",
    "sentences": "false",
    "language_means": "false",
    "top_k": "3",
    "min_score": "0.2",
    "mode": "dense",
    "workers": "1",
    "file_timeout_s": "10",
    "file_memory_mb": "512",
    "max_file_mb": "9",
    "ocr": "false",
    "lock_timeout_s": "5",
    "language": "zh",
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    return tmp_path


def changed(name: str, typed: str) -> Settings:
    change = plan_change(name, typed)
    assert change is not None
    make_change(change)
    return Settings.load()


def test_every_setting_that_can_be_changed_is_tried_here() -> None:
    assert set(OTHERS) | REEMBED == set(CHANGEABLE)


@pytest.mark.parametrize("name", OTHERS)
def test_a_change_holds_at_the_next_start_and_can_be_taken_back(name: str) -> None:
    before = Settings.load()
    after = changed(name, OTHERS[name])
    assert getattr(after, name) != getattr(before, name)
    assert plan_change(name, OTHERS[name]) is None
    assert changed(name, "") == before


@pytest.fixture
def file(elsewhere: Path, embedder: Embedder) -> Path:
    """A file that was ingested with the settings as they are at first."""
    path = elsewhere / "heron.txt"
    path.write_text("The heron waits. " * 20)
    assert left_alone(path, Settings.load(), embedder) == 0
    return path


def left_alone(file: Path, settings: Settings, embedder: Embedder) -> int:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        return ingest(base, [file], collection="birds").count("unchanged")


@pytest.mark.parametrize("name", sorted(REREAD))
def test_after_these_changes_files_are_read_again(
    name: str, file: Path, embedder: Embedder
) -> None:
    assert left_alone(file, changed(name, OTHERS[name]), embedder) == 0


def test_after_all_other_changes_files_are_left_alone(file: Path, embedder: Embedder) -> None:
    for name in OTHERS.keys() - REREAD:
        changed(name, OTHERS[name])
    assert left_alone(file, Settings.load(), embedder) == 1


@pytest.mark.parametrize("name", ["n_gpu_layers", "threads", "context_tokens", "instruction"])
def test_what_is_stored_can_be_searched_after_a_change_of_how_it_is_embedded(
    name: str, embedder: Embedder
) -> None:
    with closing(open_embedder(changed(name, OTHERS[name]))) as other:
        assert other.identity == embedder.identity


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("top_k", "many", "top_k"),
        ("top_k", "0", "top_k"),
        ("chunk_size", "200", "more than half of chunk_size"),
        ("mode", "magic", "mode"),
        ("data_dir", "/elsewhere", "cannot be changed here"),
        ("no_such", "1", "cannot be changed here"),
    ],
)
def test_what_is_not_allowed_is_refused(elsewhere: Path, name: str, typed: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        plan_change(name, typed)
    assert not (elsewhere / "kb.toml").exists()


def test_a_default_that_does_not_go_with_the_others_is_refused(elsewhere: Path) -> None:
    (elsewhere / "kb.toml").write_text("chunk_size = 200\nchunk_overlap = 20\n")
    with pytest.raises(SettingsError, match="more than half of chunk_size"):
        plan_change("chunk_overlap", "")


def test_a_model_that_is_not_here_is_refused() -> None:
    with pytest.raises(ModelError, match="no-such"):
        plan_change("model", "no-such.gguf")
    found = plan_change("model", "http://127.0.0.1:9/v1#tiny")
    assert found is not None
    assert found.redo == "reembed"


def test_the_environment_outranks_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outranked("top_k")
    monkeypatch.setenv("KB_TOP_K", "4")
    assert outranked("top_k")
