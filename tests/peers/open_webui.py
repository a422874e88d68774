"""Open WebUI itself over `kb serve`: are all files ingested, and is the right one found first?

A maintainer runs it with the real package, which has a Python of its own (2.9 GB and more):

    python3.11 -m venv /somewhere/owui && /somewhere/owui/bin/pip install open-webui
    kb serve --port 8600 &
    python tests/peers/open_webui.py --python /somewhere/owui/bin/python \
        --root FOLDER --files files.txt --queries queries.tsv --server kb=http://127.0.0.1:8600

``files.txt`` names a file below the folder in each line, ``queries.tsv`` has a question, a tab and
the file that answers it. Without ``--files`` all files of the folder are sent. Settings are those
of a new installation, but for the address of the embedding server. Every further ``--server`` is
run in the same way and compared with the first: other servers of the same model.

The exit status is 0 if the first server loses no file and finds every file that another one finds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import webui

EVERY = 100_000
_LOOK_S = 0.1
_AT_ONCE = 32
_PREFIXES = {
    "RAG_EMBEDDING_PREFIX_FIELD_NAME": "input_type",
    "RAG_EMBEDDING_QUERY_PREFIX": "query",
    "RAG_EMBEDDING_CONTENT_PREFIX": "document",
}


@dataclass
class Outcome:
    """What became of the files and questions with one server."""

    server: str
    files: int = 0
    seconds: float = 0.0
    lost: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    chunks: int = 0
    alone: float = 0.0
    milliseconds: list[float] = field(default_factory=list)


def main() -> int:
    """Run Open WebUI over each server and say how they compare."""
    options = _options()
    files = _files(options)
    questions = _questions(options.queries)
    outcomes = []
    for given in options.server:
        name, _, url = given.partition("=")
        with webui.running(options.python, _settings(options, url), options.log) as web:
            outcome = Outcome(name, files=len(files))
            collection = _ingested(web, options.root, files, outcome, options.together)
            _asked(web, collection, questions, outcome)
            if options.alone:
                _embedded_alone(web, collection, f"{url}/v1/embeddings", options, outcome)
        _say(outcome, questions)
        outcomes.append(outcome)
    return _verdict(outcomes, questions)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", type=Path, required=True, help="Python that has open-webui")
    parser.add_argument("--root", type=Path, required=True, help="folder of the files")
    parser.add_argument("--files", type=Path, help="list of files below the folder")
    parser.add_argument("--queries", type=Path, required=True, help="questions and their files")
    parser.add_argument("--server", action="append", required=True, help="NAME=URL; repeat it")
    parser.add_argument("--engine", choices=["openai", "ollama"], default="openai")
    parser.add_argument("--model", default="multilingual-e5-small", help="name of the model")
    parser.add_argument("--key", default="none", help="API key of the servers")
    parser.add_argument("--loader", help="URL of the external document loader, if any")
    parser.add_argument("--reranker", help="URL of the external reranker, with hybrid search")
    parser.add_argument("--reranker-model", default="reranker", help="name of its model")
    parser.add_argument("--together", type=int, default=1, help="uploads that are sent at once")
    parser.add_argument("--prefixes", action="store_true", help="say what is query and document")
    parser.add_argument("--alone", action="store_true", help="time what embedding alone takes")
    parser.add_argument("--log", type=Path, help="where Open WebUI's log goes")
    return parser.parse_args()


def _files(options: argparse.Namespace) -> list[str]:
    if options.files:
        return [line for line in options.files.read_text("utf-8").splitlines() if line.strip()]
    every = (path for path in options.root.rglob("*") if path.is_file())
    return sorted(path.relative_to(options.root).as_posix() for path in every)


def _questions(file: Path) -> dict[str, str]:
    lines = (line.split("\t") for line in file.read_text("utf-8").splitlines() if line.strip())
    return {question: answer.strip() for question, answer in lines}


def _settings(options: argparse.Namespace, url: str) -> dict[str, str]:
    """Return what a person fills in under Admin Settings, Documents; the rest is as installed."""
    told = {
        "RAG_EMBEDDING_ENGINE": options.engine,
        "RAG_EMBEDDING_MODEL": options.model,
        "RAG_OPENAI_API_BASE_URL": f"{url}/v1",
        "RAG_OPENAI_API_KEY": options.key,
        "RAG_OLLAMA_BASE_URL": url,
        "RAG_OLLAMA_API_KEY": options.key,
    }
    if options.prefixes:
        told |= _PREFIXES
    if options.reranker:
        told |= {
            "ENABLE_RAG_HYBRID_SEARCH": "true",
            "RAG_RERANKING_ENGINE": "external",
            "RAG_RERANKING_MODEL": options.reranker_model,
            "RAG_EXTERNAL_RERANKER_URL": options.reranker,
            "RAG_EXTERNAL_RERANKER_API_KEY": options.key,
        }
    if options.loader:
        told |= {
            "CONTENT_EXTRACTION_ENGINE": "external",
            "EXTERNAL_DOCUMENT_LOADER_URL": options.loader,
            "EXTERNAL_DOCUMENT_LOADER_API_KEY": options.key,
        }
    return told


def _ingested(
    web: httpx.Client, root: Path, files: Sequence[str], outcome: Outcome, together: int
) -> str:
    """Upload files into a new collection as its pages do; return the collection's id.

    Open WebUI answers an upload at once, processes it afterwards, all of them at the same time, and
    puts it into the collection that the upload names. Its own database takes few uploads at once.
    """
    form = {"name": "Peers", "description": "Files of the comparison"}
    made = web.post("/api/v1/knowledge/create", json=form).raise_for_status().json()
    began = time.monotonic()
    with ThreadPoolExecutor(together) as threads:
        sent = list(threads.map(lambda name: _sent(web, root, name, made["id"]), files))
    told = {
        name: answer.text if not answer.is_success else _lost(web, answer.json()["id"])
        for name, answer in zip(files, sent, strict=True)
    }
    outcome.lost = {name: why for name, why in told.items() if why}
    outcome.seconds = time.monotonic() - began
    return str(made["id"])


def _sent(web: httpx.Client, root: Path, name: str, collection: str) -> httpx.Response:
    with (root / name).open("rb") as content:
        return web.post(
            "/api/v1/files/",
            # A name of its own for each, by which the answer is known again.
            files={"file": (_told(name), content)},
            data={"metadata": json.dumps({"knowledge_id": collection})},
        )


def _lost(web: httpx.Client, number: str) -> str:
    """Wait until a file is processed; say why it was lost, if it was."""
    while True:
        now = web.get(f"/api/v1/files/{number}/process/status").raise_for_status().json()
        if now["status"] == "failed":
            told = web.get(f"/api/v1/files/{number}").json()
            return str(told["data"].get("error", told))
        if now["status"] == "completed":
            return ""
        time.sleep(_LOOK_S)


def _asked(web: httpx.Client, collection: str, questions: dict[str, str], outcome: Outcome) -> None:
    for question in questions:
        body = {"collection_names": [collection], "query": question}
        began = time.monotonic()
        answer = web.post("/api/v1/retrieval/query/collection", json=body)
        outcome.milliseconds.append(1000 * (time.monotonic() - began))
        outcome.first[question] = _first(answer.json()) if answer.is_success else answer.text[:200]


def _embedded_alone(
    web: httpx.Client, collection: str, url: str, options: argparse.Namespace, outcome: Outcome
) -> None:
    """Send the server what Open WebUI sent it, without Open WebUI: every chunk twice.

    Open WebUI embeds a chunk for its file, and once more for the collection.
    """
    body = {"collection_names": [collection], "query": "all", "k": EVERY, "hybrid": False}
    told = web.post("/api/v1/retrieval/query/collection", json=body).raise_for_status().json()
    chunks = told["documents"][0]
    key = {"Authorization": f"Bearer {options.key}"}
    with (
        httpx.Client(headers=key, timeout=webui.ANSWER_S, trust_env=False) as client,
        ThreadPoolExecutor(_AT_ONCE) as threads,
    ):

        def embed(text: str) -> None:
            sent = {"model": options.model, "input": [text]}
            client.post(url, json=sent).raise_for_status()

        began = time.monotonic()
        list(threads.map(embed, chunks + chunks))
        outcome.alone = time.monotonic() - began
    outcome.chunks = len(chunks)


def _first(told: dict[str, Any]) -> str:
    found = told.get("metadatas") or [[]]
    return str(found[0][0].get("name", "")) if found and found[0] else ""


def _told(name: str) -> str:
    return name.replace("/", "__")


def _right(outcome: Outcome, questions: dict[str, str]) -> set[str]:
    return {each for each, file in questions.items() if outcome.first[each] == _told(file)}


def _say(outcome: Outcome, questions: dict[str, str]) -> None:
    right = _right(outcome, questions)
    middle = sorted(outcome.milliseconds)[len(outcome.milliseconds) // 2]
    alone = (
        f" ({outcome.chunks} chunks, embedded twice; that alone takes {outcome.alone:.1f} s)"
        if outcome.chunks
        else ""
    )
    sys.stdout.write(
        f"{outcome.server}: {outcome.files - len(outcome.lost)} of {outcome.files} files in "
        f"{outcome.seconds:.1f} s{alone}; the right file first for {len(right)} of "
        f"{len(questions)} questions, {middle:.0f} ms each (p50)\n"
    )
    for name, why in outcome.lost.items():
        sys.stdout.write(f"  lost {name}: {why[:300]}\n")
    for question in questions.keys() - right:
        sys.stdout.write(f"  not first: {question!r}: {outcome.first[question][:100]}\n")
    sys.stdout.flush()


def _verdict(outcomes: Sequence[Outcome], questions: dict[str, str]) -> int:
    ours, *others = outcomes
    missing = {
        question: other.server
        for other in others
        for question in _right(other, questions) - _right(ours, questions)
    }
    for question, server in missing.items():
        sys.stdout.write(f"{server} finds the file first for {question!r}; {ours.server} not\n")
    return 1 if ours.lost or missing else 0


if __name__ == "__main__":
    sys.exit(main())
