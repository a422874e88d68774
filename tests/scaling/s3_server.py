"""A server that plays Amazon S3, behind a gate that counts requests and plays failures."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

from moto.moto_api import state_manager  # noqa: F401 - makes moto's parts know each other
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from storage_gate import Refusal, gate

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
    buckets: dict[str, S3] = {}

    def judge(method: str, target: str) -> Refusal:
        made = buckets.get(urlsplit(target).path.lstrip("/").split("/", 1)[0])
        if made is None:
            return None
        request = Request(method, target)
        made.requests.append(request)
        verdict = made.judge(request)
        if verdict is None:
            return None
        status, code = verdict
        text = f"<Error><Code>{code}</Code><Message>played: {code}</Message></Error>"
        return status, "application/xml", text.encode()

    try:
        with gate(*moto.get_host_and_port(), judge) as port:

            def bucket() -> S3:
                made = S3(f"http://127.0.0.1:{port}", s3_backends[_ACCOUNT]["aws"])
                buckets[made.bucket] = made
                return made

            yield bucket
    finally:
        moto.stop()
