"""Object storage as s3fs and a server give it: run by ``test_object_storage.py``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hashing_embedder import HashingEmbedder

from ingest import IngestOptions, IngestReport, UnreadableFileError, ingest
from ingest.finding.finder import Finder
from ingest.finding.objects.filesystem import ObjectStore
from kb import KnowledgeBase, Settings
from kb.errors import SettingsError

sys.path.append(str(Path(__file__).parent))

from s3_server import S3, Answer, Request, s3_server

if TYPE_CHECKING:
    from collections.abc import Callable

NEVER_SHOWN = "made-up/and-never-shown+EXAMPLE"
TEA = "Green tea is steeped for two minutes at eighty degrees.\n"
HARBOUR = "The harbour office opens at seven and closes at noon on Sundays.\n"

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:botocore", "ignore::ResourceWarning"
)


@pytest.fixture(scope="module")
def new_bucket() -> Iterator[Callable[[], S3]]:
    with s3_server() as made:
        yield made


@pytest.fixture
def s3(new_bucket: Callable[[], S3], monkeypatch: pytest.MonkeyPatch) -> S3:
    made = new_bucket()
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    made.put("docs/tea.txt", TEA)
    made.put("docs/guides/harbour.txt", HARBOUR)
    return made


def environment(s3: S3) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": NEVER_SHOWN,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("data"), workers=1, sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def run(base: KnowledgeBase, s3: S3) -> Callable[..., IngestReport]:
    def done(*urls: str, **options: object) -> IngestReport:
        s3.requests.clear()
        chosen = IngestOptions(**options)  # type: ignore[arg-type] # by name
        return ingest(base, urls or [s3.url], collection=s3.bucket, options=chosen)

    return done


Run = "Callable[..., IngestReport]"


def outcomes(report: IngestReport) -> dict[str, str]:
    return {result.source.path: result.outcome for result in report.files}


def test_only_what_has_another_etag_is_fetched(run: Run, s3: S3) -> None:
    first = run()
    assert set(outcomes(first).values()) == {"added"}

    second = run()
    assert set(outcomes(second).values()) == {"unchanged"}
    assert [request.lists for request in s3.requests] == [True]

    s3.put("docs/tea.txt", TEA.replace("eighty", "ninety"))
    third = run()
    assert outcomes(third) == {"docs/tea.txt": "changed", "docs/guides/harbour.txt": "unchanged"}
    assert set(s3.fetched()) == {"docs/tea.txt"}


def test_moves_and_deletions_are_seen(run: Run, s3: S3) -> None:
    s3.put("docs/third.txt", "A third file that stays where it is.\n")
    s3.put("docs/fourth.txt", "A fourth file that stays as well.\n")
    run()
    s3.put("new/tea.txt", TEA)
    s3.delete("docs/tea.txt")
    s3.delete("docs/third.txt")

    report = run(prune=True)

    assert outcomes(report) == {
        "new/tea.txt": "moved",
        "docs/third.txt": "removed",
        "docs/fourth.txt": "unchanged",
        "docs/guides/harbour.txt": "unchanged",
    }
    assert report.embedded == 0


def test_odd_keys_are_read_each_for_itself(run: Run, s3: S3) -> None:
    keys = [
        "/leading.txt",
        "a//b.txt",
        "a/b.txt",
        "a b+c%20d.txt",
        "what?.txt",
        "hash#1.txt",
        "caf\xe9.txt",
        "cafe\u0301.txt",
        "合同/第一份 合同.txt",
        "x" * 300 + ".txt",
    ]
    for number, key in enumerate(keys):
        s3.put(key, f"The text of number {number} is here.\n")
    s3.put("folder/", b"")
    s3.put("slash.txt/", b"no file can be called so")

    report = run()

    assert {p: o for p, o in outcomes(report).items() if not p.startswith("docs/")} == {
        **dict.fromkeys(keys, "added"),
        "slash.txt/": "failed",
    }
    assert "another key" in report.failures[0].reason
    assert set(outcomes(run()).values()) == {"unchanged", "failed"}


def test_keys_that_begin_with_a_slash_are_read_by_the_url_of_their_bucket(run: Run, s3: S3) -> None:
    s3.put("/docs/odd.txt", "The key of this text begins with a slash.\n")

    with pytest.raises(SettingsError, match=f"write {s3.url}/docs, or"):
        run(f"{s3.url}//docs")
    # s3fs lists "docs/" there.
    with pytest.raises(UnreadableFileError, match="does not lie there"):
        ObjectStore("s3").below(f"{s3.url}//docs", threading.Event())
    assert outcomes(run())["/docs/odd.txt"] == "added"


def test_an_object_behind_two_slashes_is_of_the_same_folder_by_its_url(run: Run, s3: S3) -> None:
    s3.put("docs//odd.txt", "There is a folder without a name above this text.\n")

    assert outcomes(run(f"{s3.url}/docs//odd.txt")) == {"/odd.txt": "added"}
    assert outcomes(run(f"{s3.url}/docs")) == {
        "/odd.txt": "unchanged",
        "tea.txt": "added",
        "guides/harbour.txt": "added",
    }


def test_a_prefix_may_be_given_with_a_slash_or_be_one_object(run: Run, s3: S3) -> None:
    s3.put("docs.txt", "Beside the folder lies a file of its name.\n")

    assert set(outcomes(run(f"{s3.url}/docs/"))) == {"tea.txt", "guides/harbour.txt"}
    assert set(outcomes(run(f"{s3.url}/docs/guides/harbour.txt"))) == {"guides/harbour.txt"}
    assert set(outcomes(run(f"{s3.url}/docs.txt"))) == {"docs.txt"}


def test_ten_thousand_objects_are_listed_a_thousand_at_a_time(s3: S3) -> None:
    for number in range(9_998):
        s3.put(f"many/{number % 7}/{number:05}.txt", b"x")

    finder = Finder(())
    finder.find([s3.url])

    assert len(finder.candidates) == 10_000
    assert sum(request.lists for request in s3.requests) == 10


class TestFailures:
    def test_a_listing_that_is_cut_ends_the_run_and_removes_nothing(
        self, run: Run, s3: S3, base: KnowledgeBase
    ) -> None:
        for number in range(1_100):
            s3.put(f"many/{number:05}.png", b"x")
        run()
        s3.judge = lambda r: (403, "AccessDenied") if "continuation-token" in r.query else None

        with pytest.raises(UnreadableFileError, match="access is denied"):
            run(prune=True, force_prune=True)

        assert len(base.files.states(collection=s3.bucket)) == 2

    def test_who_may_not_list_may_ingest_an_object_by_its_name(self, run: Run, s3: S3) -> None:
        s3.judge = lambda request: (403, "AccessDenied") if request.lists else None

        assert outcomes(run(f"{s3.url}/docs/tea.txt")) == {"tea.txt": "added"}
        with pytest.raises(UnreadableFileError, match="access is denied"):
            run(f"{s3.url}/docs")

    def test_a_server_that_is_busy_for_a_moment_is_asked_again(self, run: Run, s3: S3) -> None:
        left = [(503, "ServiceUnavailable"), (500, "InternalError")] * 2

        def judge(_: Request) -> Answer:
            return left.pop() if left else None

        s3.judge = judge

        assert set(outcomes(run()).values()) == {"added"}
        assert not left

    def test_an_object_that_may_not_be_read_costs_only_itself(self, run: Run, s3: S3) -> None:
        s3.judge = lambda r: (403, "AccessDenied") if r.key == "docs/tea.txt" else None

        report = run()

        assert outcomes(report) == {"docs/tea.txt": "failed", "docs/guides/harbour.txt": "added"}
        assert report.failures[0].reason.startswith(f"{s3.url}/docs/tea.txt cannot be read: access")
        s3.judge = lambda _: None
        assert outcomes(run())["docs/tea.txt"] == "added"

    def test_an_object_that_is_replaced_while_it_is_fetched_is_read_whole(
        self, run: Run, s3: S3, base: KnowledgeBase
    ) -> None:
        replaced = threading.Event()

        def judge(request: Request) -> Answer:
            if request.gets and request.key == "docs/tea.txt" and not replaced.is_set():
                replaced.set()
                s3.put("docs/tea.txt", TEA.replace("eighty", "seventy-five"))
            return None

        s3.judge = judge
        run()

        hit = base.search("tea degrees", collection=s3.bucket)[0]
        assert "seventy-five" in hit.text
        assert set(outcomes(run()).values()) == {"unchanged"}

    def test_a_bucket_that_does_not_exist_is_named(self, run: Run) -> None:
        with pytest.raises(UnreadableFileError, match=r"s3://no-such-bucket-at-all.*not exist"):
            run("s3://no-such-bucket-at-all/docs")

    def test_an_endpoint_that_is_down_is_named(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

        with pytest.raises(UnreadableFileError, match="does not answer") as told:
            run()

        assert NEVER_SHOWN not in str(told.value)

    def test_missing_credentials_are_named(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)

        with pytest.raises(UnreadableFileError, match="AWS_ACCESS_KEY_ID"):
            run()


class TestCommand:
    """The command in a process of its own, whose endpoint fsspec's own configuration names."""

    @staticmethod
    def start(data_dir: Path, s3: S3, *more: str) -> subprocess.Popen[str]:
        chosen = environment(s3)
        chosen["FSSPEC_S3_ENDPOINT_URL"] = chosen.pop("AWS_ENDPOINT_URL")
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("s3_command.py")), s3.url, *more],
            env={
                **{n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "KB_"))},
                **chosen,
                "KB_DATA_DIR": str(data_dir),
                "KB_WORKERS": "1",
                "KB_SENTENCES": "off",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_the_command_ingests_and_keeps_no_secret(self, s3: S3, tmp_path: Path) -> None:
        process = self.start(tmp_path, s3)
        out, err = process.communicate(timeout=120)

        assert process.returncode == 0, err
        assert "2 added" in out
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or NEVER_SHOWN.encode() not in file.read_bytes()
        assert NEVER_SHOWN not in out + err

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
    def test_an_ended_run_leaves_nothing_and_the_next_does_the_rest(
        self, s3: S3, tmp_path: Path, how: signal.Signals
    ) -> None:
        for number in range(30):
            s3.put(f"docs/{number:02}.txt", f"The text of number {number} is here.\n")
        begun, go_on = threading.Event(), threading.Event()

        def judge(request: Request) -> Answer:
            if request.gets and request.key == "docs/20.txt":
                begun.set()
                go_on.wait(300)
            return None

        s3.judge = judge
        process = self.start(tmp_path, s3)
        assert begun.wait(240)
        process.send_signal(how)
        # The server has not answered yet: a run that is ended does not wait for it.
        process.communicate(timeout=120)
        go_on.set()

        if how is signal.SIGINT:
            assert process.returncode == 130
            assert not list((tmp_path / "fetched").glob("*/object-*"))
        again = self.start(tmp_path, s3)
        out, err = again.communicate(timeout=120)
        assert again.returncode == 0, out + err
        assert not list((tmp_path / "fetched").glob("*/object-*"))
        with KnowledgeBase.open(
            Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()
        ) as base:
            assert len(base.documents()) == 32
