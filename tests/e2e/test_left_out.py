"""Files that a rule leaves out from now on: said, and removed by --prune, for they are private."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest import IngestOptions, IngestReport, ingest
from ingest.cli import app
from kb import KnowledgeBase, Settings, SettingsError

PAY = "The night porter is paid nineteen crowns a week.\n"
LOBBY = "The lobby is swept every morning before the post comes.\n"
CELLAR = "The cellar holds forty casks of cider.\n"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "private").mkdir(parents=True)
    (folder / "public").mkdir()
    (folder / "private" / "pay.txt").write_text(PAY, "utf-8")
    (folder / "public" / "lobby.txt").write_text(LOBBY, "utf-8")
    (folder / "public" / "cellar.txt").write_text(CELLAR, "utf-8")
    return folder


def run(base: KnowledgeBase, *paths: Path, **options: object) -> IngestReport:
    return ingest(base, paths, options=IngestOptions(**options))  # type: ignore[arg-type] # by name


def left_out(report: IngestReport) -> dict[str, str]:
    return {each.source.path: str(each.rule) for each in report.left_out}


def listed(base: KnowledgeBase) -> set[str]:
    return {source.path for info in base.documents() for source in info.sources}


def removed(report: IngestReport) -> set[str]:
    return {r.source.path for r in report.files if r.outcome == "removed"}


def test_a_file_that_kbignore_leaves_out_later_is_named_and_prune_removes_it(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / ".kbignore").write_text("private/\n")
    report = run(base, folder)
    assert left_out(report) == {"private/pay.txt": ".kbignore"}
    assert report.gone == ()
    assert base.search("night porter", top_k=1)[0].source == "private/pay.txt"
    assert run(base, folder, prune=True, dry_run=True).summary() == {"unchanged": 2, "removed": 1}
    report = run(base, folder, prune=True)
    assert removed(report) == {"private/pay.txt"}
    assert report.left_out == ()
    assert all("porter" not in hit.text for hit in base.search("night porter"))
    assert base.check().ok
    assert left_out(run(base, folder)) == {}


def test_every_rule_that_leaves_a_known_file_out_is_named(
    base: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    (folder / "more" / "deep").mkdir(parents=True)
    for path in ("a.txt", "b.txt", "more/c.txt", "more/deep/d.txt", "~$e.txt"):
        (folder / path).write_text(f"Notes on {path} for the archive.\n", "utf-8")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "f.txt").write_text("Notes kept elsewhere.\n", "utf-8")
    run(base, folder)
    run(base, folder / "~$e.txt")  # by name everything is read
    (folder / ".kbignore").write_text("a.txt\n")
    (folder / "more" / ".kbignore").write_text("deep/\n")
    (folder / "linked").unlink()
    (folder / "linked").symlink_to(tmp_path)
    (folder / "private").rename(folder / ".hidden")
    run(base, folder / ".hidden" / "pay.txt")
    report = run(base, folder, exclude=("b.txt",))
    assert left_out(report) == {
        "a.txt": ".kbignore",
        "b.txt": "--exclude",
        "more/deep/d.txt": "more/.kbignore",
        "~$e.txt": "the rule about lock files of office programs",
        ".hidden/pay.txt": "the rule about hidden files",
    }
    assert {source.path for source in report.gone} == {"linked/f.txt", "private/pay.txt"}


def test_a_link_that_now_leads_above_is_a_rule_too(
    base: KnowledgeBase, tmp_path: Path, folder: Path
) -> None:
    other = tmp_path / "other" / "documents"
    other.mkdir(parents=True)
    (other / "public").mkdir()
    (other / "public" / "lobby.txt").write_text("Another lobby altogether.\n", "utf-8")
    (folder / "twin").symlink_to(other.parent)
    run(base, folder)
    assert "twin/documents/public/lobby.txt" in listed(base)
    (folder / "twin").unlink()
    (folder / "twin").symlink_to(tmp_path)  # holds the folder itself, and a file of that path
    report = run(base, folder)
    assert left_out(report) == {
        "twin/documents/public/lobby.txt": "the rule about links to folders above"
    }


def test_an_include_of_one_run_says_nothing_of_the_other_files_and_prunes_none(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "guide.md").write_text("# Guide\n\nAsk at the desk.\n", "utf-8")
    run(base, folder)
    (folder / "public" / "cellar.txt").unlink()
    report = run(base, folder, include=("*.md",), prune=True)
    assert left_out(report) == {}
    assert report.not_included == 2
    assert removed(report) == {"public/cellar.txt"}
    assert listed(base) == {"guide.md", "private/pay.txt", "public/lobby.txt"}


def test_more_than_half_is_pruned_only_when_told_so_and_that_is_said(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / ".kbignore").write_text("private/\nlobby.txt\n")
    report = run(base, folder, prune=True)
    assert removed(report) == set()
    (remark,) = report.remarks
    assert "2 of 3 files" in remark
    assert "left out by .kbignore" in remark
    assert "--yes" in remark
    assert len(report.left_out) == 2
    report = run(base, folder, prune=True, force_prune=True)
    assert removed(report) == {"private/pay.txt", "public/lobby.txt"}
    assert listed(base) == {"public/cellar.txt"}


def test_gone_and_left_out_together_count_for_the_safeguard(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / ".kbignore").write_text("private/\n")
    (folder / "public" / "cellar.txt").unlink()
    (remark,) = run(base, folder, prune=True).remarks
    assert "are gone" in remark
    assert "left out by .kbignore" in remark
    assert len(base.documents()) == 3


def test_a_file_moved_into_an_ignored_folder_is_named_as_gone(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / ".kbignore").write_text("private/\n")
    run(base, folder)
    (folder / "public" / "cellar.txt").rename(folder / "private" / "cellar.txt")
    report = run(base, folder)
    assert [source.path for source in report.gone] == ["public/cellar.txt"]
    assert removed(run(base, folder, prune=True)) == {"public/cellar.txt"}


def test_a_folder_and_a_file_that_take_each_others_place_leave_nothing_behind(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / "private" / "pay.txt").unlink()
    (folder / "private").rmdir()
    (folder / "private").write_text("no document", "utf-8")
    (folder / "public" / "lobby.txt").unlink()
    (folder / "public" / "lobby.txt").mkdir()
    report = run(base, folder)
    assert {source.path for source in report.gone} == {"private/pay.txt", "public/lobby.txt"}
    report = run(base, folder, prune=True, force_prune=True)
    assert removed(report) == {"private/pay.txt", "public/lobby.txt"}


def test_a_folder_reached_by_a_new_link_or_name_is_not_kept_twice(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / "a-link").symlink_to(folder / "public")
    assert run(base, folder).summary() == {"unchanged": 3}
    (folder / "public").rename(folder.parent / "moved")
    (folder / "public").symlink_to(folder.parent / "moved")
    (folder / "a-link").unlink()
    (folder / "a-link").symlink_to(folder.parent / "moved")
    report = run(base, folder)  # the first link in order is the way from now on
    assert report.summary() == {"unchanged": 1, "moved": 2}
    assert listed(base) == {"private/pay.txt", "a-link/lobby.txt", "a-link/cellar.txt"}


def test_a_renamed_root_takes_its_files_along_and_what_is_missing_can_be_pruned(
    base: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    for name in ("attic", "garden"):
        (folder / f"{name}.txt").write_text(f"The {name} is swept in spring.\n", "utf-8")
    run(base, folder)
    (folder / "public" / "cellar.txt").unlink()
    (folder / ".kbignore").write_text("lobby.txt\n")
    (tmp_path / "archive").mkdir()
    renamed = folder.rename(tmp_path / "archive" / "papers")
    proposed = run(base, renamed.parent, dry_run=True)
    report = run(base, renamed.parent)
    assert report.summary() == proposed.summary() == {"unchanged": 3}
    assert any(f"{folder} is {renamed} now" in remark for remark in report.remarks)
    assert [source.path for source in report.gone] == ["papers/public/cellar.txt"]
    assert left_out(report) == {"papers/public/lobby.txt": "papers/.kbignore"}
    report = run(base, renamed.parent, prune=True, force_prune=True)
    assert removed(report) == {"papers/public/cellar.txt", "papers/public/lobby.txt"}
    assert {state.source.root for state in base.files.states()} == {str(renamed.parent)}


def test_a_renamed_root_that_was_read_under_both_names_is_kept_once(
    base: KnowledgeBase, folder: Path
) -> None:
    renamed = folder.with_name("papers")
    shutil.copytree(folder, renamed)  # with times, as a move has them
    run(base, folder, renamed)
    assert len(base.files.states()) == 6
    shutil.rmtree(folder)
    assert run(base, renamed).summary() == {"unchanged": 3}
    assert {state.source.root for state in base.files.states()} == {str(renamed)}
    assert base.check().ok


def test_a_folder_that_is_not_there_and_whose_files_are_nowhere_else_is_left_alone(
    base: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy2(folder / "public" / "lobby.txt", other / "lobby.txt")
    run(base, folder)
    folder.rename(tmp_path / "in a drawer")
    report = run(base, other, prune=True, force_prune=True)
    assert report.summary() == {"added": 1}
    assert len(base.documents()) == 3
    assert len(base.files.states()) == 4


def test_a_failed_file_that_is_left_out_leaves_the_list_of_failures(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    assert not run(base, folder).ok
    (folder / ".kbignore").write_text("broken.pdf\n")
    report = run(base, folder)
    assert report.ok
    assert report.left_out == ()
    assert base.files.failed() == []


def test_a_failed_file_with_an_older_version_that_is_left_out_is_named_and_pruned(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / "private" / "pay.txt").write_bytes(bytes(range(256)) * 40)
    assert not run(base, folder).ok
    (folder / ".kbignore").write_text("private/\n")
    assert left_out(run(base, folder)) == {"private/pay.txt": ".kbignore"}
    assert removed(run(base, folder, prune=True)) == {"private/pay.txt"}
    assert listed(base) == {"public/lobby.txt", "public/cellar.txt"}


def test_ignore_files_of_the_root_hold_in_a_folder_below_that_is_given_by_itself(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "public" / "pay-2.txt").write_text("The cook is paid thirty crowns.\n", "utf-8")
    run(base, folder)
    (folder / ".kbignore").write_text("pay*.txt\npublic/\n")
    report = run(base, folder / "public", prune=True)
    assert removed(report) == {"public/pay-2.txt"}  # the folder itself was asked for by name
    assert left_out(run(base, folder)) == {
        "private/pay.txt": ".kbignore",
        "public/cellar.txt": ".kbignore",
        "public/lobby.txt": ".kbignore",
    }


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to a folder", "link to a pipe"])
def test_an_ignore_file_that_is_no_file_leaves_its_folder_unread_and_is_named(
    base: KnowledgeBase, folder: Path, tmp_path: Path, kind: str
) -> None:
    run(base, folder)
    file = folder / "private" / ".kbignore"
    place = tmp_path / "target" if kind.startswith("link") else file
    if kind.endswith("folder"):
        place.mkdir()
    else:
        os.mkfifo(place)
    if place != file:
        file.symlink_to(place)
    report = run(base, folder, prune=True, force_prune=True)
    assert report.failures[0].source.path == "private/.kbignore"
    assert "cannot be used: it is no file but a folder" in report.failures[0].reason
    assert listed(base) == {"private/pay.txt", "public/lobby.txt", "public/cellar.txt"}
    file.unlink() if file.is_symlink() or kind == "pipe" else file.rmdir()
    assert run(base, folder).ok


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"private/\n!\n", "'!' is no pattern"),
        ("私密/\n".encode("gb18030"), "not written in UTF-8"),
    ],
)
def test_an_ignore_file_that_cannot_be_used_leaves_its_folder_unread_and_is_named(
    base: KnowledgeBase, folder: Path, written: bytes, reason: str
) -> None:
    run(base, folder)
    (folder / "private" / ".kbignore").write_bytes(written)
    (folder / "private" / "new.txt").write_text("The cook is paid thirty crowns.\n", "utf-8")
    report = run(base, folder, prune=True)
    assert report.summary() == {"failed": 1, "unchanged": 2}
    assert report.failures[0].source.path == "private/.kbignore"
    assert reason in report.failures[0].reason
    assert report.gone == ()
    assert "private/pay.txt" in listed(base)


def test_a_pattern_of_the_command_that_is_none_is_a_wrong_setting(
    base: KnowledgeBase, folder: Path
) -> None:
    with pytest.raises(SettingsError, match=r"'a\[z-a\]' is no pattern"):
        run(base, folder, exclude=("a[z-a]",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", ["Übersicht", "U\u0308bersicht"])
def test_patterns_hold_in_any_unicode_form_and_in_what_windows_writes(
    base: KnowledgeBase, folder: Path, form: str, encoding: str
) -> None:
    (folder / "U\u0308bersicht").mkdir()
    (folder / "U\u0308bersicht" / "geheim.txt").write_text("Der Tresor ist im Keller.\n", "utf-8")
    (folder / ".kbignore").write_text(f"{form}/\n", encoding)
    assert "geheim" not in str(run(base, folder).files)


def test_the_command_says_what_is_still_searchable_and_why(
    settings: Settings, folder: Path
) -> None:
    environment = {"KB_DATA_DIR": str(settings.data_dir), "KB_WORKERS": "1"}

    def command(*arguments: str) -> str:
        done = CliRunner().invoke(app, [str(folder), *arguments], env=environment)
        assert done.exit_code == 0, done.output
        return done.stdout

    (folder / "private" / "debts.txt").write_text("The porter owes two crowns.\n", "utf-8")
    command()
    (folder / ".kbignore").write_text("private/\n")
    told = command()
    assert (
        "2 files are no longer read but still searchable (left out by .kbignore); "
        "--prune removes them: private/debts.txt, private/pay.txt"
    ) in told
    report = json.loads(command("--json", "--exclude", "lobby.txt"))
    assert report["left_out"] == [
        {
            "root": str(folder),
            "path": "private/debts.txt",
            "rule": "ignore_file",
            "left_out_by": ".kbignore",
        },
        {
            "root": str(folder),
            "path": "private/pay.txt",
            "rule": "ignore_file",
            "left_out_by": ".kbignore",
        },
        {
            "root": str(folder),
            "path": "public/lobby.txt",
            "rule": "exclude",
            "left_out_by": "--exclude",
        },
    ]
    assert "2 removed" in command("--prune")
    assert "no longer read" not in command()


def test_the_history_of_runs_keeps_what_was_left_out_until_compacting(
    base: KnowledgeBase, folder: Path
) -> None:
    run(base, folder)
    (folder / ".kbignore").write_text("private/\n")
    (folder / "public" / "cellar.txt").unlink()
    run(base, folder)
    (latest,) = base.runs(limit=1)
    assert latest.left_out == {"private/pay.txt": {"rule": "ignore_file", "by": ".kbignore"}}
    assert list(latest.gone) == ["public/cellar.txt"]
    run(base, folder, prune=True, force_prune=True)
    base.compact()
    assert all(not each.left_out and not each.gone for each in base.runs())


# -- names


def test_two_names_that_differ_only_in_unicode_form_are_both_kept(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "cafe\u0301.txt").write_text("Notes on roasting beans.\n", "utf-8")
    assert run(base, folder).summary() == {"added": 1}
    (folder / "caf\u00e9.txt").write_text("Notes on grinding beans.\n", "utf-8")
    if len(os.listdir(folder)) == 1:  # noqa: PTH208 - names are what it is about
        pytest.skip("this file system knows one name only")
    run(base, folder)
    assert listed(base) == {"caf\u00e9.txt", "cafe\u0301.txt"}
    for word in ("roasting", "grinding"):
        assert word in base.search(f"{word} beans", top_k=1)[0].text
    assert run(base, folder, checksum=True).summary() == {"unchanged": 2}

    (folder / "caf\u00e9.txt").unlink()
    run(base, folder)  # the other has the name to itself again
    assert listed(base) == {"caf\u00e9.txt"}
    assert all("grinding" not in hit.text for hit in base.search("beans"))


def test_folders_and_files_of_one_name_in_two_unicode_forms_are_all_kept(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    folder = tmp_path / "names"
    texts = {
        "cafe\u0301/e\u0301te\u0301.txt": "Summer menu of the old house.",
        "caf\u00e9/\u00e9t\u00e9.txt": "Summer menu of the new house.",
        "cafe\u0301/\u00e9t\u00e9.txt": "Winter menu of the old house.",
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    if len(os.listdir(folder)) == 1:  # noqa: PTH208 - names are what it is about
        pytest.skip("this file system knows one name only")
    assert run(base, folder).summary() == {"added": 3}
    assert run(base, folder / "cafe\u0301").summary() == {"unchanged": 2}
    (folder / "cafe\u0301" / "\u00e9t\u00e9.txt").unlink()
    report = run(base, folder, prune=True)
    assert sorted(base.document_text(info.id).strip() for info in base.documents()) == [
        "Summer menu of the new house.",
        "Summer menu of the old house.",
    ], report


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_folder_whose_name_is_no_utf_8_is_read_and_kept_in_step(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(b"doc\xe9s")
    try:
        (folder / "sub").mkdir(parents=True)
    except OSError:
        pytest.skip("this file system refuses such names")
    (folder / "sub" / "a.txt").write_text("Bees are inspected every ten days.\n", "utf-8")
    (folder / "b.txt").write_text("The lobby is swept every morning.\n", "utf-8")
    assert run(base, folder / "sub").summary() == {"added": 1}
    assert run(base, folder).summary() == {"unchanged": 1, "added": 1}
    assert run(base, folder / "sub").summary() == {"unchanged": 1}
    (folder / "b.txt").unlink()
    report = run(base, folder, prune=True)
    assert removed(report) == {"b.txt"}
    assert json.dumps(report.to_json(), ensure_ascii=False).encode("utf-8")
    assert base.runs(limit=1)[0].paths
