"""The client against servers that refuse, fail, are away, or are none."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas
from served_app import ServedApp, served_app

from ingest import ingest
from kb.catalog.job_records import JobFile
from kb.client import Client
from kb.errors import (
    ChatError,
    CollectionError,
    EmbeddingError,
    JobError,
    KnowledgeServerError,
    KnowledgeServerUnavailableError,
    SettingsError,
)
from kb.retry import RetryPolicy

QUICK = RetryPolicy(attempts=3, base_s=0.01, cap_s=0.02)
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_WORKERS", "1")
        with served_app(tmp_path_factory.mktemp("client")) as running:
            running.base.add("The default shelf.", name="default.txt")
            yield running


@pytest.fixture
def client(served: ServedApp) -> Iterator[Client]:
    with Client(served.url, retries=QUICK) as opened:
        yield opened


@pytest.fixture
def odd() -> Iterator[Callable[..., Client]]:
    """Make clients of a server that gives the answers of a list, the last one over and over."""
    servers: list[ThreadingHTTPServer] = []

    def made(*answers: Answer) -> Client:
        left = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, body = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the library's name

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Client(f"http://127.0.0.1:{server.server_port}", retries=QUICK)

    yield made
    for server in servers:
        server.shutdown()
        server.server_close()


JSON = {"Content-Type": "application/json"}
NOTHING = b'{"object": "list", "data": [], "default": "default"}'


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_as_that_of_the_embeddings_does(served: ServedApp, end: str) -> None:
    with Client(served.url + end) as client:
        assert "default" in {each.name for each in client.collections()}


@pytest.mark.parametrize(
    "url", ["", "localhost:8600", "ftp://host", "http://", "http://u:secret@host", "http://h:x"]
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="http://host:8600") as raised:
        Client(url)
    assert "secret" not in str(raised.value)


def test_a_key_that_no_header_carries_is_refused_without_being_told() -> None:
    with pytest.raises(SettingsError, match="characters that no API key has") as raised:
        Client("http://127.0.0.1:1", key="ключ")
    assert "ключ" not in str(raised.value)


def test_a_key_lets_the_client_do_what_it_allows(served: ServedApp) -> None:
    record, key = served.base.keys.create("reader", scopes=["read"], collections=["default"])
    try:
        with Client(served.url, key=key) as reader:
            assert reader.collection().name == "default"
            assert reader.search("shelf")
            for refused in (
                lambda: reader.add("More.", name="more.txt"),
                lambda: reader.delete_collection("default"),
                lambda: reader.search("shelf", collection="another"),
            ):
                with pytest.raises(KnowledgeServerError, match="403"):
                    refused()
        for wrong in ("", "kb_of-nobody-at-all-1407"):
            with (
                Client(served.url, key=wrong) as stranger,
                pytest.raises(KnowledgeServerError, match="401") as raised,
            ):
                stranger.collections()
            assert not wrong or wrong not in str(raised.value)
    finally:
        served.base.keys.revoke(record.name)


def test_the_model_of_the_server_embeds_with_the_key_of_the_client(
    served: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_API_KEY", "kb_for-a-server-of-models")
    record, key = served.base.keys.create("embedding", scopes=["embed"])
    try:
        with Client(served.url, key=key, retries=QUICK) as client:
            here, there = served.base.embedder, client.embedder
            assert there.identity == here.identity
            assert there.embed_query("shelf") == pytest.approx(here.embed_query("shelf"))
        with (
            Client(served.url, retries=QUICK) as stranger,
            pytest.raises(EmbeddingError, match=r"401.*; give a key that allows this") as raised,
        ):
            assert stranger.embedder
        assert "server-of-models" not in str(raised.value)
    finally:
        served.base.keys.revoke(record.name)


def test_a_server_that_is_away_is_said_to_be() -> None:
    with (
        Client("http://127.0.0.1:9", retries=QUICK) as client,
        pytest.raises(KnowledgeServerUnavailableError, match=r"no connection .* `kb serve`"),
    ):
        client.collections()


def test_a_server_that_is_busy_for_a_moment_is_asked_again(odd: Callable[..., Client]) -> None:
    busy: Answer = (503, {**JSON, "Retry-After": "0"}, b'{"error": {"message": "later"}}')
    client = odd(busy, (429, {**JSON, "Retry-After": "0"}, b"{}"), (200, JSON, NOTHING))
    assert client.collections() == []
    with pytest.raises(KnowledgeServerUnavailableError, match='503: "later"; try again'):
        odd(busy).collections()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>A router</html>"), "cannot be read"),
        ((200, JSON, b"[" * 5000), "cannot be read"),
        ((200, JSON, b"[]"), "cannot be read"),
        ((200, JSON, b'{"object": "list", "data": [{"name": 5}]}'), "cannot be read"),
        ((200, JSON, b'{"object": "list", "data": [5]}'), "cannot be read"),
        ((404, {"Content-Type": "text/html"}, b"<html>nothing</html>"), "404"),
        ((500, JSON, b'{"error": {"message": "it failed", "code": null}}'), "it failed"),
        ((500, JSON, b'{"error": ["odd"]}'), "500"),
    ],
    ids=range(8),
)
def test_a_server_that_is_no_such_server_is_said_to_be_none(
    odd: Callable[..., Client], answer: Answer, says: str
) -> None:
    with pytest.raises(KnowledgeServerError, match=says):
        odd(answer).collections()


def test_an_error_has_the_class_and_the_words_that_the_server_gave_it(
    odd: Callable[..., Client],
) -> None:
    told = b'{"error": {"message": "there is no shelf", "code": "collection_not_found"}}'
    with pytest.raises(CollectionError, match=r"^there is no shelf$"):
        odd((404, JSON, told)).collections()


def test_fields_of_a_newer_release_are_passed_over(odd: Callable[..., Client]) -> None:
    told = (
        b'{"object": "list", "data": [{"id": "1", "name": "birds", "description": "", '
        b'"embedder": "x", "dim": 3, "documents": 0, "chunks": 0, "colour": "blue", '
        b'"created_at": "2026-01-01T00:00:00+00:00"}]}'
    )
    (found,) = odd((200, JSON, told)).collections()
    assert found.name == "birds"


def test_an_answer_that_breaks_off_is_told_with_what_was_said(
    odd: Callable[..., Client],
) -> None:
    stream = b'event: piece\ndata: {"text": "It lasts"}\n\nevent: pie'
    answer = odd((200, {"Content-Type": "text/event-stream"}, stream)).ask("How long?")
    with pytest.raises(KnowledgeServerUnavailableError, match="broke off"):
        list(answer)
    assert answer.so_far.text == "It lasts"


def test_what_fails_in_the_middle_of_an_answer_is_the_error_that_it_was(
    odd: Callable[..., Client],
) -> None:
    stream = (
        b': \n\nevent: piece\ndata: {"text": "It"}\n\nevent: takes_back\ndata: {}\n\n'
        b'event: error\ndata: {"message": "no words", "code": "chat_failed"}\n\n'
    )
    answer = odd((200, {"Content-Type": "text/event-stream"}, stream)).ask("How long?")
    with pytest.raises(ChatError, match=r"^no words$"):
        list(answer)
    assert (answer.so_far.text, answer.taken_back) == ("", 1)


class TestSending:
    def test_files_are_told_of_as_they_get_further(self, client: Client, tmp_path: Path) -> None:
        path = tmp_path / "红隼 (1).txt"
        path.write_text("红隼在草地上空盘旋。", "utf-8")
        seen: list[JobFile] = []
        done = client.ingest(
            [path, ("note.md", b"# A note\n\nabout herons")],
            collection="sent",
            on_file=seen.append,
        )
        assert {file.name: file.stage for file in done} == {
            path.name: "stored",
            "note.md": "stored",
        }
        assert {file.name for file in seen} == {path.name, "note.md"}
        found = {info.name: info.id for info in client.documents(collection="sent")}
        assert client.download(found["note.md"]) == b"# A note\n\nabout herons"
        assert client.download(found[path.name]) == path.read_bytes()

    def test_files_of_one_name_in_several_folders_are_all_kept(
        self, client: Client, tmp_path: Path
    ) -> None:
        for folder in ("a", "b/c"):
            (tmp_path / "docs" / folder).mkdir(parents=True)
            (tmp_path / "docs" / folder / "readme.txt").write_text(f"About {folder}.")
        (tmp_path / "docs" / ".hidden.txt").write_text("Nobody's.")
        done = client.ingest([tmp_path / "docs"], collection="folders")
        assert sorted(file.name for file in done) == ["docs/a/readme.txt", "docs/b/c/readme.txt"]
        assert len(client.documents(collection="folders")) == 2

    def test_many_files_are_sent_in_several_requests(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kb.client.sending.MOST_FILES", 3)
        monkeypatch.setattr("kb.client.sending.MOST_BYTES", 25)
        files = [(f"{number}.txt", f"Number {number}.".encode()) for number in range(8)]
        done = client.ingest(files, collection="many")
        assert [file.name for file in done] == [name for name, _ in files]
        assert len(client.documents(collection="many")) == 8

    def test_what_is_not_taken_is_a_result_with_the_reason(self, client: Client) -> None:
        done = client.ingest(
            [("photo.png", b"\x89PNG\r\n\x1a\n"), ("a.txt", b"Words."), ("b.pdf", b"%PDF-1.4 x")],
            collection="mixed",
        )
        stages = {file.name: (file.stage, bool(file.reason)) for file in done}
        assert stages == {
            "photo.png": ("failed", True),
            "a.txt": ("stored", False),
            "b.pdf": ("failed", True),
        }

    def test_a_password_opens_a_protected_file(self, client: Client, tmp_path: Path) -> None:
        path = tmp_path / "safe.pdf"
        canvas = Canvas(str(path), encrypt="harbour")
        canvas.drawString(72, 700, "The pilot boards at the outer buoy.")
        canvas.save()
        (refused,) = client.ingest([path], collection="safe")
        assert (refused.stage, refused.reason_code) == ("failed", "encrypted")
        (opened,) = client.ingest([path], collection="safe", passwords=["wrong", "harbour"])
        assert opened.stage == "stored"

    def test_nothing_to_send_is_nothing_sent(self, client: Client, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        assert client.ingest([]) == []
        assert client.ingest([tmp_path / "empty"]) == []

    def test_paths_that_are_not_there_and_names_that_stand_twice_are_refused(
        self, client: Client, tmp_path: Path
    ) -> None:
        with pytest.raises(SettingsError, match="neither a file nor a folder"):
            client.ingest([tmp_path / "nowhere.txt"])
        with pytest.raises(SettingsError, match=r"two files are called a\.txt"):
            client.ingest([("a.txt", b"One."), ("a.txt", b"Two.")])

    def test_a_single_path_is_one_and_not_as_many_as_it_has_characters(
        self, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "rye.txt").write_text("Rye bread.")
        (tmp_path / "r").write_text("Named like a character of the path.")
        monkeypatch.chdir(tmp_path)
        for given in ("rye.txt", str(tmp_path / "rye.txt"), tmp_path / "rye.txt"):
            (file,) = client.ingest(given, collection="one")
            assert file.name == "rye.txt"
            (job,) = client.upload(given, collection="one")
            assert [each.name for each in client.job_files(job.id)] == ["rye.txt"]
        report = ingest(client, "rye.txt", collection="one")
        assert [file.source.path for file in report.files] == ["rye.txt"]
        assert [info.name for info in client.documents(collection="one")] == ["rye.txt"]

    def test_uploads_are_jobs_that_nobody_needs_to_wait_for(self, client: Client) -> None:
        (job,) = client.upload([("later.txt", b"Later.")], collection="later")
        *_, last = client.watch(job.id)
        assert (last.id, last.state) == (job.id, "done")
        assert client.job(job.id).finished == 1
        assert [file.stage for file in client.job_files(job.id)] == ["stored"]
        assert job.id in {each.id for each in client.jobs()}
        with pytest.raises(JobError):
            client.cancel(job.id)  # it has ended
        with pytest.raises(JobError):
            client.job(987_654)

    def test_a_job_is_tried_again_with_a_password_and_forgotten(
        self, client: Client, tmp_path: Path
    ) -> None:
        path = tmp_path / "log.pdf"
        canvas = Canvas(str(path), encrypt="harbour")
        canvas.drawString(72, 700, "The pilot boards at the outer buoy.")
        canvas.save()
        (job,) = client.upload([path, ("note.txt", b"Words.")], collection="again")
        *_, last = client.watch(job.id)
        assert last.failed == 1
        newer = client.retry(job.id, passwords=["harbour"])
        *_, last = client.watch(newer.id)
        assert [(file.name, file.stage) for file in last.files] == [("log.pdf", "stored")]
        with pytest.raises(JobError):
            client.job(job.id)  # the new one took its place
        with pytest.raises(JobError, match="nothing of job"):
            client.retry(newer.id)
        client.forget(newer.id)
        with pytest.raises(JobError):
            client.forget(newer.id)

    def test_a_zip_that_is_sent_is_taken_apart(self, client: Client, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "two.zip", "w") as made:
            made.writestr("one.txt", "One.")
            made.writestr("in/two.txt", "Two.")
        done = client.ingest([tmp_path / "two.zip"], collection="zipped")
        assert sorted(file.name for file in done) == ["two/in/two.txt", "two/one.txt"]
