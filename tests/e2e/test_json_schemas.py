"""What commands print with ``--json`` is as the schemas in ``docs/schemas`` say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import chat_server
import pytest
import typer.main
from hashing_embedder import HashingEmbedder
from json_schema import Schemas
from typer.testing import CliRunner

from ingest.cli import app as ingest_app
from ingest.jobs import Jobs
from kb import KnowledgeBase, Settings, embedding
from kb.catalog.watched_folders import FolderFailure, FolderRun
from kb.cli import schemas
from kb.cli.app import app
from kb.facade import parts

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
MODEL = "multilingual-e5-small"


def problems(name: str, value: Any) -> list[str]:  # noqa: ANN401 - JSON
    told = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    named = told.pop("$defs", {})
    del told["$schema"]
    return list(Schemas(named, {}).problems(told, value))


def judged_set(folder: Path) -> Path:
    folder.mkdir()
    documents = {"heron": "The heron waits in shallow water.", "kestrel": "The kestrel hovers."}
    for name, items in (
        ("corpus.jsonl", documents),
        ("queries.jsonl", {"q": "what waits in water?"}),
    ):
        lines = [json.dumps({"id": key, "text": text}) for key, text in items.items()]
        (folder / name).write_text("\n".join(lines))
    (folder / "qrels.tsv").write_text("q\theron\t1\n")
    (folder / "spans.tsv").write_text("q\theron\t0\t9\n")
    return folder


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What each command prints over a small library, by the name of its schema."""
    folder = tmp_path_factory.mktemp("schemas")
    files = folder / "files"
    files.mkdir()
    (files / "kestrel.md").write_text("---\ntags: [birds]\n---\n# Kestrels\n\nThey hover.")
    (files / "heron.txt").write_text("The heron waits in shallow water. Herons eat frogs.")
    (files / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    chat = chat_server.ChatService(lambda _: "It waits [1].")
    environment = {"KB_DATA_DIR": str(folder / "data"), "KB_WORKERS": "1"}

    def run(*arguments: str, **also: str) -> Any:  # noqa: ANN401 - JSON
        done = CliRunner().invoke(app, [*arguments, "--json"], env={**environment, **also})
        assert done.exit_code == 0, (arguments, done.output)
        return json.loads(done.stdout)

    def ingested() -> Any:  # noqa: ANN401 - JSON
        given = [str(files), "--json"]
        return json.loads(CliRunner().invoke(ingest_app, given, env=environment).stdout)

    answering = {"KB_CHAT_MODEL": chat.model}
    judged = str(judged_set(folder / "set"))
    with pytest.MonkeyPatch.context() as patch:
        for module in (parts, embedding):
            patch.setattr(module, "open_embedder", lambda _: HashingEmbedder())
        found: dict[str, list[Any]] = {"ingest": [ingested(), ingested()]}
        settings = Settings.load(data_dir=folder / "data")
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            jobs = Jobs(base, working=False)
            jobs.add_uploads([jobs.batch().add("heron.txt", [b"The grey heron waits."])])
            watched = base.watched.add(files)
            base.watched.end_run(watched.id, folder_run())
        found |= {
            "search": [run("search", "heron"), run("search", "-q", "words:heron", "-q", "both:x")],
            "search-files": [run("search", "heron", "--files")],
            "folders": [run("folders")],
            "get": [run("get", "heron.txt"), run("get", "kestrel.md:1:1", "--limit", "3")],
            "get-several": [run("get", "*"), run("get", "heron.txt", "kestrel", "--limit", "2")],
            "ask": [run("ask", "heron?"), run("ask", "heron?", **answering)],
            "documents": [run("documents")],
            "documents-failed": [run("documents", "--failed")],
            "runs": [run("runs")],
            "collections": [run("collections")],
            "jobs": [run("jobs")],
            "keys-create": [run("keys", "create", "bot", "--scope", "read", "--expires", "9d")],
            "keys-list": [run("keys", "list")],
            "refine": [run("refine")],
            "reembed": [run("reembed", "--model", MODEL)],
            "migrate": [run("migrate", "--to", "exact")],
            "compact": [run("compact")],
            "doctor": [run("doctor")],
            "models-list": [run("models", "list")],
            "models-show": [run("models", "show", MODEL), run("models", "show", "bge-m3")],
            "models-check": [run("models", "check", MODEL)],
            "eval-run": [run("eval", "run", judged, "--worst", "1")],
            "eval-run-spans": [run("eval", "run", judged, "--spans")],
            "eval-run-answers": [run("eval", "run", judged, "--answers", **answering)],
        }
    chat.stop()
    return found


def folder_run() -> FolderRun:
    """A run over a watched folder, as the catalog remembers it."""
    return FolderRun(
        began_at=datetime(2026, 11, 30, 8, tzinfo=UTC),
        ended_at=datetime(2026, 11, 30, 9, tzinfo=UTC),
        counts={"added": 1, "failed": 1},
        failures=(FolderFailure(path="x.pdf", reason="damaged", reason_code="damaged_file"),),
        gone=("y.txt",),
        gone_count=1,
        left_out={"z.txt": {"rule": "ignored", "by": ".kbignore"}},
    )


@pytest.mark.parametrize("name", sorted(schemas.SHAPES))
def test_what_a_command_prints_is_as_its_schema_says(
    printed: dict[str, list[Any]], name: str
) -> None:
    for value in printed[name]:
        assert value, name
        assert problems(name, value) == []


@pytest.mark.parametrize("name", ["search", "get", "documents", "runs", "ingest"])
def test_a_schema_allows_nothing_else(printed: dict[str, list[Any]], name: str) -> None:
    value = printed[name][0]
    record = value[0] if isinstance(value, list) else value
    record["another"] = 1
    assert problems(name, value)
    del record["another"]
    first = next(iter(record))
    kept = record.pop(first)
    assert problems(name, value)
    record[first] = kept


def test_the_files_are_what_the_program_makes() -> None:
    made = {f"{name}.json": schemas.written(name) for name in schemas.SHAPES}
    there = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert there == made, "run `python -m kb.cli.schemas`"


def test_every_command_that_prints_json_has_a_schema() -> None:
    printing = {f"kb {name}" for name in commands(typer.main.get_command(app), "")}
    described = {command for command, _ in schemas.SHAPES.values()}
    assert {each for each in printing if not any(has(each, one) for one in described)} == set()
    of_kb = {each for each in described if each.startswith("kb ")}
    assert {each for each in of_kb if not any(has(one, each) for one in printing)} == set()


def has(command: str, described: str) -> bool:
    """Say whether a description is of a command: its first words are the command's."""
    return f"{described} ".startswith(f"{command} ")


def commands(command: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - typer's own class
    if any("--json" in getattr(each, "opts", ()) for each in command.params):
        yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, f"{path} {name}".strip())
