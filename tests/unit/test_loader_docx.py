"""DOCX: every text that a reader sees, once; nothing that was deleted."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.document import Document as WordDocument
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from msoffcrypto.format.ooxml import OOXMLFile

from ingest.errors import (
    DamagedFileError,
    EmptyDocumentError,
    EncryptedFileError,
    FileTooLargeError,
    UnsupportedFormatError,
)
from ingest.loaders.base import LoadOptions
from ingest.loaders.docx.chunks import chunk_text
from ingest.loaders.docx.loader import DocxLoader
from ingest.loaders.docx.numbering import write_number
from kb.records import Document

NAMESPACES = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
)


@pytest.fixture
def word() -> WordDocument:
    return docx.Document()


def load(word: WordDocument, tmp_path: Path, options: LoadOptions | None = None) -> Document:
    path = tmp_path / "document.docx"
    word.save(str(path))
    return DocxLoader().load(path, options or LoadOptions())


def add_xml(word: WordDocument, xml: str) -> None:
    """Put raw WordprocessingML before the section's properties."""
    body = word.element.body
    body.insert(len(body) - 1, parse_xml(xml.replace("<w:", "<w:", 1)))


def paragraph(inner: str) -> str:
    return f"<w:p {nsdecls('w')} {NAMESPACES}>{inner}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def test_headings_make_the_path_of_what_follows(word: WordDocument, tmp_path: Path) -> None:
    word.add_heading("合同", level=1)
    word.add_heading("价格", level=2)
    word.add_paragraph("每月五百元。")
    word.add_heading("Term", level=1)
    word.add_paragraph("Two years.")
    document = load(word, tmp_path)
    paths = [section.heading_path for section in document.sections]
    assert paths == [("合同",), ("合同", "价格"), ("Term",)]
    last = document.sections[-1]
    assert document.text[last.start : last.end] == "Term\n\nTwo years."


def test_localised_heading_styles_are_headings(word: WordDocument, tmp_path: Path) -> None:
    style = word.styles.add_style("标题 2x", 1)
    style.element.find(f"{{{style.element.nsmap['w']}}}name").set(
        f"{{{style.element.nsmap['w']}}}val", "标题 2"
    )
    word.add_paragraph("付款", style=style)
    word.add_paragraph("按月付款。")
    assert load(word, tmp_path).sections[0].heading_path == ("付款",)


def test_tables_are_rows_of_cells_and_merged_cells_are_said_in_every_row(
    word: WordDocument, tmp_path: Path
) -> None:
    table = word.add_table(rows=3, cols=2)
    for row, (left, right) in enumerate((("材料", "说明"), ("form", "signed"), ("", "twice"))):
        table.cell(row, 0).text = left
        table.cell(row, 1).text = right
    table.cell(1, 0).merge(table.cell(2, 0))
    document = load(word, tmp_path)
    assert document.sections[0].kind == "table"
    assert document.text == "材料 | 说明\nform | signed\nform | twice"


def test_lists_keep_their_marks(word: WordDocument, tmp_path: Path) -> None:
    word.add_paragraph("water", style="List Bullet")
    word.add_paragraph("bread", style="List Bullet")
    word.add_paragraph("first", style="List Number")
    word.add_paragraph("second", style="List Number")
    assert load(word, tmp_path).text == "- water\n- bread\n1. first\n2. second"


def test_headers_and_footers_stand_once(word: WordDocument, tmp_path: Path) -> None:
    word.sections[0].header.paragraphs[0].text = "Confidential 机密"
    word.sections[0].footer.paragraphs[0].text = "12"
    word.add_paragraph("Body.")
    word.add_section().header.is_linked_to_previous = True
    assert load(word, tmp_path).text == "Confidential 机密\n\nBody."


def test_content_controls_hyperlinks_and_insertions_are_read(
    word: WordDocument, tmp_path: Path
) -> None:
    add_xml(
        word,
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p>{run('in a control')}</w:p>"
        "</w:sdtContent></w:sdt>",
    )
    add_xml(
        word, paragraph(f"<w:hyperlink>{run('a link')}</w:hyperlink><w:ins>{run(' new')}</w:ins>")
    )
    assert load(word, tmp_path).text == "in a control\n\na link new"


def test_deleted_moved_hidden_and_instruction_text_is_left_out(
    word: WordDocument, tmp_path: Path
) -> None:
    add_xml(
        word,
        paragraph(
            run("kept")
            + "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
            + f"<w:moveFrom>{run('moved away')}</w:moveFrom>"
            + run("hidden", "<w:rPr><w:vanish/></w:rPr>")
            + "<w:r><w:instrText>HYPERLINK x</w:instrText></w:r>"
        ),
    )
    assert load(word, tmp_path).text == "kept"


def test_a_text_box_stands_once_though_it_is_stored_twice(
    word: WordDocument, tmp_path: Path
) -> None:
    box = f"<w:txbxContent><w:p>{run('in the box')}</w:p></w:txbxContent>"
    add_xml(
        word,
        paragraph(
            run("before")
            + "<w:r><mc:AlternateContent>"
            + f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing>'
            + "</mc:Choice>"
            + f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
            + "</mc:AlternateContent></w:r>"
        ),
    )
    assert load(word, tmp_path).text == "before\n\nin the box"


def ruby(base: str, reading: str) -> str:
    inner = f"<w:rt>{run(reading)}</w:rt><w:rubyBase>{run(base)}</w:rubyBase>"
    return f"<w:r><w:ruby>{inner}</w:ruby></w:r>"


def test_readings_above_a_word_follow_it(word: WordDocument, tmp_path: Path) -> None:
    add_xml(word, paragraph(f"{ruby('東京', 'とうきょう')}{run('へ')}"))
    add_xml(word, paragraph(f"{run('在')}{ruby('北', 'běi')}{ruby('京', 'jīng')}"))
    add_xml(word, paragraph(f"{ruby('東', 'とう')}{ruby('京', 'きょう')}{run('の駅')}"))
    assert load(word, tmp_path).text.split("\n\n") == [
        "東京(とうきょう)へ",
        "在北京(běi jīng)",
        "東京(とうきょう)の駅",
    ]


def test_a_large_first_letter_belongs_to_its_word(word: WordDocument, tmp_path: Path) -> None:
    frame = '<w:pPr><w:framePr w:dropCap="drop" w:lines="3"/></w:pPr>'
    add_xml(word, paragraph(frame + run("O")))
    add_xml(word, paragraph(run("nce upon a time")))
    assert load(word, tmp_path).text == "Once upon a time"


def test_a_paragraph_whose_end_was_deleted_goes_on(word: WordDocument, tmp_path: Path) -> None:
    mark = '<w:pPr><w:rPr><w:del w:id="1" w:author="A"/></w:rPr></w:pPr>'
    add_xml(word, paragraph(mark + run("first ")))
    add_xml(word, paragraph(run("second")))
    add_xml(word, paragraph(mark + run("last")))
    assert load(word, tmp_path).text == "first second\n\nlast"


def test_letters_drawn_along_a_line_are_read(word: WordDocument, tmp_path: Path) -> None:
    art = '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textpath string="DRAFT"/></v:shape>'
    add_xml(word, paragraph(f"{run('text')}<w:r><w:pict>{art}</w:pict></w:r>"))
    assert load(word, tmp_path).text == "text\n\nDRAFT"


def test_an_exponent_does_not_become_a_digit(word: WordDocument, tmp_path: Path) -> None:
    raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{}</w:t></w:r>'
    add_xml(word, paragraph(run("5 × 10") + raised.format("-6") + run(" m") + raised.format("2")))
    assert load(word, tmp_path).text == "5 × 10⁻⁶ m2"


def test_footnotes_follow_the_paragraph_that_refers_to_them(
    word: WordDocument, tmp_path: Path
) -> None:
    add_xml(word, paragraph(run("See note.") + '<w:r><w:footnoteReference w:id="2"/></w:r>'))
    word.add_paragraph("After.")
    path = tmp_path / "notes.docx"
    word.save(str(path))
    note = f'<w:footnote w:id="2"><w:p>{run("脚注在此。")}</w:p></w:footnote>'
    notes = f"<w:footnotes {nsdecls('w')}>{note}</w:footnotes>"
    add_part(path, "word/footnotes.xml", notes, "footnotes")
    assert DocxLoader().load(path, LoadOptions()).text == "See note.\n\n脚注在此。\n\nAfter."


def add_part(path: Path, name: str, content: str, kind: str) -> None:
    """Add a part to a package and a relationship of the document to it."""
    with zipfile.ZipFile(path) as package:
        parts = {item: package.read(item) for item in package.namelist()}
    relations = "word/_rels/document.xml.rels"
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = f'<Relationship Id="x1" Type="{base}/{kind}" Target="{Path(name).name}"/>'
    parts[relations] = parts[relations].replace(
        b"</Relationships>", relation.encode() + b"</Relationships>"
    )
    parts[name] = content.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for item, data in parts.items():
            package.writestr(item, data)


def test_properties_and_title(word: WordDocument, tmp_path: Path) -> None:
    word.core_properties.title = "租赁合同"
    word.core_properties.author = "王芳"
    word.add_paragraph("text")
    document = load(word, tmp_path)
    assert document.title == "租赁合同"
    assert document.metadata["author"] == "王芳"


def test_pictures_are_counted(word: WordDocument, tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415 - this test only

    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    picture.seek(0)
    word.add_paragraph("text")
    word.add_picture(picture)
    (notice,) = load(word, tmp_path).notices
    assert (notice.code, dict(notice.values)) == ("pictures_not_read", {"pictures": 1})


def test_external_entities_are_never_resolved(word: WordDocument, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP SECRET")
    word.add_paragraph("text MARK.")
    path = tmp_path / "document.docx"
    word.save(str(path))
    with zipfile.ZipFile(path) as package:
        parts = {item: package.read(item) for item in package.namelist()}
    body = parts["word/document.xml"].split(b"?>", 1)[1].replace(b"MARK", b"&leak;")
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>'
    parts["word/document.xml"] = head.encode() + body
    with zipfile.ZipFile(path, "w") as package:
        for item, data in parts.items():
            package.writestr(item, data)
    text = DocxLoader().load(path, LoadOptions()).text
    assert text == "text ."


def test_a_zip_bomb_is_refused(word: WordDocument, tmp_path: Path) -> None:
    word.add_paragraph("a" * (30 * 2**20))
    with pytest.raises(FileTooLargeError, match="zip bomb"):
        load(word, tmp_path)
    assert load(word, tmp_path, LoadOptions(max_unpack_ratio=5000)).text == "a" * (30 * 2**20)


def test_an_encrypted_file_says_so_and_opens_with_its_password(
    word: WordDocument, tmp_path: Path
) -> None:
    word.add_paragraph("behind a password 密码")
    plain = io.BytesIO()
    word.save(plain)
    plain.seek(0)
    path = tmp_path / "locked.docx"
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt("s3cret", file)
    with pytest.raises(EncryptedFileError, match="needs a password"):
        DocxLoader().load(path, LoadOptions())
    with pytest.raises(EncryptedFileError, match="none of the 2 passwords given opens it"):
        DocxLoader().load(path, LoadOptions(passwords=("a", "b")))
    options = LoadOptions(passwords=("wrong", "s3cret"))
    assert DocxLoader().load(path, options).text == "behind a password 密码"


def test_what_is_no_word_document_is_named(word: WordDocument, tmp_path: Path) -> None:
    word.add_paragraph("text")
    path = tmp_path / "cut.docx"
    word.save(str(path))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DamagedFileError, match=r"cut\.docx is damaged or cut short"):
        DocxLoader().load(path, LoadOptions())
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("hello.txt", "hello")
    with pytest.raises(DamagedFileError, match="no Word document is in it"):
        DocxLoader().load(path, LoadOptions())
    with pytest.raises(EmptyDocumentError, match="holds no text"):
        load(docx.Document(), tmp_path)


def test_an_ole_container_that_is_broken_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "old.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    with pytest.raises((DamagedFileError, UnsupportedFormatError), match=r"old\.docx"):
        DocxLoader().load(path, LoadOptions())


def table(*rows: str) -> str:
    return f"<w:tbl {nsdecls('w')} {NAMESPACES}>{''.join(rows)}</w:tbl>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr>{properties}{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"


def test_broken_numbers_in_properties_are_no_obstacle(word: WordDocument, tmp_path: Path) -> None:
    outline = '<w:pPr><w:outlineLvl w:val="high"/></w:pPr>'
    numbered = '<w:pPr><w:numPr><w:ilvl w:val="q"/><w:numId w:val="99"/></w:numPr></w:pPr>'
    add_xml(word, paragraph(outline + run("one")))
    add_xml(word, paragraph(numbered + run("two")))
    assert load(word, tmp_path).text == "one\n\n- two"


def test_deep_and_absurd_nesting_lose_no_text(word: WordDocument, tmp_path: Path) -> None:
    control = f"<w:sdt {nsdecls('w')}><w:sdtContent>"
    # 100 controls are 200 elements: as deep as the parser that writes this file goes.
    add_xml(word, control * 100 + f"<w:p>{run('deep')}</w:p>" + "</w:sdtContent></w:sdt>" * 100)
    assert load(word, tmp_path).text == "deep"
    path = tmp_path / "document.docx"
    replace_in_document(
        path, b"deep</w:t></w:r>", b"</w:t></w:r>" + nested(b"w:smartTag", run("x"))
    )
    assert DocxLoader().load(path, LoadOptions()).text == "x"


def nested(tag: bytes, inner: str, times: int = 1500) -> bytes:
    return (b"<%b>" % tag) * times + inner.encode() + (b"</%b>" % tag) * times


def replace_in_document(path: Path, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as package:
        parts = {item: package.read(item) for item in package.namelist()}
    assert old in parts["word/document.xml"]
    parts["word/document.xml"] = parts["word/document.xml"].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for item, data in parts.items():
            package.writestr(item, data)


def test_xml_that_breaks_off_is_read_as_far_as_it_goes_and_that_is_said(
    word: WordDocument, tmp_path: Path
) -> None:
    word.add_paragraph("before")
    word.add_paragraph("after BREAK")
    load(word, tmp_path)
    path = tmp_path / "document.docx"
    replace_in_document(path, b"BREAK", b"</w:unknown>")
    document = DocxLoader().load(path, LoadOptions())
    assert document.text.startswith("before")
    assert [notice.code for notice in document.notices] == ["parts_damaged"]


def test_deleted_rows_are_left_out(word: WordDocument, tmp_path: Path) -> None:
    deleted = '<w:trPr><w:del w:id="1"/></w:trPr>'
    gone = row(f"<w:p>{run('gone')}</w:p>", f"<w:p>{run('too')}</w:p>", properties=deleted)
    kept = row(f"<w:p>{run('kept')}</w:p>", f"<w:p>{run('this')}</w:p>")
    add_xml(word, table(gone, kept))
    assert load(word, tmp_path).text == "kept | this"


def test_a_table_of_one_column_is_a_frame_around_paragraphs(
    word: WordDocument, tmp_path: Path
) -> None:
    add_xml(word, table(row(f"<w:p>{run('One.')}</w:p><w:p>{run('Two.')}</w:p>")))
    document = load(word, tmp_path)
    assert document.text == "One.\n\nTwo."
    assert {section.kind for section in document.sections} == {"text"}


def test_what_was_left_out_is_said(word: WordDocument, tmp_path: Path) -> None:
    hidden = run("12345", "<w:rPr><w:vanish/></w:rPr>")
    comment = '<w:r><w:commentReference w:id="0"/></w:r>'
    add_xml(word, paragraph(run("seen") + hidden + comment))
    notices = {notice.code: dict(notice.values) for notice in load(word, tmp_path).notices}
    assert notices == {
        "comments_not_read": {"comments": 1},
        "hidden_text_not_read": {"characters": 5},
    }


def test_a_style_hides_text_and_a_run_can_show_it_again(word: WordDocument, tmp_path: Path) -> None:
    style = word.styles.add_style("Secret", 2)
    style.font.hidden = True
    paragraph_ = word.add_paragraph("seen")
    paragraph_.add_run(" hidden", style=style)
    paragraph_.add_run(" shown", style=style).font.hidden = False
    assert load(word, tmp_path).text == "seen shown"


def test_equations_keep_their_structure_on_one_line(word: WordDocument, tmp_path: Path) -> None:
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    a, b = "<m:r><m:t>a+b</m:t></m:r>", "<m:r><m:t>2</m:t></m:r>"
    power = f"<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup>{b}</m:sup></m:sSup>"
    fraction = f"<m:f><m:num>{a}</m:num><m:den>{b}</m:den></m:f>"
    add_xml(word, paragraph(f"{run('so ')}<m:oMath {math}>{power}={fraction}</m:oMath>"))
    assert load(word, tmp_path).text == "so x^2(a+b)/2"


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (("x=", "a+b", "y^3"), "x=((a+b)/2)y^3"),
        (("x=", "a+b", ""), "x=(a+b)/2"),
        (("3", "a+b", ""), "3(a+b)/2"),
        (("3", "1", ""), "3(1/2)"),
        (("", "a+b", "+1"), "(a+b)/2+1"),
        (("", "1", "√2"), "(1/2)√2"),
    ],
)
def test_a_fraction_beside_a_factor_stands_in_brackets(
    word: WordDocument, tmp_path: Path, parts: tuple[str, str, str], shown: str
) -> None:
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    before, top, after = parts
    left, above, below, right = (
        f"<m:r><m:t>{text}</m:t></m:r>" if text else "" for text in (before, top, "2", after)
    )
    fraction = f"<m:f><m:num>{above}</m:num><m:den>{below}</m:den></m:f>"
    add_xml(word, paragraph(f"<m:oMath {math}>{left}{fraction}{right}</m:oMath>"))
    assert load(word, tmp_path).text == shown


def test_the_printed_title_stands_in_for_a_template_name(
    word: WordDocument, tmp_path: Path
) -> None:
    word.core_properties.title = "Normal.dot"
    word.sections[0].header.paragraphs[0].text = "Confidential"
    word.add_paragraph("年度报告", style="Title")
    document = load(word, tmp_path)
    assert document.title == "年度报告"
    assert "title" not in document.metadata


def test_footers_stand_below_no_heading(word: WordDocument, tmp_path: Path) -> None:
    word.add_heading("Last chapter", level=1)
    word.sections[0].footer.paragraphs[0].text = "Company Ltd"
    document = load(word, tmp_path)
    assert document.text.endswith("Company Ltd")
    assert document.sections[-1].heading_path == ()


@pytest.mark.parametrize(
    ("count", "form", "expected"),
    [
        (4, "lowerRoman", "iv"),
        (1999, "upperRoman", "MCMXCIX"),
        (28, "upperLetter", "BB"),
        (7, "decimalZero", "07"),
        (10, "chineseCounting", "十"),
        (23, "chineseCountingThousand", "二十三"),
        (105, "japaneseCounting", "一百零五"),
        (3, "hebrew1", "3"),
    ],
)
def test_numbers_are_written_in_the_format_of_their_list(
    count: int, form: str, expected: str
) -> None:
    assert write_number(count, form) == expected


def test_numbered_headings_carry_their_numbers(word: WordDocument, tmp_path: Path) -> None:
    numbering = word.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for at, form, text in ((0, "chineseCounting", "第%1条"), (1, "decimal", "%2)"))
    )
    pattern = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{levels}</w:abstractNum>'
    numbering.insert(0, parse_xml(pattern))
    used = f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'
    numbering.append(parse_xml(used))

    def place(level: int, more: str = "") -> str:
        number = f'<w:ilvl w:val="{level}"/><w:numId w:val="90"/>'
        return f"<w:pPr>{more}<w:numPr>{number}</w:numPr></w:pPr>"

    heading = '<w:pStyle w:val="Heading1"/>'
    for level, text, more in (
        (0, "定义", heading),
        (1, "甲方", ""),
        (1, "乙方", ""),
        (0, "价款", heading),
        (1, "按月", ""),
    ):
        add_xml(word, paragraph(place(level, more) + run(text)))
    document = load(word, tmp_path)
    assert document.text == "第一条 定义\n\n  1) 甲方\n  2) 乙方\n\n第二条 价款\n\n  1) 按月"
    assert document.sections[-1].heading_path == ("第二条 价款",)


def test_imported_web_archives_are_decoded_and_rich_text_is_left_to_word() -> None:
    archive = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode("<p>合同</p><p>Term</p>".encode())
        + b"\r\n--x--\r\n"
    )
    assert (chunk_text("word/part.mht", archive) or "").split() == ["合同", "Term"]
    assert chunk_text("word/part.html", b"<p>one</p>") == "one"
    assert chunk_text("word/part.txt", b"1 < 2") == "1 < 2"
    assert chunk_text("word/part.rtf", b"{\\rtf1 text}") is None


def test_broken_properties_do_not_keep_the_text_from_being_read(
    word: WordDocument, tmp_path: Path
) -> None:
    word.add_paragraph("text")
    path = tmp_path / "document.docx"
    word.save(str(path))
    with zipfile.ZipFile(path) as package:
        parts = {item: package.read(item) for item in package.namelist()}
    parts["docProps/core.xml"] = b"<cp:coreProperties><dc:title>x</dc:title></cp:coreProperties>"
    with zipfile.ZipFile(path, "w") as package:
        for item, data in parts.items():
            package.writestr(item, data)
    document = DocxLoader().load(path, LoadOptions())
    assert (document.text, document.metadata) == ("text", {})


CHART = (
    '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart>'
    "<c:title><c:tx><c:rich><a:p><a:r><a:t>年度</a:t></a:r><a:r><a:t>销量</a:t></a:r></a:p></c:rich>"
    "</c:tx></c:title><c:plotArea><c:barChart>"
    "<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>North</c:v></c:pt></c:strCache>"
    "</c:strRef></c:tx>"
    "<c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>May</c:v></c:pt>"
    "<c:pt idx='2'><c:v>July</c:v></c:pt></c:strCache></c:strRef></c:cat>"
    "<c:val><c:numRef><c:numCache><c:pt idx='0'><c:v>17</c:v></c:pt>"
    "<c:pt idx='2'><c:v>23</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser>"
    "<c:ser><c:tx><c:v>South</c:v></c:tx>"
    "<c:val><c:numRef><c:numCache><c:pt idx='0'><c:v>5</c:v></c:pt></c:numCache></c:numRef></c:val>"
    "</c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"
)
DIAGRAM = (
    '<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><dgm:ptLst>'
    "<dgm:pt><dgm:t><a:p><a:r><a:t>Apply</a:t></a:r></a:p></dgm:t></dgm:pt>"
    "<dgm:pt><dgm:t><a:p><a:r><a:t>审查</a:t></a:r></a:p></dgm:t></dgm:pt>"
    "</dgm:ptLst></dgm:dataModel>"
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def graphic(word: WordDocument, kind: str, xml: str) -> str:
    """Store a chart's or diagram's part, and return the drawing that shows it."""
    part = Part(
        PackURI(f"/word/graphics/{kind}{len(xml)}.xml"), "application/xml", xml.encode(), None
    )
    relation = word.part.relate_to(part, f"{RELATIONS}/{kind}")
    inner = {
        "chart": f'<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        f' r:id="{relation}"/>',
        "diagramData": '<dgm:relIds xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/'
        f'diagram" r:dm="{relation}"/>',
    }[kind]
    return f'<w:r><w:drawing xmlns:r="{RELATIONS}">{inner}</w:drawing></w:r>'


def test_charts_are_read_as_tables(word: WordDocument, tmp_path: Path) -> None:
    add_xml(word, paragraph(run("Figure 1:") + graphic(word, "chart", CHART)))
    document = load(word, tmp_path)
    assert document.text == "Figure 1:\n\n年度销量\n | North | South\nMay | 17 | 5\nJuly | 23 | "
    assert document.notices == ()


WATERFALL = (
    '<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><cx:chartData>'
    "<cx:data id='0'><cx:strDim type='cat'><cx:lvl><cx:pt idx='0'>May</cx:pt>"
    "<cx:pt idx='1'>June</cx:pt></cx:lvl></cx:strDim><cx:numDim type='val'><cx:lvl>"
    "<cx:pt idx='0'>17</cx:pt><cx:pt idx='1'>-4</cx:pt></cx:lvl></cx:numDim></cx:data>"
    "</cx:chartData><cx:chart><cx:title><cx:tx><cx:txData><cx:v>Cash</cx:v></cx:txData></cx:tx>"
    "</cx:title><cx:plotArea><cx:series><cx:tx><cx:txData><cx:v>Flow</cx:v></cx:txData></cx:tx>"
    "</cx:series></cx:plotArea></cx:chart></cx:chartSpace>"
)


def test_the_newer_kinds_of_charts_are_read_as_tables(word: WordDocument, tmp_path: Path) -> None:
    drawing = graphic(word, "chart", WATERFALL)
    add_xml(word, paragraph(run("Figure 2:") + drawing))
    document = load(word, tmp_path)
    assert document.text == "Figure 2:\n\nCash\n | Flow\nMay | 17\nJune | -4"
    assert document.notices == ()


def test_diagrams_are_read_even_where_an_older_program_shows_a_picture(
    word: WordDocument, tmp_path: Path
) -> None:
    drawing = graphic(word, "diagramData", DIAGRAM)
    choice = f'<mc:Choice Requires="dgm">{drawing}</mc:Choice>'
    fallback = "<mc:Fallback><w:r><w:pict><v:imagedata/></w:pict></w:r></mc:Fallback>"
    alternate = f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"
    add_xml(word, paragraph(run("Steps") + f"<w:r>{alternate}</w:r>"))
    document = load(word, tmp_path)
    assert document.text == "Steps\n\nApply\n审查"
    assert document.notices == ()


def test_graphics_in_tables_are_read_in_their_cell(word: WordDocument, tmp_path: Path) -> None:
    table = word.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "left"
    cell = table.cell(0, 1)._tc
    cell.append(parse_xml(paragraph(graphic(word, "diagramData", DIAGRAM))))
    assert load(word, tmp_path).text == "left | Apply 审查"


def test_what_cannot_be_read_of_a_graphic_is_said(word: WordDocument, tmp_path: Path) -> None:
    add_xml(word, paragraph(run("text") + graphic(word, "chart", "<other/>")))
    sheet = (
        '<w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office"'
        ' Type="Embed" ProgID="Excel.Sheet.12"/></w:object></w:r>'
    )
    add_xml(word, paragraph(sheet + sheet))
    notices = {notice.code: dict(notice.values) for notice in load(word, tmp_path).notices}
    assert notices == {"graphics_not_read": {"graphics": 1}, "objects_not_read": {"objects": 2}}
