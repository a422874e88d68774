"""Pages of other sites, in a real Chromium: what they send reaches the server and nothing in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page
from served_app import ServedApp, served_app

pytestmark = pytest.mark.browser

# Each says how it ended for the page; what the server did is looked at there.
TRICKS = {
    "an upload by a script": """async url => {
        const form = new FormData();
        form.append("files", new File(["The intruder waits."], "intruder.txt"));
        const sent = {method: "POST", mode: "no-cors", body: form};
        return (await fetch(url + "/v1/uploads", sent)).type;
    }""",
    "an upload by a form": """url => new Promise(ended => {
        document.body.innerHTML = `<iframe name="hole"></iframe>
            <form action="${url}/v1/uploads" method="post" enctype="multipart/form-data"
            target="hole"><input type="file" name="files"></form>`;
        const files = new DataTransfer();
        files.items.add(new File(["The intruder waits."], "intruder.txt"));
        document.querySelector("input").files = files.files;
        document.querySelector("iframe").onload = () => ended("sent");
        document.querySelector("form").submit();
    })""",
    "a simple request": """async url => (await fetch(url + "/v1/documents", {
        method: "POST", mode: "no-cors", body: '{"text": "The intruder waits."}'})).type""",
    "JSON": """url => fetch(url + "/v1/documents", {method: "POST",
        headers: {"Content-Type": "application/json"},
        body: '{"text": "The intruder waits."}'}).then(() => "read", () => "refused")""",
    "a file by PUT": """url => fetch(url + "/process", {method: "PUT", body: "x"})
        .then(() => "read", () => "refused")""",
    "a deletion": """url => fetch(url + "/v1/collections/garden", {method: "DELETE"})
        .then(() => "read", () => "refused")""",
    "reading": """url => fetch(url + "/v1/collections").then(() => "read", () => "refused")""",
    "reading unseen": """async url =>
        (await fetch(url + "/v1/collections", {mode: "no-cors"})).type""",
    "a picture": """url => new Promise(ended => {
        const picture = new Image();
        picture.onload = () => ended("read");
        picture.onerror = () => ended("refused");
        picture.src = url + "/v1/collections";
    })""",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of another site on this machine."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>elsewhere</title>", "utf-8")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """What the server notes of requests."""
    return []


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, site: int, lines: list[dict[str, Any]]
) -> Iterator[ServedApp]:
    """A server that trusts one name of the other site, `localhost` with `friend` below it."""
    folder: Path = tmp_path_factory.mktemp("served")
    origins = [f"http://friend.localhost:{site}"]
    with served_app(folder, origins=origins, note=lines.append) as running:
        running.base.add("The heron waits.", name="heron.txt", collection="garden")
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    yield opened
    opened.close()


def state(served: ServedApp) -> object:
    return (
        served.base.collections(),
        [
            (info.name, served.base.documents(collection=info.name))
            for info in served.base.collections()
        ],
        served.base.jobs.listed(),
    )


@pytest.fixture(params=["localhost", "127.0.0.1"], ids=["another site", "another port"])
def foreign(request: pytest.FixtureRequest, site: int, page: Page) -> Page:
    """A page of another site, or of this machine's at another port, which is another origin."""
    page.goto(f"http://{request.param}:{site}/")
    return page


@pytest.mark.parametrize("trick", TRICKS)
def test_a_page_of_another_site_reads_and_changes_nothing(
    served: ServedApp, lines: list[dict[str, Any]], foreign: Page, trick: str
) -> None:
    before, noted = state(served), len(lines)
    assert foreign.evaluate(TRICKS[trick], served.url) != "read"
    deadline = time.monotonic() + 60
    while len(lines) == noted:
        assert time.monotonic() < deadline, "the request never came, so nothing was shown"
        time.sleep(0.02)
    assert {line["status"] for line in lines[noted:]} <= {403, 405}
    assert state(served) == before


def test_a_page_whose_site_was_named_reads_and_uploads(
    served: ServedApp, site: int, page: Page
) -> None:
    page.goto(f"http://friend.localhost:{site}/")
    assert page.evaluate(TRICKS["reading"], served.url) == "read"
    found = page.evaluate(
        """async url => (await (await fetch(url + "/v1/search", {method: "POST",
        headers: {"Content-Type": "application/json"},
        body: '{"query": "heron", "collection": "garden"}'})).json()).data.length""",
        served.url,
    )
    assert found == 1
    assert page.evaluate(TRICKS["a file by PUT"], served.url) == "read"


def test_without_a_page_the_same_upload_is_taken(served: ServedApp) -> None:
    files = {"files": ("heron.txt", b"The heron waits.")}
    answer = httpx.post(
        f"{served.url}/v1/uploads",
        files=files,
        data={"collection": "other"},
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 60
    while served.base.jobs.is_active():  # other tests look at what is there
        assert time.monotonic() < deadline
        time.sleep(0.05)
