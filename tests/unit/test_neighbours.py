"""Chat models that this machine's Ollama or llama.cpp's server has already are found."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from model_servers import Said, llama_cpp, ollama, serving

from kb.remote import neighbours
from kb.remote.neighbours import PATIENCE_S, ServedModel, served_chat_models

NOTHING = "http://127.0.0.1:9"


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def found(said: Said, *, at: str) -> tuple[ServedModel, ...]:
    with serving(said) as running:
        addresses = {"ollama": NOTHING, "llama_server": NOTHING, at: running.root}
        return served_chat_models(**addresses)


def test_chat_models_of_ollama_are_found_and_embedding_models_are_left_out() -> None:
    said = ollama(
        {"name": "qwen3:4b", "size": 2_620_000_000},
        {"name": "bge-m3:latest", "size": 1_200_000_000},
        shown={
            "qwen3:4b": {"capabilities": ["completion", "tools", "thinking"]},
            "bge-m3:latest": {"capabilities": ["embedding"]},
        },
    )
    (model,) = found(said, at="ollama")
    assert model == ServedModel(
        name="qwen3:4b",
        setting=f"{said.root}/v1#qwen3:4b",
        server="Ollama",
        size=2_620_000_000,
    )


def test_an_ollama_that_lists_what_models_can_is_not_asked_about_each() -> None:
    said = ollama(
        {"name": "qwen3:8b", "capabilities": ["completion"]},
        {"name": "nomic-embed-text", "capabilities": ["embedding"]},
    )
    assert [model.name for model in found(said, at="ollama")] == ["qwen3:8b"]
    assert said.seen == ["GET /api/tags"]


def test_an_older_ollama_is_believed_by_the_family_of_its_models() -> None:
    said = ollama(
        {"name": "llama3:8b", "details": {"family": "llama"}},
        {"name": "nomic-embed-text", "details": {"family": "nomic-bert"}},
    )
    assert [model.name for model in found(said, at="ollama")] == ["llama3:8b"]


def test_the_model_of_a_llama_server_is_found_by_its_files_name() -> None:
    said = llama_cpp("/home/me/models/Qwen3-4B-Instruct-2507-Q4_K_M.gguf")
    (model,) = found(said, at="llama_server")
    assert model.name == "Qwen3-4B-Instruct-2507-Q4_K_M"
    assert model.setting == f"{said.root}/v1"  # it answers to any name
    assert (model.server, model.size) == ("llama.cpp", 96_576_768)


def test_a_llama_server_that_embeds_or_reranks_is_no_chat_model() -> None:
    assert found(llama_cpp("e5.gguf", embeds=True), at="llama_server") == ()


def test_another_server_with_openais_list_is_found_with_the_name_it_gives() -> None:
    said = Said(answers={"GET /v1/models": (200, {"data": [{"id": "mistral"}]})})
    (model,) = found(said, at="llama_server")
    assert (model.name, model.server) == ("mistral", "a server")
    assert model.setting == f"{said.root}/v1#mistral"


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"[]", b'{"models": 3, "data": {}}', b'{"models": [1], "data": [{"id": 7}]}'],
)
@pytest.mark.parametrize("at", ["ollama", "llama_server"])
def test_what_is_no_list_of_models_is_passed_over(at: str, answer: bytes) -> None:
    said = Said(answers={"GET /api/tags": (200, answer), "GET /v1/models": (200, answer)})
    assert found(said, at=at) == ()


def test_a_name_that_could_not_stand_in_a_setting_is_passed_over() -> None:
    names = ["two\nlines", "x" * 300, "", None, "good"]
    said = ollama(*({"name": name, "capabilities": ["completion"]} for name in names))
    assert [model.name for model in found(said, at="ollama")] == ["good"]


def test_where_no_server_is_nothing_is_found() -> None:
    assert served_chat_models(ollama=NOTHING, llama_server=NOTHING) == ()


def test_a_server_that_says_nothing_does_not_keep_the_other_from_being_found() -> None:
    began = time.monotonic()
    with silent() as deaf, serving(llama_cpp("m.gguf")) as running:
        found = served_chat_models(ollama=deaf, llama_server=running.root)
    assert [model.name for model in found] == ["m"]
    # No speed is claimed: without a bound the test would never end.
    assert time.monotonic() - began < 30 * PATIENCE_S


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", neighbours.OLLAMA),
        ("127.0.0.1:9999", "http://127.0.0.1:9999"),
        ("http://localhost:9999", "http://localhost:9999"),
        ("0.0.0.0", neighbours.OLLAMA),  # noqa: S104 - what Ollama is told
        ("[::1]:9999", "http://[::1]:9999"),
        ("gpu.example:11434", neighbours.OLLAMA),
        ("http://[", neighbours.OLLAMA),
    ],
)
def test_ollama_is_asked_where_its_own_variable_says_if_that_is_this_machine(
    host: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setenv("OLLAMA_HOST", host)
    monkeypatch.setattr(neighbours, "_asked", lambda _, root, __: asked.append(root) or [])
    served_chat_models()
    assert address in asked
