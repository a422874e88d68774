"""The Model Context Protocol, asked by the SDK's own client over both transports."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import own_loop
import pytest
from agent_client import PATIENCE_S, command, over_http, over_stdio
from hashing_embedder import HashingEmbedder
from mcp import Client, MCPError, types
from served_app import ServedApp, served_app

from kb import KnowledgeBase, Settings
from kb.catalog.key_records import KeyScope
from kb.embedding.base import Embedder
from kb.keys import bearer

READING = ["list_collections", "list_documents", "read", "search", "status"]
WRITING = ["add_file", "add_text", "remove", "tag"]
TEXTS = {
    "birds/heron.txt": "The heron waits in shallow water. Herons eat fish and frogs.",
    "coffee.txt": "The warranty of the coffee machine lasts 24 months.",
}

NOISY = """
import os, sys
from kb import KnowledgeBase
from kb.__main__ import main

find = KnowledgeBase.find

def noisy(base, request):
    os.write(1, b"from C\\n")
    print("from Python", flush=True)
    return find(base, request)

KnowledgeBase.find = noisy
sys.argv = ["kb", "mcp"]
main()
"""


def fill(base: KnowledgeBase) -> None:
    for name, text in TEXTS.items():
        base.add(text, name=name)
    base.create_collection("minutes", description="meeting notes of 2025")
    base.add("The board agreed to repair the roof.", name="may.txt", collection="minutes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, embedder: Embedder) -> Path:
    """A data folder that a server of its own is started over."""
    place = tmp_path_factory.mktemp("stdio")
    (place / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=place), embedder=embedder) as base:
        fill(base)
    return place


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_WORKERS", "1")
        with served_app(tmp_path_factory.mktemp("http"), embedder=HashingEmbedder()) as running:
            fill(running.base)
            yield running


@dataclass
class Session:
    """What one agent was answered."""

    instructions: str | None
    tools: list[types.Tool]
    found: types.CallToolResult
    part: types.CallToolResult
    lists: list[types.CallToolResult]
    wrong: list[types.CallToolResult]
    added: list[types.CallToolResult]
    file: types.CallToolResult
    resources: list[types.Resource]
    resource: str
    prompt: types.GetPromptResult
    refusals: list[str]


def _adding(tools: Sequence[types.Tool], name: str, content: str) -> dict[str, str]:
    """Return how a file is added: by its path where the agent is on the same machine."""
    (tool,) = (each for each in tools if each.name == "add_file")
    if "path" in tool.input_schema["properties"]:
        return {"path": name}
    return {
        "name": Path(name).name,
        "data": base64.b64encode(content.encode()).decode(),
    }


async def _ended(client: Client, told: types.CallToolResult) -> types.CallToolResult:
    """Ask for a job until it has ended, as the answer that is not done says."""
    asked = {"job": told.structured_content["job"]["job"]}
    while not told.is_error:
        state = await client.call_tool("status", asked)
        if state.structured_content["jobs"][0]["state"] == "done":
            break
        await asyncio.sleep(0.1)
    return await client.call_tool("search", {"query": "owls fly", "types": "markdown"})


async def _session(
    connected: AbstractAsyncContextManager[Client], new: Path, content: str
) -> Session:
    async with connected as client:
        tools = (await client.list_tools()).tools
        found = await client.call_tool("search", {"query": "what do herons eat", "limit": 1})
        (passage,) = found.structured_content["passages"]
        adding = _adding(tools, str(new), content)
        listed = (await client.list_resources()).resources
        contents = (await client.read_resource(listed[0].uri)).contents
        added = await client.call_tool("add_file", adding)
        refusals = []
        for ask in (
            client.read_resource("shelfmark://document/nothing-like-it"),
            client.read_resource("file:///etc/passwd"),
            client.get_prompt("answer_from_documents", {}),
            client.get_prompt("answer_from_documents", {"question": "x", "topic": "y"}),
        ):
            with pytest.raises(MCPError) as refused:
                await ask
            refusals.append(refused.value.message)
        return Session(
            instructions=client.instructions,
            tools=tools,
            found=found,
            part=await client.call_tool("read", {"id": passage["id"]}),
            lists=[
                await client.call_tool(name, {})
                for name in ("list_documents", "list_collections", "status")
            ],
            wrong=[
                await client.call_tool("search", {"query": "x", "top_k": 3}),
                await client.call_tool("read", {"id": "birds/hern.txt"}),
                await client.call_tool("serch", {"query": "x"}),
            ],
            added=[
                await client.call_tool("add_text", {"text": "Owls hunt.", "name": new.stem}),
                await client.call_tool("tag", {"documents": new.stem, "add": "night"}),
                added,
                await client.call_tool("search", {"query": "owls", "tags": "night"}),
                await client.call_tool("remove", {"id": new.stem}),
            ],
            file=await _ended(client, added),
            resources=listed,
            resource="".join(getattr(each, "text", "") for each in contents),
            prompt=await client.get_prompt("answer_from_documents", {"question": "Fish?"}),
            refusals=refusals,
        )


@pytest.fixture(scope="module", params=["stdio legacy", "http auto", "http legacy"])
def session(
    request: pytest.FixtureRequest,
    folder: Path,
    served: ServedApp,
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    """One agent's session: over each transport, in the old and the new way of beginning it."""
    transport, mode = request.param.split()
    new = tmp_path_factory.mktemp("new") / f"note of {request.param}.md"
    content = f"# Owls\n\nOwls of {request.param} fly at night.\n"
    new.write_text(content, "utf-8")
    if transport == "stdio":
        connected = over_stdio(folder, mode=mode)
    else:
        connected = over_http(served.url, mode=mode)
    return own_loop.run(_session(connected, new, content))


def text_of(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def test_an_agent_is_given_all_tools_with_what_they_take_and_give(session: Session) -> None:
    assert sorted(tool.name for tool in session.tools) == sorted(READING + WRITING)
    assert "never an instruction" in (session.instructions or "")
    for tool in session.tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint == (tool.name in READING)
        assert tool.output_schema is not None


def test_it_finds_a_passage_and_reads_it_by_its_id(session: Session) -> None:
    assert not session.found.is_error
    (passage,) = session.found.structured_content["passages"]
    assert passage["path"] == "birds/heron.txt"
    assert "fish and frogs" in text_of(session.found)
    assert session.part.structured_content["text"] == passage["text"]


def test_it_lists_what_there_is(session: Session) -> None:
    documents, collections, state = session.lists
    assert {"birds/heron.txt", "coffee.txt"} <= {
        each["path"] for each in documents.structured_content["documents"]
    }
    assert "meeting notes of 2025" in text_of(collections)
    assert state.structured_content["documents"] >= 3


def test_a_wrong_call_is_an_error_that_says_what_is_right(session: Session) -> None:
    assert all(each.is_error for each in session.wrong)
    parameter, identity, tool = map(text_of, session.wrong)
    assert "use `limit`" in parameter
    assert "birds/heron.txt" in identity
    assert "'search'" in tool


def test_it_adds_tags_and_removes(session: Session) -> None:
    text, tagged, file, found, removed = session.added
    assert [each.is_error for each in session.added] == [False] * 5, list(
        map(text_of, session.added)
    )
    assert text.structured_content["outcome"] == "added"
    assert tagged.structured_content["documents"][0]["tags"] == ["night"]
    assert file.structured_content["job"]["total"] == 1
    assert "fly at night" in text_of(session.file)
    assert [each["text"] for each in found.structured_content["passages"]] == ["Owls hunt."]
    assert (
        removed.structured_content["removed"]["id"] == (text.structured_content["document"]["id"])
    )


def test_documents_are_resources(session: Session) -> None:
    assert {"birds/heron.txt", "may.txt"} <= {each.name for each in session.resources}
    assert "<document-text " in session.resource
    nothing, other, *_ = session.refusals
    assert "nothing-like-it" in nothing
    assert "is no resource of this server" in other


def test_the_prompt_asks_for_an_answer_with_citations(session: Session) -> None:
    (message,) = session.prompt.messages
    assert isinstance(message.content, types.TextContent)
    assert message.content.text.endswith("Question: Fish?")
    assert "cite" in message.content.text
    *_, needed, unknown = session.refusals
    assert "needs `question`" in needed
    assert "'topic'" in unknown


def test_arguments_are_completed_over_both_transports(folder: Path, served: ServedApp) -> None:
    prompt = types.PromptReference(name="answer_from_documents")
    document = types.ResourceTemplateReference(uri="shelfmark://document/{id}")

    async def scene(connected: AbstractAsyncContextManager[Client]) -> list[list[str]]:
        async with connected as client:
            asked = [
                (prompt, {"name": "collection", "value": "MIN"}),
                (document, {"name": "id", "value": "her"}),
                (document, {"name": "id", "value": "h*r"}),
            ]
            found = [(await client.complete(*each)).completion.values for each in asked]
            for ref, argument in ((prompt, "colection"), (document, "path")):
                with pytest.raises(MCPError, match=r"did you mean|there is only"):
                    await client.complete(ref, {"name": argument, "value": ""})
            return found

    for connected in (over_stdio(folder), over_http(served.url)):
        assert own_loop.run(scene(connected)) == [["minutes"], ["birds/heron.txt"], []]


def test_a_file_that_is_added_tells_how_far_it_is_where_the_client_asks(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "long.md"
    path.write_text("\n\n".join(f"Paragraph {number} of owls." for number in range(400)), "utf-8")

    async def scene() -> list[tuple[float, float | None, str | None]]:
        told: list[tuple[float, float | None, str | None]] = []

        async def hear(done: float, of: float | None, what: str | None) -> None:
            told.append((done, of, what))

        async with over_stdio(folder) as client:
            added = await client.call_tool("add_file", {"path": str(path)}, progress_callback=hear)
            assert not added.is_error
            await client.call_tool("remove", {"id": str(path)})
        return told

    told = own_loop.run(scene())
    assert told
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})
    assert {of for _, of, _ in told} == {1.0}


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    },
}
SEARCH = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": "fish", "by": "words"}},
}


@contextmanager
def started(folder: Path, program: str, log: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a program over a data folder, whose stdin and stdout are the test's."""
    how = command(folder)
    with subprocess.Popen(
        [how.command, "-c", program],
        env=dict(how.env or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    ) as process:
        yield process


def asked(process: subprocess.Popen[str], message: object) -> Any:  # noqa: ANN401 - JSON
    """Send a message and return what comes back."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(message)}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_nothing_but_the_protocol_is_on_stdout(folder: Path, tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("w+", encoding="utf-8") as log,
        started(folder, NOISY, log) as process,
    ):
        assert [asked(process, each)["id"] for each in (INITIALIZE, SEARCH)] == [1, 2]
        rest, _ = process.communicate(timeout=PATIENCE_S)
        log.seek(0)
        said = log.read()
    assert rest == ""
    assert process.returncode == 0
    assert "from C" in said
    assert "from Python" in said


def test_a_line_that_is_no_message_is_answered_and_the_next_one_too(
    folder: Path, tmp_path: Path
) -> None:
    half = {"jsonrpc": "2.0", "id": 3, "method": "ping", "params": {"x": "\ud800"}}
    with (
        (tmp_path / "log").open("w+", encoding="utf-8") as log,
        started(folder, NOISY, log) as process,
    ):
        answers = [asked(process, each) for each in (INITIALIZE, half, "hello", [1, 2], SEARCH)]
        process.communicate(timeout=PATIENCE_S)
    assert [each["id"] for each in answers] == [1, 3, None, None, 2]
    assert [each.get("error", {}).get("code") for each in answers[1:4]] == [-32700, -32600, -32600]


def test_a_byte_that_is_not_utf_8_is_refused_and_nothing_is_stored(
    folder: Path, tmp_path: Path
) -> None:
    adding = {
        "jsonrpc": "2.0",
        "id": 3,
        "method": "tools/call",
        "params": {"name": "add_text", "arguments": {"text": "Gr\udcfc\udcdfe", "name": "latin"}},
    }
    looking = {
        **adding,
        "id": 4,
        "params": {"name": "list_documents", "arguments": {"path": "latin"}},
    }
    with (
        (tmp_path / "log").open("w+", encoding="utf-8") as log,
        started(folder, NOISY, log) as process,
    ):
        asked(process, INITIALIZE)
        assert process.stdin is not None
        assert process.stdout is not None
        line = json.dumps(adding, ensure_ascii=False).encode("utf-8", "surrogateescape")
        process.stdin.buffer.write(line + b"\n")
        process.stdin.buffer.flush()
        answer = json.loads(process.stdout.readline())
        listed = asked(process, looking)
        process.communicate(timeout=PATIENCE_S)
    assert (answer["id"], answer["error"]["code"]) == (3, -32700)
    assert f"byte {line.index(0xFC) + 1} of the line, 0xfc" in answer["error"]["message"]
    assert listed["result"]["structuredContent"]["total"] == 0


def test_what_was_called_before_stdin_closed_is_answered(folder: Path, tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("w+", encoding="utf-8") as log,
        started(folder, NOISY, log) as process,
    ):
        asked(process, INITIALIZE)
        calls = [{**SEARCH, "id": identity} for identity in (5, 6, "seven")]
        rest, _ = process.communicate(
            "".join(f"{json.dumps(each)}\n" for each in calls), timeout=PATIENCE_S
        )
    answers = {each["id"]: each for each in map(json.loads, rest.splitlines())}
    assert answers.keys() == {5, 6, "seven"}
    assert all("result" in each for each in answers.values())
    assert process.returncode == 0


def test_a_signal_ends_it_without_a_word(folder: Path, tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("w+", encoding="utf-8") as log,
        started(folder, NOISY, log) as process,
    ):
        assert asked(process, INITIALIZE)["id"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
        log.seek(0)
        assert "Traceback" not in log.read()


def test_an_agent_that_is_started_to_read_cannot_write(folder: Path) -> None:
    async def scene() -> tuple[list[str], list[str]]:
        options = ["--scope", "read", "--collection", "minutes"]
        async with over_stdio(folder, options) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            listed = await client.call_tool("list_collections", {})
            return tools, [each["name"] for each in listed.structured_content["collections"]]

    tools, collections = own_loop.run(scene())
    assert sorted(tools) == READING
    assert collections == ["minutes"]


# -- over HTTP: keys, scopes, collections, who may ask


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with served_app(tmp_path_factory.mktemp("keys")) as running:
        fill(running.base)
        running.base.keys.create("the first, so that everybody needs one", scopes=["read"])
        yield running


@pytest.mark.parametrize(
    ("scopes", "tools"),
    [
        (["read"], READING),
        (["write"], WRITING),
        (["read", "write"], READING + WRITING),
        (["embed", "read"], READING),
    ],
)
def test_the_scopes_of_a_key_decide_which_tools_there_are(
    guarded: ServedApp, scopes: Sequence[KeyScope], tools: list[str]
) -> None:
    _, key = guarded.base.keys.create(f"key {scopes}", scopes=scopes)

    async def scene() -> tuple[list[str], bool]:
        async with over_http(guarded.url, key) as client:
            told = await client.call_tool("add_text", {"text": "Owls.", "name": key[-8:]})
            return [tool.name for tool in (await client.list_tools()).tools], told.is_error

    listed, refused = own_loop.run(scene())
    assert sorted(listed) == sorted(tools)
    assert refused == ("write" not in scopes)


def test_a_key_of_one_collection_stays_in_it(guarded: ServedApp) -> None:
    _, key = guarded.base.keys.create("minutes", scopes=["read"], collections=["minutes"])

    async def scene() -> tuple[Any, list[str]]:
        async with over_http(guarded.url, key) as client:
            found = await client.call_tool("search", {"query": "the"})
            resources = (await client.list_resources()).resources
            return found.structured_content, [each.name for each in resources]

    found, resources = own_loop.run(scene())
    assert [each["path"] for each in found["passages"]] == ["may.txt"]
    assert resources == ["may.txt"]


def ask(url: str, method: str = "POST", **headers: str) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.request(method, f"{url}/mcp", json=body, headers=accept | headers)


def test_no_key_a_wrong_one_or_one_for_something_else_is_refused(guarded: ServedApp) -> None:
    _, embed = guarded.base.keys.create("embedding", scopes=["embed"])
    assert ask(guarded.url).status_code == 401
    assert ask(guarded.url, **bearer("kb_x_y")).status_code == 401
    refused = ask(guarded.url, **bearer(embed))
    assert refused.status_code == 403
    assert "has the scope embed" in refused.text


def test_pages_of_other_sites_and_other_names_of_this_machine_are_refused(
    served: ServedApp,
) -> None:
    assert ask(served.url).status_code == 200
    assert ask(served.url, Origin="https://evil.example").status_code == 403
    assert ask(served.url, Host="evil.example").status_code == 403
    assert ask(served.url, Origin=served.url).status_code == 200


def test_a_key_does_not_open_it_to_pages_of_other_sites(guarded: ServedApp) -> None:
    _, key = guarded.base.keys.create("pages", scopes=["read"])
    for origin, status in (
        ("https://evil.example", 403),
        (guarded.url, 200),
        ("vscode-file://vscode-app", 200),
    ):
        assert ask(guarded.url, Origin=origin, **bearer(key)).status_code == status


def test_a_file_of_some_megabytes_gets_through(served: ServedApp) -> None:
    async def scene() -> types.CallToolResult:
        async with over_http(served.url) as client:
            return await client.call_tool("add_file", {"name": "x.txt", "data": "!" * 6_000_000})

    assert "not Base64" in text_of(own_loop.run(scene()))


def test_there_is_nothing_to_listen_to_and_nothing_to_end(served: ServedApp) -> None:
    for method in ("GET", "DELETE", "PUT"):
        refused = ask(served.url, method)
        assert refused.status_code == 405
        assert refused.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "identity", "code", "said"),
    [
        (b"[]", None, -32600, "no message of JSON-RPC 2.0; send an object with `jsonrpc`"),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', None, -32600, "send an object"),
        (b'{"id": 7, "method": "ping"}', 7, -32600, "no message of JSON-RPC 2.0"),
        (b"{", None, -32700, "not JSON that can be read"),
        (b"", None, -32700, "not JSON that can be read"),
        (b'"\xff"', None, -32700, "not JSON that can be read"),
    ],
)
def test_a_body_that_is_no_message_is_answered_in_one_sentence(
    served: ServedApp, body: bytes, identity: int | None, code: int, said: str
) -> None:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    with httpx.Client(trust_env=False, timeout=60) as client:
        answer = client.post(f"{served.url}/mcp", content=body, headers=headers)
    assert answer.status_code == 400
    told = answer.json()
    assert (told["id"], told["error"]["code"]) == (identity, code)
    assert told["error"]["message"].startswith("the body is ")
    assert said in told["error"]["message"]
    assert len(told["error"]["message"]) < 120
    assert ask(served.url).status_code == 200
