"""Uploads over HTTP: forms streamed to disk, jobs that outlive the server, nothing lost."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import raw_client
from served_app import ServedApp, served_app

from kb import wire
from kb.catalog.job_records import JobInfo
from kb.embedding.base import Vectors

HERON = b"The heron waits in shallow water."
OWL = b"# Owls\n\nThe owl hunts at night."
DAMAGED = b"%PDF-1.4 nothing more"
File = tuple[str, bytes]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KB_MAX_FILE_MB", "1")
        with served_app(tmp_path_factory.mktemp("served")) as running:
            yield running


@pytest.fixture
def client(served: ServedApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened:
        yield opened


@pytest.fixture
def collection(request: pytest.FixtureRequest) -> str:
    """A collection of the test's own; an upload makes it."""
    return request.node.name[:150]


def send(client: httpx.Client, *files: File, **fields: str) -> httpx.Response:
    return client.post("/v1/uploads", files=[("files", each) for each in files], data=fields)


def done(client: httpx.Client, answer: httpx.Response) -> JobInfo:
    """Return the job of an upload, by polling, when it has ended."""
    assert answer.status_code == 202, answer.text
    path = answer.headers["Location"]
    assert path == f"/v1/jobs/{answer.json()['job']['id']}"
    deadline = time.monotonic() + 60
    while True:
        job = wire.job_from_json(client.get(path).json())
        if not job.active:
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.05)


def stages(job: JobInfo) -> dict[str, str]:
    return {file.name: file.stage for file in job.files}


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["error"]
    return found


def zipped(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return written.getvalue()


def documents(client: httpx.Client, collection: str) -> dict[str, int]:
    listed = client.get("/v1/documents", params={"collection": collection}).json()["data"]
    return {each["sources"][0]["path"]: each["id"] for each in listed}


def text_of(client: httpx.Client, number: int) -> str:
    return str(client.get(f"/v1/documents/{number}/content").json()["text"])


def test_several_files_are_one_job_with_the_state_of_each(
    client: httpx.Client, collection: str, served: ServedApp
) -> None:
    answer = send(
        client, ("鸟/苍鹭.txt", HERON), ("owl.md", OWL), ("bad.pdf", DAMAGED), collection=collection
    )
    told = answer.json()
    assert told["taken"] == ["苍鹭.txt", "owl.md", "bad.pdf"]
    assert (told["renamed"], told["left_out"]) == ({}, [])
    job = done(client, answer)
    assert stages(job) == {"苍鹭.txt": "stored", "owl.md": "stored", "bad.pdf": "failed"}
    assert (job.state, job.finished, job.failed) == ("done", 3, 1)
    here = served.base.jobs.get(job.id)
    assert here is not None
    files = tuple(replace(file, spooled="") for file in here.files)
    assert job == replace(here, files=files, spool="")
    assert next(file for file in job.files if file.stage == "failed").reason
    files = client.get(f"/v1/jobs/{job.id}/files", params={"limit": 2}).json()
    assert [each["name"] for each in files["data"]] == ["苍鹭.txt", "owl.md"]
    assert (files["total"], files["has_more"]) == (3, True)
    assert set(documents(client, collection)) == {"苍鹭.txt", "owl.md"}
    failed = client.get("/v1/failed", params={"collection": collection}).json()["data"]
    assert [each["source"]["path"] for each in failed] == ["bad.pdf"]
    found = client.post("/v1/search", json={"query": "heron", "collection": collection})
    assert found.json()["data"][0]["sources"] == [{"root": "uploads", "path": "苍鹭.txt"}]
    number = documents(client, collection)["owl.md"]
    assert client.get(f"/v1/documents/{number}/original").content == OWL


def test_a_job_is_followed_to_its_end_by_events(client: httpx.Client, collection: str) -> None:
    path = send(client, ("heron.txt", HERON), collection=collection).headers["Location"]
    with client.stream("GET", f"{path}/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        told = list(wire.events_of(answer.iter_lines()))
    assert {event.name for event in told[:-1]} == {"job"}
    assert told[-1].name == "end"
    jobs = [wire.job_from_json(event.data) for event in told]
    assert [job.finished for job in jobs] == sorted(job.finished for job in jobs)
    assert (jobs[-1].state, stages(jobs[-1])) == ("done", {"heron.txt": "stored"})
    again = list(wire.events_of(client.get(f"{path}/events").text.split("\n")))
    assert [event.name for event in again] == ["job", "end"]


def test_a_zip_is_taken_apart_and_what_is_left_out_of_it_is_said(
    client: httpx.Client, collection: str
) -> None:
    archive = zipped(birds__heron_txt=HERON, owl_md=OWL, picture_png=b"x", _hidden_md=b"y")
    answer = send(
        client,
        ("lib.zip", archive),
        ("nothing.zip", b"PK no"),
        ("a.exe", b"MZ"),
        collection=collection,
    )
    told = answer.json()
    assert told["taken"] == ["lib/birds/heron.txt", "lib/owl.md"]
    assert [(each["name"], each["reason_code"]) for each in told["left_out"]] == [
        ("a.exe", "type"),
        ("lib.zip/picture.png", "type"),
        ("lib.zip/.hidden.md", "hidden"),
        ("nothing.zip", "damaged"),
    ]
    assert all(each["reason"].startswith(each["name"]) for each in told["left_out"])
    assert done(client, answer).state == "done"
    assert set(documents(client, collection)) == {"lib/birds/heron.txt", "lib/owl.md"}


def test_files_of_one_name_are_kept_apart_and_copies_once(
    client: httpx.Client, collection: str
) -> None:
    answer = send(client, ("a.txt", HERON), ("a.txt", OWL), ("a.txt", HERON), collection=collection)
    told = answer.json()
    assert told["taken"] == ["a.txt", "a (2).txt"]
    assert told["renamed"] == {"a.txt": "a (2).txt"}
    assert [each["reason_code"] for each in told["left_out"]] == ["twice"]
    done(client, answer)
    assert set(documents(client, collection)) == {"a.txt", "a (2).txt"}


@pytest.mark.parametrize(
    ("files", "status", "says"),
    [
        ([("a.exe", b"MZ")], 415, "a.exe is of a type that is not read; convert it"),
        ([("big.txt", b"x" * (2**20 + 1))], 413, "big.txt is larger than the largest file"),
        ([("a.zip", b"no")], 400, "a.zip is no zip, or a damaged one"),
        ([("a.zip", zipped())], 400, "a.zip holds no documents"),
        ([("a.exe", b"MZ"), ("big.txt", b"x" * (2**20 + 1))], 400, "big.txt is larger"),
    ],
    ids=range(5),
)
def test_files_of_which_none_can_be_ingested_are_refused_by_name_and_queue_nothing(
    client: httpx.Client, served: ServedApp, files: list[File], status: int, says: str
) -> None:
    jobs = len(client.get("/v1/jobs").json()["data"])
    refused = error(send(client, *files), status)
    assert says in refused["message"]
    assert refused["code"] == "no_files"
    assert len(client.get("/v1/jobs").json()["data"]) == jobs
    assert_nothing_is_kept(served)


def test_a_file_that_is_too_large_costs_that_file_only(
    client: httpx.Client, collection: str
) -> None:
    whole = b"w " * (2**19)
    answer = send(
        client,
        ("big.txt", b"x" * (3 * 2**20)),
        ("heron.txt", HERON),
        ("just.txt", whole),
        collection=collection,
    )
    told = answer.json()
    assert told["taken"] == ["heron.txt", "just.txt"]
    assert [(each["name"], each["reason_code"]) for each in told["left_out"]] == [
        ("big.txt", "too_large")
    ]
    assert stages(done(client, answer)) == {"heron.txt": "stored", "just.txt": "stored"}


def test_a_damaged_file_in_the_place_of_a_good_one_leaves_that_found(
    client: httpx.Client, collection: str
) -> None:
    done(client, send(client, ("a.md", OWL), ("b.md", HERON), collection=collection))
    before = documents(client, collection)
    job = done(client, send(client, ("a.md", b"\x00\xff" * 50), collection=collection))
    assert stages(job) == {"a.md": "failed"}
    number = before["a.md"]
    replaced = client.put(f"/v1/documents/{number}/original", content=b"\x00\xff" * 50)
    assert stages(done(client, replaced)) == {"a.md": "failed"}
    assert documents(client, collection) == before
    assert "The owl hunts" in text_of(client, number)
    body = {"query": "owl night", "collection": collection, "mode": "keyword"}
    assert client.post("/v1/search", json=body).json()["data"][0]["document_id"] == number
    one = client.get(f"/v1/documents/{number}").json()
    assert [each["source"]["path"] for each in one["newer_unreadable"]] == ["a.md"]


def test_a_documents_file_is_replaced_and_keeps_its_name_and_tags(
    client: httpx.Client, collection: str
) -> None:
    done(client, send(client, ("x/lib.zip", zipped(deep__a_md=OWL)), collection=collection))
    (name, number), *_ = documents(client, collection).items()
    client.post("/v1/tags", json={"documents": [number], "add": ["bird"]}).raise_for_status()
    answer = client.put(f"/v1/documents/{number}/original", content=b"The owl sleeps by day.")
    assert answer.json()["taken"] == [name] == ["lib/deep/a.md"]
    assert stages(done(client, answer)) == {"lib/deep/a.md": "stored"}
    new = documents(client, collection)["lib/deep/a.md"]
    assert text_of(client, new) == "The owl sleeps by day."
    assert client.get(f"/v1/documents/{new}").json()["tags"] == ["bird"]
    assert client.get(f"/v1/documents/{number}").status_code == 404


def test_the_files_of_a_job_say_which_documents_they_became(
    client: httpx.Client, collection: str
) -> None:
    sent = send(client, ("a.md", OWL), ("b.md", b"\x00\xff" * 50), collection=collection)
    job = done(client, sent)
    found = documents(client, collection)
    ids = {file.name: file.document_id for file in job.files}
    assert ids == {"a.md": found["a.md"], "b.md": None}
    listed = client.get(f"/v1/jobs/{job.id}/files").json()["data"]
    assert {each["name"]: each["document_id"] for each in listed} == ids
    own = client.get(f"/v1/documents/{ids['a.md']}").json()["short_id"]
    assert {each["name"]: each["short_id"] for each in listed} == {"a.md": own, "b.md": ""}
    newer = done(client, client.put(f"/v1/documents/{ids['a.md']}/original", content=HERON))
    (file,) = newer.files
    assert file.document_id == documents(client, collection)["a.md"] != ids["a.md"]
    (old, *_) = client.get(f"/v1/jobs/{job.id}/files").json()["data"]
    assert (old["name"], old["document_id"]) == ("a.md", None)


def test_a_form_does_not_take_the_place_of_a_documents_file(
    client: httpx.Client, collection: str
) -> None:
    done(client, send(client, ("a.md", OWL), collection=collection))
    (number,) = documents(client, collection).values()
    form = [("files", ("a.md", HERON))]
    refused = error(client.put(f"/v1/documents/{number}/original", files=form), 415)
    assert refused["code"] == "form_refused"
    assert "--data-binary" in refused["message"]
    assert client.get(f"/v1/documents/{number}/original").content == OWL


def test_a_document_that_was_not_uploaded_has_no_file_to_replace(
    client: httpx.Client, served: ServedApp, collection: str
) -> None:
    number = served.base.add("By hand.", name="hand.txt", collection=collection).document_id
    refused = error(client.put(f"/v1/documents/{number}/original", content=b"x"), 409)
    assert refused["code"] == "not_uploaded"
    assert "hand.txt" in refused["message"]
    missing = client.put("/v1/documents/99999999/original", content=b"x")
    assert error(missing, 404)["code"] == "document_not_found"


def test_without_replace_other_contents_of_a_name_are_refused_and_nothing_is_taken(
    client: httpx.Client, collection: str
) -> None:
    done(client, send(client, ("a.md", OWL), collection=collection))
    both = [("a.md", HERON), ("new.md", HERON)]
    refused = error(send(client, *both, collection=collection, replace="false"), 409)
    assert refused["code"] == "document_exists"
    assert "'a.md'" in refused["message"]
    assert "replace=true" in refused["message"]
    assert set(documents(client, collection)) == {"a.md"}
    same = send(client, ("a.md", OWL), ("new.md", HERON), collection=collection, replace="false")
    assert stages(done(client, same)) == {"a.md": "unchanged", "new.md": "stored"}
    done(client, send(client, *both, collection=collection))
    assert text_of(client, documents(client, collection)["a.md"]) == HERON.decode()


# -- forms that are none


def form(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'Content-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n' + HERON


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "ends before its last part"),
        (form(FILE)[:-20], 400, "ends before its last part"),
        (form(FILE, end=b""), 400, "ends before its last part"),
        (b"no form at all", 400, "cannot be taken apart"),
        (form(), 400, "no file was sent"),
        (form(b"Content-Type: text/plain\r\n\r\nx"), 400, "Content-Disposition"),
        (form(FILE.replace(b'; filename="a.txt"', b"")), 400, "has no file name"),
        (form(FILE.replace(b'"a.txt"', b'""')), 400, "has no file name"),
        (form(FILE.replace(b'"files"', b'"file"')), 400, "'file' is no field of this form"),
        (form(FILE, FILE.replace(b"files", b"password")), 400, "'password' is no field"),
        (form(b'Content-Disposition: form-data; name="colour"\r\n\r\nred'), 400, "'colour' is no"),
        (
            form(FILE, b'Content-Disposition: form-data; name="replace"\r\n\r\nperhaps'),
            400,
            "`replace` must be",
        ),
        (
            form(FILE, *[b'Content-Disposition: form-data; name="collection"\r\n\r\nx'] * 2),
            400,
            "`collection` stands twice",
        ),
        (
            form(FILE, b'Content-Disposition: form-data; name="collection"\r\n\r\n\xff'),
            400,
            "`collection` is not UTF-8",
        ),
        (
            form(FILE, b'Content-Disposition: form-data; name="password"\r\n\r\n' + b"x" * 70_000),
            400,
            "`password` is longer than",
        ),
        (form(b"X: " + b"y" * 20_000 + b"\r\n" + FILE), 400, "header size"),
        (
            form(FILE, b'Content-Disposition: form-data; name="collection"\r\n\r\n\n'),
            400,
            "cannot name a collection",
        ),
        (
            form(*[FILE.replace(b"a.txt", b"a.x")] * 10_001),
            400,
            "more than 10,000 parts",
        ),
    ],
    ids=range(18),
)
def test_what_is_wrong_with_a_form_is_said_and_nothing_is_kept(
    client: httpx.Client, served: ServedApp, body: bytes, status: int, says: str
) -> None:
    jobs = len(client.get("/v1/jobs").json()["data"])
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    refused = error(client.post("/v1/uploads", content=body, headers=kind), status)
    assert says in refused["message"], refused
    assert len(refused["message"]) < 1000
    assert len(client.get("/v1/jobs").json()["data"]) == jobs
    assert_nothing_is_kept(served)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/json", "multipart/form-data", "multipart/mixed; boundary=B"],
)
def test_what_is_no_form_is_refused_as_such(client: httpx.Client, kind: str) -> None:
    answer = client.post("/v1/uploads", content=form(FILE), headers={"Content-Type": kind})
    assert "multipart/form-data" in error(answer, 415)["message"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"../../etc/passwd.txt", "passwd.txt"),
        (b"C:\\birds\\heron.txt", "heron.txt"),
        (b"a\x00b\x01.txt", "ab.txt"),
        (b"%22quoted%22.txt", '"quoted".txt'),
        (b"\xff\xfe.txt", "\ufffd\ufffd.txt"),
        (b".txt", None),
    ],
    ids=range(6),
)
def test_names_are_only_names(
    client: httpx.Client, served: ServedApp, sent: bytes, kept: str | None
) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    body = form(FILE.replace(b"a.txt", sent))
    answer = client.post("/v1/uploads", content=body, headers=kind)
    if kept is None:
        assert answer.status_code in {202, 415}
    else:
        assert answer.json()["taken"] == [kept]
        done(client, answer)
    assert not list(Path(served.base.settings.data_dir).rglob("*passwd*"))


# -- jobs, whoever began them


def slow(served: ServedApp, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have embedding wait; return what lets it go on."""
    import threading  # noqa: PLC0415 - for this alone

    free = threading.Event()
    embedder = served.base.embedder
    before = embedder.embed_documents

    def waiting(texts: Sequence[str], *rest: Callable[[int], None] | None) -> Vectors:
        free.wait(30)
        return before(texts, *rest)

    monkeypatch.setattr(embedder, "embed_documents", waiting)
    return free.set


def test_a_job_is_cancelled_and_what_was_there_stays(
    client: httpx.Client, served: ServedApp, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(client, send(client, ("a.md", OWL), collection=collection))
    go_on = slow(served, monkeypatch)
    first = send(client, ("a.md", HERON), collection=collection).headers["Location"]
    second = send(client, ("b.md", HERON), collection=collection).headers["Location"]
    waiting = client.post(f"{second}/cancel").json()
    assert (waiting["state"], waiting["files"][0]["stage"]) == ("cancelled", "cancelled")
    assert error(client.post(f"{second}/cancel", json={}), 409)["code"] == "job_refused"
    working = client.post(f"{first}/cancel", json={}).json()
    assert working["state"] in {"running", "cancelled"}
    go_on()
    deadline = time.monotonic() + 60
    while client.get(first).json()["ended_at"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert set(documents(client, collection)) == {"a.md"}
    again = client.post(f"{second}/retry", json={})
    if again.status_code == 409:  # its bytes went with it
        assert again.json()["error"]["code"] == "job_refused"


def test_jobs_of_python_are_listed_and_forgotten_like_any_other(
    client: httpx.Client, served: ServedApp, collection: str, tmp_path: Path
) -> None:
    from ingest.jobs import Jobs  # noqa: PLC0415 - another program's

    (tmp_path / "heron.txt").write_bytes(HERON)
    other = Jobs(served.base, working=False)
    job_id = other.add_paths([tmp_path], collection=collection)
    assert job_id in {each["id"] for each in client.get("/v1/jobs").json()["data"]}
    told = list(wire.events_of(client.get(f"/v1/jobs/{job_id}/events").text.split("\n")))
    assert told[-1].data["state"] == "done"
    assert told[-1].data["kind"] == "paths"
    assert client.delete(f"/v1/jobs/{job_id}").json() == {
        "object": "job",
        "id": job_id,
        "deleted": True,
    }
    assert error(client.get(f"/v1/jobs/{job_id}"), 404)["code"] == "job_not_found"
    other.close()


def test_an_upload_by_http_is_seen_by_other_programs_while_it_runs(
    client: httpx.Client, served: ServedApp, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.jobs import Jobs  # noqa: PLC0415 - the browser's, say

    go_on = slow(served, monkeypatch)
    answer = send(client, ("heron.txt", HERON), collection=collection)
    job_id = answer.json()["job"]["id"]
    other = Jobs(served.base, working=False)
    seen = next(job for job in other.listed() if job.id == job_id)
    assert seen.active
    assert [file.name for file in seen.files] == ["heron.txt"]
    running = client.delete(f"/v1/jobs/{job_id}")
    assert error(running, 409)["code"] == "job_refused"
    go_on()
    ended = other.wait(job_id, timeout_s=30)
    assert ended is not None
    assert ended.state == "done"
    other.close()


@pytest.mark.parametrize("path", ["", "/files", "/events"])
def test_a_job_that_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    missing = error(client.get(f"/v1/jobs/999999{path}"), 404)
    assert missing["code"] == "job_not_found"
    assert "GET /v1/jobs lists" in missing["message"]
    for name in ("x", "9" * 30):
        assert error(client.get(f"/v1/jobs/{name}{path}"), 400)["param"] == "job_id"


def test_a_client_that_goes_in_the_middle_of_a_file_leaves_nothing(
    client: httpx.Client, served: ServedApp
) -> None:
    jobs = len(client.get("/v1/jobs").json()["data"])
    head = (
        b"POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
        b"Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    )
    with raw_client.connected(served.url) as connection:
        connection.sendall(head + form(FILE, end=b"") + b"--B\r\n" + FILE)
        deadline = time.monotonic() + 60
        while not served_spool(served):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert_nothing_is_kept(served)
    assert len(client.get("/v1/jobs").json()["data"]) == jobs


def test_what_is_sent_is_on_disk_and_not_in_memory(client: httpx.Client) -> None:
    import tracemalloc  # noqa: PLC0415 - for this alone

    part = b"A line about herons and rivers.\n" * 2**15 + b"!"  # above 1 MiB

    def body() -> Iterator[bytes]:
        for number in range(40):
            head = FILE.replace(b"a.txt", b"%d.txt" % number).replace(HERON, b"")
            yield b"--B\r\n" + head + part + b"\r\n"
        yield b"--B\r\n" + FILE + b"\r\n--B--\r\n"

    tracemalloc.start()
    try:
        answer = client.post(
            "/v1/uploads",
            content=body(),
            headers={"Content-Type": "multipart/form-data; boundary=B"},
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    told = json.loads(answer.content)
    assert (len(told["left_out"]), told["taken"]) == (40, ["a.txt"])
    assert peak < 16 * 2**20
    done(client, answer)


def served_spool(served: ServedApp) -> list[Path]:
    """Return the batches that there are."""
    folder = served.base.settings.spool_dir
    return [each for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []


def assert_nothing_is_kept(served: ServedApp) -> None:
    """Expect that no batch stays: that of a job which was done just now is let go of after it."""
    deadline = time.monotonic() + 60
    while left := served_spool(served):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
