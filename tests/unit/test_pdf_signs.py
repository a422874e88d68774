"""Signs of a PDF that their font keeps as private characters or names: read, or counted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.fonts.names import character_of
from ingest.loaders.pdf.loader import PdfLoader
from kb.records import Document
from tests.helpers.pdf_glyphs import DrawnFont, DrawnPage
from tests.helpers.pdf_pages import text_of
from tests.helpers.raw_pdf import raw_pdf, stream


def load(page: DrawnPage) -> Document:
    """Return what the loader reads of a page, OCR off."""
    with tempfile.TemporaryDirectory() as folder:
        path = page.write(Path(folder) / "page.pdf")
        return PdfLoader().load(path, LoadOptions(ocr=False))


def read_pdf(data: bytes) -> Document:
    """Return what the loader reads of a file's bytes, OCR off."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.pdf"
        path.write_bytes(data)
        return PdfLoader().load(path, LoadOptions(ocr=False))


def shapes(*names: str) -> bytes:
    """Return a page of a font drawn as shapes, whose glyphs have these names from code 87 on."""
    shape = stream(b"600 0 0 0 500 600 d1 0 0 500 600 re f")
    procs = b" ".join(b"/%s 6 0 R" % name.encode() for name in set(names))
    told = b" ".join(b"/%s" % name.encode() for name in names)
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 500 700]/FontMatrix[.001 0 0 .001 0 0]"
        b"/CharProcs<<%s>>/Encoding<</Type/Encoding/Differences[87 %s]>>/FirstChar 87"
        b"/LastChar %d/Widths[%s]>>"
        % (procs, told, 86 + len(names), b" ".join(b"600" for _ in names))
    )
    codes = bytes(range(87, 87 + len(names))).hex().encode()
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>"
    )
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            stream(b"BT /F 12 Tf 60 700 Td <%s> Tj ET" % codes),
            font,
            shape,
        ]
    )


def line(font: DrawnFont, shown: str) -> DrawnPage:
    """Return a page with a word, signs in a font, and a word, far enough apart to be words."""
    page = DrawnPage().show(20, 300, "before").show(80, 300, shown, font=font)
    return page.show(200, 300, "after")


def signs(document: Document) -> dict[str, object]:
    """Return the notices of a document by code."""
    return {notice.code: dict(notice.values) for notice in document.notices}


def words(document: Document) -> list[str]:
    """Return the words of a document."""
    return document.text.split()


class TestRead:
    @pytest.mark.parametrize(
        ("name", "private", "shown"),
        [
            ("ABCDEF+SymbolMT", "\uf06d\uf0b0\uf0a3", "µ°≤"),
            ("ABCDEF+OpenSymbol", "\uf06d\uf0b0\uf0b3", "µ°≥"),
            ("EuclidSymbol", "\uf061\uf0b3", "α≥"),
            ("StandardSymL", "\uf0ae", "→"),
            ("Wingdings-Regular", "\uf0fc\uf0fe\uf0e0", "✓☑→"),
            ("Wingdings2", "\uf050\uf052", "✓☑"),
            ("Wingdings3", "\uf067\uf070", "→▲"),
            ("Webdings", "\uf061\uf072", "✔✖"),
            ("ZapfDingbats", "\uf034\uf0ac", "✔①"),
            ("MonotypeSorts", "\uf033\uf0d5", "✓→"),
            ("Caslon-Expert", "\uf731\uf739\uf738\uf737", "1987"),
            ("Caslon-Expert", "\uf773\uf76d\uf761\uf76c\uf76c\uf7e4", "smallä"),
            ("MTExtra", "\uf04b", "…"),
            ("GXCVBN+CMMI10", "\x0e\x19", "δπ"),
            ("CMSY7", "\x14", "≤"),
            ("CMBX12", "\x06", "Σ"),
        ],
    )
    def test_private_characters_are_read_by_the_encoding_of_their_font(
        self, name: str, private: str, shown: str
    ) -> None:
        letters = {chr(0x61 + at): code for at, code in enumerate(private)}
        document = load(line(DrawnFont(name=name, letters=letters), "".join(letters)))
        assert words(document) == ["before", shown, "after"]
        assert document.notices == ()

    def test_ligatures_that_a_mac_saved_with_wrong_characters_are_their_letters(self) -> None:
        plain = DrawnFont(name="AAAAAD+CMR10", widths={" ": 333})
        font = DrawnFont(name="AAAAAN+CMR10", letters={"F": "↵", "I": "\0"})
        page = DrawnPage()
        for y, word in ((300, "diFerent"), (280, "eIcient"), (260, "baIed")):
            before, letter, after = word.partition("F" if "F" in word else "I")
            page.show(20, y, before, font=plain)
            page.show(20 + 5 * len(before), y, letter, font=font)
            page.show(25 + 5 * len(before), y, after, font=plain)
        assert words(load(page)) == ["different", "efficient", "baffled"]

    def test_characters_of_the_first_chinese_standard_are_those_of_unicode(self) -> None:
        letters = dict(zip("abcd", "\u4e2d\u6587\u5b57\ue81e", strict=True))
        font = DrawnFont(name="SimSun", width=1000, letters=letters)
        document = load(DrawnPage().show(20, 300, "abcd", font=font))
        assert (document.text, document.notices) == ("中文字龴", ())

    def test_zapf_dingbats_of_the_reader_are_what_they_show(self) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 12)
            canvas.drawString(72, 700, "agreed")
            canvas.setFont("ZapfDingbats", 12)
            canvas.drawString(140, 700, "✔")

        assert text_of(draw).split() == ["agreed", "✔"]

    @pytest.mark.parametrize(
        ("name", "shown"),
        [("ohm", "Ω"), ("centigrade", "℃"), ("lessmuch", "≪"), ("summationdisplay", "∑")],
    )
    def test_names_of_glyphs_say_what_the_reader_does_not_know(self, name: str, shown: str) -> None:
        font = DrawnFont(unicode=False, differences={"W": name}, name="Some")
        assert words(load(DrawnPage().show(40, 300, "abcW", font=font))) == [f"abc{shown}"]

    def test_fonts_of_one_name_keep_their_own_letters(self) -> None:
        plain = DrawnFont(unicode=False, differences={"W": "W"}, name="Roman")
        other = DrawnFont(unicode=False, differences={"W": "ohm"}, name="Roman")
        page = DrawnPage().show(20, 300, "Wab", font=plain).show(60, 300, "Wab", font=other)
        assert words(load(page)) == ["Wab", "Ωab"]

    def test_letters_drawn_as_shapes_are_those_of_their_names(self) -> None:
        document = read_pdf(shapes("three", "period", "five", "ohm", "Eacute", "germandbls"))
        assert words(document) == ["3.5ΩÉß"]

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("uni2264", "≤"),
            ("u1F600", "😀"),
            ("f_f_i", "ffi"),
            ("T_h.alt", "Th"),
            ("parenleftBig", "("),
            ("Zcaron", "Ž"),
            ("uniF0B7", ""),
            ("uniD800", ""),
            ("g35", ""),
            ("", ""),
        ],
    )
    def test_a_name_says_a_character_or_nothing(self, name: str, text: str) -> None:
        assert character_of(name) == text


class TestCounted:
    @pytest.mark.parametrize(
        "code", ["\ue001", "\uf8ff", "\U000f0004", "\uf1c1"], ids=lambda code: f"{ord(code):X}"
    )
    def test_what_has_no_reading_is_left_out_and_counted(self, code: str) -> None:
        document = load(line(DrawnFont(name="Company", letters={"x": code}), "x"))
        assert words(document) == ["before", "after"]
        assert signs(document) == {"signs_not_read": {"signs": 1}}
        assert document.notices[0].message == (
            "1 sign was not read: what their font draws there is not known"
        )

    @pytest.mark.parametrize(
        "name",
        ["FontAwesome5Free-Solid", "MaterialIcons-Regular", "icomoon", "SegoeMDL2Assets"],
    )
    def test_icons_are_said_once_and_are_no_bullets(self, name: str) -> None:
        icons = DrawnFont(name=name, letters={"a": "\uf06c", "b": "\uf0b7", "c": "\ue88a"})
        page = DrawnPage()
        for at in range(12):
            page.show(20, 380 - 20 * at, "abc"[at % 3], font=icons)
            page.show(40, 380 - 20 * at, f"entry{at}")
        document = load(page)
        assert words(document) == [f"entry{at}" for at in range(12)]
        assert signs(document) == {"signs_not_read": {"signs": 12}}

    def test_bullets_of_office_programs_stay_bullets(self) -> None:
        document = load(line(DrawnFont(name="Any", letters={"x": "\uf0b7"}), "x"))
        assert words(document) == ["before", "•", "after"]
        assert document.notices == ()

    def test_a_code_that_draws_something_is_counted(self) -> None:
        document = load(line(DrawnFont(name="Any", letters={"x": "\u0003"}), "x"))
        assert words(document) == ["before", "after"]
        assert signs(document) == {"signs_not_read": {"signs": 1}}
