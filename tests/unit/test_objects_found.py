"""Which objects below a URL are considered, by the rules that hold in folders."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from objects_in_memory import Bucket, bucket_in_memory

from ingest.errors import UnreadableFileError
from ingest.finding.finder import Finder
from ingest.finding.objects import client
from ingest.finding.objects.filesystem import ObjectInfo, ObjectStore
from ingest.finding.objects.listing import discover_objects
from kb.errors import MissingExtraError, SettingsError, StoreError
from kb.folders import clean_folder, folders_of, lies_in
from kb.records import Source
from kb.retry import RetryPolicy
from kb.stopping import Cancellation, StoppedError

TYPES = frozenset({".txt", ".md", ".pdf"})


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with bucket_in_memory() as made:
        yield made


def found(*urls: str | Path, known: list[Source] | None = None, **patterns: list[str]) -> Finder:
    finder = Finder(known or [], **patterns)
    finder.find(urls)
    return finder


def urls(finder: Finder) -> list[str]:
    return [str(candidate.source) for candidate in finder.candidates]


def listing(*keys: str) -> list[str]:
    """Return the paths of what is taken of a bucket with these keys, however odd they are."""
    objects = [
        ObjectInfo(url=f"s3://b/{key}", size=0 if key.endswith("/") else 3, revision="", mtime_ns=0)
        for key in keys
    ]
    made = discover_objects(
        objects, ObjectStore("s3"), "s3://b", extensions=TYPES, stop=threading.Event()
    )
    return [file.path for file in made.files]


def test_a_source_is_known_by_the_url_that_was_given_and_shown_by_its_own(bucket: Bucket) -> None:
    bucket.put("minutes/2025/may.md")

    (candidate,) = found(f"{bucket.url}/minutes/").candidates

    assert (candidate.source.root, candidate.source.path) == (
        f"{bucket.url}/minutes",
        "2025/may.md",
    )
    assert str(candidate.source) == f"{bucket.url}/minutes/2025/may.md"
    assert candidate.source.file is None
    assert candidate.size == len("What minutes/2025/may.md says.")


def test_a_prefix_ends_where_a_folder_does(bucket: Bucket) -> None:
    bucket.put("doc/a.txt")
    bucket.put("documents/b.txt")

    assert urls(found(f"{bucket.url}/doc")) == [f"{bucket.url}/doc/a.txt"]


def test_one_object_is_a_source_of_the_folder_it_lies_in(bucket: Bucket) -> None:
    bucket.put("a/one.txt")
    bucket.put("a/two.txt")

    (candidate,) = found(f"{bucket.url}/a/one.txt").candidates

    assert candidate.source == Source(root=f"{bucket.url}/a", path="one.txt")


def test_a_folder_below_a_known_one_belongs_to_it_and_one_above_takes_it_over(
    bucket: Bucket,
) -> None:
    bucket.put("a/b/c.txt")
    known = Source(root=f"{bucket.url}/a", path="b/c.txt")

    below = found(f"{bucket.url}/a/b", known=[known])
    above = found(bucket.url, known=[known])

    assert [each.source for each in below.candidates] == [known]
    assert [each.source for each in above.candidates] == [Source(root=bucket.url, path="a/b/c.txt")]
    assert above.adopted == {f"{bucket.url}/a": (bucket.url, "a/")}


def test_hidden_names_lock_files_other_types_and_folder_markers_are_left_out() -> None:
    keys = [
        "a.txt",
        "empty/",
        "x.png",
        ".secret.txt",
        ".git/a.txt",
        "~$a.md",
        "b/.c/d.txt",
        "b/e.md",
    ]

    assert listing(*keys) == ["a.txt", "b/e.md"]


def test_odd_keys_keep_their_names() -> None:
    keys = [
        "//b.txt",
        "/a.txt",
        "a b.txt",
        "a//b.txt",
        "a?b#c%20.txt",
        "caf\xe9.txt",
        "cafe\u0301.txt",
    ]
    keys += ["合同/第一份.txt", "x/" * 400 + "deep.txt"]

    assert listing(*keys) == sorted(keys)


def test_a_name_of_dots_is_a_hidden_one() -> None:
    assert listing("../a.txt", "a/../b.txt", "./c.txt", "d.txt") == ["d.txt"]


def test_a_key_that_cannot_be_read_is_named() -> None:
    objects = [
        ObjectInfo(url=f"s3://b/{key}", size=3, revision="", mtime_ns=0)
        for key in ("a.txt?versionId=1.txt", "nul\0.txt", "good.txt")
    ]

    made = discover_objects(
        objects, ObjectStore("s3"), "s3://b", extensions=TYPES, stop=threading.Event()
    )

    assert [file.path for file in made.files] == ["good.txt"]
    assert [path for path, _ in made.unreadable] == ["a.txt?versionId=1.txt", "nul\0.txt"]
    assert all("another key" in reason for _, reason in made.unreadable)


def test_ignore_files_hold_in_their_folder_and_below(bucket: Bucket) -> None:
    bucket.put(".kbignore", "draft-*\n/old/\n")
    bucket.put("draft-1.txt")
    bucket.put("old/.kbignore", b"\xff\xfe is never read: its folder is left out")
    bucket.put("old/a.txt")
    bucket.put("sub/.kbignore", "!draft-2.txt\nb.txt\n")
    bucket.put("sub/draft-2.txt")
    bucket.put("sub/deep/b.txt")
    bucket.put("sub/c.txt")

    finder = found(bucket.url)

    assert urls(finder) == [f"{bucket.url}/sub/c.txt", f"{bucket.url}/sub/draft-2.txt"]
    assert not finder.failed


def test_ignore_files_above_the_folder_hold_as_far_as_the_root(bucket: Bucket) -> None:
    bucket.put(".kbignore", "b.txt\nsub/\n")
    bucket.put("sub/a.txt")
    bucket.put("sub/b.txt")

    finder = found(f"{bucket.url}/sub", known=[Source(root=bucket.url, path="x.txt")])

    assert urls(finder) == [f"{bucket.url}/sub/a.txt"]


def test_an_ignore_file_that_cannot_be_used_closes_its_folder_alone(bucket: Bucket) -> None:
    bucket.put("a.txt")
    bucket.put("sub/.kbignore", b"\xff\xfb")
    bucket.put("sub/b.txt")
    known = Source(root=bucket.url, path="sub/b.txt")

    finder = found(bucket.url, known=[known])

    assert urls(finder) == [f"{bucket.url}/a.txt"]
    (failure,) = finder.failed.values()
    assert failure.source.path == "sub/.kbignore"
    assert "UTF-8" in failure.reason
    assert not finder.looked_for(known)


def test_patterns_are_relative_to_the_url_that_was_given(bucket: Bucket) -> None:
    for key in ("in/a.txt", "in/b.md", "in/deep/c.md"):
        bucket.put(key)

    finder = found(f"{bucket.url}/in", include=["*.md"], exclude=["/deep/"])

    assert urls(finder) == [f"{bucket.url}/in/b.md"]


def test_the_rule_that_leaves_a_known_object_out_is_told(bucket: Bucket) -> None:
    bucket.put("a.txt")
    known = Source(root=bucket.url, path="a.txt")

    finder = found(bucket.url, known=[known], exclude=["a.txt"])

    assert finder.looked_for(known)
    assert not finder.is_gone(known)
    assert str(finder.rule_of(known)) == "--exclude"


def test_an_object_that_is_not_listed_is_gone(bucket: Bucket) -> None:
    bucket.put("b.txt")
    known = Source(root=bucket.url, path="a.txt")

    finder = found(bucket.url, known=[known])

    assert finder.looked_for(known)
    assert finder.is_gone(known)


def test_a_folder_whose_objects_are_all_gone_is_an_empty_folder(bucket: Bucket) -> None:
    known = Source(root=f"{bucket.url}/a", path="a.txt")

    finder = found(f"{bucket.url}/a", known=[known])

    assert finder.candidates == []
    assert finder.is_gone(known)
    with pytest.raises(UnreadableFileError, match="there is nothing at memory://"):
        found(f"{bucket.url}/b", known=[known])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a b", "a%20b"),
        ("a b", "a b"),
        ("what?#1;x", "what?#1;x"),
        ("100%", "100%"),
        ("100%", "100%25"),
        ("a%20b", "a%2520b"),
        ("合同", "合同"),
        ("合同", "%E5%90%88%E5%90%8C"),
        ("[a", "[a"),
        ("a\tb", "a\tb"),
    ],
)
def test_a_file_url_is_the_folder_of_this_machine_as_by_its_path(
    tmp_path: Path, name: str, written: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "a b.txt").write_text("x")

    by_url = found(f"file://{tmp_path}/{written}").candidates

    assert [each.source for each in by_url] == [Source(root=str(folder), path="a b.txt")]
    assert by_url == found(folder).candidates == found(folder.as_uri()).candidates


@pytest.mark.skipif(sys.platform != "linux", reason="names there are no bytes")
def test_a_file_url_of_a_name_that_is_no_text_is_its_folder(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "a.txt").write_text("x")

    assert found(folder.as_uri()).candidates == found(folder).candidates != []


def test_an_object_that_a_store_lists_elsewhere_ends_the_search_by_name(
    monkeypatch: pytest.MonkeyPatch, bucket: Bucket
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415 - heavy

    bucket.put("sub/report.txt")
    real = MemoryFileSystem.ls

    def ls(self: object, path: str, **options: object) -> object:
        return real(self, path.replace("/other", "/sub"), **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)

    with pytest.raises(UnreadableFileError, match=r"cannot be listed: .*/sub/report\.txt") as told:
        found(f"{bucket.url}/other")

    assert f"{bucket.url}/other" in str(told.value)


def test_an_object_behind_two_slashes_is_of_the_same_folder_by_its_url(bucket: Bucket) -> None:
    bucket.put("a//b.txt")
    known = Source(root=f"{bucket.url}/a", path="/b.txt")

    assert [each.source for each in found(f"{bucket.url}/a//b.txt").candidates] == [known]


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        ["s3://AKIA123:abc/def@bucket/x", "s3://AKIA123:hush@bucket/x", "gs://hush@bucket"],
    )
    def test_a_url_with_a_key_in_it_is_refused_and_not_repeated(self, url: str) -> None:
        with pytest.raises(SettingsError, match="credentials to the environment") as refused:
            found(url)

        assert "hush" not in str(refused.value)
        assert "AKIA" not in str(refused.value)
        assert "abc" not in str(refused.value)

    @pytest.mark.parametrize("url", ["https://example.org/a", "ftp://a/b", "sftp://me:hush@h/b"])
    def test_other_urls_are_refused(self, url: str) -> None:
        with pytest.raises(SettingsError, match="s3://, gs:// or file://") as refused:
            found(url)

        assert "hush" not in str(refused.value)

    def test_a_chain_of_urls_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="chain"):
            found("s3://bucket/a.zip::file:///etc")

    def test_a_url_without_a_bucket_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="names no bucket"):
            found("s3:///key")

    @pytest.mark.parametrize("slashes", ["//", "///"])
    def test_a_slash_too_many_behind_the_bucket_is_refused(self, slashes: str) -> None:
        with pytest.raises(SettingsError, match=r"write s3://bucket/docs/x, or s3://bucket for"):
            found(f"s3a://bucket{slashes}docs/x/")

    @pytest.mark.parametrize("url", ["file://", "file://localhost"])
    def test_a_file_url_without_a_folder_is_refused(self, url: str) -> None:
        with pytest.raises(SettingsError, match="file:///FOLDER"):
            found(url)

    def test_a_url_that_was_made_a_path_is_told_what_it_lost(self) -> None:
        with pytest.raises(SettingsError, match=r"give it as text: s3://bucket/a"):
            found(Path("s3://bucket/a"))

    def test_a_file_of_another_machine_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="three slashes"):
            found("file://server/share")

    def test_a_missing_package_is_named_with_its_extra(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "find_spec", lambda _: None)

        with pytest.raises(MissingExtraError, match=r"s3fs.*pip install 'shelfmark\[s3\]'"):
            found("s3://bucket")
        with pytest.raises(MissingExtraError, match=r"gcsfs.*pip install 'shelfmark\[gs\]'"):
            found("gs://bucket")


class TestClient:
    """What is said of a client that cannot be made, at ones that fail."""

    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
        import fsspec  # noqa: PLC0415 - heavy

        def fail(error: Exception) -> None:
            class Client(fsspec.AbstractFileSystem):  # type: ignore[misc] # has no types
                def __init__(self, **_: object) -> None:
                    raise error

            monkeypatch.setitem(clients(), "gs", Client)

        monkeypatch.setattr(client, "find_spec", bool)
        return fail

    def test_settings_that_it_cannot_use_are_named(
        self, failing: Callable[[Exception], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("FSSPEC_CONFIG_DIR", str(tmp_path))
        failing(ValueError("Expecting value: line 1"))

        with pytest.raises(SettingsError, match=r"gcsfs .*Expecting value: line 1") as told:
            found("gs://bucket/x")

        assert "FSSPEC_GS" in str(told.value)
        assert str(tmp_path) in str(told.value)

    def test_a_package_below_it_that_does_not_fit_is_named_with_what_mends_it(
        self, failing: Callable[[Exception], None]
    ) -> None:
        failing(ImportError("cannot import name 'AioSession' from 'aiobotocore'"))

        with pytest.raises(UnreadableFileError, match=r"AioSession.*pip install --upgrade gcsfs"):
            found("gs://bucket/x")

    def test_a_package_that_cannot_be_imported_is_named_with_the_cause(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "s3fs.py").write_text("from json import AioSession")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "s3fs", raising=False)
        monkeypatch.delitem(clients(), "s3", raising=False)

        with pytest.raises(UnreadableFileError, match=r"'AioSession'.*pip install --upgrade s3fs"):
            found("s3://bucket/x")

    def test_a_file_of_its_configuration_that_cannot_be_used_is_named_and_not_repeated(
        self, tmp_path: Path
    ) -> None:
        contents = {
            "no json.json": "{s3: hush}",
            "a list.json": '["hush"]',
            "a number.json": '{"s3": 1}',
            "no text.json": b"\xff\xfe",
            "no section.ini": "secret = hush",
            "unknown.ini": "[s3]\nsecret = %(hush)s\n",
        }
        files = [tmp_path / str(number) / name for number, name in enumerate(contents)]
        for file in files:
            file.parent.mkdir()
            (file.parent / "a good one.json").write_text('{"memory": {}}')
            content = contents[file.name]
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

        told = configured_by([file.parent for file in files])

        for file, line in zip(files, told, strict=True):
            assert line.startswith(f"SettingsError {file} configures fsspec, which cannot read it")
            assert "hush" not in line


def clients() -> dict[str, type]:
    """Return the clients that fsspec has imported, by scheme."""
    registered: dict[str, type] = import_module("fsspec.registry")._registry
    return registered


def configured_by(folders: list[Path]) -> list[str]:
    """Return the errors of searches in another process: fsspec reads its files when imported."""
    program = (
        "import os, sys\n"
        "from ingest.finding.finder import Finder\n"
        "from kb.errors import KnowledgeBaseError\n"
        "for os.environ['FSSPEC_CONFIG_DIR'] in sys.argv[1:]:\n"
        "    try: Finder(()).find(['memory://bucket/x'])\n"
        "    except KnowledgeBaseError as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, folders)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.splitlines()


class TestRequests:
    """What becomes of requests that fail, at a store whose failures are played."""

    @staticmethod
    def store(monkeypatch: pytest.MonkeyPatch, *failures: Exception) -> ObjectStore:
        from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415 - heavy

        left = list(failures)
        real = MemoryFileSystem.ls

        def ls(self: object, path: str, **options: object) -> object:
            if left:
                raise left.pop(0)
            return real(self, path, **options)

        monkeypatch.setattr(MemoryFileSystem, "ls", ls)
        return ObjectStore("memory", patience=RetryPolicy(attempts=3, base_s=0.001))

    def test_a_failure_that_passes_is_not_seen(
        self, monkeypatch: pytest.MonkeyPatch, bucket: Bucket
    ) -> None:
        bucket.put("a.txt")
        store = self.store(monkeypatch, TimeoutError(), ConnectionResetError("reset"))

        (info,) = store.below(bucket.url, threading.Event())

        assert info.url == f"{bucket.url}/a.txt"

    def test_who_waits_to_try_again_stops_when_the_caller_does(
        self, monkeypatch: pytest.MonkeyPatch, bucket: Bucket
    ) -> None:
        from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415 - heavy

        caller = threading.Event()

        def ls(*_: object, **__: object) -> None:
            caller.set()
            raise ConnectionResetError

        monkeypatch.setattr(MemoryFileSystem, "ls", ls)
        # A wait of days, were it waited for.
        store = ObjectStore("memory", patience=RetryPolicy(attempts=3, base_s=1e6, cap_s=1e6))

        with pytest.raises(StoppedError):
            store.below(bucket.url, Cancellation(caller))

    def test_a_disk_that_cannot_be_written_is_not_taken_for_the_store_that_fails(
        self, bucket: Bucket, tmp_path: Path
    ) -> None:
        bucket.put("a.txt")
        target = tmp_path / "not there" / "a.txt"

        with pytest.raises(StoreError, match="not there cannot be written"):
            ObjectStore("memory").download(
                f"{bucket.url}/a.txt", target, most_bytes=100, stop=threading.Event()
            )

    @pytest.mark.parametrize(
        ("failures", "said"),
        [
            ([ConnectionRefusedError(111, "Connection refused")] * 3, "does not answer"),
            ([PermissionError("Access Denied")], "access is denied"),
            # As gcsfs says it.
            ([OSError("Forbidden: b/bucket/o\nmay not list")], "access is denied"),
        ],
    )
    def test_a_failure_that_lasts_is_named(
        self,
        monkeypatch: pytest.MonkeyPatch,
        bucket: Bucket,
        failures: list[Exception],
        said: str,
    ) -> None:
        bucket.put("a.txt")
        store = self.store(monkeypatch, *failures)

        with pytest.raises(UnreadableFileError, match=said) as told:
            store.below(bucket.url, threading.Event())

        assert bucket.url in str(told.value)


def test_what_is_said_of_a_folder_by_its_url_comes_with_its_objects() -> None:
    source = Source(root="s3://bucket/minutes", path="2025/may.md")

    assert lies_in(clean_folder("s3://bucket/minutes"), source)
    assert lies_in(clean_folder("minutes/2025"), source)
    assert not lies_in(clean_folder("s3://bucket/other"), source)
    assert list(folders_of(source)) == ["2025", "minutes"]
