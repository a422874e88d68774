"""Google's object storage as gcsfs and a server give it: run by ``test_object_storage.py``."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest import IngestOptions, IngestReport, UnreadableFileError, ingest
from ingest.engines.cluster.model import SharedFile
from ingest.pipeline.fetching import MOST_AHEAD
from kb import KnowledgeBase, Settings
from kb.errors import SettingsError
from kb.models.files import weights_fingerprint
from kb.models.registry import ModelFile

sys.path.append(str(Path(__file__).parent))

from gs_server import GS, Answer, Request, gs_server

TEA = "Green tea is steeped for two minutes at eighty degrees.\n"
HARBOUR = "The harbour office opens at seven and closes at noon on Sundays.\n"

Run = Callable[..., IngestReport]


@pytest.fixture(scope="module")
def new_bucket() -> Iterator[Callable[[], GS]]:
    with gs_server() as made:
        yield made


@pytest.fixture
def gs(new_bucket: Callable[[], GS], monkeypatch: pytest.MonkeyPatch) -> GS:
    made = new_bucket()
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    made.put("docs/tea.txt", TEA)
    made.put("docs/guides/harbour.txt", HARBOUR)
    return made


@pytest.fixture(autouse=True)
def configured(gs: GS, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have fsspec look at the environment again: it did so when it was imported."""
    import fsspec.config  # noqa: PLC0415 - the test's environment comes first

    monkeypatch.setitem(fsspec.config.conf, "gs", {"endpoint_url": gs.endpoint, "token": "anon"})


def environment(gs: GS) -> dict[str, str]:
    return {
        "FSSPEC_GS_ENDPOINT_URL": gs.endpoint,
        "FSSPEC_GS_TOKEN": "anon",
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
    }


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path_factory.mktemp("data"), workers=1, sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def run(base: KnowledgeBase, gs: GS) -> Run:
    def done(*urls: str, **options: object) -> IngestReport:
        gs.requests.clear()
        chosen = IngestOptions(**options)  # type: ignore[arg-type] # by name
        return ingest(base, urls or [gs.url], collection=gs.bucket, options=chosen)

    return done


def outcomes(report: IngestReport) -> dict[str, str]:
    return {result.source.path: result.outcome for result in report.files}


def test_only_what_has_another_generation_is_fetched(run: Run, gs: GS) -> None:
    assert set(outcomes(run()).values()) == {"added"}

    gs.describe("docs/tea.txt", reviewed="yes")
    assert set(outcomes(run()).values()) == {"unchanged"}
    assert gs.requests
    assert all(request.lists for request in gs.requests)

    gs.put("docs/tea.txt", TEA.replace("eighty", "ninety"))
    gs.put("docs/guides/harbour.txt", HARBOUR)
    third = run()
    assert outcomes(third) == {"docs/tea.txt": "changed", "docs/guides/harbour.txt": "unchanged"}
    assert set(gs.fetched()) == {"docs/tea.txt", "docs/guides/harbour.txt"}
    assert third.embedded == 1


def test_moves_and_deletions_are_seen(run: Run, gs: GS) -> None:
    gs.put("docs/third.txt", "A third file that stays where it is.\n")
    gs.put("docs/fourth.txt", "A fourth file that stays as well.\n")
    run()
    gs.put("new/tea.txt", TEA)
    gs.delete("docs/tea.txt")
    gs.delete("docs/third.txt")

    report = run(prune=True)

    assert outcomes(report) == {
        "new/tea.txt": "moved",
        "docs/third.txt": "removed",
        "docs/fourth.txt": "unchanged",
        "docs/guides/harbour.txt": "unchanged",
    }
    assert report.embedded == 0


def test_odd_keys_are_read_each_for_itself(run: Run, gs: GS, base: KnowledgeBase) -> None:
    keys = [
        "/leading.txt",
        "a//b.txt",  # and no a/b.txt: this server takes it for the same object
        "a b+c%20d.txt",
        "what?.txt",
        "hash#1.txt",
        "caf\xe9.txt",
        "cafe\u0301.txt",
        "合同/第一份 合同.txt",
    ]
    for number, key in enumerate(keys):
        gs.put(key, f"The text of number {number} is here.\n")

    report = run()

    found = {path: out for path, out in outcomes(report).items() if not path.startswith("docs/")}
    assert found == dict.fromkeys(keys, "added")
    for number, key in enumerate(keys):
        hits = base.search(f"number {number}", collection=gs.bucket, top_k=len(keys))
        text = next(hit.text for hit in hits if hit.source == f"{gs.url}/{key}")
        assert f"number {number} is" in text
    assert set(outcomes(run()).values()) == {"unchanged"}


def test_keys_that_begin_with_a_slash_are_read_by_the_url_of_their_bucket(run: Run, gs: GS) -> None:
    gs.put("/docs/odd.txt", "The key of this text begins with a slash.\n")

    with pytest.raises(SettingsError, match=f"write {gs.url}/docs, or"):
        run(f"{gs.url}//docs")
    assert outcomes(run())["/docs/odd.txt"] == "added"


def test_a_prefix_ends_where_a_folder_does_and_may_be_one_object(run: Run, gs: GS) -> None:
    gs.put("docs.txt", "Beside the folder lies a file of its name.\n")
    gs.put("documents/other.txt", "Another folder begins alike.\n")

    assert set(outcomes(run(f"{gs.url}/docs/"))) == {"tea.txt", "guides/harbour.txt"}
    assert set(outcomes(run(f"gcs://{gs.bucket}/docs.txt"))) == {"docs.txt"}


def test_eight_small_objects_are_fetched_at_once(run: Run, gs: GS) -> None:
    for number in range(2 * MOST_AHEAD):
        gs.put(f"many/{number}.txt", f"The text of number {number} is here.\n")
    together = threading.Barrier(MOST_AHEAD, timeout=300)

    def judge(request: Request) -> Answer:
        if request.gets:
            together.wait()
        return None

    gs.judge = judge

    assert list(outcomes(run(f"{gs.url}/many")).values()) == ["added"] * 2 * MOST_AHEAD


class TestFailures:
    def test_a_listing_that_is_refused_ends_the_run_and_removes_nothing(
        self, run: Run, gs: GS, base: KnowledgeBase
    ) -> None:
        run()
        gs.judge = lambda _: (403, "caller does not have storage.objects.list access")

        with pytest.raises(UnreadableFileError, match=r"access is denied .*objects\.list"):
            run(prune=True, force_prune=True)

        assert len(base.files.states(collection=gs.bucket)) == 2

    def test_who_may_not_list_may_ingest_an_object_by_its_name(self, run: Run, gs: GS) -> None:
        gs.judge = lambda request: (403, "may not list") if request.lists else None

        assert outcomes(run(f"{gs.url}/docs/tea.txt")) == {"tea.txt": "added"}
        with pytest.raises(UnreadableFileError, match="access is denied"):
            run(f"{gs.url}/docs")

    def test_missing_credentials_are_named(self, run: Run, gs: GS) -> None:
        gs.judge = lambda _: (401, "Anonymous caller does not have storage.objects.list access")

        with pytest.raises(UnreadableFileError, match="GOOGLE_APPLICATION_CREDENTIALS"):
            run()

    def test_a_server_that_is_busy_for_a_moment_is_asked_again(self, run: Run, gs: GS) -> None:
        left = [(503, "busy"), (500, "not now")]

        def judge(_: Request) -> Answer:
            return left.pop() if left else None

        gs.judge = judge

        assert set(outcomes(run()).values()) == {"added"}
        assert not left

    def test_an_object_that_may_not_be_read_costs_only_itself(self, run: Run, gs: GS) -> None:
        gs.judge = lambda r: (403, "may not be read") if r.key == "docs/tea.txt" else None

        report = run()

        assert outcomes(report) == {"docs/tea.txt": "failed", "docs/guides/harbour.txt": "added"}
        assert report.failures[0].reason.startswith(f"{gs.url}/docs/tea.txt cannot be read: access")
        gs.judge = lambda _: None
        assert outcomes(run())["docs/tea.txt"] == "added"

    def test_an_object_that_is_replaced_while_it_is_fetched_is_read_whole(
        self, run: Run, gs: GS, base: KnowledgeBase
    ) -> None:
        replaced = threading.Event()

        def judge(request: Request) -> Answer:
            if request.gets and request.key == "docs/tea.txt" and not replaced.is_set():
                replaced.set()
                gs.put("docs/tea.txt", TEA.replace("eighty", "seventy-five"))
            return None

        gs.judge = judge
        run()

        hit = base.search("tea degrees", collection=gs.bucket)[0]
        assert "seventy-five" in hit.text
        assert set(outcomes(run()).values()) == {"unchanged"}

    def test_a_token_that_is_no_json_is_told_with_the_settings_that_may_name_it(
        self, run: Run, gs: GS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import fsspec.config  # noqa: PLC0415 - the test's environment comes first

        token = tmp_path / "token"
        token.write_text("hush")
        chosen = {"endpoint_url": gs.endpoint, "token": str(token)}
        monkeypatch.setitem(fsspec.config.conf, "gs", chosen)

        with pytest.raises(SettingsError, match=r"gcsfs cannot be set up .*FSSPEC_GS") as told:
            run()

        assert "hush" not in str(told.value)

    def test_a_bucket_that_does_not_exist_is_named(self, run: Run) -> None:
        with pytest.raises(UnreadableFileError, match=r"gs://no-such-bucket-at-all.*not exist"):
            run("gs://no-such-bucket-at-all/docs")


def test_a_node_fetches_the_file_of_a_model_once(
    gs: GS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    content = bytes(range(256)) * 5000
    original = tmp_path / "small.gguf"
    original.write_bytes(content)
    gs.put("models/small.gguf", content)
    file = SharedFile(
        file=ModelFile(model_id="small", path=tmp_path / "nowhere" / "small.gguf", known=None),
        size=len(content),
        fingerprint=weights_fingerprint(original),
        url=f"{gs.url}/models/small.gguf",
    )

    found = file.fetch(never_sent)

    assert found.read_bytes() == content
    gs.requests.clear()
    assert file.fetch(never_sent) == found
    assert not gs.requests


def never_sent(_: object) -> bytes:
    pytest.fail("the driver sent the file")


def test_the_command_ingests_by_what_its_environment_says(gs: GS, tmp_path: Path) -> None:
    def command() -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("s3_command.py")), gs.url],
            env={
                **{n: v for n, v in os.environ.items() if not n.startswith(("GOOGLE_", "KB_"))},
                **environment(gs),
                "KB_DATA_DIR": str(tmp_path),
                "KB_WORKERS": "1",
                "KB_SENTENCES": "off",
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    status, out, err = command()
    assert status == 0, err
    assert "2 added" in out

    gs.judge = lambda _: (403, "may not list")
    status, out, err = command()
    assert status == 1
    assert "access is denied" in err
    assert "Traceback" not in err
