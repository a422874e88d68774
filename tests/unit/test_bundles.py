"""Zips of documents: what is taken, what is left out, and what is no harm."""

from __future__ import annotations

import io
import stat
import zipfile
from dataclasses import dataclass

import pytest

from ingest import bundles
from ingest.bundles import LeftOut, read_zip

MB = 1 << 20


def packed(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return target.getvalue()


@dataclass
class Bundle:
    files: tuple[tuple[str, bytes], ...]
    left_out: tuple[LeftOut, ...]


def opened(data: bytes, most: int = 64 * MB, most_file: int = 32 * MB) -> Bundle:
    found = list(read_zip(io.BytesIO(data), most_bytes=most, most_file_bytes=most_file))
    return Bundle(
        files=tuple((each.name, each.data) for each in found if not isinstance(each, LeftOut)),
        left_out=tuple(each for each in found if isinstance(each, LeftOut)),
    )


def reasons(bundle: Bundle) -> dict[str, str]:
    return {each.name: each.reason for each in bundle.left_out}


def test_documents_are_taken_with_their_folders_in_their_names() -> None:
    bundle = opened(packed(("a/报告.txt", b"one"), ("a/b/c.md", b"two"), ("a/empty/", b"")))
    assert bundle.files == (("a/报告.txt", b"one"), ("a/b/c.md", b"two"))
    assert bundle.left_out == ()


def test_names_that_windows_of_china_wrote_are_read() -> None:
    entry = zipfile.ZipInfo("x.txt")
    data = packed((entry, b"one"))
    raw = "报告.txt".encode("gb18030")
    data = data.replace(b"x.txt", raw).replace(
        (5).to_bytes(2, "little") + b"\0\0" + raw, len(raw).to_bytes(2, "little") + b"\0\0" + raw
    )
    central = data.index(b"PK\x01\x02")
    data = data[: central + 28] + len(raw).to_bytes(2, "little") + data[central + 30 :]
    assert [name for name, _ in opened(_with_sizes(data)).files] == ["报告.txt"]


def _with_sizes(data: bytes) -> bytes:
    """Put the directory's size and place right after its names changed."""
    central, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    sizes = (end - central).to_bytes(4, "little") + central.to_bytes(4, "little")
    return data[: end + 12] + sizes + data[end + 20 :]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../etc/passwd.txt", "outside"),
        ("/etc/motd.txt", "outside"),
        ("C:/windows/a.txt", "outside"),
        ("..\\up.txt", "outside"),
        ("a/.git/notes.txt", "hidden"),
        ("__MACOSX/a/notes.txt", "hidden"),
        ("program.exe", "type"),
        ("inner.zip", "type"),
    ],
)
def test_what_is_not_taken_is_named_with_its_reason(name: str, reason: str) -> None:
    bundle = opened(packed((name, b"x"), ("good.txt", b"good")))
    assert reasons(bundle) == {name.replace("\\", "/"): reason}
    assert bundle.files == (("good.txt", b"good"),)


def test_links_are_not_taken() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert reasons(opened(packed((link, b"/etc/passwd")))) == {"link.txt": "link"}


def test_files_of_one_name_are_both_given() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed(("a.txt", b"first"), ("a.txt", b"second"))
    bundle = opened(data)
    assert bundle.files == (("a.txt", b"first"), ("a.txt", b"second"))
    assert bundle.left_out == ()


def test_a_bomb_is_not_unpacked() -> None:
    bundle = opened(packed(("bomb.txt", b"\0" * (30 * MB)), ("good.txt", b"good")))
    assert reasons(bundle) == {"bomb.txt": "bomb"}
    assert bundle.files == (("good.txt", b"good"),)


def test_a_header_that_claims_to_be_small_is_not_believed() -> None:
    data = packed(("big.txt", bytes(range(256)) * (8 * 1024)))
    size = (256 * 8 * 1024).to_bytes(4, "little")
    lying = data.replace(size, (10).to_bytes(4, "little"))
    assert lying != data
    bundle = opened(lying, most_file=MB)
    assert reasons(bundle) == {"big.txt": "unreadable"}


def test_files_in_all_and_each_are_bounded() -> None:
    texts = [(f"{n}.txt", bytes([65 + n]) * 1000 + bytes(range(256)) * 20) for n in range(3)]
    size = len(texts[0][1])
    bundle = opened(packed(*texts), most=2 * size + 10)
    assert [name for name, _ in bundle.files] == ["0.txt", "1.txt"]
    assert reasons(bundle) == {"2.txt": "full"}
    assert set(reasons(opened(packed(*texts), most_file=100)).values()) == {"too_large"}


def test_a_damaged_file_inside_costs_only_itself() -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("bad.txt", b"spoilt content")
        archive.writestr("good.txt", b"good")
    data = stored.getvalue().replace(b"spoilt", b"SPOILT")
    bundle = opened(data)
    assert reasons(bundle) == {"bad.txt": "unreadable"}
    assert bundle.files == (("good.txt", b"good"),)


@pytest.mark.parametrize("data", [b"", b"no zip at all", packed(("a.txt", b"x"))[:40]])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        opened(data)


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MOST_ENTRIES", 2)
    with pytest.raises(ValueError, match="too_many"):
        opened(packed(*((f"{n}.txt", b"x") for n in range(3))))
