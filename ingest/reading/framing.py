"""The form of messages in the pipes between the sandbox and its workers: bounded before parsing.

A message is JSON instead of a pickle: a hostile file that took over its worker could otherwise run
code in the parent through a pickle. A document's text follows the JSON as plain bytes, so that the
parsed part stays small for texts of any size.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any, NoReturn

MAX_JSON = 64 * 2**20
"""Most bytes of one message without a document's text."""

MAX_VALUES = 6_000_000
"""Most values in one message, counted by their commas and brackets before parsing: three bytes of
JSON may become seventy in memory. A section has six or seven, a line read by OCR nine."""

MAX_TEXT = 2**30
"""Most bytes of a document's text."""

_HEAD = struct.Struct("<II")

Message = dict[str, Any]


def send(stream: IO[bytes], message: Message) -> None:
    """Write one message.

    Raises:
        ValueError: the message exceeds the receiver's limits; nothing was written.
    """
    file = message.get("file")
    text = b""
    if isinstance(file, dict):
        text = file["text"].encode("utf-8", "surrogatepass")
        message = {**message, "file": {**file, "text": ""}}
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    _check_size(len(body), len(text))
    _check_values(body)
    stream.write(_HEAD.pack(len(body), len(text)))
    stream.write(body)
    stream.write(text)
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read one message; None at the end of the stream.

    Raises:
        ValueError: the data is not a valid message.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, text_length = _HEAD.unpack(head)
    _check_size(length, text_length)
    body = stream.read(length)
    if len(body) < length:
        return None
    _check_values(body)
    try:
        message = json.loads(body.decode("utf-8", "surrogatepass"), parse_constant=_no_number)
    except RecursionError as error:
        msg = "values nested too deep"
        raise ValueError(msg) from error
    if not isinstance(message, dict):
        msg = "a message that is no object"
        raise ValueError(msg)  # noqa: TRY004 - callers handle one kind of bad message
    if text_length:
        text = stream.read(text_length)
        if len(text) < text_length:
            return None
        file = message.get("file")
        if not isinstance(file, dict):
            msg = "a text that belongs to no file"
            raise ValueError(msg)
        file["text"] = text.decode("utf-8")
    return message


def _check_size(length: int, text_length: int) -> None:
    if length > MAX_JSON or text_length > MAX_TEXT:
        msg = f"a message of {length + text_length} bytes"
        raise ValueError(msg)


def _check_values(body: bytes) -> None:
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    if values > MAX_VALUES:
        msg = f"a message of {values} values"
        raise ValueError(msg)


def _no_number(name: str) -> NoReturn:
    msg = f"{name} for a number"
    raise ValueError(msg)
