"""The library view, in both languages: empty, full, uploading, replacing, deleting, failed."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from job_turn import others_turn
from objects_in_memory import bucket_in_memory
from reportlab.pdfgen.canvas import Canvas
from streamlit.testing.v1 import AppTest

from ingest import ingest
from kb import StoreError
from kb.uploads import UPLOADS_ROOT
from ui.markup import plain
from ui.starting import start_folder

if TYPE_CHECKING:
    from conftest import UserInterface

NOTE = ("notes.txt", b"The grey heron waits motionless in shallow water.", "text/plain")


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def upload(page: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    page.file_uploader[0].set_value(list(files)).run()
    assert not page.exception
    return page


def select(page: AppTest, *rows: int) -> AppTest:
    key = page.dataframe[0].key
    page.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    page.run()
    assert not page.exception
    return page


def tick(page: AppTest, *rows: int) -> AppTest:
    boxes = [box for box in page.checkbox if str(box.key).startswith("tick-")]
    for row in rows:
        page.checkbox(key=boxes[row].key).set_value(not boxes[row].value)
    page.run()
    assert not page.exception
    return page


def names(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["name"]) if page.dataframe else []


@pytest.mark.parametrize(
    ("locale", "headline"), [("en-US", "No documents yet"), ("zh-CN", "还没有文档")]
)
def test_an_empty_library_says_how_to_fill_it(
    ui: UserInterface, locale: str, headline: str
) -> None:
    page = ui.open("library", locale=locale)
    assert headline in html(page)
    assert page.file_uploader


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_an_empty_library_says_where_it_is_kept_and_offers_the_samples(
    ui: UserInterface, locale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "heron.txt").write_text("A grey heron.", "utf-8")
    monkeypatch.setattr("ui.samples.samples", lambda: tmp_path / "samples")
    page = ui.open("library", locale=locale)
    shown = "\n".join(each.value for each in page.caption)
    assert str(ui.shared.settings.data_dir) in shown.replace("\\", "")
    page.button(key="samples").click().run()
    assert not page.exception
    ui.wait()
    assert [info.name for info in ui.shared.base.documents()] == ["heron.txt"]


@pytest.mark.parametrize(("locale", "title"), [("en-US", "Library"), ("zh-CN", "文档库")])
def test_documents_are_listed_newest_first(ui: UserInterface, locale: str, title: str) -> None:
    ui.shared.base.add("First text about herons.", name="first.txt")
    ui.shared.base.add("第二篇文章。", name="第二.txt")
    page = ui.open("library", locale=locale)
    assert page.title[0].value == title
    assert names(page) == ["第二.txt", "first.txt"]
    assert list(page.dataframe[0].value["type"]) == ["TXT", "TXT"]


def test_an_upload_is_read_embedded_and_stored_in_the_background(ui: UserInterface) -> None:
    page = upload(ui.open("library"), NOTE, ("b.md", b"# Title\n\nSome text.", "text/markdown"))
    assert ui.shared.jobs.listed()[0].files[0].name == "notes.txt"
    ui.wait()
    page.run()
    assert sorted(names(page)) == ["b.md", "notes.txt"]
    assert "stored, one chunk" in html(page)
    assert ui.shared.base.search("heron")[0].source == "notes.txt"


def test_another_tab_sees_the_same_run(ui: UserInterface) -> None:
    upload(ui.open("library"), NOTE)
    other = ui.open("library", locale="zh-CN")
    assert "notes.txt" in html(other)
    ui.wait()
    other.run()
    assert names(other) == ["notes.txt"]


def test_a_known_name_with_other_contents_is_asked_about(ui: UserInterface) -> None:
    page = upload(ui.open("library"), NOTE)
    ui.wait()
    page.run()
    changed = ("notes.txt", b"The grey heron waits motionless in shallow waTer.", "text/plain")
    upload(page, changed, ("new.txt", b"Something else entirely.", "text/plain"))
    assert len(ui.shared.jobs.listed()) == 1
    (question,) = [element.value for element in page.markdown if "already" in element.value]
    assert question.replace("\\", "") == (
        "**A document of this name is here already with other contents. Replace it?**\n\n"
        "- notes.txt"
    )
    page.button(key="upload-replace").click().run()
    ui.wait()
    assert "waTer" in ui.shared.base.search("heron")[0].text
    assert len(ui.shared.base.documents()) == 2


def test_the_question_can_be_answered_with_only_the_new_ones(ui: UserInterface) -> None:
    page = upload(ui.open("library"), NOTE)
    ui.wait()
    page.run()
    upload(page, ("notes.txt", b"other", "text/plain"), ("new.txt", b"New one.", "text/plain"))
    page.button(key="upload-new").click().run()
    ui.wait()
    assert {info.name for info in ui.shared.base.documents()} == {"notes.txt", "new.txt"}
    assert "heron" in ui.shared.base.search("heron")[0].text


def test_the_question_can_be_refused(ui: UserInterface) -> None:
    page = upload(ui.open("library"), NOTE)
    ui.wait()
    page.run()
    upload(page, ("notes.txt", b"other", "text/plain"))
    page.button(key="upload-cancel").click().run()
    assert len(ui.shared.jobs.listed()) == 1
    assert not [button for button in page.button if button.key == "upload-replace"]


def test_the_same_file_again_needs_no_question(ui: UserInterface) -> None:
    page = upload(ui.open("library"), NOTE)
    ui.wait()
    page.run()
    upload(page, NOTE)
    ui.wait()
    page.run()
    assert "unchanged" in html(page)
    assert len(ui.shared.base.documents()) == 1


@pytest.mark.parametrize(("locale", "reason"), [("en-US", "damaged"), ("zh-CN", "文件已损坏")])
def test_a_file_that_cannot_be_read_is_listed_with_the_reason(
    ui: UserInterface, locale: str, reason: str
) -> None:
    page = upload(
        ui.open("library", locale=locale), NOTE, ("broken.pdf", b"%PDF-1.7\nno", "application/pdf")
    )
    ui.wait()
    page.run()
    assert names(page) == ["notes.txt"]
    assert "broken.pdf" in html(page)
    assert reason in html(page)
    forget = next(button for button in page.button if str(button.key).startswith("forget-"))
    forget.click().run()
    assert ui.shared.base.files.failed() == []


def test_deleting_asks_first(ui: UserInterface) -> None:
    ui.shared.base.add("First text.", name="first.txt")
    ui.shared.base.add("Second text.", name="second.txt")
    page = select(ui.open("library"), 0)
    page.button(key="delete").click().run()
    assert len(ui.shared.base.documents()) == 2
    page.button(key="delete-no").click().run()
    page.button(key="delete").click().run()
    page.button(key="delete-yes").click().run()
    assert not page.exception
    assert [info.name for info in ui.shared.base.documents()] == ["first.txt"]
    assert names(page) == ["first.txt"]


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en-US", "is kept in step with this collection, so its next run adds files in it again"),
        ("zh-CN", "与此知识集保持同步，下次同步会重新添加其中的文件"),
    ],
)
def test_deleting_a_document_of_a_watched_folder_says_that_it_comes_back(
    ui: UserInterface, tmp_path: Path, locale: str, told: str
) -> None:
    folder = tmp_path / "birds"
    folder.mkdir()
    (folder / "heron.txt").write_text("The heron hunts at dusk.", "utf-8")
    ingest(ui.shared.base, [folder])
    page = select(ui.open("library", locale=locale), 0)
    page.button(key="delete").click().run()
    assert not page.warning
    page.button(key="delete-no").click().run()
    ui.shared.base.watched.add(folder)
    page.button(key="delete").click().run()
    (warning,) = page.warning
    assert plain(str(folder)) in warning.value
    assert told in warning.value


def test_the_list_can_be_filtered(ui: UserInterface) -> None:
    for name in ("租赁合同.txt", "heron.txt"):
        ui.shared.base.add(f"Text of {name}.", name=name)
    page = ui.open("library")
    page.text_input(key="table-filter").set_value("合同").run()
    assert names(page) == ["租赁合同.txt"]
    page.text_input(key="table-filter").set_value("nothing").run()
    assert not page.dataframe


def test_a_collection_is_made_chosen_filled_and_deleted(ui: UserInterface) -> None:
    page = ui.open("library")
    page.text_input(key="new-name").set_value("合同")
    page.button(key="create").click().run()
    assert not page.exception
    assert page.selectbox(key="collection").value == "合同"
    upload(page, NOTE)
    ui.wait()
    assert ui.shared.base.collection("合同").documents == 1
    page.run()
    made = ui.shared.base.collection("合同")
    assert page.button(key=f"drop-{made.id}").disabled
    page.text_input(key=f"typed-{made.id}").set_value("合同").run()
    page.button(key=f"drop-{made.id}").click().run()
    assert not page.exception
    assert "合同" not in [info.name for info in ui.shared.base.collections()]


def test_a_collection_can_be_renamed_and_described(ui: UserInterface) -> None:
    ui.shared.base.add("A text.", name="a.txt")
    before = ui.shared.base.collection()
    page = ui.open("library")
    page.text_input(key=f"name-{before.id}").set_value("Birds")
    page.text_input(key=f"description-{before.id}").set_value("All about herons")
    page.button(key=f"save-{before.id}").click().run()
    assert not page.exception
    assert ui.shared.base.collection("Birds").description == "All about herons"
    assert names(page) == ["a.txt"]


def test_a_name_that_cannot_be_used_is_explained(ui: UserInterface) -> None:
    page = ui.open("library")
    page.text_input(key="new-name").set_value("  ")
    page.button(key="create").click().run()
    assert "cannot name a collection" in page.error[0].value


def test_a_failed_store_is_told_and_not_raised(
    ui: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> object:
        msg = "the disk is full"
        raise StoreError(msg)

    monkeypatch.setattr(ui.shared.base, "collections", list)
    monkeypatch.setattr(ui.shared, "find_collection", failing)
    page = ui.open("library")
    assert "The library cannot be shown" in page.error[0].value


def test_documents_from_folders_are_never_replaced_by_an_upload(ui: UserInterface) -> None:
    ui.shared.base.add("A text.", name="notes.txt")
    uploads = [ui.shared.jobs.batch().add("notes.txt", [b"other"])]
    assert ui.shared.jobs.would_replace(uploads, collection="default") == []
    ui.shared.start_uploads(uploads, collection="default")
    ui.wait()
    roots = {info.sources[0].root for info in ui.shared.base.documents()}
    assert roots == {"python", UPLOADS_ROOT}


def zipped(**files: bytes) -> tuple[str, bytes, str]:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return ("trip.zip", target.getvalue(), "application/zip")


@pytest.mark.parametrize(
    ("locale", "left"), [("en-US", "other types were left out"), ("zh-CN", "已略过其他类型的文件")]
)
def test_a_zip_is_unpacked_and_what_is_left_out_is_said(
    ui: UserInterface, locale: str, left: str
) -> None:
    files = {"day 1/heron.txt": b"A grey heron.", "day 2/owl.md": b"An owl.", "run.exe": b"MZ"}
    page = upload(ui.open("library", locale=locale), zipped(**files))
    ui.wait()
    page.run()
    sources = {str(source) for info in ui.shared.base.documents() for source in info.sources}
    assert sources == {"trip/day 1/heron.txt", "trip/day 2/owl.md"}
    assert left in page.warning[0].value
    assert "run" in page.warning[0].value
    page.button(key="left-out-read").click().run()
    assert not page.warning


def test_a_damaged_zip_is_named_and_adds_nothing(ui: UserInterface) -> None:
    page = upload(ui.open("library"), ("trip.zip", b"PK but not really", "application/zip"))
    assert "damaged" in page.warning[0].value
    assert not ui.shared.jobs.listed()


def test_a_folder_of_this_computer_is_read_in_the_background(
    ui: UserInterface, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "heron.txt").write_text("A grey heron.", "utf-8")
    page = ui.open("library")
    page.text_input(key="folder").set_value(str(tmp_path / "no such")).run()
    page.button(key="folder-read").click().run()
    assert "There is no folder" in page.error[0].value
    page.text_input(key="folder").set_value(str(tmp_path / "docs")).run()
    page.button(key="folder-read").click().run()
    ui.wait()
    assert [info.name for info in ui.shared.base.documents()] == ["heron.txt"]


def test_a_collection_renamed_while_its_files_wait_is_the_one_that_gets_them(
    ui: UserInterface, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "heron.txt").write_text("A grey heron.", "utf-8")
    base = ui.shared.base
    base.create_collection("birds")
    with others_turn(ui.shared.settings):
        start_folder(ui.shared, tmp_path / "docs", collection="birds")
        wren = ui.shared.jobs.batch().add("wren.txt", [b"A wren."])
        ui.shared.start_uploads([wren], collection="birds")
        base.rename_collection("birds", "herons")
    ui.wait()
    assert [(info.name, info.documents) for info in base.collections()] == [("herons", 2)]


def test_failed_files_are_tried_again_when_asked(ui: UserInterface, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "late.pdf").write_bytes(b"not yet a pdf")
    start_folder(ui.shared, folder, collection="default")
    ui.wait()
    upload(ui.open("library"), ("broken.pdf", b"%PDF-1.4 broken", "application/pdf"))
    ui.wait()
    assert len(ui.shared.base.files.failed()) == 2
    canvas = Canvas(str(folder / "late.pdf"))
    canvas.drawString(72, 720, "A heron at last.")
    canvas.save()
    page = ui.open("library")
    page.button(key="retry-all").click().run()
    ui.wait()
    assert [file.source.path for file in ui.shared.base.files.failed()] == ["broken.pdf"]
    assert [info.name for info in ui.shared.base.documents()] == ["late.pdf"]


def fill_three(ui: UserInterface) -> None:
    base = ui.shared.base
    base.add("The grey heron waits motionless in shallow water.", name="heron.txt")
    base.add("苍鹭在浅水中一动不动地等待，捕食小鱼和青蛙。", name="苍鹭.txt")
    base.add(
        "The barn owl hunts at night over open fields.", name="owl.md", metadata={"tags": "Owls"}
    )


@pytest.mark.parametrize(
    ("locale", "chinese", "owls"),
    [("en-US", "Chinese (1)", "Owls (1)"), ("zh-CN", "中文（1）", "Owls（1）")],
)
def test_the_list_is_narrowed_by_language_and_tag(
    ui: UserInterface, locale: str, chinese: str, owls: str
) -> None:
    fill_three(ui)
    page = ui.open("library", locale=locale)
    assert [list(tags) for tags in page.dataframe[0].value["tags"]] == [["Owls"], [], []]
    by_language = page.multiselect(key="table-language")
    assert chinese in by_language.options
    by_language.set_value(["zh"]).run()
    assert names(page) == ["苍鹭.txt"]
    page.multiselect(key="table-language").set_value([])
    by_tag = page.multiselect(key="table-tag")
    assert by_tag.options == [owls]
    by_tag.set_value(["Owls"]).run()
    assert names(page) == ["owl.md"]


def test_the_list_is_narrowed_by_type_and_state(ui: UserInterface) -> None:
    fill_three(ui)
    upload(ui.open("library"), ("page.md", b"# A page\n\nWords.", "text/markdown"))
    ui.wait()
    page = ui.open("library")
    page.multiselect(key="table-type").set_value(["markdown"]).run()
    assert names(page) == ["page.md"]
    page.multiselect(key="table-type").set_value([]).run()
    assert page.multiselect(key="table-state").options == ["indexed (4)"]


def test_documents_are_tagged_together_and_found_by_the_tag(ui: UserInterface) -> None:
    fill_three(ui)
    page = select(ui.open("library"), 1, 2)
    page.text_input(key="tags-add-selected").set_value("herons, 水鸟")
    page.button(key="tags-save-selected").click().run()
    assert not page.exception
    given = {info.name: info.tags for info in ui.shared.base.documents()}
    assert given == {"heron.txt": ("herons", "水鸟"), "苍鹭.txt": ("herons", "水鸟"), "owl.md": ()}
    page.text_input(key="table-filter").set_value("水鸟").run()
    assert sorted(names(page)) == ["heron.txt", "苍鹭.txt"]
    page = select(page, 0)
    page.multiselect(key="tags-remove-selected").set_value(["herons"])
    page.button(key="tags-save-selected").click().run()
    assert sorted(len(info.tags) for info in ui.shared.base.documents()) == [0, 1, 2]


@pytest.mark.parametrize(
    ("locale", "headline"), [("en-US", "The tags could not be saved"), ("zh-CN", "未能保存标签")]
)
def test_what_cannot_be_a_tag_is_told(ui: UserInterface, locale: str, headline: str) -> None:
    fill_three(ui)
    page = select(ui.open("library", locale=locale), 0)
    page.text_input(key="tags-add-selected").set_value("x" * 200)
    page.button(key="tags-save-selected").click().run()
    assert headline in page.error[0].value


@pytest.mark.parametrize(
    ("locale", "hint", "facts"),
    [
        ("en-US", "tick rows to open, tag or delete them", "TXT · English · "),
        ("zh-CN", "勾选文档即可打开、加标签或删除", "TXT · 英语 · "),
    ],
)
def test_documents_listed_for_a_narrow_window_are_ticked_tagged_and_deleted(
    ui: UserInterface, locale: str, hint: str, facts: str
) -> None:
    for number in range(25):
        ui.shared.base.add(f"The grey heron waits in shallow water {number}.", name=f"{number}.txt")
    page = ui.open("library", locale=locale)
    assert any(hint in caption.value for caption in page.caption)
    assert sum(caption.value.startswith(facts) for caption in page.caption) == 20
    page = tick(page, 0, 3)
    page.text_input(key="tags-add-selected").set_value("birds")
    page.button(key="tags-save-selected").click().run()
    assert not page.exception
    assert [info.tags for info in ui.shared.base.documents()].count(("birds",)) == 2
    page = tick(page, 0, 1, 2)
    page = tick(page, 2)  # not, after all
    page.button(key="delete").click().run()
    page.button(key="delete-yes").click().run()
    assert not page.exception
    assert len(ui.shared.base.documents()) == 23


def test_selected_files_are_read_again_where_there_are_files(
    ui: UserInterface, tmp_path: Path
) -> None:
    fill_three(ui)
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "note.txt").write_text("Kingfishers dive.", "utf-8")
    start_folder(ui.shared, folder, collection="default")
    ui.wait()
    upload(ui.open("library"), NOTE)
    ui.wait()
    (folder / "note.txt").write_text("Kingfishers dive for fish.", "utf-8")
    page = ui.open("library")
    at = {name: row for row, name in enumerate(names(page))}
    page = select(page, at["heron.txt"])
    assert page.button(key="again").disabled, "added from Python: there is no file"
    page = select(page, at["note.txt"], at["notes.txt"], at["heron.txt"])
    page.button(key="again").click().run()
    ui.wait()
    assert "for fish" in ui.shared.base.search("kingfishers dive")[0].text
    ended = {run.files[0].name: run.files[0].stage for run in ui.shared.jobs.listed() if run.files}
    assert ended["notes.txt"] == "unchanged"
    assert ended["note.txt"] == "stored"


def test_a_folder_of_object_storage_is_read_by_its_url(ui: UserInterface) -> None:
    with bucket_in_memory() as bucket:
        bucket.put("docs/heron.txt", "A grey heron at the lake.")
        page = ui.open("library")
        page.text_input(key="folder").set_value(f"{bucket.url}/docs").run()
        page.button(key="folder-read").click().run()
        ui.wait()

        assert not page.exception
        (info,) = ui.shared.base.documents()
        assert str(info.sources[0]) == f"{bucket.url}/docs/heron.txt"


def test_a_url_with_a_key_in_it_is_refused_and_not_repeated(ui: UserInterface) -> None:
    page = ui.open("library")
    page.text_input(key="folder").set_value("s3://AKIA:hush@bucket/docs").run()
    page.button(key="folder-read").click().run()

    (error,) = page.error
    assert "URL with a key in it" in error.value
    assert "hush" not in error.value
