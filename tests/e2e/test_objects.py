"""Object storage kept in step: only what has changed is fetched, and nothing stays on this disk."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from objects_in_memory import Bucket, bucket_in_memory
from rich.console import Console
from typer.testing import CliRunner

from ingest import IngestOptions, IngestReport, ingest
from ingest.cli import app
from ingest.display import print_report
from ingest.finding.objects.filesystem import ObjectStore
from ingest.watch import Watcher
from kb import KnowledgeBase, Settings
from kb.client import Client
from kb.errors import SettingsError
from kb.records import FileState

TEA = "Green tea is steeped for two minutes at eighty degrees.\n"
HARBOUR = "The harbour office opens at seven and closes at noon on Sundays.\n"
BICYCLE = "The chain of a bicycle is cleaned and oiled every five hundred kilometres.\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("data"), workers=1, sentences=False, max_file_mb=1
    )
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with bucket_in_memory() as made:
        made.put("docs/tea.txt", TEA)
        made.put("docs/guides/harbour.txt", HARBOUR)
        yield made


class Fill:
    """Fills a collection of a test's own, and counts what is fetched."""

    def __init__(self, base: KnowledgeBase, name: str) -> None:
        self.base = base
        self.name = name
        self.fetched: list[str] = []

    def __call__(self, *urls: str, **options: object) -> IngestReport:
        self.fetched.clear()
        chosen = IngestOptions(**options)  # type: ignore[arg-type] # by name
        return ingest(self.base, urls, collection=self.name, options=chosen)

    @property
    def states(self) -> list[FileState]:
        return self.base.files.states(collection=self.name)

    def found(self, query: str) -> list[str]:
        return [hit.source for hit in self.base.search(query, collection=self.name)]


@pytest.fixture
def fill(base: KnowledgeBase, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Fill:
    made = Fill(base, bucket.name)
    real = ObjectStore.download

    def download(self: ObjectStore, url: str, target: Path, **options: object) -> object:
        made.fetched.append(url)
        return real(self, url, target, **options)  # type: ignore[arg-type] # as given

    monkeypatch.setattr(ObjectStore, "download", download)
    return made


def outcomes(report: IngestReport) -> dict[str, str]:
    return {result.source.path: result.outcome for result in report.files}


def test_objects_are_found_by_their_text_and_shown_by_their_url(fill: Fill, bucket: Bucket) -> None:
    report = fill(f"{bucket.url}/docs")

    assert outcomes(report) == {"tea.txt": "added", "guides/harbour.txt": "added"}
    assert fill.found("when does the harbour office open")[0] == (
        f"{bucket.url}/docs/guides/harbour.txt"
    )
    record = fill.base.runs(collections=[fill.name])[0]
    assert list(record.paths) == [f"{bucket.url}/docs"]
    assert not list((fill.base.settings.data_dir / "fetched").glob("*/object-*"))


def test_a_document_is_read_by_its_url(fill: Fill, bucket: Bucket) -> None:
    fill(bucket.url)

    reading = fill.base.read(f"{bucket.url}/docs/tea.txt", collection=fill.name)

    assert "eighty degrees" in reading.text


def test_what_is_unchanged_is_not_fetched_again(fill: Fill, bucket: Bucket) -> None:
    fill(bucket.url)
    bucket.put("docs/tea.txt", TEA.replace("eighty", "ninety"))

    report = fill(bucket.url)

    assert outcomes(report) == {"docs/tea.txt": "changed", "docs/guides/harbour.txt": "unchanged"}
    assert fill.fetched == [f"{bucket.url}/docs/tea.txt"]
    assert "ninety" in fill.base.search("tea degrees", collection=fill.name)[0].text


def test_an_object_written_again_with_the_same_content_is_fetched_once_and_not_read(
    fill: Fill, bucket: Bucket
) -> None:
    fill(bucket.url)
    bucket.put("docs/tea.txt", TEA)

    first, fetched = fill(bucket.url), list(fill.fetched)
    second = fill(bucket.url)

    assert outcomes(first)["docs/tea.txt"] == outcomes(second)["docs/tea.txt"] == "unchanged"
    assert (fetched, fill.fetched) == ([f"{bucket.url}/docs/tea.txt"], [])


def test_checksum_fetches_all_to_compare_them(fill: Fill, bucket: Bucket) -> None:
    fill(bucket.url)

    report = fill(bucket.url, checksum=True)

    assert set(outcomes(report).values()) == {"unchanged"}
    assert len(fill.fetched) == 2


def test_an_object_under_another_key_is_moved_and_not_embedded_again(
    fill: Fill, bucket: Bucket
) -> None:
    fill(bucket.url)
    bucket.delete("docs/tea.txt")
    bucket.put("kitchen/green tea.txt", TEA)

    report = fill(bucket.url)

    moved = next(result for result in report.files if result.outcome == "moved")
    assert str(moved.old_source) == f"{bucket.url}/docs/tea.txt"
    assert report.embedded == 0
    assert f"{bucket.url}/kitchen/green tea.txt" in fill.found("green tea")
    assert "moved" not in outcomes(fill(bucket.url)).values()
    assert fill.fetched == []


def test_a_deleted_object_is_named_and_removed_with_prune(fill: Fill, bucket: Bucket) -> None:
    bucket.put("docs/bicycle.txt", BICYCLE)
    fill(bucket.url)
    bucket.delete("docs/bicycle.txt")

    kept = fill(bucket.url)
    removed = fill(bucket.url, prune=True)

    assert [str(source) for source in kept.gone] == [f"{bucket.url}/docs/bicycle.txt"]
    assert f"{bucket.url}/docs/bicycle.txt" in kept.still_searchable()[0]
    assert outcomes(removed)["docs/bicycle.txt"] == "removed"
    assert len(fill.states) == 2


def test_a_bucket_that_is_empty_all_at_once_is_not_pruned_unless_forced(
    fill: Fill, bucket: Bucket
) -> None:
    fill(bucket.url)
    bucket.empty()

    kept = fill(bucket.url, prune=True)
    assert "nothing was removed" in kept.remarks[0]
    assert len(fill.states) == 2

    fill(bucket.url, prune=True, force_prune=True)
    assert fill.states == []


def test_an_object_that_an_ignore_file_leaves_out_is_told_and_pruned(
    fill: Fill, bucket: Bucket
) -> None:
    bucket.put("docs/bicycle.txt", BICYCLE)
    fill(bucket.url)
    bucket.put("docs/.kbignore", "bicycle.txt\n")

    kept = fill(bucket.url)
    assert [str(each.source) for each in kept.left_out] == [f"{bucket.url}/docs/bicycle.txt"]
    assert str(kept.left_out[0].rule) == "docs/.kbignore"

    assert outcomes(fill(bucket.url, prune=True))["docs/bicycle.txt"] == "removed"


def test_a_folder_above_takes_over_what_was_given_by_itself(fill: Fill, bucket: Bucket) -> None:
    fill(f"{bucket.url}/docs/guides")

    report = fill(bucket.url)

    assert outcomes(report) == {"docs/guides/harbour.txt": "unchanged", "docs/tea.txt": "added"}
    assert {state.source.root for state in fill.states} == {bucket.url}


def test_an_empty_folder_whose_objects_lie_in_another_one_is_not_taken_for_it_by_size_alone(
    fill: Fill, bucket: Bucket
) -> None:
    fill(f"{bucket.url}/docs")
    bucket.delete("docs/tea.txt")
    bucket.delete("docs/guides/harbour.txt")
    bucket.put("papers/tea.txt", TEA)
    bucket.put("papers/guides/harbour.txt", HARBOUR)

    report = fill(f"{bucket.url}/papers")

    # Nothing but their times tells these objects apart: their bytes say that they are copies.
    assert set(outcomes(report).values()) == {"added"}
    assert report.embedded == 0


def test_a_folder_that_was_renamed_takes_its_documents_along(fill: Fill, bucket: Bucket) -> None:
    fill(f"{bucket.url}/docs")
    bucket.move("docs/tea.txt", "papers/2025/tea.txt")
    bucket.move("docs/guides/harbour.txt", "papers/2025/guides/harbour.txt")

    report = fill(f"{bucket.url}/papers")

    assert outcomes(report) == {
        "2025/tea.txt": "unchanged",
        "2025/guides/harbour.txt": "unchanged",
    }
    assert report.remarks == (
        f"the folder {bucket.url}/docs is {bucket.url}/papers/2025 now; its files were taken over",
    )
    assert fill.fetched == []
    assert {state.source.root for state in fill.states} == {f"{bucket.url}/papers"}


def test_a_folder_that_was_copied_is_another_one(fill: Fill, bucket: Bucket) -> None:
    bucket.put("docs/third.txt", BICYCLE)
    fill(f"{bucket.url}/docs")
    bucket.move("docs/tea.txt", "papers/tea.txt")
    bucket.move("docs/guides/harbour.txt", "papers/guides/harbour.txt")

    report = fill(f"{bucket.url}/papers")

    assert report.remarks == ()
    assert {state.source.root for state in fill.states} == {
        f"{bucket.url}/docs",
        f"{bucket.url}/papers",
    }


def test_one_object_of_a_type_that_is_not_read_is_named_and_not_fetched(
    fill: Fill, bucket: Bucket
) -> None:
    bucket.put("picture.png", b"no text")

    (failure,) = fill(f"{bucket.url}/picture.png").failures

    assert failure.reason_code == "unsupported_format"
    assert "picture.png" in failure.reason
    assert fill.fetched == []


def test_an_archive_remembers_what_an_object_store_calls_its_objects(
    fill: Fill, bucket: Bucket, tmp_path: Path
) -> None:
    fill(bucket.url)
    fill.base.export(tmp_path / "all.kbz", collection=fill.name)

    fill.base.import_archive(tmp_path / "all.kbz", collection=f"{fill.name} again")

    states = fill.base.files.states(collection=f"{fill.name} again")
    assert [(s.source, s.revision) for s in states] == [(s.source, s.revision) for s in fill.states]
    assert all(state.revision for state in states)


def test_objects_are_not_sent_to_a_server(bucket: Bucket) -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(SettingsError, match="where the"):
        ingest(client, bucket.url)


def test_the_history_keeps_the_urls_of_folders_that_have_documents(
    fill: Fill, bucket: Bucket
) -> None:
    fill(bucket.url)
    fill(f"{bucket.url}/docs/guides")
    bucket.delete("docs/tea.txt")
    fill(bucket.url, prune=True)

    fill.base.compact()

    runs = fill.base.runs(collections=[fill.name])
    assert [list(run.paths) for run in reversed(runs)] == [
        [bucket.url],
        [f"{bucket.url}/docs/guides"],
        [bucket.url],
    ]
    told = [name for run in runs for names in run.changes.values() for name in names]
    assert not [name for name in told if "tea" in name]


def test_nothing_is_removed_when_the_listing_fails(
    fill: Fill, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415 - heavy

    fill(bucket.url)
    real = MemoryFileSystem.ls

    def ls(self: object, path: str, **options: object) -> object:
        if path.endswith("/guides"):
            msg = "Access Denied"
            raise PermissionError(msg)
        return real(self, path, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)

    with pytest.raises(Exception, match="access is denied"):
        fill(bucket.url, prune=True, force_prune=True)
    assert len(fill.states) == 2


def test_an_object_that_is_too_large_is_not_fetched(fill: Fill, bucket: Bucket) -> None:
    bucket.put("my-object.txt", b"x" * (fill.base.settings.max_file_mb * 2**20 + 1))

    report = fill(bucket.url)

    failure = report.failures[0]
    assert (failure.source.path, failure.reason_code) == ("my-object.txt", "too_large")
    assert f"{bucket.url}/my-object.txt has" in failure.reason
    assert f"{bucket.url}/my-object.txt" not in fill.fetched


def test_an_object_that_cannot_be_read_is_named_by_its_url(fill: Fill, bucket: Bucket) -> None:
    bucket.put("broken.pdf", b"%PDF-1.7 and nothing else")

    (failure,) = fill(bucket.url).failures

    assert "broken.pdf" in failure.reason
    assert "object-" not in failure.reason
    assert fill.base.files.failed(collection=fill.name)[0].source.root == bucket.url


def test_an_object_that_vanishes_after_it_was_listed_costs_only_itself(
    fill: Fill, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ObjectStore.below

    def below(self: ObjectStore, url: str, stop: threading.Event) -> object:
        listed = real(self, url, stop)
        bucket.delete("docs/tea.txt")
        return listed

    monkeypatch.setattr(ObjectStore, "below", below)

    report = fill(bucket.url)

    assert outcomes(report) == {"docs/tea.txt": "failed", "docs/guides/harbour.txt": "added"}
    assert "does not exist" in report.failures[0].reason


def test_an_object_that_changes_after_it_was_listed_is_read_as_it_is_then(
    fill: Fill, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ObjectStore.below

    def below(self: ObjectStore, url: str, stop: threading.Event) -> object:
        listed = real(self, url, stop)
        bucket.put("docs/tea.txt", TEA.replace("eighty", "seventy-five"))
        monkeypatch.setattr(ObjectStore, "below", real)
        return listed

    monkeypatch.setattr(ObjectStore, "below", below)

    fill(bucket.url)

    assert "seventy-five" in fill.base.search("tea degrees", collection=fill.name)[0].text
    assert outcomes(fill(bucket.url))["docs/tea.txt"] == "unchanged"
    assert fill.fetched == []


def test_a_copy_of_a_file_shares_its_document(fill: Fill, bucket: Bucket) -> None:
    bucket.put("copy.txt", TEA)

    fill(bucket.url)

    (info,) = [i for i in fill.base.documents(collection=fill.name) if len(i.sources) == 2]
    assert {source.path for source in info.sources} == {"copy.txt", "docs/tea.txt"}


def test_a_dry_run_says_what_would_happen_and_fetches_only_what_may_be_known(
    fill: Fill, bucket: Bucket
) -> None:
    fill(bucket.url)
    bucket.put("new.txt", "Something else of another length.\n")
    bucket.delete("docs/tea.txt")
    bucket.put("tea, moved.txt", TEA)

    report = fill(bucket.url, dry_run=True)

    assert outcomes(report) == {
        "docs/guides/harbour.txt": "unchanged",
        "new.txt": "added",
        "tea, moved.txt": "moved",
    }
    assert fill.fetched == [f"{bucket.url}/tea, moved.txt"]
    assert len(fill.states) == 2


def test_what_a_killed_run_fetched_is_deleted_by_the_next(fill: Fill, bucket: Bucket) -> None:
    left = fill.base.settings.data_dir / "fetched" / "left"
    left.mkdir(parents=True)
    (left / "object-1.txt").write_text(TEA)

    fill(bucket.url)

    assert not left.exists()


def test_what_is_fetched_is_for_its_owner_alone(
    fill: Fill, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    real = ObjectStore.download

    def download(self: ObjectStore, url: str, target: Path, **options: object) -> object:
        modes.extend(folder.stat().st_mode & 0o077 for folder in target.parents[:2])
        return real(self, url, target, **options)  # type: ignore[arg-type] # as given

    monkeypatch.setattr(ObjectStore, "download", download)

    fill(bucket.url)

    assert modes == [0] * 4


def test_an_interrupted_run_keeps_what_was_read_and_the_next_one_does_the_rest(
    fill: Fill, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = threading.Event()
    real = ObjectStore.download

    def download(self: ObjectStore, url: str, target: Path, **options: object) -> object:
        cancel.set()
        return real(self, url, target, **options)  # type: ignore[arg-type] # as given

    with monkeypatch.context() as during:
        during.setattr(ObjectStore, "download", download)
        report = ingest(fill.base, bucket.url, collection=fill.name, cancel=cancel)

    assert report.interrupted
    assert not list((fill.base.settings.data_dir / "fetched").glob("*/object-*"))
    assert "removed" not in outcomes(fill(bucket.url)).values()
    assert len(fill.states) == 2


def test_a_search_can_be_narrowed_to_a_url(fill: Fill, bucket: Bucket) -> None:
    from kb import SearchFilter  # noqa: PLC0415 - beside its use

    fill(bucket.url)
    inside = SearchFilter(path=f"{bucket.url}/docs/guides/*")

    hits = fill.base.search("tea or harbour", collection=fill.name, where=inside)

    assert {hit.source for hit in hits} == {f"{bucket.url}/docs/guides/harbour.txt"}


def test_objects_are_not_watched(fill: Fill, bucket: Bucket) -> None:
    watcher = Watcher(
        fill.base,
        [bucket.url],
        options=IngestOptions(),
        on_report=lambda _: None,
        on_error=lambda _: None,
        on_remark=lambda _: None,
    )

    with pytest.raises(SettingsError, match="without --watch now and then"):
        watcher.run()


def test_the_command_refuses_a_key_in_a_url_and_does_not_repeat_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path))

    result = CliRunner().invoke(app, ["s3://AKIAKEY:hush@bucket/docs", "--dry-run", "--json"])

    assert result.exit_code == 2
    assert "a s3:// URL with a key in it" in result.stderr.replace("\n", " ")
    assert "hush" not in result.output


def test_the_report_names_objects_in_json(fill: Fill, bucket: Bucket) -> None:
    told = json.loads(json.dumps(fill(f"{bucket.url}/docs").to_json()))

    assert {file["root"] for file in told["files"]} == {f"{bucket.url}/docs"}


def test_the_report_names_an_object_that_failed_by_its_url(fill: Fill, bucket: Bucket) -> None:
    bucket.put("broken.pdf", b"%PDF-1.7 and nothing else")
    report = fill(bucket.url)
    printed = io.StringIO()

    print_report(report, Console(file=printed, highlight=False, soft_wrap=True))

    assert f"{bucket.url}/broken.pdf: broken.pdf " in printed.getvalue()
