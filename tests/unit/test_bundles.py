"""Zips of documents: what is taken, what is left out, and what is no harm."""

from __future__ import annotations

import io
import random
import stat
import warnings
import zipfile
from dataclasses import dataclass

import pytest

from ingest.sending import bundles
from ingest.sending.bundles import LeftOut, read_zip
from ui.i18n import texts

REASONS = {key.removeprefix("zip.") for key in texts("en") if key.startswith("zip.")}
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


def named_freely(*names: str) -> bytes:
    """A zip with entries of any names, ``good.txt`` last, which the library would not write so."""
    files = []
    for name in (*names, "good.txt"):
        entry = zipfile.ZipInfo("x")
        entry.filename = entry.orig_filename = name
        files.append((entry, b"x" if name != "good.txt" else b"good"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand there twice
        return packed(*files)


@pytest.mark.parametrize(
    ("name", "taken", "left_out"),
    [
        (".", None, ".: nameless"),
        ("..", None, "..: outside"),
        ("", None, '"": nameless'),
        ("./", None, "./: nameless"),
        ("/", None, "/: outside"),
        ("a/../b.txt", None, "a/../b.txt: outside"),
        ("/etc/a.txt", None, "/etc/a.txt: outside"),
        ("C:a.txt", None, "C:a.txt: outside"),
        ("C:\\a.txt", None, "C:/a.txt: outside"),
        ("\\\\server\\share\\a.txt", None, "//server/share/a.txt: outside"),
        ("...", None, "...: hidden"),
        ("./a.txt", "a.txt", None),
        ("a//./b.txt", "a/b.txt", None),
        ("a\\b.txt", "a/b.txt", None),
        (" a\t\n b.txt", "a b.txt", None),
        ("a\0.txt", "a.txt", None),
        ("a.txt\0.exe", None, "a.txt.exe: type"),
        ("\x1b[2Ja.txt", "[2Ja.txt", None),
        ("résumé.txt", "résumé.txt", None),
        ("re\u0301sume\u0301.txt", "résumé.txt", None),
        ("n" * 5000 + ".txt", "n" * 5000 + ".txt", None),
        ("d/" * 5000 + "a.txt", "d/" * 5000 + "a.txt", None),
    ],
)
def test_every_name_is_made_safe_or_reported(
    name: str, taken: str | None, left_out: str | None
) -> None:
    bundle = opened(named_freely(name))

    names = [name for name, _ in bundle.files]
    assert names == [*([] if taken is None else [taken]), "good.txt"]
    assert [f"{each.name}: {each.reason}" for each in bundle.left_out] == (
        [] if left_out is None else [left_out]
    )


def test_files_whose_names_become_the_same_are_all_given() -> None:
    bundle = opened(named_freely("a/b.txt", "./a/b.txt", "a\\b.txt", "a//b.txt"))

    assert [name for name, _ in bundle.files] == [*["a/b.txt"] * 4, "good.txt"]
    assert bundle.left_out == ()


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_damage_ends_more_than_the_zip(packing: int) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as archive:
        archive.writestr("a/b.txt", b"hello " * 50)
        archive.writestr("报告.md", b"x" * 3000)
    data = target.getvalue()
    chance = random.Random(packing)  # noqa: S311 - the same damage every time
    for _ in range(3000):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            broken[chance.randrange(len(broken))] = chance.choice((0, 255, chance.randrange(256)))
        try:
            bundle = opened(bytes(broken))
        except ValueError as error:
            assert str(error) in ("damaged", "too_many")  # noqa: PT017 - what else is a test failure
        else:
            assert {each.reason for each in bundle.left_out} <= REASONS


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


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip at all", packed(("a.txt", b"x"))[:40]],
    # The bytes of a zip hold the time: as names they would differ between two processes.
    ids=["empty", "text", "cut short"],
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        opened(data)


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MOST_ENTRIES", 2)
    with pytest.raises(ValueError, match="too_many"):
        opened(packed(*((f"{n}.txt", b"x") for n in range(3))))
