"""The browser shows the same outcome of every file as report and catalog, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from ingest import ingest, ingest_uploads
from kb import Document, Page, Section
from kb.records import Notice
from ui.starting import start_folder

if TYPE_CHECKING:
    from conftest import UserInterface

BINARY = b"MZ\x00\x00\x00\x01\x02\x03\x04"
SCANNED = Notice(
    code="pages_read_by_ocr",
    message=(
        "1 of 2 pages were read by OCR, mean confidence 0.93; "
        "words may be out of order, above all in tables"
    ),
    values={"pages": 1, "total": 2, "confidence": 0.93},
)


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def press(page: AppTest, prefix: str) -> AppTest:
    next(button for button in page.button if str(button.key).startswith(prefix)).click().run()
    assert not page.exception
    return page


def scan() -> Document:
    """A document of one page of text and one that was read from a picture."""
    first, second = "Page one was typed. " * 60, "A heron stands on page two. " * 50
    text = f"{first}\n{second}"
    cut = len(first) + 1
    return Document(
        text=text,
        media_type="pdf",
        sections=(Section(start=0, end=cut), Section(start=cut, end=len(text))),
        pages=(
            Page(number=1, start=0, end=cut),
            Page(number=2, start=cut, end=len(text), read_by="ocr", confidence=0.93),
        ),
        notices=(SCANNED,),
    )


@pytest.fixture
def folder(ui: UserInterface, tmp_path: Path) -> Path:
    """A folder ingested as the command line does it, with a file that then became unreadable."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "pump.txt").write_text("The pump is oiled daily.", "utf-8")
    (folder / "empty.md").write_bytes(b"")
    ingest(ui.shared.base, [folder])
    (folder / "pump.txt").write_bytes(BINARY)
    ingest(ui.shared.base, [folder])
    return folder


@pytest.mark.parametrize(
    ("locale", "outcomes", "notice"),
    [
        ("en-US", ["one remark", "indexed"], SCANNED.message),
        (
            "zh-CN",
            ["1 条提示", "已入库"],
            "2 页中有 1 页由 OCR 识别，平均置信度 0.93；文字顺序可能有误，表格尤其如此",
        ),
    ],
)
def test_documents_show_their_outcome_and_remarks_in_full(
    ui: UserInterface, locale: str, outcomes: list[str], notice: str
) -> None:
    ui.shared.base.add("A plain note.", name="note.txt")
    ui.shared.base.add(scan(), name="scan.pdf")
    page = ui.open("library", locale=locale)
    assert list(page.dataframe[0].value["outcome"]) == outcomes
    assert f"<li>{notice}</li>" in html(page)


@pytest.mark.parametrize(
    ("locale", "older", "outcome"),
    [
        ("en-US", "is still found", "older version"),
        ("zh-CN", "仍可搜到", "旧版本"),
    ],
)
def test_failed_files_of_folders_tell_of_the_older_version(
    ui: UserInterface, folder: Path, locale: str, older: str, outcome: str
) -> None:
    page = ui.open("library", locale=locale)
    shown = html(page)
    for failed in ui.shared.base.files.failed():
        assert failed.source.path in shown
        assert failed.reason in shown
    assert str(folder) in shown
    assert shown.count(older) == 1
    assert list(page.dataframe[0].value["outcome"]) == [outcome]


def test_taking_a_failure_off_the_list_keeps_the_older_version(
    ui: UserInterface, folder: Path
) -> None:
    page = press(ui.open("library"), f"forget-{folder}-pump.txt")
    assert [file.source.path for file in ui.shared.base.files.failed()] == ["empty.md"]
    assert list(page.dataframe[0].value["outcome"]) == ["indexed"]
    assert ui.shared.base.search("pump")[0].source == "pump.txt"


def test_removing_the_older_version_keeps_the_failure(ui: UserInterface, folder: Path) -> None:
    page = press(ui.open("library"), f"remove-older-{folder}-pump.txt")
    assert ui.shared.base.documents() == []
    assert "pump.txt" in html(page)
    assert "is still found" not in html(page)
    assert not [button for button in page.button if str(button.key).startswith("remove-older")]


@pytest.mark.parametrize(("locale", "words"), [("en-US", "could not be read"), ("zh-CN", "的版本")])
def test_an_older_version_says_so_itself(
    ui: UserInterface, folder: Path, locale: str, words: str
) -> None:
    assert folder.is_dir()
    (document,) = ui.shared.base.documents()
    page = ui.open(locale=locale)
    page.switch_page("views/document.py")
    page.query_params["id"] = str(document.id)
    page.run()
    assert words in page.warning[0].value
    # The file in the folder is another by now.
    assert not page.get("download_button")


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", "read by OCR, confidence 0.93"), ("zh-CN", "由 OCR 识别，置信度 0.93")],
)
def test_hits_and_chunks_say_that_they_were_read_by_ocr(
    ui: UserInterface, locale: str, said: str
) -> None:
    added = ui.shared.base.add(scan(), name="scan.pdf")
    page = ui.open(locale=locale, q="heron on page two", mode="keyword")
    assert said in html(page)
    page.switch_page("views/document.py")
    page.query_params["id"] = str(added.document_id)
    page.run()
    chunks = ui.shared.base.chunks(added.document_id)
    assert html(page).count(said) == sum(chunk.page_last == 2 for chunk in chunks)


def test_an_upload_shows_its_remarks_when_it_is_done(ui: UserInterface) -> None:
    page = ui.open("library")
    sent = "Señor Peña\n".encode("cp1252")
    page.file_uploader[0].set_value([("latin.txt", sent, "text/plain")]).run()
    ui.wait()
    page.run()
    (job,) = ui.shared.jobs.listed()
    (notice,) = job.files[0].notices
    assert f'<span class="kb-reason">{notice.message}</span>' in html(page)


@pytest.mark.parametrize(
    ("locale", "title", "label"),
    [
        ("en-US", "Recent runs", "1 added, 1 could not be read"),
        ("zh-CN", "最近的导入", "新增 1、无法读取 1"),
    ],
)
def test_the_status_lists_recent_runs(
    ui: UserInterface, folder: Path, locale: str, title: str, label: str
) -> None:
    killed = ui.shared.base.begin_run([str(folder)])
    killed.release()
    page = ui.open("status", locale=locale)
    assert title in [element.value for element in page.subheader]
    runs = [expander for expander in page.expander if expander.label.count(" · ") == 2]
    labels = [run.label for run in runs]
    assert len(labels) == 3
    assert label in labels[2]
    shown = html(page)
    assert str(folder) in shown
    reason = ui.shared.base.runs()[-1].failures["empty.md"]
    assert reason in shown


@pytest.mark.parametrize(
    ("locale", "question", "done", "removed"),
    [
        (
            "en-US",
            "Compact the store now?",
            "Freed",
            "Uploaded originals without a document deleted: 1, backups of older catalogs: 0.",
        ),
        (
            "zh-CN",
            "现在整理存储吗？",
            "已释放",
            "已删除无文档引用的上传原文件 1 个、编目数据库的旧备份 0 个。",
        ),
    ],
)
def test_compacting_asks_first_and_says_what_it_freed(
    ui: UserInterface, locale: str, question: str, done: str, removed: str
) -> None:
    ui.shared.base.uploads.save("lost.txt", b"No document was ever made of this.")
    page = ui.open("status", locale=locale)
    press(page, "compact")
    assert question in page.markdown[-1].value
    press(page, "compact-no")
    assert not page.success
    press(press(page, "compact"), "compact-yes")
    assert page.success[0].value.startswith(done)
    assert page.success[0].value.endswith(removed)
    assert not list(ui.shared.settings.uploads_dir.rglob("*.txt"))


def test_compacting_during_an_ingestion_is_refused_with_the_reason(ui: UserInterface) -> None:
    run = ui.shared.base.begin_run(["x"])
    page = press(press(ui.open("status"), "compact"), "compact-yes")
    assert "files are being ingested" in page.error[0].value.replace("\\", "")
    run.end("finished", {})


def test_the_status_shows_runs_without_a_model(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.shared, "_model_error", "the weights are gone")
    page = ui.open("status")
    assert "the weights are gone" in page.error[0].value
    assert "Recent runs" in [element.value for element in page.subheader]


def test_an_imported_upload_can_be_downloaded(ui: UserInterface, tmp_path: Path) -> None:
    base = ui.shared.base
    ingest_uploads(base, [("a.txt", b"The grey heron.")])
    base.export(tmp_path / "all.kbz")
    base.delete_collection("default")
    assert base.compact().uploads == 1
    base.import_archive(tmp_path / "all.kbz")
    page = ui.open()
    page.switch_page("views/document.py")
    page.query_params["id"] = str(base.documents()[0].id)
    page.run()
    assert page.get("download_button")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "en-US",
            {
                "pay": "No longer read but still searchable (left out by .kbignore)",
                "diary": "left out by the rule about hidden files",
                "cellar": "Gone from disk but still searchable",
            },
        ),
        (
            "zh-CN",
            {
                "pay": "不再读取，但仍可搜索（排除规则：.kbignore）",
                "diary": "排除规则：隐藏文件",
                "cellar": "磁盘上已不存在，但仍可搜索",
            },
        ),
    ],
)
def test_files_that_are_no_longer_read_but_still_searchable_are_named(
    ui: UserInterface, tmp_path: Path, locale: str, said: dict[str, str]
) -> None:
    folder = tmp_path / "house"
    (folder / "private").mkdir(parents=True)
    for path in ("private/pay.txt", ".diary.txt", "lobby.txt", "cellar.txt"):
        (folder / path).write_text(f"Notes on {path} of the house.", "utf-8")
    ingest(ui.shared.base, [folder, folder / ".diary.txt"])
    (folder / ".kbignore").write_text("private/\n")
    (folder / "cellar.txt").unlink()
    start_folder(ui.shared, folder, collection="default")
    ui.wait()
    library = " ".join(element.value for element in ui.open("library", locale=locale).warning)
    status = html(ui.open("status", locale=locale))
    for name, words in said.items():
        assert words in library
        assert words in status
        assert name in library
        assert name in status
