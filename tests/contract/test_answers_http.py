"""Answers over HTTP: whole or as they are written, with their citations as data."""

from __future__ import annotations

from collections.abc import Iterator

import chat_server
import httpx
import pytest
import raw_client
from chat_server import ChatService
from served_app import ServedApp, served_app

from kb import wire
from kb.wire import Event

ANSWER = "The heron waits in shallow water [1], it is said [9]."


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatService]:
    service = ChatService(lambda _: ANSWER)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def served(chat: ChatService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KB_CHAT_MODEL", chat.model)
        with served_app(tmp_path_factory.mktemp("served")) as running:
            running.base.add("The heron waits in shallow water.", name="heron.txt")
            running.base.add("Elsewhere it is dry.", name="dry.txt", collection="dry")
            yield running


@pytest.fixture(autouse=True)
def _as_before(chat: ChatService) -> None:
    chat.reply = lambda _: ANSWER
    chat.faults.clear()
    chat.thoughts, chat.most, chat.finish = "", 1_000_000, "stop"
    chat.hung_up.clear()


@pytest.fixture
def client(served: ServedApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened:
        yield opened


def events(client: httpx.Client, path: str = "/v1/answer", **body: object) -> list[Event]:
    with client.stream("POST", path, json={**body, "stream": True}) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        return list(wire.events_of(answer.iter_lines()))


def test_an_answer_has_its_passages_and_true_citations(
    client: httpx.Client, served: ServedApp
) -> None:
    told = client.post("/v1/answer", json={"question": "Where does the heron wait?"}).json()
    answer = wire.answer_from_json(told)
    assert answer == served.base.ask("Where does the heron wait?").answer
    assert answer.text == "The heron waits in shallow water [1], it is said."
    assert answer.cited == (1,)
    assert answer.sources[0].source == "heron.txt"


def test_events_give_the_passages_then_the_words_then_the_whole(client: httpx.Client) -> None:
    told = events(client, question="Where does the heron wait?")
    assert [event.name for event in told][:1] == ["sources"]
    assert [event.name for event in told][-1:] == ["answer"]
    pieces = [event.data["text"] for event in told if event.name == "piece"]
    assert len(pieces) > 3
    whole = wire.answer_from_json(told[-1].data)
    assert "".join(pieces).strip() == whole.text
    assert whole.cited == (1,)
    sources = [wire.hit_from_json(each) for each in told[0].data["sources"]]
    assert tuple(sources) == whole.sources
    assert told[0].data["question"] == whole.question


def test_a_conversation_and_conditions_are_passed_on(
    client: httpx.Client, chat: ChatService
) -> None:
    body = {
        "question": "And where does it wait?",
        "history": [
            {"role": "user", "content": "What is a heron?"},
            {"role": "assistant", "content": "A bird."},
        ],
        "collection": "dry",
        "filters": {"path": "dry*"},
        "top_k": 1,
    }
    told = client.post("/v1/answer", json=body).json()
    assert [hit["sources"][0]["path"] for hit in told["sources"]] == ["dry.txt"]
    assert any("What is a heron?" in str(seen["messages"]) for seen in chat.seen)


def test_an_answer_that_was_cut_short_is_gone_on_with(
    client: httpx.Client, chat: ChatService
) -> None:
    chat.most = 4
    cut = client.post("/v1/answer", json={"question": "Where does the heron wait?"}).json()
    assert cut["cut"]
    chat.most, chat.reply = 1_000_000, lambda _: "in shallow water [1]."
    told = events(client, "/v1/answer/continue", answer=cut)
    whole = told[-1].data["answer"]
    assert whole.startswith(cut["answer"])
    assert "in shallow water [1]" in whole
    again = client.post("/v1/answer/continue", json={"answer": told[-1].data})
    assert again.status_code == 400
    assert "nothing to go on with" in again.json()["error"]["message"]


def test_what_fails_before_the_first_word_has_a_status_of_its_own(
    client: httpx.Client, chat: ChatService
) -> None:
    for stream in (False, True):
        body = {"question": "heron?", "stream": stream}
        missing = client.post("/v1/answer", json=body | {"collection": "none"})
        assert (missing.status_code, missing.json()["error"]["code"]) == (
            404,
            "collection_not_found",
        )
        chat.faults.extend([chat_server.status(400, "no")] * 8)
        failed = client.post("/v1/answer", json=body)
        chat.faults.clear()
        assert (failed.status_code, failed.json()["error"]["code"]) == (502, "chat_failed")
        blank = client.post("/v1/answer", json=body | {"question": ""})
        assert blank.status_code == 400


@pytest.mark.parametrize("fault", [chat_server.break_off, chat_server.fail_midway])
def test_what_fails_in_the_middle_is_the_last_event(
    client: httpx.Client, chat: ChatService, fault: chat_server.Fault
) -> None:
    chat.faults.append(fault)
    told = events(client, question="Where does the heron wait?")
    assert [event.name for event in told][:1] == ["sources"]
    assert told[-1].name == "error"
    assert told[-1].data["code"] == "chat_failed"
    assert told[-1].data["message"]


@pytest.mark.parametrize("fault", [chat_server.talk_on, chat_server.think_on])
def test_a_client_that_hangs_up_stops_the_model(
    served: ServedApp, chat: ChatService, fault: chat_server.Fault
) -> None:
    chat.faults.append(fault)
    request = raw_client.request("/v1/answer", {"question": "heron?", "stream": True})
    with raw_client.connected(served.url) as connection:
        connection.sendall(request)
        said = b""
        while b"event: sources" not in said:
            said += connection.recv(1 << 16)
    assert chat.hung_up.wait(60)


def test_what_turns_out_to_be_thinking_is_taken_back(
    client: httpx.Client, chat: ChatService
) -> None:
    chat.reply = lambda _: "First I think. </think> The heron waits [1]."
    told = events(client, question="Where does the heron wait?")
    names = [event.name for event in told]
    assert "takes_back" in names
    after = told[names.index("takes_back") + 1 :]
    pieces = "".join(event.data["text"] for event in after if event.name == "piece")
    whole = told[-1].data
    assert pieces.strip() == whole["answer"] == "The heron waits [1]."
    assert "First I think." in whole["thinking"]


def test_without_a_chat_model_the_way_to_one_is_told(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KB_CHAT_MODEL", raising=False)
    with served_app(tmp_path_factory.mktemp("silent")) as running:
        answer = httpx.post(
            f"{running.url}/v1/answer", json={"question": "heron?"}, trust_env=False
        )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "no_chat_model"
    assert "KB_CHAT_MODEL" in error["message"]
    assert "/v1/search" in error["message"]


def test_half_a_character_in_an_answer_to_go_on_with_is_refused(client: httpx.Client) -> None:
    body = (
        b'{"answer": {"question": "q", "answer": "\\ud800", "thinking": "", "cut": true,'
        b' "ended": "", "cited": [], "sources": []}}'
    )
    kind = {"Content-Type": "application/json"}
    answer = client.post("/v1/answer/continue", content=body, headers=kind)
    assert answer.status_code == 400
    assert "surrogate" in answer.json()["error"]["message"]
