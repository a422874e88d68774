"""Library's folders kept in step and duplicates, and a page beside its reading: both languages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from pictured_pdf import LEASE, hidden, new_canvas, show, text_picture, write
from PIL import Image

from ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

HERON = "The grey heron waits motionless in shallow water and strikes at passing fish. " * 5


def told(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.html, page.warning, page.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.mark.parametrize(
    ("locale", "in_step", "failed"),
    [("en-US", "In step", "1 could not be read"), ("zh-CN", "已同步", "无法读取 1")],
)
def test_a_folder_is_kept_in_step_paused_and_left_alone(
    ui: UserInterface, tmp_path: Path, locale: str, in_step: str, failed: str
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "heron.txt").write_text(HERON, "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    page = ui.open("library", locale=locale)
    page.text_input(key="folder").set_value(str(folder)).run()
    page.button(key="folder-keep").click().run()
    (added,) = ui.shared.base.watched.listed()
    assert added.path == str(folder)
    deadline = time.monotonic() + 120
    while ui.shared.base.watched.listed()[0].state != "in_step":
        assert time.monotonic() < deadline, ui.shared.base.watched.listed()
        time.sleep(0.1)
    page.run()
    assert in_step in told(page)
    assert failed in told(page)
    page.text_input(key="folder").set_value(str(folder)).run()
    page.button(key="folder-keep").click().run()
    assert len(page.error) == 1  # it is followed already
    page.button(key=f"watched-pause-{added.id}").click().run()
    assert ui.shared.base.watched.listed()[0].paused
    page.button(key=f"watched-stop-{added.id}").click().run()
    assert ui.shared.base.watched.listed() == []
    assert [info.name for info in ui.shared.base.documents()] == ["heron.txt"]


@pytest.mark.parametrize(
    ("locale", "also", "percent"), [("en-US", "also at", " %"), ("zh-CN", "另见于", "%")]
)
def test_files_with_the_same_content_and_documents_mostly_the_same_are_shown(
    ui: UserInterface, tmp_path: Path, locale: str, also: str, percent: str
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    text = " ".join(f"Heron {number} waits at weir {number * 7}." for number in range(60))
    for name, content in (("a.txt", text), ("b.txt", text), ("c.txt", f"{text} Amended.")):
        (folder / name).write_text(content, "utf-8")
    ingest(ui.shared.base, [folder])
    page = ui.open("library", locale=locale)
    # Which of them was stored first is chance.
    assert f"{also} a.txt" in told(page) or f"{also} b.txt" in told(page)
    collection = ui.shared.base.collection()
    page.toggle(key=f"duplicates-{collection.id}").set_value(True).run()
    assert not page.exception
    ((pair,),) = ui.shared.base.near_duplicates.find(collection)
    assert f"**{int(100 * pair.share)}{percent}**" in told(page)


@pytest.mark.parametrize(
    ("locale", "read"), [("en-US", "Read from this page"), ("zh-CN", "从本页读取的内容")]
)
def test_a_page_stands_beside_what_was_read_from_it(
    ui: UserInterface, tmp_path: Path, locale: str, read: str
) -> None:
    canvas = new_canvas(tmp_path / "heron.pdf")
    write(canvas, 72, 700, "The grey heron waits motionless.")
    canvas.save()
    ingest(ui.shared.base, [tmp_path / "heron.pdf"])
    (info,) = ui.shared.base.documents()
    page = ui.open("document", locale=locale, id=str(info.id))
    assert read not in told(page)
    page.toggle(key=f"reading-{info.id}").set_value(True).run()
    assert not page.exception
    assert read in told(page)
    assert "The grey heron waits motionless." in told(page)


@pytest.mark.parametrize(
    ("locale", "unread", "left_out"),
    [
        (
            "en-US",
            ("Not read: one place", "picture, no text read in it"),
            (
                "Left out on purpose:",
                "page number: <q>1</q>",
                "hidden text, which the page does not show: <q>Nobody sees this.</q>",
            ),
        ),
        (
            "zh-CN",
            ("未读取：1 处", "图片，未读取到文字"),
            ("有意不读取：", "页码: <q>1</q>", "隐藏文字，页面上不显示: <q>Nobody sees this.</q>"),
        ),
    ],
)
def test_what_was_not_read_of_a_page_is_listed_and_so_is_what_was_left_out_on_purpose(
    ui: UserInterface,
    tmp_path: Path,
    locale: str,
    unread: tuple[str, str],
    left_out: tuple[str, ...],
) -> None:
    canvas = new_canvas(tmp_path / "report.pdf")
    for number in range(1, 4):
        write(canvas, 72, 800, "Bird club, yearly report")
        for line in range(6):
            write(
                canvas, 72, 700 - 20 * line, f"In week {number}{line} the club saw {line} herons."
            )
        if number == 1:
            show(canvas, Image.effect_noise((900, 500), 60), (72, 200, 472, 500))
            hidden(canvas, 72, 150, "Nobody sees this.")
        write(canvas, 290, 30, str(number))
        canvas.showPage()
    canvas.save()
    ingest(ui.shared.base, [tmp_path / "report.pdf"])
    (info,) = ui.shared.base.documents()
    page = ui.open("document", locale=locale, id=str(info.id), at="1")
    page.toggle(key=f"reading-{info.id}").set_value(True).run()
    assert not page.exception
    for each in (*unread, *left_out):
        assert each in told(page)


@pytest.mark.parametrize(
    ("locale", "warned", "remark"),
    [
        ("en-US", "put them out of order", "words may be out of order"),
        ("zh-CN", "顺序也可能有误", "文字顺序可能有误"),
    ],
)
def test_a_page_read_by_ocr_says_that_words_may_be_out_of_order(
    ui: UserInterface, tmp_path: Path, locale: str, warned: str, remark: str
) -> None:
    canvas = new_canvas(tmp_path / "lease.pdf")
    show(canvas, text_picture(LEASE))
    canvas.save()
    ingest(ui.shared.base, [tmp_path / "lease.pdf"])
    (info,) = ui.shared.base.documents()
    page = ui.open("document", locale=locale, id=str(info.id))
    assert remark in told(page)
    assert warned not in told(page)
    page.toggle(key=f"reading-{info.id}").set_value(True).run()
    assert not page.exception
    assert warned in told(page)
    assert "check_circle" not in told(page)  # nobody knows whether OCR read everything
