"""What parsing JSON takes is known before it is parsed, however its bytes arrive."""

from __future__ import annotations

import json
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.archive import bounds
from kb.archive.file import reading, writing
from kb.errors import StoreError

TEXTS = [
    "[]",
    '{"a": [1, 2.5, {"b": null}], "c": "x, y: [z] {w}"}',
    r'["quote \" and, comma", "back\\", "slash\\\\", "\\\"", ","]',
    '["鹭, 鸟", "\\u00e9, \\n", ""]',
    '{"text": "[[[[,,,,{{{{", "more": ["}", "{"]}',
]


def of_parts(data: bytes, size: int) -> int:
    cost = bounds.JsonCost()
    for at in range(0, len(data), size):
        cost.add(data[at : at + size])
    return cost.bytes


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_the_cost_does_not_depend_on_where_the_bytes_are_cut(text: str, size: int) -> None:
    data = text.encode()
    assert of_parts(data, size) == bounds.cost_of(data)


def test_what_stands_in_strings_is_no_structure() -> None:
    assert bounds.cost_of(b'"[,[,{,{"') == bounds.cost_of(b'"abcdefg"')


@pytest.mark.parametrize(
    "item",
    ["[]", "{}", '{"a":0}', "123456", "1.5", '"ab"', '"\\u00e9b"', '{"a":[],"b":{}}', '[["x"]]'],
)
def test_the_cost_is_not_less_than_what_parsing_takes(item: str) -> None:
    data = b"[" + b",".join([item.encode()] * 50_000) + b"]"
    tracemalloc.start()
    parsed = json.loads(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(parsed) == 50_000
    assert peak < bounds.cost_of(data)


def test_unpacking_stops_where_the_bound_is_met() -> None:
    given: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            given.append(1)
            yield b"[]," * 100_000

    with pytest.raises(ValueError, match="unfolds to more than 256 MiB"):
        for _ in bounds.counted(endless(), packed=1000):
            pass
    assert len(given) < 50


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("documents/000001.json", json.dumps({"text": "Nothing else happened.\n" * 2_000_000})),
        ("vectors/000001.f32", "abcd" * 40_000_000),
    ],
    ids=["text", "vectors"],
)
def test_what_repeats_itself_much_is_stored_so_that_it_can_be_read_again(
    tmp_path: Path, name: str, data: str
) -> None:
    with writing(tmp_path / "made.kbz") as writer:
        writer.add(name, data.encode())
        writer.finish({})
    with zipfile.ZipFile(tmp_path / "made.kbz") as archive:
        assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED
        assert archive.getinfo("manifest.json").compress_type == zipfile.ZIP_DEFLATED
    with reading(tmp_path / "made.kbz") as archive:
        found = json.dumps(archive.read_json(name)) if name.endswith("json") else None
        assert (found or archive.read(name).decode()) == data


@pytest.mark.slow
def test_a_manifest_as_large_as_that_of_a_million_documents_can_be_read_again(
    tmp_path: Path,
) -> None:
    checksums = random.Random(0).randbytes(175_000_000).hex()  # noqa: S311 - 350 MB
    with writing(tmp_path / "made.kbz") as writer:
        writer.finish({"checksums": checksums})
    with reading(tmp_path / "made.kbz") as archive:
        assert archive.manifest["checksums"] == checksums


def test_a_manifest_that_could_not_be_read_again_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.archive.file._MOST_MEMBER_BYTES", 1000)
    with pytest.raises(StoreError, match="back up the data folder"):  # noqa: SIM117
        with writing(tmp_path / "made.kbz") as writer:
            writer.finish({"unread": ["x" * 1000]})
    assert list(tmp_path.iterdir()) == []
