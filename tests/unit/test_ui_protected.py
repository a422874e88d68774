"""Protected files in the Library: a password is typed beside them, used once and kept nowhere."""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from locked_files import files_that_hold, locked_docx, locked_pdf
from streamlit.testing.v1 import AppTest

from ingest import IngestOptions, ingest
from ingest.loaders.base import LoadOptions

if TYPE_CHECKING:
    from conftest import UserInterface

RIGHT, WRONG = "Zimtstern-4711-richtig", "Lebkuchen-0815-falsch"
FIRST, SECOND = "The grey heron waits in the reeds.", "The barn owl hunts over fields."
LOCKED = {"heron.pdf": locked_pdf(FIRST, RIGHT), "owl.docx": locked_docx(SECOND, RIGHT)}


def drop(page: AppTest, **files: bytes) -> AppTest:
    sent = [(name, data, "application/octet-stream") for name, data in files.items()]
    page.file_uploader[0].set_value(sent).run()
    assert not page.exception
    return page


def failed(ui: UserInterface) -> dict[str, str]:
    ui.wait()
    return {file.source.path: file.reason_code for file in ui.shared.base.files.failed()}


def stored(ui: UserInterface) -> dict[str, str]:
    ui.wait()
    base = ui.shared.base
    return {
        source.path: base.document_text(info.id)
        for info in base.documents()
        for source in info.sources
    }


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


def give(page: AppTest, password: str, *, key: str) -> AppTest:
    """Type a password into a field and press the button beside it."""
    page.text_input(key=f"password-{key}").set_value(password)
    page.button(key=f"unlock-{key}").click().run()
    assert not page.exception
    return page


def keys(page: AppTest) -> list[str]:
    return [str(field.key) for field in page.text_input if str(field.key).startswith("password-")]


@pytest.mark.parametrize(
    ("locale", "asks", "wrong"),
    [
        ("en-US", "protected by a password", "The password does not open this file"),
        ("zh-CN", "受密码保护", "密码不正确"),
    ],
)
def test_a_password_typed_beside_a_protected_file_opens_it_and_a_wrong_one_is_said(
    ui: UserInterface, locale: str, asks: str, wrong: str
) -> None:
    drop(ui.open("library", locale=locale), **{"heron.pdf": LOCKED["heron.pdf"]})
    assert failed(ui) == {"heron.pdf": "encrypted"}

    page = ui.open("library", locale=locale)
    assert asks in html(page)
    field = page.text_input(key="password-uploads-heron.pdf")
    assert field.proto.type == field.proto.PASSWORD
    give(page, WRONG, key="uploads-heron.pdf")
    assert page.text_input(key="password-uploads-heron.pdf").value == ""
    assert failed(ui) == {"heron.pdf": "wrong_password"}

    page = ui.open("library", locale=locale)
    assert wrong in html(page)
    give(page, RIGHT, key="uploads-heron.pdf")
    assert failed(ui) == {}
    assert stored(ui) == {"heron.pdf": FIRST}
    assert keys(ui.open("library", locale=locale)) == []


def test_one_password_is_tried_on_all_protected_files(ui: UserInterface) -> None:
    third = locked_pdf("The wren sings.", WRONG)
    drop(ui.open("library"), **LOCKED, **{"wren.pdf": third})
    assert set(failed(ui)) == {"heron.pdf", "owl.docx", "wren.pdf"}
    give(ui.open("library"), RIGHT, key="all")
    assert failed(ui) == {"wren.pdf": "wrong_password"}
    assert stored(ui) == {"heron.pdf": FIRST, "owl.docx": SECOND}


def test_a_protected_file_of_a_folder_is_read_where_it_is(
    ui: UserInterface, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "owl.docx").write_bytes(LOCKED["owl.docx"])
    ingest(ui.shared.base, [folder])
    assert failed(ui) == {"owl.docx": "encrypted"}
    give(ui.open("library"), RIGHT, key=f"{folder}-owl.docx")
    assert stored(ui) == {"owl.docx": SECOND}


def test_a_field_that_was_left_empty_starts_nothing_and_says_so(ui: UserInterface) -> None:
    drop(ui.open("library"), **{"heron.pdf": LOCKED["heron.pdf"]})
    assert failed(ui) == {"heron.pdf": "encrypted"}
    before = len(ui.shared.jobs.listed())
    page = give(ui.open("library"), "", key="uploads-heron.pdf")
    assert len(ui.shared.jobs.listed()) == before
    assert "Type the password" in page.toast[0].value


@pytest.mark.parametrize(
    ("locale", "said"), [("en-US", "drop the file above again"), ("zh-CN", "请重新把文件拖到上面")]
)
def test_an_upload_that_is_no_longer_kept_is_asked_for_again_and_its_password_with_it(
    ui: UserInterface, locale: str, said: str
) -> None:
    drop(ui.open("library"), **{"heron.pdf": LOCKED["heron.pdf"]})
    assert failed(ui) == {"heron.pdf": "encrypted"}
    ui.shared.base.uploads.keep_only(())
    page = ui.open("library", locale=locale)
    assert keys(page) == []
    assert said in html(page)

    (field,) = [f for f in page.text_input if str(f.key).startswith("upload-password")]
    assert field.proto.type == field.proto.PASSWORD
    field.set_value(RIGHT).run()
    drop(page, **{"heron.pdf": LOCKED["heron.pdf"]})
    assert stored(ui) == {"heron.pdf": FIRST}
    (field,) = [f for f in page.text_input if str(f.key).startswith("upload-password")]
    assert field.value == ""


def test_a_password_is_in_no_file_no_log_no_address_and_not_in_what_is_remembered(
    ui: UserInterface, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = drop(ui.open("library"), **LOCKED)
    assert set(failed(ui)) == set(LOCKED)
    for password in (WRONG, RIGHT):
        page = give(ui.open("library"), password, key="all")
        ui.wait()
        for word in (WRONG, RIGHT):
            assert word not in str(dict(page.query_params))
            assert word not in repr(page.session_state._state.filtered_state)
            assert word not in html(page)
            assert word not in caplog.text
            assert word not in repr(ui.shared.jobs.listed())
            assert word not in repr(ui.shared.base.runs())
            assert files_that_hold(word, data_dir) == []
    assert stored(ui) == {"heron.pdf": FIRST, "owl.docx": SECOND}
    gc.collect()
    options = [each for each in gc.get_objects() if isinstance(each, IngestOptions | LoadOptions)]
    assert [each for each in options if each.passwords] == []


def test_a_later_reading_without_the_password_keeps_what_was_read_with_it(
    ui: UserInterface,
) -> None:
    drop(ui.open("library"), **{"heron.pdf": LOCKED["heron.pdf"]})
    assert failed(ui) == {"heron.pdf": "encrypted"}
    give(ui.open("library"), RIGHT, key="uploads-heron.pdf")
    assert failed(ui) == {}
    drop(ui.open("library"), **{"heron.pdf": LOCKED["heron.pdf"]})
    assert failed(ui) == {}
    assert stored(ui) == {"heron.pdf": FIRST}


@pytest.mark.parametrize(
    ("locale", "said"), [("en-US", "The password is not kept"), ("zh-CN", "密码不会保存")]
)
def test_the_page_of_a_hit_says_that_its_original_is_protected(
    ui: UserInterface, locale: str, said: str
) -> None:
    drop(ui.open("library"), **{"heron.pdf": LOCKED["heron.pdf"]})
    assert failed(ui) == {"heron.pdf": "encrypted"}
    give(ui.open("library"), RIGHT, key="uploads-heron.pdf")
    assert failed(ui) == {}
    page = ui.open(locale=locale, q="grey heron", mode="keyword")
    choice = next(c for c in page.segmented_control if str(c.key).startswith("more-"))
    choice.set_value("page").run()
    assert not page.exception
    assert said in " ".join(caption.value for caption in page.caption)
