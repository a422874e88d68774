"""The server as the external document loader of Open WebUI, asked as Open WebUI 0.12 asks."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from docx import Document as WordFile
from json_schema import Schemas
from pictured_pdf import HEIGHT, WIDTH, text_picture
from reportlab.pdfgen.canvas import Canvas
from served_app import ServedApp, served_app

from kb import KnowledgeBase

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RECORD = "0b8a6a52-6a3c-4c0e-9a60-5e2f8a6d1c11"
KEY = "a-key-that-nobody-guesses-1407"


def pdf_of(*pages: str, label: str = "", password: str = "") -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, encrypt=password or None)
    canvas.setTitle("Harbour rules")
    if label:
        canvas.addPageLabel(0, style="ROMAN_LOWER", start=4)
    for text in pages:
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def docx_of(text: str) -> bytes:
    made = io.BytesIO()
    document = WordFile()
    document.add_heading("Tides", level=1)
    document.add_paragraph(text)
    document.save(made)
    return made.getvalue()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("WORKERS", "2"), ("MAX_FILE_MB", "2"), ("FILE_TIMEOUT_S", "20")):
            patch.setenv(f"KB_{name}", value)
        with served_app(tmp_path_factory.mktemp("loader")) as running:
            yield running


@pytest.fixture(scope="module")
def base(served: ServedApp) -> KnowledgeBase:
    return served.base


@pytest.fixture(scope="module")
def url(served: ServedApp) -> str:
    return served.url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=120) as opened:
        yield opened


def send(
    client: httpx.Client, data: bytes, name: str | None, kind: str | None = None
) -> httpx.Response:
    """Send a file as Open WebUI does: `requests.put` with these headers."""
    headers = {"Authorization": f"Bearer {KEY}"}
    if kind is not None:
        headers["Content-Type"] = kind
    if name is not None:
        headers["X-Filename"] = quote(f"{RECORD}_{name}")
    return client.put("/process", content=data, headers=headers)


def parts_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    assert all(set(part) == {"page_content", "metadata"} for part in found)
    return found


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    message: str = error["message"]
    return message


def left_behind(base: KnowledgeBase) -> list[Path]:
    """Return the folders of files that were sent and are still there after a while."""
    deadline = time.monotonic() + 60
    while True:
        spool = base.settings.spool_dir
        found = [each for each in spool.iterdir() if each.is_dir()] if spool.is_dir() else []
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.01)


def test_the_exact_bytes_that_open_webui_sends_are_answered(url: str) -> None:
    host = url.removeprefix("http://")
    body = "潮汐表\n\n高潮在午夜。\n".encode()
    head = (
        f"PUT /process HTTP/1.1\r\nHost: {host}\r\nUser-Agent: python-requests/2.34.2\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept: */*\r\nConnection: keep-alive\r\n"
        f"Content-Type: text/plain\r\nAuthorization: Bearer {KEY}\r\n"
        f"X-Filename: {RECORD}_%E6%BD%AE%E6%B1%90%20%281%29.txt\r\n"
        "X-OpenWebUI-User-Name: Ada%20L\r\nX-OpenWebUI-User-Id: 7\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    name, port = host.split(":")
    with socket.create_connection((name, int(port)), timeout=60) as wire:
        wire.sendall(head.encode() + body)
        with wire.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = dict(
                line.decode().strip().lower().split(": ", 1)
                for line in iter(answer.readline, b"\r\n")
            )
            found = json.loads(answer.read(int(headers["content-length"])))
    assert headers["content-type"] == "application/json"
    assert [part["page_content"] for part in found] == ["潮汐表\n\n高潮在午夜。"]


def test_each_page_is_a_part_counted_from_zero_and_blank_ones_are_left_out(
    client: httpx.Client,
) -> None:
    data = pdf_of("The harbour opens at six.", "", "The lock closes at noon.", label="iv")
    found = parts_of(send(client, data, "rules.pdf", "application/pdf"))
    assert [part["metadata"]["page"] for part in found] == [0, 2]
    assert [part["metadata"]["page_label"] for part in found] == ["iv", "vi"]
    assert {part["metadata"]["title"] for part in found} == {"Harbour rules"}
    assert "opens at six" in found[0]["page_content"]
    assert "closes at noon" in found[1]["page_content"]


def test_a_file_without_pages_is_one_part_without_a_page(client: httpx.Client) -> None:
    (found,) = parts_of(send(client, docx_of("High water is at midnight."), "tides.docx", WORD))
    assert found["page_content"] == "Tides\n\nHigh water is at midnight."
    assert "page" not in found["metadata"]
    (found,) = parts_of(send(client, b"# Tides\n\nLow *water*.", "tides.md", "text/markdown"))
    assert found["page_content"] == "Tides\n\nLow water."


def test_a_scan_is_read_by_ocr(client: httpx.Client) -> None:
    made = io.BytesIO()
    canvas = Canvas(made)
    scan = text_picture(["The pilot boards at the outer buoy.", "Tugs wait inside the mole."])
    canvas.drawInlineImage(scan, 0, 0, WIDTH, HEIGHT)
    canvas.save()
    (found,) = parts_of(send(client, made.getvalue(), "scan.pdf", "application/pdf"))
    assert "pilot boards" in found["page_content"]
    assert found["metadata"]["read_by"] == "ocr"


def test_text_in_an_older_encoding_is_read_with_what_should_be_known_of_it(
    client: httpx.Client,
) -> None:
    text = "港務局從早上七點開到下午五點，星期日休息。" * 5
    (found,) = parts_of(send(client, text.encode("big5"), "hours.txt", "text/plain"))
    assert found["page_content"] == text
    assert found["metadata"]["encoding"] == "big5"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("notes.txt", None),
        ("notes", "text/plain; charset=utf-8"),
        ("notes.PY", "text/x-python"),
        ("notes.json", "application/json"),
        ("notes.rs", "application/octet-stream"),
        (None, "text/plain"),
        (None, None),
    ],
)
def test_text_is_read_whatever_it_is_called(
    client: httpx.Client, name: str | None, kind: str | None
) -> None:
    (found,) = parts_of(send(client, b"fn main() {}\n", name, kind))
    assert found["page_content"] == "fn main() {}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("rules", "application/pdf"), ("rules.bin", None), (None, "application/octet-stream")],
)
def test_a_pdf_is_known_by_its_type_or_its_first_bytes(
    client: httpx.Client, name: str | None, kind: str | None
) -> None:
    (found,) = parts_of(send(client, pdf_of("The harbour opens at six."), name, kind))
    assert found["metadata"]["page"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.txt",
        "..\\..\\boot.txt",
        "a/b/c.txt",
        "/.txt",
        "nul\0byte.txt",
        "line\r\nbreak.txt",
        "x" * 3000 + ".txt",
        "红隼 – ÄÖ 🐦.txt",
        "%2e%2e%2f.txt",
        "\u202egnp.txt",
        ".txt",
        "con.txt",
    ],
)
def test_a_name_of_any_characters_is_a_name_and_no_place(
    base: KnowledgeBase, client: httpx.Client, name: str
) -> None:
    (found,) = parts_of(send(client, b"Words.", name, "text/plain"))
    assert found["page_content"] == "Words."
    message = refused(send(client, b"\0\1\2" * 400, name, "text/plain"), 400, "damaged")
    assert RECORD not in message
    assert not set("\r\n\0") & set(message)
    assert len(message) < 1000
    assert left_behind(base) == []


def test_a_form_is_not_taken_for_a_file(client: httpx.Client) -> None:
    answer = client.put("/process", files=[("file", ("note.md", b"Words."))])
    assert "--data-binary" in refused(answer, 415, "form_refused")


def test_a_name_that_is_not_percent_encoded_is_read_as_utf8(client: httpx.Client) -> None:
    headers = {"X-Filename": "红隼.png".encode(), "Content-Type": b"image/png"}
    answer = client.put("/process", content=b"x", headers=headers)
    assert "红隼.png" in refused(answer, 415, "unsupported_format")


@pytest.mark.parametrize(
    ("data", "name", "kind", "problem"),
    [
        (b"", "empty.txt", "text/plain", (400, "empty")),
        (b" \n\n", "blank.txt", "text/plain", (400, "empty")),
        (b"%PDF-1.7\nnothing", "broken.pdf", "application/pdf", (400, "damaged")),
        (b"PK\x03\x04nothing", "broken.docx", WORD, (400, "damaged")),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "photo.png", "image/png", (415, "unsupported_format")),
        (b"<html></html>", "page.html", "text/html", (415, "unsupported_format")),
        (bytes(range(256)) * 40, "noise", None, (400, "damaged")),
        (b"x" * (2 * 2**20 + 1), "long.txt", "text/plain", (413, "too_large")),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    client: httpx.Client, data: bytes, name: str, kind: str | None, problem: tuple[int, str]
) -> None:
    assert refused(send(client, data, name, kind), *problem).startswith(name)


def test_a_protected_file_is_refused_without_naming_places_that_the_sender_does_not_have(
    client: httpx.Client,
) -> None:
    data = pdf_of("Secret.", password="harbour")  # noqa: S106 - of a file of the test
    message = refused(send(client, data, "safe.pdf", "application/pdf"), 400, "encrypted")
    assert message == (
        "safe.pdf is encrypted and no password can be given here; remove it and try again"
    )


def test_a_file_that_grows_past_the_limit_while_it_comes_is_refused(
    base: KnowledgeBase, client: httpx.Client
) -> None:
    def parts() -> Iterator[bytes]:
        yield from (b"word " * 20_000 for _ in range(40))

    answer = client.put("/process", content=parts(), headers={"X-Filename": "long.txt"})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] in {"too_large", "body_too_large"}  # who counts first
    assert left_behind(base) == []


def test_a_word_file_that_unpacks_to_too_much_costs_that_file_only(client: httpx.Client) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(700 * 2**20))
    answer = send(client, made.getvalue(), "bomb.docx", WORD)
    assert answer.status_code in {400, 413}, answer.text
    assert "bomb.docx" in answer.json()["error"]["message"]
    assert parts_of(send(client, b"Words.", "next.txt", "text/plain"))


def test_many_files_at_once_are_all_read(client: httpx.Client, base: KnowledgeBase) -> None:
    answers: dict[int, str] = {}

    def one(number: int) -> None:
        (part,) = parts_of(send(client, f"File {number}.".encode(), f"{number}.txt", "text/plain"))
        answers[number] = part["page_content"]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"File {number}." for number in range(40)}
    assert left_behind(base) == []


def test_a_sender_that_goes_away_leaves_nothing_behind(base: KnowledgeBase, url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as wire:
        wire.sendall(
            f"PUT /process HTTP/1.1\r\nHost: {host}\r\nX-Filename: a.txt\r\n"
            "Content-Length: 100000\r\n\r\nhalf of it".encode()
        )
        time.sleep(0.2)
    assert left_behind(base) == []


def test_the_description_says_what_is_sent_and_what_is_answered(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    operation = described["paths"]["/process"]["put"]
    schemas = Schemas(described["components"]["schemas"], {})
    assert operation["operationId"] == "read_file"
    assert {each["name"] for each in operation["parameters"]} == {"X-Filename", "content-type"}
    assert list(operation["requestBody"]["content"]) == ["*/*"]
    for answer in (
        send(client, pdf_of("The harbour opens at six."), "rules.pdf"),
        send(client, b"", "empty.txt"),
        send(client, b"x", "photo.png", "image/png"),
        send(client, b"x" * (2 * 2**20 + 1), "long.txt"),
    ):
        told = operation["responses"][str(answer.status_code)]["content"]["application/json"]
        assert list(schemas.problems(told["schema"], answer.json())) == []


def test_the_address_may_end_as_that_of_the_embeddings_does(client: httpx.Client) -> None:
    answer = client.put("/v1/process", content=b"Words.", headers={"X-Filename": "a.txt"})
    assert parts_of(answer)[0]["page_content"] == "Words."


def test_nothing_is_stored(base: KnowledgeBase, client: httpx.Client) -> None:
    before = base.generation
    parts_of(send(client, b"Words that nobody finds.", "note.txt", "text/plain"))
    assert base.generation == before
    assert base.collections() == []
