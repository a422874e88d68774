"""Files dropped into the browser: each keeps a name of its own, and none is lost unsaid."""

from __future__ import annotations

import gc
import io
import time
import unicodedata
import zipfile
from typing import TYPE_CHECKING

import pytest
from job_turn import others_turn
from streamlit.testing.v1 import AppTest

from ingest.jobs import clean_name

if TYPE_CHECKING:
    from conftest import UserInterface


FIRST, SECOND = b"The grey heron waits in the reeds.", b"The barn owl hunts over fields at night."
NFC, NFD = (unicodedata.normalize(form, "résumé.txt") for form in ("NFC", "NFD"))


def drop(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader[0].set_value([(name, data, "text/plain") for name, data in files]).run()
    assert not page.exception
    return page


def zipped(*files: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return target.getvalue()


def stored(ui: UserInterface) -> dict[str, str]:
    """Texts of the uploaded documents by their names."""
    ui.wait()
    base = ui.shared.base
    return {
        source.path: base.document_text(info.id)
        for info in base.documents()
        for source in info.sources
    }


def warned(page: AppTest) -> str:
    """What the warning says, without what keeps Markdown from seeing marks of its own."""
    return page.warning[0].value.replace("\\", "")


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("a\x00b\n.md", "ab .md"),
        ("\x1b[31mred\x07.md", "[31mred.md"),
        ("lone\ud800.txt", "lone.txt"),
        ("合同.docx", "合同.docx"),
        ("cafe\u0301.txt", "café.txt"),
        ("CON.txt", "CON.txt"),
        ("/", "file"),
        ("..", "file"),
        (" . ", "file"),
        ("\x00", "file"),
    ],
)
def test_names_of_uploads_are_cleaned(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "another file of this name came with it and is kept as **report (2).txt**"),
        ("zh-CN", "另有同名文件一并传来，已另存为 **report (2).txt**"),
    ],
)
def test_two_files_of_one_name_are_both_kept_and_it_is_said(
    ui: UserInterface, locale: str, said: str
) -> None:
    page = drop(ui.open("library", locale=locale), ("report.txt", FIRST), ("report.txt", SECOND))
    assert stored(ui) == {"report.txt": FIRST.decode(), "report (2).txt": SECOND.decode()}
    assert said in warned(page)
    page.button(key="left-out-read").click().run()
    assert not page.warning


def test_a_name_in_two_unicode_forms_is_one_name_and_both_files_are_kept(
    ui: UserInterface,
) -> None:
    page = drop(ui.open("library"), (NFC, FIRST), (NFD, SECOND))
    assert stored(ui) == {"résumé.txt": FIRST.decode(), "résumé (2).txt": SECOND.decode()}
    assert "résumé (2).txt" in warned(page)


def test_names_that_differ_in_case_only_are_two_names(ui: UserInterface) -> None:
    page = drop(ui.open("library"), ("Report.txt", FIRST), ("report.TXT", SECOND))
    assert stored(ui) == {"Report.txt": FIRST.decode(), "report.TXT": SECOND.decode()}
    assert not page.warning


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "came twice with the same content and is kept once"),
        ("zh-CN", "同名且内容相同，只保留一份"),
    ],
)
def test_the_same_file_twice_is_kept_once_and_it_is_said(
    ui: UserInterface, locale: str, said: str
) -> None:
    page = drop(ui.open("library", locale=locale), ("a.txt", FIRST), ("a.txt", FIRST))
    assert stored(ui) == {"a.txt": FIRST.decode()}
    assert said in warned(page)


def test_files_of_one_name_inside_a_zip_and_of_two_zips_are_all_kept(ui: UserInterface) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        one = zipped(("a.txt", FIRST), ("a.txt", SECOND), (NFC, FIRST), (NFD, SECOND))
    other = zipped(("a.txt", b"A kingfisher dives."), ("A.txt", b"A wren sings."))
    page = drop(ui.open("library"), ("box.zip", one), ("box.zip", other))
    assert stored(ui) == {
        "box/a.txt": FIRST.decode(),
        "box/a (2).txt": SECOND.decode(),
        "box/a (3).txt": "A kingfisher dives.",
        "box/A.txt": "A wren sings.",
        "box/résumé.txt": FIRST.decode(),
        "box/résumé (2).txt": SECOND.decode(),
    }
    for name in ("a (2)", "a (3)", "résumé (2)"):
        assert f"box/{name}.txt" in warned(page)


def test_the_same_files_again_in_another_order_change_nothing(ui: UserInterface) -> None:
    drop(ui.open("library"), ("a.txt", FIRST), ("a.txt", SECOND))
    before = stored(ui)
    page = drop(ui.open("library"), ("a.txt", SECOND), ("a.txt", FIRST))
    assert not [button for button in page.button if button.key == "upload-replace"]
    assert stored(ui) == before
    assert {file.stage for file in ui.shared.jobs.listed()[-1].files} == {"unchanged"}


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", "replaced what was here, one chunk"), ("zh-CN", "已替换原有内容，1 个片段")],
)
def test_a_newer_version_replaces_the_document_when_asked_and_it_is_said(
    ui: UserInterface, locale: str, said: str
) -> None:
    drop(ui.open("library", locale=locale), ("a.txt", FIRST))
    ui.wait()
    page = drop(ui.open("library", locale=locale), ("a.txt", SECOND))
    page.button(key="upload-replace").click().run()
    assert stored(ui) == {"a.txt": SECOND.decode()}
    page.run()
    assert said in html(page)


def test_a_file_that_waits_for_its_run_is_not_replaced_unasked(ui: UserInterface) -> None:
    with others_turn(ui.shared.settings):
        page = drop(ui.open("library"), ("a.txt", FIRST))
        assert [job.state for job in ui.shared.jobs.listed()] == ["queued"]
        page = drop(page, ("a.txt", SECOND))
        assert page.button(key="upload-replace")
        page.button(key="upload-cancel").click().run()
    assert stored(ui) == {"a.txt": FIRST.decode()}


def test_while_a_question_stands_what_was_left_out_is_said_once(ui: UserInterface) -> None:
    drop(ui.open("library"), ("box/a.txt", FIRST), ("box.zip", zipped(("a.txt", FIRST))))
    ui.wait()
    box = zipped(("a.txt", SECOND), ("program.exe", b"MZ"))
    page = drop(ui.open("library"), ("box.zip", box))
    for _ in range(3):
        page.run()
    assert page.button(key="upload-replace")
    assert warned(page).count("program") == 1


@pytest.mark.parametrize(
    ("locale", "said", "name"),
    [
        ("zh-CN", "类型不受支持", "program.exe"),
        *(
            ("en-US", "is of a type that is not read here", name)
            for name in ("program.exe", "no ending", ".txt", " .txt", "..", "txt", "a.txt.", "~")
        ),
    ],
)
def test_a_file_of_another_type_is_left_out_and_it_is_said(
    ui: UserInterface, locale: str, said: str, name: str
) -> None:
    page = drop(ui.open("library", locale=locale), (name, FIRST), ("good.txt", SECOND))
    assert said in warned(page)
    assert stored(ui) == {"good.txt": SECOND.decode()}


def test_odd_names_are_stored_and_listed(ui: UserInterface) -> None:
    names = (
        "..txt",
        "...md",
        "CON.txt",
        "a" * 300 + ".txt",
        "文" * 300 + ".md",
        "\x1b[31m\u202egnp.txt",
        "a\n\rb\t.txt",
        "%00.txt",
        "'; DROP TABLE sources; --.txt",
        "-rf.txt",
    )
    texts = {name: f"Heron number {number} waits." for number, name in enumerate(names)}
    page = drop(ui.open("library"), *((name, text.encode()) for name, text in texts.items()))
    assert stored(ui) == {clean_name(name): text for name, text in texts.items()}
    page.run()
    assert not page.exception
    assert sorted(page.dataframe[0].value["name"]) == sorted(map(clean_name, names))


def waiting_bytes(ui: UserInterface) -> int:
    """Bytes of files that were sent and not deleted since."""
    gc.collect()
    return sum(path.stat().st_size for path in ui.shared.settings.spool_dir.glob("*/*"))


LARGE = b"not a PDF at all " * 20_000


@pytest.mark.parametrize("end", ["done", "cancelled", "cancelled while queued", "question"])
def test_a_job_that_has_ended_keeps_nothing_of_what_was_sent(ui: UserInterface, end: str) -> None:
    page = ui.open("library")
    if end == "question":
        drop(page, ("a.txt", FIRST))
        ui.wait()
    with others_turn(ui.shared.settings) as turn:
        page = drop(page, ("large.pdf", LARGE), ("a.txt", SECOND))
        assert waiting_bytes(ui) == len(LARGE) + len(SECOND)
        if end == "question":
            page.button(key="upload-cancel").click().run()
        elif end != "done":
            job = ui.shared.jobs.listed()[-1]
            if end == "cancelled while queued":
                ui.shared.jobs.cancel(job.id)
        turn.release()
        if end == "cancelled":
            ui.shared.jobs.cancel(ui.shared.jobs.listed()[-1].id)
        ui.wait()
    page.run()
    deadline = time.monotonic() + 60  # the bytes are deleted a moment after the end is told
    while waiting_bytes(ui):
        assert time.monotonic() < deadline
        time.sleep(0.01)
