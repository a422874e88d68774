"""PDF files: text, pages, outline, metadata, passwords, damage, and what was not read."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import (
    DamagedFileError,
    EmptyDocumentError,
    EncryptedFileError,
    FileTooLargeError,
    LoadError,
    UnreadableFileError,
)
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.metadata import iso_date
from ingest.loaders.pdf.quality import measure, prefer_second, unglue
from ingest.loaders.printed_lines import clean, find_title, repair, vocabulary
from ingest.loaders.titles import real_title
from kb.records import Document, Section

NO_OCR = LoadOptions(ocr=False)
Draw = Callable[[Canvas], None]


def make(path: Path, *pages: Draw, title: str = "") -> Path:
    canvas = Canvas(str(path), pagesize=A4)
    if title:
        canvas.setTitle(title)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return path


def lines(*texts: str, font: str = "Helvetica") -> Draw:
    def draw(canvas: Canvas) -> None:
        if font == "STSong-Light":
            pdfmetrics.registerFont(UnicodeCIDFont(font))
        canvas.setFont(font, 11)
        for number, text in enumerate(texts):
            canvas.drawString(72, 770 - 16 * number, text)

    return draw


def picture(canvas: Canvas) -> None:
    """A drawing without text, such as a scan leaves to a text engine."""
    for number in range(40):
        canvas.circle(300 + 3 * number, 400, 50 + number, fill=0)


def load(path: Path, options: LoadOptions = NO_OCR) -> Document:
    return load_file(path, options).document


def codes(document: Document) -> dict[str, dict[str, object]]:
    return {notice.code: dict(notice.values) for notice in document.notices}


def encrypt(path: Path, user: str, owner: str = "owner", algorithm: str = "AES-256") -> Path:
    writer = pypdf.PdfWriter(clone_from=path)
    writer.encrypt(user, owner, algorithm=algorithm)
    out = path.with_name(f"locked-{algorithm}.pdf")
    writer.write(out)
    return out


# --- text and pages ---------------------------------------------------------------------------


def test_each_page_spans_its_own_text(tmp_path: Path) -> None:
    document = load(
        make(
            tmp_path / "a.pdf",
            lines("The first page."),
            lines(),
            lines("第三页的内容。", font="STSong-Light"),
        )
    )

    spans = [document.text[page.start : page.end] for page in document.pages]
    assert spans == ["The first page.", "", "第三页的内容。"]
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert [page.read_by for page in document.pages] == ["text", "none", "text"]
    assert document.notices == ()  # a blank page is no scan
    assert document.metadata["pages"] == 3


def test_progress_counts_pages(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = make(tmp_path / "a.pdf", lines("one"), lines("two"))
    load_file(path, NO_OCR, lambda done, total: seen.append((done, total)))

    assert seen == [(1, 2), (2, 2)]


def test_outline_titles_become_headings_where_their_lines_stand(tmp_path: Path) -> None:
    def first(canvas: Canvas) -> None:
        for key, title, level in (
            ("a", "Repairs", 0),
            ("b", "The boiler", 1),
            ("c", "年度预算", 0),
            ("d", "Not printed", 1),
        ):
            canvas.bookmarkPage(key)
            canvas.addOutlineEntry(title, key, level)
        lines("1 Repairs", "Repairs were dear.", "1.1 The boiler", "It leaks.")(canvas)
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        canvas.setFont("STSong-Light", 11)
        canvas.drawString(72, 600, "二、年度预算")
        canvas.drawString(72, 584, "预算已经通过。")

    document = load(make(tmp_path / "a.pdf", first))

    found = {document.text[s.start : s.end]: s.heading_path for s in document.sections}
    assert found == {
        "1 Repairs\nRepairs were dear.": ("Repairs",),
        "1.1 The boiler\nIt leaks.": ("Repairs", "The boiler"),
        "二、年度预算\n预算已经通过。": ("年度预算", "Not printed"),
    }
    assert document.text[document.pages[0].start : document.pages[0].end] == document.text


def test_printed_page_numbers_become_labels(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lines("preface"), lines("start"), lines("more"))
    writer = pypdf.PdfWriter(clone_from=path)
    writer.set_page_label(0, 0, "/r")
    writer.set_page_label(1, 2, "/D", prefix="A-")
    writer.write(path)

    assert [page.label for page in load(path).pages] == ["i", "A-1", "A-2"]


def test_plain_page_numbers_need_no_label(tmp_path: Path) -> None:
    assert load(make(tmp_path / "a.pdf", lines("x"))).pages[0].label == ""


def test_title_author_and_dates_are_kept(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lines("x"), title="年度预算 2026")
    writer = pypdf.PdfWriter(clone_from=path)
    writer.add_metadata({"/Author": "王小明", "/CreationDate": "D:20260203101112+08'00'"})
    writer.write(path)
    document = load(path)

    assert document.title == "年度预算 2026"
    assert document.metadata["author"] == "王小明"
    assert document.metadata["created"] == "2026-02-03T10:11:12+08:00"


@pytest.mark.parametrize(
    "title",
    [
        "",
        "untitled",
        "(anonymous)",
        "Microsoft Word - x.doc",
        "report_final.docx",
        "C:\\Users\\x\\plan.xlsx",
        "无标题",
        "PowerPoint Presentation",
        "---",
    ],
)
def test_placeholders_and_file_names_are_no_titles(title: str) -> None:
    assert real_title(title) == ""


@pytest.mark.parametrize("title", ["Budget 2026", "软件著作权登记指南", "Untitled Works of Li Bai"])
def test_real_titles_stay(title: str) -> None:
    assert real_title(title) == title


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("D:20230204115901Z", "2023-02-04T11:59:01+00:00"),
        ("D:20230204115901-03'30'", "2023-02-04T11:59:01-03:30"),
        ("D:20230204", "2023-02-04"),
        ("D:2023", "2023-01-01"),
        ("D:20231399", ""),
        ("yesterday", ""),
    ],
)
def test_dates_become_iso_or_nothing(raw: str, iso: str) -> None:
    assert iso_date(raw) == iso


def test_what_was_filled_into_a_form_is_text(tmp_path: Path) -> None:
    def form(canvas: Canvas) -> None:
        lines("Application for repairs")(canvas)
        canvas.acroForm.textfield(name="who", tooltip="Applicant", value="Ada Heat", x=72, y=700)

    document = load(make(tmp_path / "a.pdf", form))

    assert "Applicant: Ada Heat" in document.text


# --- repair of poor text ----------------------------------------------------------------------


def test_lines_of_a_paragraph_are_joined_and_headings_kept_apart() -> None:
    text = (
        "Winter repairs\n"
        "The old boiler was repaired twice in January because the\n"
        "spare parts that had been ordered in autumn were lost on\n"
        "the way. It works.\n"
        "Costs\n"
        "1. parts"
    )

    assert repair(text) == (
        "Winter repairs\n"
        "The old boiler was repaired twice in January because the spare parts that had been "
        "ordered in autumn were lost on the way. It works.\n"
        "Costs\n"
        "1. parts"
    )


def test_chinese_lines_are_joined_without_a_space() -> None:
    text = (
        "软件著作权登记的申请人应当提交申请表和源程\n"
        "序以及说明文档，审查通过之后发给登记证书\n"
        "第二条 费用"
    )

    assert repair(text) == (
        "软件著作权登记的申请人应当提交申请表和源程序以及说明文档，审查通过之后发给登记证书\n"
        "第二条 费用"
    )


def test_chinese_and_latin_are_joined_as_the_page_writes_them() -> None:
    close = "加急处理每件另收50元，普通处理每件收取费用20\n元，用Python编写的程序不收取任何费用"
    apart = "加急处理每件另收 50 元，普通处理每件收取费用 20\n元，用 Python 编写的程序不收取费用"

    assert "20元" in repair(close)
    assert "20 元" in repair(apart)


def test_a_word_broken_at_a_line_end_is_made_whole() -> None:
    text = "all of the repairs were made consec-\nutively in the course of the winter"

    assert repair(text) == "all of the repairs were made consecutively in the course of the winter"


def test_a_hyphen_that_the_document_writes_elsewhere_stays() -> None:
    text = "an approach that has been thoroughly well-\nknown for many years in the region of"

    assert "well-known" in repair(text, vocabulary(["the well-known one"]))
    assert "wellknown" in repair(text, vocabulary(["nothing like it"]))


def test_ligatures_radicals_and_pdfium_hyphens_become_plain_letters() -> None:
    assert clean("ﬁlled oﬃce \u2f00\u2f08") == "filled office 一人"
    assert clean("adip\ufffeiscing") == "adip-\niscing"
    assert clean("Budget . . . . . . . . 12") == "Budget … 12"
    assert clean("预算··········12") == "预算 … 12"


def test_an_outline_title_is_found_in_its_line_only() -> None:
    text = "see The boiler below for more of it\n1.1 The boiler\nIt leaks."

    assert find_title(text, "The boiler") == text.index("1.1")
    assert find_title(text, "The cellar") is None


def test_words_glued_by_one_engine_are_parted_by_the_other() -> None:
    assert unglue("under XWindow now", "under X Window now") == "under X Window now"
    assert unglue("the whole", "t he whole the") == "the whole"
    assert unglue("a\\1b", "a\\1 b") == "a\\1 b"


def test_unreadable_characters_are_counted_as_a_share() -> None:
    assert measure("fine 正文\n").unreadable_share == 0
    assert measure("a\x01\ue000\ufffd").unreadable_share == 0.75
    assert measure("").unreadable_share == 0


def test_the_second_reading_wins_where_the_first_is_worse() -> None:
    assert prefer_second("", "text")
    assert not prefer_second("text", "")
    assert not prefer_second("same text", "same text")
    assert prefer_second("\x01\x02\x03 ab", "abcde ab")
    # Glyph numbers of a Japanese font taken for Unicode: Armenian, Arabic, Lao, Tibetan, ...
    assert prefer_second("ඪ४ ϚʔέοτϞσϧ͸ 2 ݩ࣍Ͱઆ໌͢Δ ඇ׬උ ՁͰ ࡋఆ ແ", "標準 マーケットモデルは")
    assert prefer_second(
        "\n \n".join("every word on a line of its own " * 4), "every word on a line of its own " * 4
    )


# --- protection and damage ---------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256"])
def test_a_protected_file_opens_with_its_password_only(tmp_path: Path, algorithm: str) -> None:
    path = encrypt(make(tmp_path / "a.pdf", lines("secret plan")), "tiger", "lion", algorithm)

    with pytest.raises(EncryptedFileError, match=rf"{path.name} is encrypted and needs a password"):
        load(path)
    with pytest.raises(EncryptedFileError, match="the password given does not open it"):
        load(path, LoadOptions(passwords=("wrong",)))
    with pytest.raises(EncryptedFileError, match="none of the 2 passwords given opens it"):
        load(path, LoadOptions(passwords=("wrong", "bad")))
    assert load(path, LoadOptions(passwords=("wrong", "tiger"))).text == "secret plan"
    assert load(path, LoadOptions(passwords=("lion",))).text == "secret plan"


def test_a_file_with_an_empty_password_opens_by_itself(tmp_path: Path) -> None:
    path = encrypt(make(tmp_path / "a.pdf", lines("open to all")), "", "lion")

    assert load(path).text == "open to all"


def test_a_file_that_only_one_engine_opens_is_read_by_it(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lines("Mended by one engine"))
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"startxref")])  # pypdf gives up, PDFium rebuilds

    assert load(path).text == "Mended by one engine"


def test_a_file_with_bytes_before_its_header_is_read(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lines("behind a preface"))
    path.write_bytes(b"\xef\xbb\xbfSome mail gateway was here\r\n" + path.read_bytes())

    assert load(path).text == "behind a preface"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"hello", b"\0" * 5000, b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF"]
)
def test_what_is_no_pdf_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(content)

    with pytest.raises(DamagedFileError, match=r"broken\.pdf is damaged"):
        load(path)


def test_files_that_cannot_be_opened_say_so(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pdf"
    empty.touch()
    folder = tmp_path / "folder.pdf"
    folder.mkdir()

    with pytest.raises(EmptyDocumentError, match=r"empty\.pdf is empty"):
        load(empty)
    with pytest.raises(UnreadableFileError, match=r"folder\.pdf is not a plain file"):
        load(folder)
    with pytest.raises(UnreadableFileError, match=r"gone\.pdf cannot be opened"):
        load(tmp_path / "gone.pdf")


def test_a_file_over_the_size_limit_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lines("x"))

    with pytest.raises(FileTooLargeError, match=r"a\.pdf has .* more than the limit"):
        load(path, LoadOptions(max_file_bytes=100))


# --- what was not read -------------------------------------------------------------------------


def test_pages_without_text_are_counted_when_ocr_is_off(tmp_path: Path) -> None:
    document = load(make(tmp_path / "a.pdf", lines("text"), picture, picture))

    assert codes(document) == {"pages_look_scanned": {"pages": 2, "total": 3}}
    (notice,) = document.notices
    assert notice.message == "2 of 3 pages have no text; they look scanned"


def test_a_file_that_is_all_scan_says_what_to_do_when_ocr_is_off(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocumentError, match=r"scan\.pdf .* it looks scanned.* with OCR on"):
        load(make(tmp_path / "scan.pdf", picture))


def test_a_file_of_blank_pages_is_blank_not_scanned(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocumentError, match="its 2 pages are blank"):
        load(make(tmp_path / "blank.pdf", lines(), lines()))


def test_attached_files_are_counted(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lines("see attachment"))
    writer = pypdf.PdfWriter(clone_from=path)
    writer.add_attachment("plan.txt", b"hidden words")
    writer.write(path)
    document = load(path)

    assert codes(document) == {"attachments_not_read": {"count": 1}}
    assert "hidden words" not in document.text


# --- bounds ------------------------------------------------------------------------------------


def raw_pdf(content: bytes, *objects: bytes, resources: bytes = b"", filters: bytes = b"") -> bytes:
    """A one-page PDF with the given content stream; more objects count from 6."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<<"
        b"/Font<</F 5 0 R>>" + resources + b">>>>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *objects,
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets = []
    for number, part in enumerate(parts, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, part))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1))
    for offset in offsets:
        out.write(b"%010d 00000 n \n" % offset)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, start))
    return out.getvalue()


def test_a_form_that_draws_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "cycle.pdf"
    form = (
        b"<</Type/XObject/Subtype/Form/BBox[0 0 300 300]/Resources<</XObject<</X 6 0 R>>>>"
        b"/Length 4>>stream\n/X Do\nendstream"
    )
    path.write_bytes(
        raw_pdf(
            b"BT /F 12 Tf 20 100 Td (before the cycle) Tj ET /X Do",
            form,
            resources=b"/XObject<</X 6 0 R>>",
        )
    )

    assert load(path).text == "before the cycle"


@pytest.mark.slow
def test_a_content_stream_that_unpacks_to_gigabytes_is_not_unpacked_whole(tmp_path: Path) -> None:
    squeezed = zlib.compressobj(9)
    chunk = b"q Q\n" * 262_144
    packed = b"".join(squeezed.compress(chunk) for _ in range(300)) + squeezed.flush()
    path = tmp_path / "bomb.pdf"
    path.write_bytes(raw_pdf(packed, filters=b"/Filter/FlateDecode"))

    with pytest.raises(LoadError, match=r"bomb\.pdf"):
        load(path)


def test_a_picture_of_ten_billion_pixels_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.pdf"
    picture_object = (
        b"<</Type/XObject/Subtype/Image/Width 100000/Height 100000/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/FlateDecode/Length 8>>stream\nx\x9c\x03\0\0\0\0\x01\nendstream"
    )
    path.write_bytes(
        raw_pdf(b"q 300 0 0 300 0 0 cm /I Do Q", picture_object, resources=b"/XObject<</I 6 0 R>>")
    )

    with pytest.raises(EmptyDocumentError, match="pictures are too large"):
        load(path, LoadOptions(ocr=True))


def test_a_page_of_too_many_operations_is_left_to_the_faster_engine(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    content = b"BT /F 12 Tf 20 100 Td (kept) Tj ET " + b"q Q " * 20_000
    path.write_bytes(raw_pdf(content))

    assert load(path).text == "kept"


def test_sections_cover_every_page(tmp_path: Path) -> None:
    document = load(make(tmp_path / "a.pdf", lines("one"), lines("two")))

    assert document.sections == (Section(start=0, end=len(document.text)),)
