"""A server that plays Amazon S3, behind a gate that counts requests and plays failures."""

from __future__ import annotations

import http.client
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from moto.moto_api import state_manager  # noqa: F401 - makes moto's parts know each other
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

_ACCOUNT = "123456789012"

Answer = tuple[int, str] | None
"""A status and S3's code of an error; None lets the request through."""


class Request:
    """What a client asks, as far as tests look at it."""

    def __init__(self, method: str, target: str) -> None:
        parts = urlsplit(target)
        self.method = method
        self.key = unquote(parts.path.lstrip("/")).partition("/")[2]
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}

    @property
    def lists(self) -> bool:
        return "list-type" in self.query

    @property
    def gets(self) -> bool:
        return self.method == "GET" and bool(self.key)


class S3:
    """A bucket, the requests so far, and what is to go wrong."""

    def __init__(self, endpoint: str, store: object) -> None:
        self.endpoint = endpoint
        self.bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        self.url = f"s3://{self.bucket}"
        self.requests: list[Request] = []
        self.judge: Callable[[Request], Answer] = lambda _: None
        self._store = store
        store.create_bucket(self.bucket, "us-east-1")  # type: ignore[attr-defined] # of moto

    def put(self, key: str, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        self._store.put_object(self.bucket, key, data)  # type: ignore[attr-defined] # of moto

    def delete(self, key: str) -> None:
        self._store.delete_object(self.bucket, key)  # type: ignore[attr-defined] # of moto

    def fetched(self) -> list[str]:
        return [request.key for request in self.requests if request.gets]


@contextmanager
def s3_server() -> Iterator[Callable[[], S3]]:
    """Give a function that makes a bucket; one server serves all."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    buckets: dict[str, S3] = {}

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            name = urlsplit(self.path).path.lstrip("/").split("/", 1)[0]
            request = Request(self.command, self.path)
            made = buckets.get(name)
            verdict: Answer = None
            if made is not None:
                made.requests.append(request)
                verdict = made.judge(request)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if verdict is not None:
                self._refuse(*verdict)
                return
            inner = http.client.HTTPConnection(host, port, timeout=30)
            inner.request(self.command, self.path, body, dict(self.headers.items()))
            answer = inner.getresponse()
            data = answer.read()
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(key, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(data)
            inner.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - as its base has it

        def _refuse(self, status: int, code: str) -> None:
            text = f"<Error><Code>{code}</Code><Message>played: {code}</Message></Error>"
            data = b"" if self.command == "HEAD" else text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    gate = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=gate.serve_forever, daemon=True)
    thread.start()

    def bucket() -> S3:
        made = S3(f"http://127.0.0.1:{gate.server_port}", s3_backends[_ACCOUNT]["aws"])
        buckets[made.bucket] = made
        return made

    try:
        yield bucket
    finally:
        gate.shutdown()
        gate.server_close()
        thread.join()
        moto.stop()
