"""What fails where a model is called says which kind of call it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kb
from kb import EmbeddingError, ModelCallError, RerankingError
from kb.errors import ChatError, InputTooLongError, KnowledgeBaseError, OutOfMemoryError, failing_as

ROOT = Path(kb.__file__).parent


@pytest.mark.parametrize("kind", [EmbeddingError, RerankingError, ChatError, InputTooLongError])
def test_every_failed_call_of_a_model_is_one_kind_of_error(kind: type[Exception]) -> None:
    assert issubclass(kind, ModelCallError)
    assert issubclass(kind, KnowledgeBaseError)


def test_programs_that_know_one_name_for_embedding_and_reranking_go_on_working() -> None:
    assert issubclass(RerankingError, EmbeddingError)


@pytest.mark.parametrize("room", ["remote", "llama", "reranking"])
def test_rooms_that_serve_other_models_too_do_not_speak_of_embedding(room: str) -> None:
    named = re.compile(r"\bEmbeddingError\b")
    assert [
        file for file in (ROOT / room).rglob("*.py") if named.search(file.read_text("utf-8"))
    ] == []


def failed(error: Exception, kind: type[ModelCallError]) -> None:
    with failing_as(kind):
        raise error


def test_a_failure_of_the_engine_becomes_that_of_who_called_it() -> None:
    error = ModelCallError("the engine failed")
    with pytest.raises(RerankingError, match="the engine failed") as caught:
        failed(error, RerankingError)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("kind", [InputTooLongError, OutOfMemoryError, EmbeddingError, ValueError])
def test_a_failure_that_says_more_stays_what_it_is(kind: type[Exception]) -> None:
    error = kind("as it was")
    with pytest.raises(kind) as caught:
        failed(error, RerankingError)
    assert caught.value is error
