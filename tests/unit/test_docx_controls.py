"""DOCX: forms made of ActiveX controls, as LibreOffice saves them and Word's developer tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from active_x import (
    BUTTON,
    CHECK,
    COMBO,
    HTML_CHECK,
    HTML_SELECT,
    HTML_TEXT,
    LABEL,
    LIST,
    RADIO,
    TEXT,
    TOGGLE,
    captioned,
    compound,
    parts,
    shown,
    state,
)
from word import paragraph, read_docx, run

from kb.records import Document

_SCROLL_BAR = "DFD181E0"
Content = bytes | Mapping[str, str]


def form(
    tmp_path: Path, *fields: tuple[str, str, Content], holder: str = "object", wrap: str = "{}"
) -> Document:
    """Read a form of fields: the label before each, its control's class, and its state."""
    controls = {f"c{at}": (kind, content) for at, (_, kind, content) in enumerate(fields)}
    relations, written = parts(controls)
    body = "".join(
        paragraph(run(label) + shown(f"c{at}", holder)) for at, (label, _, _) in enumerate(fields)
    )
    relations["rPreview"] = ("image", "media/preview.emf")
    written["word/media/preview.emf"] = b"a picture of the control"
    return read_docx(tmp_path, wrap.format(body), relations=relations, parts=written)


@pytest.mark.parametrize("holder", ["object", "pict"])
def test_a_control_is_read_where_it_stands(tmp_path: Path, holder: str) -> None:
    document = form(
        tmp_path,
        ("Name: ", TEXT, compound(state(TEXT, "Ada Größ"))),
        ("Town: ", COMBO, compound(state(COMBO, "Haifa"))),
        ("Colour: ", LIST, compound(state(LIST, "green", group="g"))),
        ("Meals: ", CHECK, compound(state(CHECK, "1", "vegetarian"))),
        ("", CHECK, compound(state(CHECK, "0", "素食"))),
        ("Car: ", RADIO, compound(state(RADIO, "1", "diesel", group="cars"))),
        ("Sound: ", TOGGLE, compound(state(TOGGLE, "0", "mute"))),
        ("", LABEL, compound(captioned("Bürgeramt Süd"))),
        ("", BUTTON, compound(captioned("Send now", picture_place=True))),
        holder=holder,
    )
    assert document.text.split("\n\n") == [
        "Name: Ada Größ",
        "Town: Haifa",
        "Colour: green",
        "Meals: ☒ vegetarian",
        "☐ 素食",
        "Car: ☒ diesel",
        "Sound: ☐ mute",
        "Bürgeramt Süd",
        "Send now",
    ]
    assert not document.notices


def test_a_control_kept_as_a_plain_stream_or_as_properties_is_read(tmp_path: Path) -> None:
    document = form(
        tmp_path,
        ("Name: ", TEXT, bytes(16) + state(TEXT, "Ada")),
        ("Meals: ", CHECK, {"Caption": "vegetarian", "Value": "1"}),
        ("", LABEL, {"Caption": "Bürgeramt"}),
    )
    assert document.text.split("\n\n") == ["Name: Ada", "Meals: ☒ vegetarian", "Bürgeramt"]
    assert not document.notices


def test_a_control_pasted_from_a_web_page_is_read(tmp_path: Path) -> None:
    select = "<SELECT NAME=s>\r\n<OPTION>Oslo\r\n<OPTION SELECTED>Haifa\r\n</SELECT>"
    document = form(
        tmp_path,
        ("Name: ", HTML_TEXT, bytes(16) + '<INPUT TYPE="text" VALUE="Ada">'.encode("utf-16-le")),
        ("Town: ", HTML_SELECT, bytes(16) + select.encode("utf-16-le")),
        ("Meals: ", HTML_CHECK, bytes(16) + b'<INPUT TYPE="checkbox" CHECKED>'),
    )
    assert document.text.split("\n\n") == ["Name: Ada", "Town: Haifa", "Meals: ☒"]


def test_long_values_and_lines_are_read_whole(tmp_path: Path) -> None:
    lines = "first line\r\n" + "word " * 2_000
    document = form(tmp_path, ("Remarks: ", TEXT, compound(state(TEXT, lines))))
    assert document.text == f"Remarks: first line\n{'word ' * 2_000}".strip()


def test_a_password_is_left_out(tmp_path: Path) -> None:
    document = form(tmp_path, ("PIN: ", TEXT, compound(state(TEXT, "1234", star="*"))))
    assert document.text == "PIN:"
    assert not document.notices


def test_controls_in_a_table_are_read_in_their_cells(tmp_path: Path) -> None:
    relations, written = parts({"c0": (CHECK, compound(state(CHECK, "1")))})
    cells = (paragraph(run("Meals")), paragraph(shown("c0")))
    row = "".join(f"<w:tc>{cell}</w:tc>" for cell in cells)
    document = read_docx(
        tmp_path, f"<w:tbl><w:tr>{row}</w:tr></w:tbl>", relations=relations, parts=written
    )
    assert document.text == "Meals | ☒"


def test_neighbouring_controls_do_not_run_together(tmp_path: Path) -> None:
    label, name = (LABEL, compound(captioned("Name"))), (TEXT, compound(state(TEXT, "Ada")))
    relations, written = parts({"c0": label, "c1": name})
    body = paragraph(shown("c0") + shown("c1"))
    assert read_docx(tmp_path, body, relations=relations, parts=written).text == "Name Ada"


@pytest.mark.parametrize(
    "content",
    [
        compound(b"\0\2\xff\xff" + state(TEXT, "Ada")[4:]),
        compound(state(TEXT, "Ada")[:20]),
        compound(state(TEXT, "Ada"), "elsewhere"),
        compound(state(TEXT, "Ada"))[:700],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        bytes(16) + b"\0\2\x0c\0" + b"\xff" * 12,
        b"",
    ],
)
def test_a_control_that_cannot_be_read_is_counted(tmp_path: Path, content: bytes) -> None:
    document = form(
        tmp_path,
        ("Broken: ", TEXT, content),
        ("Name: ", TEXT, compound(state(TEXT, "Ada"))),
        ("Speed: ", _SCROLL_BAR, compound(state(TEXT, "7"))),
    )
    assert document.text.split("\n\n") == ["Broken:", "Name: Ada", "Speed:"]
    (notice,) = document.notices
    assert (notice.code, dict(notice.values)) == ("objects_not_read", {"objects": 2})
