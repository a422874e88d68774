"""A browser session without a browser: speaks with the UI's server as Streamlit's page does."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: TID251 - what a browser sends
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: TID251 - what it gets
from streamlit.proto.WidgetStates_pb2 import WidgetState  # noqa: TID251
from websockets.sync.client import ClientConnection, connect


@dataclass
class UiClient:
    """One session. Elements are those that the last run drew, newest last.

    ``sent`` are headers that the browser sends besides, or in place of, its own.
    """

    url: str
    sent: dict[str, str] = field(default_factory=dict)
    path: str = "/"
    timeout_s: float = 60
    session: str = ""
    redirect: str = ""
    elements: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        _, headers, _ = self.request("GET", "/_stcore/health")
        cookies = [value for name, value in headers if name.lower() == "set-cookie"]
        self.xsrf = cookies[0].partition("=")[2].partition(";")[0] if cookies else ""
        self._connection: ClientConnection | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def open(self) -> None:
        """Connect and have the page drawn."""
        headers = {"Cookie": f"_streamlit_xsrf={self.xsrf}", **self.sent}
        self._connection = self._stack.enter_context(
            connect(
                f"ws://{self.host}/_stcore/stream",
                origin=headers.pop("Origin", f"http://{self.host}"),  # type: ignore[arg-type]
                additional_headers=headers,
                subprotocols=["streamlit", self.xsrf or "none"],  # type: ignore[list-item]
                max_size=None,
                open_timeout=self.timeout_s,
                proxy=None,
            )
        )
        self.run()

    def close(self) -> None:
        self._stack.close()

    def vanish(self, *states: WidgetState) -> None:
        """Ask for the page and be gone, as a browser whose network is cut, before it comes."""
        assert self._connection is not None
        self.send(_rerun(self.path, states))
        # With no time to linger, the connection is reset and not closed in good order.
        cut = self._connection.socket
        cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cut.shutdown(socket.SHUT_RD)
        cut.close()

    def send(self, data: bytes | str) -> None:
        assert self._connection is not None
        self._connection.send(data)

    def run(self, *states: WidgetState) -> None:
        """Have the page drawn with these values in its fields."""
        self.send(_rerun(self.path, states))
        self.wait()

    def wait(self) -> None:
        """Take in what the server sends until a run has ended and no other follows."""
        assert self._connection is not None
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._connection.recv(timeout=self.timeout_s))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.elements = []
                self.session = message.new_session.initialize.session_id or self.session
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self.elements.append(message.delta.new_element)
            elif kind == "delta" and message.delta.WhichOneof("type") == "add_block":
                self.elements.append(message.delta.add_block)
            elif kind == "auth_redirect":
                self.redirect = message.auth_redirect.url
            elif (
                kind == "script_finished"
                and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return

    def log_in(self, password: str) -> None:
        """Type a password and press the button."""
        typed = WidgetState(id=self.one("text_input").id, string_value=password)
        pressed = WidgetState(id=self.one("button").id, trigger_value=True)
        self.run(typed, pressed)

    def press(self, label: str) -> None:
        button = next(
            element.button
            for element in self.elements
            if element.WhichOneof("type") == "button" and element.button.label == label
        )
        self.run(WidgetState(id=button.id, trigger_value=True))

    def one(self, kind: str) -> Any:  # noqa: ANN401 - one of Streamlit's messages
        (found,) = [
            getattr(element, kind)
            for element in self.elements
            if element.WhichOneof("type") == kind
        ]
        return found

    @property
    def drawn(self) -> str:
        """Everything that the page shows, as text."""
        return "\n".join(str(element) for element in self.elements)

    def upload_url(self, name: str) -> str:
        """Ask, as the field for files does, where to send a file."""
        assert self._connection is not None
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.append(name)
        self.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self._connection.recv(timeout=self.timeout_s))
            if answer.WhichOneof("type") == "file_urls_response":
                return str(answer.file_urls_response.file_urls[0].upload_url)

    def upload(
        self,
        path: str,
        data: bytes,
        *,
        name: str = "note.txt",
        headers: dict[str, str] | None = None,
        chunked: bool = False,
    ) -> tuple[int, str]:
        """Send a file to a path; return status and text of the answer."""
        mark = "----a-form"
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        ).encode()
        body = head + data + f"\r\n--{mark}--\r\n".encode()
        own = {
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "X-Xsrftoken": self.xsrf,
            "Cookie": f"_streamlit_xsrf={self.xsrf}",
            "Origin": f"http://{self.host}",
            **(headers or {}),
        }
        pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
        status, _, text = self.request(
            "PUT", path, pieces if chunked else body, own, chunked=chunked
        )
        return status, text

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - what http.client takes
        headers: dict[str, str] | None = None,
        *,
        chunked: bool = False,
    ) -> tuple[int, list[tuple[str, str]], str]:
        """Send a request; return status, headers and text of the answer."""
        own = {**(headers or {}), **self.sent}
        return ask(self.host, method, path, body, own, chunked=chunked, timeout_s=self.timeout_s)


def ask(
    host: str,
    method: str,
    path: str,
    body: Any = None,  # noqa: ANN401 - what http.client takes
    headers: dict[str, str] | None = None,
    *,
    chunked: bool = False,
    timeout_s: float = 60,
) -> tuple[int, list[tuple[str, str]], str]:
    """Send a request to a host and port; return status, headers and text of the answer."""
    connection = http.client.HTTPConnection(host, timeout=timeout_s)
    try:
        connection.request(method, path, body, headers or {}, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read().decode()
    finally:
        connection.close()


def _rerun(path: str, states: Sequence[WidgetState]) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.page_script_hash = ""
    message.rerun_script.page_name = path.strip("/")
    message.rerun_script.widget_states.widgets.extend(states)
    return bytes(message.SerializeToString())
