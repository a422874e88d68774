"""Parses forms with files (multipart/form-data) as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from kb.server.errors import MALFORMED, RefusalError

MOST_PARTS = 10_000
"""Most files and fields of one form."""
MOST_FIELD_BYTES = 1 << 16
"""Most bytes of one field that is not a file."""

# Browsers' escapes for the characters that would end a file's name.
_WRITTEN = {"%22": '"', "%0D": "\r", "%0A": "\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The beginning of a part: a file, or a field where ``file`` is None."""

    field: str
    file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of a part."""


Found = Begun | bytes | Ended


async def parts_of_form(content_type: str, stream: AsyncIterator[bytes]) -> AsyncIterator[Found]:
    """Yield each part of a form: its name, its bytes as they arrive, its end.

    Raises:
        RefusalError: the body is not such a form, is broken, or ends too early (400, 415).
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        msg = "send the files as a form: `Content-Type: multipart/form-data; boundary=…`"
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg)
    form = _Form(boundary)
    async for part in stream:
        for found in form.feed(part):
            yield found
    form.end()


class _Form:
    """Parsed parts that nobody has taken yet."""

    def __init__(self, boundary: bytes) -> None:
        self._found: list[Found] = []
        self._parts = 0
        self._name = self._value = b""
        self._disposition = b""
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": lambda data, start, end: self._found.append(data[start:end]),
                    "on_part_end": lambda: self._found.append(Ended()),
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _broken(str(error)) from error

    def feed(self, data: bytes) -> list[Found]:
        """Return the parts in these bytes."""
        try:
            if data:
                self._parser.write(data)
        except FormParserError as error:
            raise _broken(str(error)) from error
        found, self._found = self._found, []
        return found

    def end(self) -> None:
        """Refuse a form without an end."""
        if not self._ended:
            msg = "it ends before its last part does"
            raise _broken(msg)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            msg = f"it has more than {MOST_PARTS:,} parts"
            raise _broken(msg)
        self._disposition = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.strip().lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            msg = "a part has no `Content-Disposition: form-data; name=…`"
            raise _broken(msg)
        file = options.get(b"filename")
        self._found.append(
            Begun(
                field=options[b"name"].decode("utf-8", "replace"),
                file=None if file is None else _file_name(file),
            )
        )

    def _end(self) -> None:
        self._ended = True


def _file_name(sent: bytes) -> str:
    name = sent.decode("utf-8", "replace")
    for written, meant in _WRITTEN.items():
        name = name.replace(written, meant)
    return name


def _broken(why: str) -> RefusalError:
    msg = f"the form cannot be taken apart: {why}; send it again, as multipart/form-data"
    return RefusalError(HTTPStatus.BAD_REQUEST, msg, code=MALFORMED)
