"""A server that plays Google Cloud Storage, behind a gate that counts requests and plays failures.

It knows JSON and HTTP, not gRPC, with which gcsfs asks first what kind of bucket one is.
"""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, unquote, urlsplit

from gcp_storage_emulator.server import create_server
from storage_gate import Refusal, gate

Answer = tuple[int, str] | None
"""A status and a message of an error; None lets the request through."""


class Request:
    """What a client asks, as far as tests look at it."""

    def __init__(self, method: str, target: str) -> None:
        self.method = method
        path, _, key = urlsplit(target).path.partition("/o")
        self.bucket = path.rpartition("/b/")[2]
        self.key = unquote(key.removeprefix("/"))
        self.gets = bool(self.key) and "alt=media" in urlsplit(target).query

    @property
    def lists(self) -> bool:
        return not self.key


class GS:
    """A bucket, the requests so far, and what is to go wrong."""

    def __init__(self, endpoint: str, inner: str) -> None:
        self.endpoint = endpoint
        self.bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        self.url = f"gs://{self.bucket}"
        self.requests: list[Request] = []
        self.judge: Callable[[Request], Answer] = lambda _: None
        self._inner = inner
        self._send("POST", "/storage/v1/b", json.dumps({"name": self.bucket}).encode())

    def put(self, key: str, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        target = f"/upload/storage/v1/b/{self.bucket}/o?uploadType=media&name={quote(key, safe='')}"
        self._send("POST", target, data, "application/octet-stream")

    def describe(self, key: str, **metadata: str) -> None:
        """Change what is noted beside an object, whose content stays as it is."""
        body = json.dumps({"metadata": metadata}).encode()
        self._send("PATCH", f"/storage/v1/b/{self.bucket}/o/{quote(key, safe='')}", body)

    def delete(self, key: str) -> None:
        self._send("DELETE", f"/storage/v1/b/{self.bucket}/o/{quote(key, safe='')}")

    def fetched(self) -> list[str]:
        return [request.key for request in self.requests if request.gets]

    def _send(
        self, method: str, target: str, data: bytes | None = None, kind: str = "application/json"
    ) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own server
            self._inner + target, data, {"Content-Type": kind}, method=method
        )
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - as above


@contextmanager
def gs_server() -> Iterator[Callable[[], GS]]:
    """Give a function that makes a bucket; one server serves all."""
    server = create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    host, port = server._api._httpd.server_address
    buckets: dict[str, GS] = {}

    def judge(method: str, target: str) -> Refusal:
        request = Request(method, target)
        made = buckets.get(request.bucket)
        if made is None:
            return None
        made.requests.append(request)
        verdict = made.judge(request)
        if verdict is None:
            return None
        status, message = verdict
        error = {"error": {"code": status, "message": message}}
        return status, "application/json", json.dumps(error).encode()

    try:
        with gate(host, port, judge) as outer:

            def bucket() -> GS:
                made = GS(f"http://127.0.0.1:{outer}", f"http://{host}:{port}")
                buckets[made.bucket] = made
                return made

            yield bucket
    finally:
        server.stop()
