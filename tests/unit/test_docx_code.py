"""DOCX: code in paragraphs, one a line, keeps its indentation and is one block."""

from __future__ import annotations

from pathlib import Path

import pytest
from word import paragraph, part, read_docx, run

from kb.records import Document

COURIER = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New"/>'
CODE = ["def tides(port):", "    if port:", "\t\treturn port.level", "", "class Port: pass"]


def style(name: str, *, key: str = "S", kind: str = "paragraph", font: str = "") -> str:
    return (
        f'<w:style w:type="{kind}" w:styleId="{key}"><w:name w:val="{name}"/>'
        f"<w:rPr>{font}</w:rPr></w:style>"
    )


def read(tmp_path: Path, body: str, *styles: str) -> Document:
    return read_docx(
        tmp_path,
        body,
        relations={"rS": ("styles", "styles.xml")},
        parts={"word/styles.xml": part("styles", "".join(styles))},
    )


def lines(written: list[str], properties: str = "", fonts: str = "") -> str:
    return "".join(
        paragraph(run(line, fonts).replace("\t", "</w:t><w:tab/><w:t>") if line else "", properties)
        for line in written
    )


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(s.kind, document.text[s.start : s.end]) for s in document.sections]


@pytest.mark.parametrize(
    "name",
    ["Source Code", "HTML Preformatted", "Preformatted Text", "Code", "HTML Vorformatiert", "代码"],
)
def test_paragraphs_in_a_style_for_code_are_one_block(tmp_path: Path, name: str) -> None:
    body = paragraph(run("Before")) + lines(CODE, '<w:pStyle w:val="S"/>') + paragraph(run("After"))
    assert kinds(read(tmp_path, body, style(name))) == [
        ("text", "Before"),
        ("code", "\n".join(CODE)),
        ("text", "After"),
    ]


def test_lines_of_one_paragraph_are_code_too(tmp_path: Path) -> None:
    broken = run("def f():") + "<w:r><w:br/></w:r>" + run("    return 1")
    body = paragraph(broken, '<w:pStyle w:val="S"/>')
    assert kinds(read(tmp_path, body, style("Source Code"))) == [("code", "def f():\n    return 1")]


@pytest.mark.parametrize("by", ["run", "character style", "paragraph style"])
def test_paragraphs_whose_letters_all_have_one_width_are_code(tmp_path: Path, by: str) -> None:
    properties = '<w:pStyle w:val="S"/>' if by == "paragraph style" else ""
    fonts = {"run": COURIER, "character style": '<w:rStyle w:val="S"/>'}.get(by, "")
    kind = "character" if by == "character style" else "paragraph"
    document = read(
        tmp_path, lines(CODE, properties, fonts), style("Mine", kind=kind, font=COURIER)
    )
    assert kinds(document) == [("code", "\n".join(CODE))]


def test_indentation_of_paragraphs_is_that_of_code(tmp_path: Path) -> None:
    body = "".join(
        paragraph(run(text), f'<w:pStyle w:val="S"/><w:ind w:left="{left}"/>')
        for text, left in (("if port:", 360), ("sail()", 840), ("return", 360))
    )
    assert kinds(read(tmp_path, body, style("Code"))) == [("code", "if port:\n    sail()\nreturn")]


def test_prose_in_typewriter_letters_stays_text(tmp_path: Path) -> None:
    prose = ["Dear Sir, the harbour is closed.", "It will be open in May, we are told."]
    assert kinds(read(tmp_path, lines(prose, fonts=COURIER))) == [("text", "\n\n".join(prose))]


def test_a_document_in_typewriter_letters_is_no_code(tmp_path: Path) -> None:
    usual = f"<w:docDefaults><w:rPrDefault><w:rPr>{COURIER}</w:rPr></w:rPrDefault></w:docDefaults>"
    body = lines(["INT. HARBOUR - NIGHT", "    ANNA (tired)", "    It is late."])
    assert [kind for kind, _ in kinds(read(tmp_path, body, usual))] == ["text"]


def test_a_word_in_typewriter_letters_leaves_its_paragraph_text(tmp_path: Path) -> None:
    body = paragraph(run("Call ") + run("tides(port)", COURIER) + run(" daily."))
    assert kinds(read(tmp_path, body)) == [("text", "Call tides(port) daily.")]


def test_a_table_or_a_heading_ends_the_code(tmp_path: Path) -> None:
    code = lines(["a = 1"], '<w:pStyle w:val="S"/>')
    cells = "".join(f"<w:tc>{paragraph(run(text))}</w:tc>" for text in "xy")
    heading = paragraph(run("Next"), '<w:outlineLvl w:val="0"/>')
    body = code + f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>" + code + heading + code
    assert [kind for kind, _ in kinds(read(tmp_path, body, style("Code")))] == [
        "code",
        "table",
        "code",
        "text",
        "code",
    ]
