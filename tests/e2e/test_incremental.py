"""Folders kept in step: only what has changed is read, and only what is new is embedded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest import IngestOptions, IngestReport, UnreadableFileError, ingest
from ingest.cli import app
from kb import KnowledgeBase, Settings

TEA = "Green tea is steeped for two minutes at eighty degrees.\n"
REPAIR = "自行车的链条每五百公里要清洗并上油一次。\n"
HARBOUR = "The harbour office opens at seven and closes at noon on Sundays.\n"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """One process that reads is enough for three small files, and starts sooner than many."""
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "guides").mkdir(parents=True)
    (folder / "tea.txt").write_text(TEA, "utf-8")
    (folder / "guides" / "修理.md").write_text(f"# 修理\n\n{REPAIR}", "utf-8")
    (folder / "guides" / "harbour.txt").write_text(HARBOUR, "utf-8")
    return folder


def run(base: KnowledgeBase, *paths: Path, **options: object) -> IngestReport:
    return ingest(base, paths, options=IngestOptions(**options))  # type: ignore[arg-type] # by name


def outcomes(report: IngestReport) -> dict[str, str]:
    return {result.source.path: result.outcome for result in report.files}


def listed(base: KnowledgeBase) -> set[str]:
    return {source.path for info in base.documents() for source in info.sources}


def snapshot(base: KnowledgeBase) -> list[object]:
    return [base.documents(), base.files.states(), base.collections()]


def later(file: Path) -> None:
    """Give a file another time of change."""
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1_000_000_000))


def environment(settings: Settings) -> dict[str, str]:
    return {"KB_DATA_DIR": str(settings.data_dir), "KB_WORKERS": "1"}


def command(settings: Settings, *arguments: object, status: int = 0) -> Result:
    """Run the command in this process, which has its modules loaded; expect an exit status."""
    done = CliRunner().invoke(app, list(map(str, arguments)), env=environment(settings))
    assert done.exit_code == status, done.output
    return done


# -- what has not changed


def test_a_second_run_changes_nothing(base: KnowledgeBase, folder: Path) -> None:
    first = run(base, folder)
    assert first.summary() == {"added": 3}
    before = snapshot(base)
    second = run(base, folder)
    assert second.summary() == {"unchanged": 3}
    assert second.embedded == 0
    assert snapshot(base) == before


def test_a_touched_file_costs_a_hash_and_no_more(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder)
    later(folder / "tea.txt")
    report = run(base, folder)
    assert report.summary() == {"unchanged": 3}
    (state,) = [s for s in base.files.states() if s.source.path == "tea.txt"]
    assert state.mtime_ns == (folder / "tea.txt").stat().st_mtime_ns


def test_a_change_that_keeps_size_and_time_is_found_by_checksum(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    file = folder / "tea.txt"
    status = file.stat()
    file.write_text(TEA.replace("two", "six"), "utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(base, folder).summary() == {"unchanged": 3}
    assert outcomes(run(base, folder, checksum=True))["tea.txt"] == "changed"
    assert "six minutes" in base.search("How long is green tea steeped?")[0].text


# -- what has changed


def test_only_an_edited_file_is_read_again(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder)
    (folder / "tea.txt").write_text(TEA.replace("two minutes", "three minutes"), "utf-8")
    report = run(base, folder)
    assert report.summary() == {"changed": 1, "unchanged": 2}
    assert report.embedded == 1
    texts = [hit.text for hit in base.search("How long is green tea steeped?")]
    assert any("three minutes" in text for text in texts)
    assert not any("two minutes" in text for text in texts)


def test_an_edited_paragraph_of_a_long_document_embeds_little(
    base: KnowledgeBase, folder: Path
) -> None:
    paragraphs = [
        f"Rule {number} of the allotment: plot {number * 7} is watered by its tenant. " * 4
        for number in range(44)
    ]
    manual = folder / "manual.txt"
    manual.write_text("\n\n".join(paragraphs), "utf-8")
    whole = run(base, folder)
    chunks = next(r.chunks for r in whole.files if r.source.path == "manual.txt")
    paragraphs[30] = "Rule 30 has been withdrawn by the general meeting."
    manual.write_text("\n\n".join(paragraphs), "utf-8")
    report = run(base, folder)
    assert chunks > 12
    assert 1 <= report.embedded <= 6
    assert report.reused >= chunks - 7
    assert "withdrawn" in base.search("rule withdrawn by the general meeting")[0].text


def test_a_renamed_file_is_moved_without_embedding(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder)
    (before,) = [info.id for info in base.documents() if info.name == "tea.txt"]
    (folder / "tea.txt").rename(folder / "guides" / "绿茶.txt")
    report = run(base, folder)
    assert report.summary() == {"moved": 1, "unchanged": 2}
    assert (report.embedded, report.gone) == (0, ())
    assert listed(base) == {"guides/绿茶.txt", "guides/harbour.txt", "guides/修理.md"}
    hit = base.search("How long is green tea steeped?")[0]
    assert (hit.source, hit.document_id) == ("guides/绿茶.txt", before)


def test_the_same_content_twice_is_embedded_once_and_found_under_both(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "copy of tea.txt").write_text(TEA, "utf-8")
    report = run(base, folder)
    assert report.summary() == {"added": 4}
    assert report.embedded == 3
    hit = base.search("How long is green tea steeped?")[0]
    assert {source.path for source in hit.sources} == {"tea.txt", "copy of tea.txt"}
    (folder / "tea.txt").write_text("Black tea takes four minutes.\n", "utf-8")
    run(base, folder)
    (hit,) = [h for h in base.search("green tea at eighty degrees") if "eighty" in h.text]
    assert [source.path for source in hit.sources] == ["copy of tea.txt"]


# -- what is gone


def test_gone_files_stay_findable_until_prune(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder)
    (folder / "tea.txt").unlink()
    report = run(base, folder)
    assert [source.path for source in report.gone] == ["tea.txt"]
    assert "tea.txt" in listed(base)
    report = run(base, folder, prune=True)
    assert report.summary() == {"unchanged": 2, "removed": 1}
    assert "tea.txt" not in listed(base)
    assert all("tea" not in hit.text for hit in base.search("green tea"))
    assert base.check().ok


def test_prune_of_a_folder_leaves_its_neighbours_alone(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder)
    (folder / "tea.txt").unlink()
    report = run(base, folder / "guides", prune=True)
    assert report.summary() == {"unchanged": 2}
    assert "tea.txt" in listed(base)


def test_prune_refuses_more_than_half_unless_told_so(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder)
    (folder / "tea.txt").unlink()
    (folder / "guides" / "harbour.txt").unlink()
    report = run(base, folder, prune=True)
    assert report.count("removed") == 0
    assert "2 of 3 files" in report.remarks[0]
    assert "--yes" in report.remarks[0]
    assert len(base.documents()) == 3
    assert run(base, folder, prune=True, force_prune=True).count("removed") == 2
    assert listed(base) == {"guides/修理.md"}


def test_prune_of_an_emptied_or_missing_folder_removes_nothing(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(UnreadableFileError, match="no file or folder"):
        run(base, folder, prune=True)
    folder.mkdir()
    report = run(base, folder, prune=True)
    assert "all of them" in report.remarks[0]
    assert len(base.documents()) == 3


@pytest.mark.skipif(
    os.geteuid() == 0, reason="permissions do not bind root: no folder is unreadable"
)
def test_an_unreadable_folder_is_named_and_nothing_in_it_is_pruned(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / "tea.txt").unlink()
    (folder / "guides").chmod(0)
    try:
        report = run(base, folder, prune=True)
    finally:
        (folder / "guides").chmod(0o700)
    assert not report.ok
    assert "guides" in report.failures[0].reason
    assert [file.source.path for file in base.files.failed()] == ["guides"]
    assert outcomes(report)["tea.txt"] == "removed"
    assert listed(base) == {"guides/修理.md", "guides/harbour.txt"}
    assert run(base, folder).ok
    assert base.files.failed() == []


def test_what_cannot_be_looked_at_is_named_everywhere_and_hides_nothing_else(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / "nowhere.txt").symlink_to(folder / "gone.txt")
    os.mkfifo(folder / "pipe.txt")
    (folder / "tea.txt").rename(folder / "green-tea.txt")
    (folder / "guides" / "harbour.txt").unlink()
    report = run(base, folder, prune=True)
    assert outcomes(report) == {
        "nowhere.txt": "failed",
        "pipe.txt": "failed",
        "green-tea.txt": "moved",
        "guides/修理.md": "unchanged",
        "guides/harbour.txt": "removed",
    }
    reasons = {file.source.path: file.reason for file in base.files.failed()}
    assert "does not exist" in reasons["nowhere.txt"]
    assert "pipe" in reasons["pipe.txt"]
    assert reasons == {result.source.path: result.reason for result in report.failures}
    (folder / "nowhere.txt").unlink()
    (folder / "pipe.txt").unlink()
    assert run(base, folder).ok
    assert base.files.failed() == []


def test_a_file_that_was_never_read_leaves_the_list_of_failures_when_it_is_gone(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    assert not run(base, folder).ok
    (folder / "broken.pdf").unlink()
    report = run(base, folder)
    assert report.ok
    assert report.gone == ()
    assert base.files.failed() == []


# -- dry runs


def test_a_dry_run_says_what_would_happen_and_changes_nothing(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / "tea.txt").write_text("Black tea takes four minutes.\n", "utf-8")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    (folder / "guides" / "harbour.txt").rename(folder / "harbour.txt")
    (folder / "guides" / "修理.md").unlink()
    before = snapshot(base)
    report = run(base, folder, dry_run=True, prune=True)
    assert outcomes(report) == {
        "tea.txt": "changed",
        "new.txt": "added",
        "harbour.txt": "moved",
        "guides/修理.md": "removed",
    }
    assert snapshot(base) == before
    assert outcomes(run(base, folder, prune=True)) == outcomes(report)


def test_a_dry_run_speaks_of_what_has_not_happened_yet(settings: Settings, folder: Path) -> None:
    (folder / "empty.txt").touch()
    command(settings, folder, status=1)
    done = command(settings, folder, "--dry-run", status=1)
    assert "0 would be added, 3 would be unchanged, 1 would fail" in " ".join(done.output.split())


def test_a_dry_run_promises_no_removal_of_files_that_were_never_read(
    base: KnowledgeBase, folder: Path
) -> None:
    broken = [folder / f"broken-{number}.pdf" for number in range(5)]
    for file in broken:
        file.write_bytes(b"%PDF-1.7 and nothing more")
    run(base, folder)
    for file in (folder / "tea.txt", *broken):
        file.unlink()
    before = snapshot(base)

    report = run(base, folder, dry_run=True, prune=True)

    assert report.summary() == {"unchanged": 2, "removed": 1}
    assert report.remarks == ()
    assert snapshot(base) == before
    assert outcomes(run(base, folder, prune=True)) == outcomes(report)


def test_a_dry_run_refuses_more_than_half_of_the_files_that_were_read_as_a_run_does(
    base: KnowledgeBase, folder: Path
) -> None:
    broken = [folder / f"broken-{number}.pdf" for number in range(5)]
    for file in broken:
        file.write_bytes(b"%PDF-1.7 and nothing more")
    run(base, folder)
    for file in (folder / "tea.txt", folder / "guides" / "harbour.txt", *broken):
        file.unlink()

    (remark,) = run(base, folder, dry_run=True, prune=True).remarks

    assert "2 of 3 files" in remark
    assert run(base, folder, prune=True).remarks == (remark,)


def test_a_dry_run_of_a_parent_folder_adopts_nothing(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder / "guides")
    before = snapshot(base)
    report = run(base, folder, dry_run=True)
    assert report.summary() == {"unchanged": 2, "added": 1}
    assert snapshot(base) == before


# -- one file, one source


def test_a_file_given_by_itself_and_by_its_folder_is_one_source(
    base: KnowledgeBase, folder: Path
) -> None:
    file = folder / "guides" / "harbour.txt"
    run(base, file)
    assert run(base, file.parent).summary() == {"unchanged": 1, "added": 1}
    assert run(base, folder, file, file.parent).summary() == {"unchanged": 2, "added": 1}
    assert run(base, file).summary() == {"unchanged": 1}
    assert {state.source.root for state in base.files.states()} == {str(folder)}
    assert listed(base) == {"tea.txt", "guides/harbour.txt", "guides/修理.md"}


@pytest.mark.parametrize("child_first", [True, False])
def test_a_folder_and_one_inside_it_are_one_root(
    base: KnowledgeBase, folder: Path, *, child_first: bool
) -> None:
    paths = [folder / "guides", folder] if child_first else [folder, folder / "guides"]
    assert run(base, *paths).summary() == {"added": 3}
    assert {state.source.root for state in base.files.states()} == {str(folder)}


def test_a_file_above_known_folders_takes_them_over(base: KnowledgeBase, folder: Path) -> None:
    run(base, folder / "guides")
    run(base, folder / "tea.txt")
    assert run(base, folder / "guides" / "harbour.txt").summary() == {"unchanged": 1}
    assert len(base.files.states()) == 3


def test_a_decomposed_name_is_the_same_file_by_itself_and_in_its_folder(
    base: KnowledgeBase, folder: Path
) -> None:
    file = folder / unicodedata.normalize("NFD", "Übersicht.txt")
    file.write_text("Der Kran wird jeden Montag geprüft.\n", "utf-8")
    assert run(base, file).summary() == {"added": 1}
    assert run(base, folder).summary() == {"unchanged": 1, "added": 3}
    file.unlink()
    assert run(base, folder, prune=True).summary() == {"unchanged": 3, "removed": 1}


def test_a_link_back_to_the_folder_ends(base: KnowledgeBase, folder: Path) -> None:
    (folder / "guides" / "back").symlink_to(folder)
    assert run(base, folder).summary() == {"added": 3}


# -- what is left out


def test_include_exclude_and_ignore_files_leave_files_out(
    base: KnowledgeBase, folder: Path
) -> None:
    assert set(outcomes(run(base, folder, include=("*.md",)))) == {"guides/修理.md"}
    assert set(outcomes(run(base, folder, exclude=("guides/",)))) == {"tea.txt"}
    (folder / ".kbignore").write_text("*.txt\n", "utf-8")
    (folder / "guides" / ".kbignore").write_text("!harbour.txt\n", "utf-8")
    assert set(outcomes(run(base, folder))) == {"guides/修理.md", "guides/harbour.txt"}


# -- what cannot be read


def test_a_failed_file_is_named_again_without_being_read_again(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    first = run(base, folder)
    assert not first.ok
    (state,) = [s for s in base.files.states() if s.outcome == "failed"]
    second_events: list[str] = []
    second = ingest(base, [folder], on_event=lambda e: second_events.append(e.stage))
    assert outcomes(second)["broken.pdf"] == "failed"
    assert second.failures[0].reason == first.failures[0].reason == state.reason
    assert "broken.pdf" in state.reason
    assert "reading" not in second_events
    assert [file.source.path for file in base.files.failed()] == ["broken.pdf"]
    retry_events: list[str] = []
    ingest(
        base,
        [folder],
        options=IngestOptions(retry=True),
        on_event=lambda e: retry_events.append(e.stage),
    )
    assert "reading" in retry_events


def test_a_mended_file_recovers(base: KnowledgeBase, folder: Path) -> None:
    file = folder / "notes.txt"
    file.write_bytes(b"")
    assert run(base, folder).failures[0].source.path == "notes.txt"
    file.write_text("Bees are inspected every ten days.\n", "utf-8")
    report = run(base, folder)
    assert report.ok
    assert base.files.failed() == []
    assert base.search("How often are bees inspected?")[0].source == "notes.txt"


def test_a_file_that_becomes_unreadable_keeps_its_old_version_findable(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    good = (folder / "tea.txt").read_bytes()
    (folder / "tea.txt").write_bytes(bytes(range(256)) * 40)
    report = run(base, folder)
    assert [r.source.path for r in report.failures] == ["tea.txt"]
    assert base.search("How long is green tea steeped?")[0].source == "tea.txt"
    assert [file.source.path for file in base.files.failed()] == ["tea.txt"]
    (folder / "tea.txt").write_bytes(good)
    assert run(base, folder).ok
    assert base.files.failed() == []
    assert len(base.documents()) == 3


# -- the command


def test_the_command_reports_in_one_json_document_and_exits_by_outcome(
    settings: Settings, folder: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingest", str(folder), "--json"],
        env={**os.environ, **environment(settings)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["counts"] == {"added": 3}
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    told = command(settings, folder, status=1)
    assert "1 added" not in told.stdout
    assert "broken.pdf" in told.stdout
    again = json.loads(command(settings, folder, "--json", status=1).stdout)
    assert again["counts"] == {"unchanged": 3, "failed": 1}
    assert [file["path"] for file in again["files"] if file["reason"]] == ["broken.pdf"]


def test_the_command_says_what_is_wrong_with_its_arguments(settings: Settings) -> None:
    missing = settings.data_dir / "no such folder"
    done = command(settings, missing, status=1)
    assert f"there is no file or folder {missing}" in done.stderr
    assert "Traceback" not in done.stderr
    command(settings, settings.data_dir, "--no-such-option", status=2)


def test_copies_that_are_edited_in_one_run_leave_the_text_that_they_shared(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text("The heron waits at the weir.", "utf-8")
    assert ingest(base, [tmp_path]).ok
    (tmp_path / "a.txt").write_text("The kestrel stands in the air.", "utf-8")
    (tmp_path / "b.txt").write_text("The owl hears the mouse.", "utf-8")
    assert ingest(base, [tmp_path]).ok
    found = {info.name for info in base.documents()}
    assert found == {"a.txt", "b.txt", "c.txt"}
    assert base.check().ok
