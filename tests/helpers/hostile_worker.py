"""Worker processes that a file has taken over: what they send is made here, byte by byte.

:func:`take_over` writes a module that every worker started with it on its path imports. It reads
files ``*.bad`` and ``*.txt``: one that names a message of :data:`MESSAGES` makes the worker send
it in the place of an answer; the text of any other one is read plainly.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

_LOADER = """
import json, os, sys, time
from pathlib import Path
from ingest import loaders
from ingest.loaders.base import DocumentBuilder

HERE = Path(__file__).parent
MESSAGES = json.loads((HERE / "messages.json").read_text())

class Hostile:
    extensions = (".bad",)
    version = 1

    def load(self, path, options, on_progress=None):
        text = path.read_text()
        if text in MESSAGES:
            self.send(*MESSAGES[text])
        if text == "environment":
            text = json.dumps({
                "environment": dict(os.environ),
                "folder": os.getcwd(),
                "files": {fd: link(fd) for fd in os.listdir("/proc/self/fd")},
                "input": sys.stdin.read(),
            })
        builder = DocumentBuilder(media_type="text")
        builder.add(text)
        return builder.build()

    def send(self, data, after):
        frame = sys._getframe()
        while "answers" not in frame.f_locals or "request" not in frame.f_locals:
            frame = frame.f_back
        request, pipe = frame.f_locals["request"], frame.f_locals["answers"]
        data = (HERE / data).read_bytes().replace(b"{ID}", request["id"].encode())
        while True:
            pipe.write(data)
            pipe.flush()
            if after != "again":
                break
        if after == "hang":
            time.sleep(600)
        if after == "exit":
            os._exit(0)
        # else: go on as if nothing had happened

def link(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return "(closed)"

for ending in (".bad", ".txt"):
    loaders._LOADERS[ending] = "hostile_worker_loader:Hostile"
"""

_HEAD = struct.Struct("<II")
_FILE: dict[str, Any] = {
    "hash": "0" * 64,
    "size": 5,
    "mtime_ns": 0,
    "text": "",
    "media_type": "text",
    "title": "",
    "metadata": {},
    "notices": [],
    "sections": [[0, 5, [], "text", 1]],
    "pages": [],
}
_PAGE: list[Any] = [1, 0, 5, "", "ocr", 0.5, [[0, 5, [0.1, 0.1, 0.2, 0.2]]]]


def _frame(body: bytes, text: bytes = b"") -> bytes:
    # The worker puts the request's name in, four times as long as its mark.
    grown = body.count(b"{ID}") * (16 - len(b"{ID}"))
    return _HEAD.pack(len(body) + grown, len(text)) + body + text


def _json(message: object, text: bytes = b"") -> bytes:
    return _frame(json.dumps(message).encode("utf-8", "surrogatepass"), text)


def _file(text: bytes = b"words", **changes: object) -> bytes:
    return _json({"id": "{ID}", "tired": False, "file": {**_FILE, **changes}}, text)


def _page(place: int, value: object) -> bytes:
    return _file(pages=[[*_PAGE[:place], value, *_PAGE[place + 1 :]]])


def _raw(inside: bytes) -> bytes:
    """A file's answer whose metadata is written by hand."""
    body = json.dumps({"id": "{ID}", "file": {**_FILE, "metadata": {"key": "MARK"}}}).encode()
    return _frame(body.replace(b'"MARK"', inside), b"words")


MESSAGES: dict[str, tuple[bytes, str]] = {
    "a list for a message": (_json([1, 2]), "hang"),
    "a number for a message": (_json(7), "hang"),
    "nothing for a message": (_frame(b""), "hang"),
    "no json": (_frame(b"<xml/>"), "hang"),
    "no utf-8": (_frame(b'{"id": "\xff\xfe"}'), "hang"),
    "an empty object": (_json({}), "hang"),
    "no name": (_json({"file": _FILE}, b"words"), "hang"),
    "another's name": (_json({"id": "0" * 16, "file": _FILE}, b"words"), "hang"),
    "no file": (_json({"id": "{ID}"}), "hang"),
    "a list for a file": (_json({"id": "{ID}", "file": [1]}), "hang"),
    "a text for nothing": (_json({"id": "{ID}"}, b"words"), "hang"),
    "a text of no utf-8": (_file(b"wo\xffrd"), "hang"),
    "a text with surrogates": (_file(b"\xed\xa0\x80ab"), "hang"),
    "a text with NUL": (_file(b"wo\0ds"), "hang"),
    "a text with escapes": (_file(b"w\x1b[2J"), "hang"),
    "a number for a text": (_json({"id": "{ID}", "file": {**_FILE, "text": 5}}), "hang"),
    "a number for a title": (_file(title=5), "hang"),
    "surrogates in a title": (_file(title="\ud800"), "hang"),
    "NUL in a title": (_file(title="a\0b"), "hang"),
    "an unknown format": (_file(media_type="exe"), "hang"),
    "a list for a format": (_file(media_type=["text"]), "hang"),
    "a list for metadata": (_file(metadata=[1]), "hang"),
    "metadata in metadata": (_file(metadata={"a": {"b": 1}}), "hang"),
    "nothing in metadata": (_file(metadata={"a": None}), "hang"),
    "a huge number in metadata": (_file(metadata={"a": 10**30}), "hang"),
    "a number of 5,000 digits": (_raw(b"9" * 5000), "hang"),
    "NaN": (_raw(b"NaN"), "hang"),
    "Infinity": (_raw(b"-Infinity"), "hang"),
    "1e999": (_raw(b"1e999"), "hang"),
    "lists in lists": (_raw(b"[" * 100_000 + b"]" * 100_000), "hang"),
    "objects in objects": (_raw(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "hang"),
    "lists never closed": (_raw(b"[" * 100_000), "hang"),
    "millions of values": (_raw(b"[" + b"[]," * 7_000_000 + b"1]"), "hang"),
    "notices that are none": (_file(notices=[5]), "hang"),
    "a notice too short": (_file(notices=[["code"]]), "hang"),
    "a notice of numbers": (_file(notices=[[1, 2, {}]]), "hang"),
    "an object for sections": (_file(sections={"a": 1}), "hang"),
    "a section too short": (_file(sections=[[0, 5]]), "hang"),
    "a section of texts": (_file(sections=[["0", "5", [], "text", 1]]), "hang"),
    "a section before the text": (_file(sections=[[-1, 5, [], "text", 1]]), "hang"),
    "a section behind the text": (_file(sections=[[0, 6, [], "text", 1]]), "hang"),
    "a section backwards": (_file(sections=[[4, 2, [], "text", 1]]), "hang"),
    "a section of halves": (_file(sections=[[0.5, 2, [], "text", 1]]), "hang"),
    "a section of truth": (_file(sections=[[False, True, [], "text", 1]]), "hang"),
    "sections that overlap": (
        _file(sections=[[0, 4, [], "text", 1], [2, 5, [], "text", 1]]),
        "hang",
    ),
    "a text for a path": (_file(sections=[[0, 5, "abc", "text", 1]]), "hang"),
    "a number in a path": (_file(sections=[[0, 5, [1], "text", 1]]), "hang"),
    "an unknown kind": (_file(sections=[[0, 5, [], "spell", 1]]), "hang"),
    "header rows below none": (_file(sections=[[0, 5, [], "table", -1]]), "hang"),
    "header rows in words": (_file(sections=[[0, 5, [], "table", "one"]]), "hang"),
    "page 0": (_page(0, 0), "hang"),
    "page -1": (_page(0, -1), "hang"),
    "page 10**30": (_page(0, 10**30), "hang"),
    "page one": (_page(0, "one"), "hang"),
    "page true": (_page(0, True), "hang"),  # noqa: FBT003 - a value like any other
    "the same page twice": (_file(pages=[_PAGE, _PAGE]), "hang"),
    "a page outside": (_page(2, 99), "hang"),
    "a label of numbers": (_page(3, 4), "hang"),
    "a page read by nobody": (_page(4, "magic"), "hang"),
    "too sure a page": (_page(5, 2), "hang"),
    "boxes that are none": (_page(6, [7]), "hang"),
    "a box outside the text": (_page(6, [[0, 6, [0, 0, 1, 1]]]), "hang"),
    "a box outside the page": (_page(6, [[0, 5, [0, 0, 1, 2]]]), "hang"),
    "a box of three corners": (_page(6, [[0, 5, [0, 0, 1]]]), "hang"),
    "no hash": (_file(hash="abc"), "hang"),
    "a negative size": (_file(size=-1), "hang"),
    "a size of 2**63": (_file(size=2**63), "hang"),
    "a time of texts": (_file(mtime_ns="now"), "hang"),
    "an error of text": (_json({"id": "{ID}", "error": "no"}), "hang"),
    "an unknown error": (_json({"id": "{ID}", "error": {"code": "x", "message": "m"}}), "hang"),
    "an error of lists": (_json({"id": "{ID}", "error": {"code": [], "message": []}}), "hang"),
    "an error without words": (_json({"id": "{ID}", "error": {"code": "empty"}}), "hang"),
    "an endless error": (
        _json({"id": "{ID}", "error": {"code": "empty", "message": "x" * 1_000_000}}),
        "hang",
    ),
    "progress of text": (_json({"progress": "half"}), "go on"),
    "progress too short": (_json({"progress": [1]}), "go on"),
    "progress of nothing": (_json({"progress": [None, None]}), "go on"),
    "progress below zero": (_json({"progress": [-1, 5]}), "go on"),
    "progress beyond its end": (_json({"progress": [6, 5]}), "go on"),
    "progress of 10**30": (_json({"progress": [1, 10**30]}), "go on"),
    "progress of infinity": (_frame(b'{"progress":[Infinity,Infinity]}'), "go on"),
    "4 GiB of message": (_HEAD.pack(2**32 - 1, 0), "hang"),
    "4 GiB of text": (_HEAD.pack(2, 2**32 - 1) + b"{}", "hang"),
    "a message cut short": (_HEAD.pack(1000, 0) + b'{"file":', "exit"),
    "a text cut short": (_file()[:-2], "exit"),
    "a head cut short": (b"\x05\x00", "exit"),
    "nothing at all": (b"", "exit"),
}
"""Messages that end their file, and what the worker does after sending each."""

ENDLESS: dict[str, tuple[bytes, str]] = {
    "half a message": (_HEAD.pack(1000, 0) + b'{"file":', "hang"),
    "progress for ever": (_json({"progress": [1, 2]}), "again"),
    "pictures for ever": (_json({"picture": True}) + _json({"picture": False}), "again"),
    "one picture begun for ever": (_json({"picture": True}), "again"),
    "nothing for ever": (b"", "hang"),
}
"""Messages of workers that come to no end: the time limit is for them."""

ODD_ERROR = "an error with odd signs"
"""Names an answer that is taken: an error whose message holds what no database or terminal may."""

_ODD = {
    ODD_ERROR: (
        _json({"id": "{ID}", "error": {"code": "empty", "message": "no\ud800\n\x1b[2J"}}),
        "hang",
    )
}


def take_over(folder: Path) -> str:
    """Write what takes workers over into ``folder`` and return it as a ``PYTHONPATH``."""
    folder.mkdir()
    index = {}
    for number, (name, (data, after)) in enumerate({**MESSAGES, **ENDLESS, **_ODD}.items()):
        (folder / f"{number}.message").write_bytes(data)
        index[name] = (f"{number}.message", after)
    (folder / "messages.json").write_text(json.dumps(index))
    (folder / "hostile_worker_loader.py").write_text(_LOADER)
    # Python's own hook for code at start.
    (folder / "sitecustomize.py").write_text("import hostile_worker_loader\n")
    return str(folder)
