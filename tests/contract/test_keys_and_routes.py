"""Which key gets where: every route of the server's own table, every scope, every collection."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from api_requests import Planted, client_of, filled, requests_of
from job_turn import others_turn
from served_app import ServedApp, served_app

from kb import wire
from kb.catalog.job_records import JobFile, NewJob
from kb.catalog.key_records import KEY_SCOPES, KeyScope
from kb.keys import bearer
from kb.records import CollectionInfo, FileState, Source
from kb.server.scopes import Needs, declared

MARK = "quetzal"
"""Stands in everything of the other collection but its name, which is asked for."""

OTHER = "vault"
OWN = "garden"
SILENT: set[tuple[str, str]] = set()
"""Routes about collections whose answers to these requests hold no words of what was planted."""

ALL_SCOPES = [list(some) for size in (1, 2, 3) for some in itertools.combinations(KEY_SCOPES, size)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with served_app(tmp_path_factory.mktemp("served")) as running:
        base = running.base
        for name, word in ((OTHER, MARK), (OWN, "heron")):
            base.create_collection(name, description=f"about the {word}")
            base.add(
                f"The {word} hides in the cloud forest and calls at dawn.",
                name=f"{word}.txt",
                collection=name,
                metadata={"author": word, "tags": f"{word}-bird"},
            )
            base.jobs.add(_job(base.collection(name), f"{word}.pdf"))
            failed = FileState(
                source=Source(root=f"/{word}s", path=f"{word}.docx"),
                size=1,
                mtime_ns=1,
                content_hash="x",
                settings_hash="x",
                outcome="failed",
                reason=f"{word}.docx is damaged",
                reason_code="damaged",
            )
            base.files.fail(failed, collection=name)
            base.begin_run([f"/{word}s"], collection=name).end("finished", {"counts": {}})
        base.keys.create("the first, so that everybody needs one", scopes=["read"])
        yield running


@pytest.fixture(scope="module")
def client(served: ServedApp) -> Iterator[httpx.Client]:
    with client_of(served.url) as opened:
        yield opened


def _job(collection: CollectionInfo, name: str) -> NewJob:
    return NewJob(
        kind="uploads",
        collection=collection.name,
        collection_id=collection.id,
        spool="",
        files=(JobFile(name=name),),
    )


def routes(served: ServedApp) -> Iterator[tuple[str, str, Needs]]:
    """Give method, path and needs of each route of the application's own table."""
    for route in served.gate.table.routes:
        needs = declared(route)
        assert needs is not None, route
        for method in sorted(getattr(route, "methods", ())):
            yield method, getattr(route, "path", ""), needs


def key(served: ServedApp, scopes: list[KeyScope], **rest: Any) -> str:  # noqa: ANN401 - of `create`
    return served.base.keys.create(f"key {time.monotonic_ns()}", scopes=scopes, **rest)[1]


def test_every_route_lets_in_the_keys_that_have_its_scope_and_no_others(
    served: ServedApp, client: httpx.Client
) -> None:
    for scopes in ALL_SCOPES:
        token = key(served, scopes)
        for method, path, needs in routes(served):
            answer = client.request(method, filled(path, "nothing"), headers=bearer(token))
            told = (method, path, scopes, answer.status_code, answer.text)
            assert answer.status_code != 401, told
            lacking = not needs.is_open and not set(scopes) & set(needs.scopes)
            assert (answer.status_code == 403) == lacking, told
            assert not lacking or method == "HEAD" or "has the scope" in answer.text, told


@pytest.mark.parametrize("below", ["", "/tools"])
def test_a_key_is_told_of_the_routes_that_it_is_for_and_of_no_others(
    served: ServedApp, client: httpx.Client, below: str
) -> None:
    whole = {
        (method.upper(), below + path)
        for path, methods in client.get(
            f"{below}/openapi.json", headers=bearer(key(served, list(KEY_SCOPES)))
        )
        .json()["paths"]
        .items()
        for method in methods
    }
    assert len(whole) > (3 if below else 40)
    for scopes, collections in itertools.product(ALL_SCOPES, [None, [OWN]]):
        token = key(served, scopes, collections=collections)
        told = client.get(f"{below}/openapi.json", headers=bearer(token)).json()
        operations = {
            (method.upper(), below + path)
            for path, methods in told["paths"].items()
            for method in methods
        }
        allowed = {
            (method, re.sub(r":\w+}", "}", path))
            for method, path, needs in routes(served)
            if needs.is_open or set(scopes) & set(needs.scopes)
            if collections is None or needs.collections != "all"
        }
        assert operations == whole & allowed, (scopes, collections)
        referred = set(re.findall('#/components/schemas/([^"]+)', json.dumps(told)))
        assert referred == set(told["components"]["schemas"]), (scopes, collections)
    read_only = client.get(
        "/openapi.json", headers=bearer(key(served, ["read"], collections=[OWN]))
    ).json()
    ids = {each["operationId"] for each in _operations(read_only)}
    assert {"search", "answer", "list_documents"} <= ids
    assert not {name for name in ids if re.match("delete|add|tag|upload|replace|cancel", name)}


def test_no_route_lets_in_a_key_that_does_not_work(served: ServedApp, client: httpx.Client) -> None:
    every: list[KeyScope] = list(KEY_SCOPES)
    revoked, expired = key(served, every), ""
    served.base.keys.revoke(served.base.keys.listed()[-1].name)
    soon = datetime.now(UTC) + timedelta(seconds=0.1)
    expired = key(served, every, expires_at=soon)
    time.sleep(0.15)
    works = key(served, every)
    for token in (revoked, expired, works[:-1], works.upper(), "kb_x_y", "", "x" * 10_000):
        for method, path, needs in routes(served):
            answer = client.request(method, filled(path, "nothing"), headers=bearer(token))
            told = (method, path, token[:20], answer.status_code, answer.text)
            assert (answer.status_code == 401) != needs.is_open, told


def test_a_key_of_some_collections_gets_to_no_route_that_concerns_all(
    served: ServedApp, client: httpx.Client
) -> None:
    token = key(served, list(KEY_SCOPES), collections=[OWN])
    for method, path, needs in routes(served):
        answer = client.request(method, filled(path, "nothing"), headers=bearer(token))
        told = (method, path, answer.status_code, answer.text)
        if needs.collections == "all":
            assert answer.status_code == 403, told
        elif needs.collections == "none":
            assert answer.status_code != 403, told


def test_a_key_of_one_collection_learns_nothing_of_another_and_changes_nothing_in_it(
    served: ServedApp, client: httpx.Client
) -> None:
    base = served.base
    (document,) = base.documents(collection=OTHER)
    (hit,) = base.search("hides", collection=OTHER)
    job = next(each.id for each in base.jobs.listed() if each.collection == OTHER)
    run = next(each.id for each in base.runs() if each.collection == OTHER)
    planted = Planted(
        collection=OTHER, ids=[*{document.id, hit.chunk_id, job, run}], words="hides in the cloud"
    )
    everything = key(served, list(KEY_SCOPES))
    asks = [
        ask
        for method, path, _ in routes(served)
        if method == "GET" and path.endswith("openapi.json")
        for ask in requests_of(
            client.get(path, headers=bearer(everything)).json(),
            planted,
            below=path.removesuffix("/openapi.json"),
        )
    ]
    before = _state(served)
    token = key(served, list(KEY_SCOPES), collections=[OWN])
    for ask in asks:
        status, said = ask.send(client, token)
        assert MARK not in said.lower(), (ask, said[:2000])
        assert OTHER not in said or OTHER in f"{ask.path}{ask.rest}", (ask, said[:2000])
        assert status < 500, (ask, said[:2000])
    assert _state(served) == before
    # The same requests of a key of all collections do find what was planted.
    asks.sort(key=lambda ask: ("GET", "POST", "PUT", "PATCH", "DELETE").index(ask.method))
    told = {(ask.method, ask.route) for ask in asks if MARK in ask.send(client, everything)[1]}
    assert {("POST", "/v1/search"), ("GET", "/v1/documents"), ("GET", "/v1/collections")} <= told
    assert OTHER not in [each.name for each in base.collections()]  # and one of them deletes it
    missed = _about_collections(served) - told - SILENT
    assert not missed, f"no request of this test reaches what these routes know: {missed}"


@pytest.mark.parametrize(
    ("collection", "status", "found"),
    [
        (None, 200, {OWN}),
        (OWN, 200, {OWN}),
        ([OWN], 200, {OWN}),
        (OTHER, 403, set()),
        ([OWN, OTHER], 403, set()),
        ("no such", 403, set()),
        ([], 200, {OWN}),
    ],
)
def test_a_search_stays_in_the_collections_of_its_key(
    served: ServedApp,
    client: httpx.Client,
    collection: object,
    status: int,
    found: set[str],
) -> None:
    token = key(served, ["read"], collections=[OWN])
    body = {"query": "hides in the cloud forest"}
    answer = client.post(
        "/v1/search",
        json=body if collection is None else {**body, "collection": collection},
        headers=bearer(token),
    )
    assert answer.status_code == status, answer.text
    assert {hit["collection"] for hit in answer.json().get("data", ())} == found


def test_a_document_of_another_collection_is_told_of_in_the_words_for_one_that_is_nowhere(
    served: ServedApp, client: httpx.Client
) -> None:
    headers = bearer(key(served, list(KEY_SCOPES), collections=[OWN]))
    foreign = served.base.add("Elsewhere.", name="x.txt", collection="third shelf").document_id
    paths = [f"/v1/documents/{{}}{rest}" for rest in ("", "/content", "/chunks", "/original")]
    asks: list[tuple[str, str, dict[str, Any]]] = [("GET", path, {}) for path in paths]
    asks.append(("DELETE", "/v1/documents/{}", {}))
    asks.append(("PUT", "/v1/documents/{}/original", {"content": b"Words."}))
    for method, path, rest in asks:
        said = [
            client.request(method, path.format(number), headers=headers, **rest)
            for number in (foreign, 987_654)
        ]
        assert [each.status_code for each in said] == [404, 404]
        assert said[0].text.replace(str(foreign), "N") == said[1].text.replace("987654", "N")
    served.base.delete_collection("third shelf")


def test_hits_are_marked_for_keys_of_their_collections(
    served: ServedApp, client: httpx.Client
) -> None:
    # Other tests, in whatever order, add documents and take them out.
    added = served.base.add("A bittern hides in the reeds.", name="reeds", collection=OWN)
    headers = bearer(key(served, ["read"], collections=[OWN]))
    asked = {"query": "hides", "highlights": "none"}
    hits = client.post("/v1/search", json=asked, headers=headers).json()["data"]
    assert hits
    assert not any(hit["words"] for hit in hits)
    body = {"query": "hides", "hits": hits}
    marked = client.post("/v1/highlights", json=body, headers=headers).json()["data"]
    assert any(hit["words"] for hit in marked)
    assert client.post("/v1/highlights", json={**body, "hits": []}, headers=headers).json() == {
        "object": "list",
        "data": [],
    }
    hits.append({**hits[0], "collection": OTHER})
    assert client.post("/v1/highlights", json=body, headers=headers).status_code == 403
    served.base.remove(added.document_id)


def test_who_may_write_and_not_read_is_told_nothing_of_what_it_changes(
    served: ServedApp, client: httpx.Client
) -> None:
    headers = bearer(key(served, ["write"]))
    served.base.create_collection("cellar", description=MARK)
    added = served.base.add("Wine rests here.", name="wine", collection="cellar")
    body = {"documents": [added.document_id], "add": ["seen"]}
    tagged = client.post("/v1/tags", json=body, headers=headers)
    assert (tagged.status_code, tagged.json()["data"]) == (200, [])
    empty = client.patch("/v1/collections/cellar", json={}, headers=headers)
    assert empty.status_code == 200
    assert MARK not in empty.text
    assert empty.json()["documents"] == 0
    both = bearer(key(served, ["read", "write"]))
    (record,) = client.post("/v1/tags", json={**body, "add": []}, headers=both).json()["data"]
    assert record["tags"] == ["seen"]
    assert MARK in client.patch("/v1/collections/cellar", json={}, headers=both).text
    served.base.delete_collection("cellar")


def test_who_may_write_and_not_read_follows_the_jobs_of_what_it_sends(
    served: ServedApp, client: httpx.Client
) -> None:
    served.base.create_collection("post box")
    headers = bearer(key(served, ["write"], collections=["post box"]))
    files = [("files", ("letter.txt", b"Dear herons."))]
    sent = client.post("/v1/uploads", files=files, headers=headers)
    assert sent.status_code == 202, sent.text
    job = sent.headers["Location"]
    events = client.get(f"{job}/events", headers=headers)
    assert (events.status_code, events.text.count("event: end")) == (200, 1)
    assert client.get(job, headers=headers).json()["state"] == "done"
    (file,) = client.get(f"{job}/files", headers=headers).json()["data"]
    assert (file["name"], file["stage"]) == ("letter.txt", "stored")
    listed = client.get("/v1/jobs", headers=headers).json()["data"]
    assert [f"/v1/jobs/{each['id']}" for each in listed] == [job]
    assert client.get("/v1/documents", headers=headers).status_code == 403
    served.base.delete_collection("post box")


def test_a_key_that_is_revoked_is_told_of_no_more_events(
    served: ServedApp, client: httpx.Client
) -> None:
    record, token = served.base.keys.create("follower", scopes=["read"])
    with others_turn(served.base.settings):
        job = served.base.jobs.add(_job(served.base.collection(OWN), "late.pdf"))
        path = f"/v1/jobs/{job}/events"
        with client.stream("GET", path, headers=bearer(token)) as answer:
            events = wire.events_of(answer.iter_lines())
            assert next(events).name == "job"
            served.base.keys.revoke(record.name)
            *_, last = events
        served.base.jobs.cancel(job)
    assert last.name == "error"
    assert last.data["code"] == "key_revoked"


def test_a_key_of_several_collections_must_say_which_it_means(
    served: ServedApp, client: httpx.Client
) -> None:
    served.base.create_collection("third")
    token = key(served, ["read"], collections=[OWN, "third"])
    headers = bearer(token)
    for body, status in (({}, 403), ({"collection": [OWN, "third"]}, 200)):
        answer = client.post("/v1/search", json={"query": "hides", **body}, headers=headers)
        assert answer.status_code == status, answer.text
    served.base.delete_collection("third")
    answer = client.post("/v1/search", json={"query": "hides"}, headers=headers)
    assert {hit["collection"] for hit in answer.json()["data"]} == {OWN}


def test_a_key_whose_collections_are_gone_finds_nothing(
    served: ServedApp, client: httpx.Client
) -> None:
    served.base.create_collection("short-lived")
    token = key(served, list(KEY_SCOPES), collections=["short-lived"])
    served.base.delete_collection("short-lived")
    headers = bearer(token)
    for body in ({}, {"collection": OWN}, {"collection": "short-lived"}):
        answer = client.post("/v1/search", json={"query": "hides", **body}, headers=headers)
        assert answer.status_code == 403, answer.text
    assert client.get("/v1/collections", headers=headers).json()["data"] == []


def _operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in description["paths"].values():
        yield from methods.values()


def _about_collections(served: ServedApp) -> set[tuple[str, str]]:
    return {
        (method, re.sub(r":\w+}", "}", path))  # as the description writes it
        for method, path, needs in routes(served)
        if needs.collections == "asked" and method == "GET"
    }


def _state(served: ServedApp) -> object:
    """Return all that there is of the other collection."""
    base = served.base
    return (
        base.collection(OTHER),
        [
            (info, base.document(info.id), base.chunks(info.id))
            for info in base.documents(collection=OTHER)
        ],
        base.files.failed(collection=OTHER),
        [job for job in base.jobs.listed() if job.collection == OTHER],
        [run for run in base.runs() if run.collection == OTHER],
    )
