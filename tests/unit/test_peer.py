"""What requests to all kinds of servers have in common."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import httpx
import pytest

import kb
from kb.errors import ModelCallError, StoreError
from kb.keys import bearer
from kb.remote.peer import Peer

ROOT = Path(kb.__file__).parents[1]
SECRET = "sesame"  # noqa: S105 - a test's
PEER = Peer(named="the test server http://host.example", root="http://host.example", secret=SECRET)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "no such model", "type": "invalid"}}, "no such model"),  # OpenAI
        ({"error": "no such model"}, "no such model"),  # Ollama
        ({"object": "error", "message": "no such model"}, "no such model"),  # vLLM
        ({"error": "NotFoundError", "message": "no collection x"}, "no collection x"),  # Chroma
        ({"detail": [{"loc": ["body"], "msg": "too long", "input": "a whole book"}]}, "too long"),
        ({"detail": "Not Found"}, "Not Found"),
        (["one", "two"], "one; two"),
        ({"unknown": "a whole book"}, ""),
        (17, ""),
        (None, ""),
        ({"message": "line\none\t sesame"}, "line one …"),
    ],
)
def test_the_words_of_an_error_are_found_in_every_shape(body: object, words: str) -> None:
    response = httpx.Response(400, content=json.dumps(body))
    assert PEER.words(response) == words
    assert PEER.quoted(response) == (f': "{words}"' if words else "")


def test_text_is_quoted_and_a_page_is_not() -> None:
    assert PEER.words(httpx.Response(500, text="out of\n\nmemory")) == "out of memory"
    assert PEER.words(httpx.Response(502, html="<h1>Bad gateway</h1>")) == ""
    assert PEER.words(httpx.Response(500, text="[" * 100_000)).startswith("[[[")


def test_words_are_cut_after_the_secret_is_taken_out() -> None:
    said = "x" * 238 + SECRET
    assert PEER.words(httpx.Response(400, text=said)) == "x" * 238 + "…"
    assert len(PEER.words(httpx.Response(400, text="y" * 999))) == 240


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (httpx.ReadTimeout("slow"), ModelCallError, "the test server .* gave no answer in time"),
        (httpx.ConnectError("gone"), ModelCallError, r"no connection to the .* \(gone\); is it on"),
        (httpx.ReadError("cut"), ModelCallError, r"connection to the test .* broke off \(cut\)"),
        (RuntimeError("client has been closed"), StoreError, "connection to the .* is closed"),
        (RuntimeError("another"), RuntimeError, "another"),
    ],
)
def test_failures_become_those_of_the_caller(
    error: Exception, kind: type[Exception], message: str
) -> None:
    calling = PEER.calling(ModelCallError, StoreError, advice="; is it on?")
    with pytest.raises(kind, match=message), calling:
        raise error


def test_a_client_that_was_closed_says_so() -> None:
    http = PEER.connect(bearer(SECRET))
    http.close()
    with pytest.raises(StoreError, match="is closed"), PEER.calling(ModelCallError, StoreError):
        http.get(PEER.root)


@pytest.mark.parametrize(
    ("root", "secret", "warned"),
    [
        ("http://host.example", SECRET, True),
        ("https://host.example", SECRET, False),
        ("http://127.0.0.1:8080", SECRET, False),
        ("http://host.example", "", False),
    ],
)
def test_a_secret_that_others_can_read_on_its_way_is_warned_of(
    root: str,
    secret: str,
    warned: bool,  # noqa: FBT001 - a case
    caplog: pytest.LogCaptureFixture,
) -> None:
    peer = Peer(named="it", root=root, secret=secret, word="token")
    with caplog.at_level(logging.WARNING), peer.connect(bearer(secret)):
        pass
    assert ("the token goes to" in caplog.text) is warned
    assert SECRET not in caplog.text
    assert SECRET not in repr(peer)


def test_what_a_refusal_means_depends_on_what_was_shown() -> None:
    assert PEER.refusal == "it refuses this key"
    assert Peer(named="it", root="http://x", word="token").refusal == "it wants a token"


def test_no_other_module_of_servers_makes_connections_or_names_their_failures() -> None:
    made = re.compile(r"httpx\.(Client|ConnectError|TimeoutException)\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (ROOT / folder).rglob("*.py")]
    found = {file for file in modules if made.search(file.read_text("utf-8"))}

    # Downloads of models have their own advice for every failure: proxies, mirrors, certificates.
    parts = ("hub.py", "hub_errors.py", "severing.py", "transfer.py")
    hub = {ROOT / "kb" / "models" / name for name in parts}
    handed = {ROOT / "kb" / "chat" / "limits.py"}  # is handed the chat server's connections
    assert found - hub - handed == {ROOT / "kb" / "remote" / "peer.py"}


def test_what_a_server_that_is_away_answers_is_listed_once() -> None:
    listed = re.compile(r"\b50[23]\b.*\b50[34]\b|BAD_GATEWAY")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (ROOT / folder).rglob("*.py")]
    modules = [file for file in modules if ROOT / "kb" / "server" not in file.parents]  # answers so

    assert [file for file in modules if listed.search(file.read_text("utf-8"))] == [
        ROOT / "kb" / "retry.py"
    ]
