"""Fonts of a PDF that hide which characters they show: never nonsense, never good text dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import EmptyDocumentError
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.fonts.glyph_names import names_glyphs
from ingest.loaders.pdf.fonts.plausible import LANGUAGE, share_of_common_pairs
from ingest.loaders.pdf.loader import PdfLoader
from kb.records import Document
from tests.helpers.pdf_glyphs import DrawnFont, DrawnPage

HIDDEN = "the station was closed in the winter of that year because of ice"
GOOD = "Readings were taken every hour by hand and sent by wire to the capital."
KEPT = (GOOD[:38].strip(), GOOD[38:].strip())


def load(page: DrawnPage, folder: Path, *, ocr: bool = False) -> Document:
    """Return what the loader makes of a page."""
    return PdfLoader().load(page.write(folder / "page.pdf"), LoadOptions(ocr=ocr))


def codes(document: Document) -> dict[str, object]:
    """Return the notices of a document by code."""
    return {notice.code: notice.values for notice in document.notices}


def named() -> DrawnFont:
    """Return a font whose glyphs have numbers for names."""
    letters = sorted(set(HIDDEN))
    names = {letter: f"g{130 + at}" for at, letter in enumerate(letters)}
    return DrawnFont(unicode=False, differences=names)


def moved(text: str, by: int) -> DrawnFont:
    """Return a font whose file says of each letter that it is one so many places before it."""
    return DrawnFont(letters={letter: chr(ord(letter) - by) for letter in set(text)})


def private(text: str) -> DrawnFont:
    """Return a font whose file says that its letters are private characters."""
    return DrawnFont(letters={c: chr(0xE100 + at) for at, c in enumerate(sorted(set(text)))})


def some_lines(font: DrawnFont, text: str = HIDDEN) -> DrawnPage:
    """Return a page with a hidden line between good ones."""
    page = DrawnPage()
    page.show(20, 360, KEPT[0]).show(20, 340, text[:36], font=font).show(20, 320, KEPT[1])
    return page


def drawn_by_tex(lines: list[bytes], path: Path) -> Path:
    """Write a page whose font is drawn as pictures and names no characters, as TeX's may be."""
    used = sorted(set(b"".join(lines)))
    shape = b"500 0 0 0 400 600 d1 0 0 400 600 re f"
    procs = " ".join(f"/a{code} 5 0 R" for code in used)
    names = " ".join(f"{code} /a{code}" for code in used)
    widths = " ".join("500" for _ in range(256))
    shown = b"\n".join(
        b"BT /F 10 Tf 1 0 0 1 40 %d Tm <%s> Tj ET" % (700 - 20 * at, line.hex().encode())
        for at, line in enumerate(lines)
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R "
            b"/Resources << /Font << /F 4 0 R >> >> >>"
        ),
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 700] /FontMatrix [.001 0 0 .001 0 0] "
        b"/CharProcs << %s >> /Encoding << /Type /Encoding /Differences [%s] >> /FirstChar 0 "
        b"/LastChar 255 /Widths [%s] >>" % (procs.encode(), names.encode(), widths.encode()),
        b"<< /Length %d >> stream\n%s\nendstream" % (len(shape), shape),
        b"<< /Length %d >> stream\n%s\nendstream" % (len(shown), shown),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj %s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\n" % (
        count,
        table,
        count,
    )
    path.write_bytes(out + b"startxref\n%d\n%%%%EOF" % (len(out) - len(table) - 28))
    return path


class TestLettersOfTex:
    @pytest.mark.parametrize(
        "codes",
        [
            b"The o\x1ecial \x1cgures \x15 a di\x1berence of \x1dour",
            b"The o\x0ecial \x0cgures { a di\x0berence of \x0dour",
        ],
        ids=["T1", "OT1"],
    )
    def test_ligatures_and_dashes_are_read(self, tmp_path: Path, codes: bytes) -> None:
        path = drawn_by_tex([codes, b"of the water in the harbour"], tmp_path / "tex.pdf")
        text = PdfLoader().load(path, LoadOptions(ocr=False)).text
        assert " ".join(text.split()) == (
            "The official figures \u2013 a difference of flour of the water in the harbour"
        )

    def test_letters_with_accents_are_those_of_the_encoding(self, tmp_path: Path) -> None:
        lines = [
            b"\x8a\xf3d\xb9 and \x92koda and Stra\xffe are \x1cne",
            b"and so is the rest of it",
        ]
        text = (
            PdfLoader().load(drawn_by_tex(lines, tmp_path / "t.pdf"), LoadOptions(ocr=False)).text
        )
        assert "\u0141\u00f3d\u017a and \u0160koda and Stra\u00dfe are fine" in text


class TestHiddenText:
    @pytest.mark.parametrize(
        "font", [named(), private(HIDDEN)], ids=["names-of-glyphs", "private-characters"]
    )
    def test_hidden_lines_among_good_ones_are_left_out_with_a_notice(
        self, tmp_path: Path, font: DrawnFont
    ) -> None:
        document = load(some_lines(font), tmp_path)
        assert document.text.split() == GOOD.split()
        assert codes(document) == {"coded_text_left_out": {"pages": 1, "total": 1}}

    def test_codes_that_look_like_words_are_left_out(self, tmp_path: Path) -> None:
        font = DrawnFont(
            letters=dict(
                zip(
                    "abcdefghilnorstwy ",
                    "\u0413\u00c6x\u03a9q\u00d0\u0416z\u03a8k\u00d8\u0429v\u03b2\u00dej\u00de ",
                    strict=True,
                )
            )
        )
        document = load(some_lines(font), tmp_path)
        assert document.text.split() == GOOD.split()

    def test_words_of_wrong_letters_are_left_out(self, tmp_path: Path) -> None:
        wrong = dict(zip("abcdefghilnorstwy", "xqzkjvwpbgmdhcfru", strict=True))
        page = DrawnPage()
        for at, line in enumerate((*KEPT, *KEPT, *KEPT)):
            page.show(20, 380 - 12 * at, line)
        font = DrawnFont(letters=wrong, widths={" ": 250})
        for at in range(4):
            page.show(20, 200 - 14 * at, HIDDEN[:40], font=font)
        assert load(page, tmp_path).text.split() == [*GOOD.split()] * 3

    def test_hidden_lines_are_read_by_ocr_where_they_stand(self, tmp_path: Path) -> None:
        shown = "LOCKED GATE"
        font = DrawnFont(
            unicode=True,
            letters={c: chr(0xE100 + at) for at, c in enumerate(sorted(set(shown)))},
            codes={c: ord(c) for c in set(shown)},
            widths={c: 700 for c in shown if c != " "},
        )
        page = DrawnPage().show(20, 360, KEPT[0]).show(20, 320, shown, font=font, size=14)
        page.show(20, 280, KEPT[1])
        document = load(page, tmp_path, ocr=True)
        assert "".join(document.text.split()) == "".join([KEPT[0], shown, KEPT[1]]).replace(" ", "")
        assert codes(document) == {"coded_text_read": {"pages": 1, "total": 1}}

    def test_a_page_of_hidden_text_alone_is_not_stored(self, tmp_path: Path) -> None:
        with pytest.raises(EmptyDocumentError, match="its fonts hide which characters they show"):
            load(DrawnPage().show(20, 300, HIDDEN[:50], font=named()), tmp_path)

    @pytest.mark.parametrize("by", [29, 31])
    def test_letters_at_a_fixed_distance_are_put_back(self, tmp_path: Path, by: int) -> None:
        document = load(some_lines(moved(HIDDEN, by)), tmp_path)
        assert document.text.split() == [*KEPT[0].split(), *HIDDEN[:36].split(), *KEPT[1].split()]
        assert codes(document) == {}

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("我们的文件在这里", "gbk"),
            ("我們的文件在這裡", "big5"),
            ("우리나라의 문서가", "euc_kr"),
            ("私たちの文書です", "euc_jp"),
        ],
    )
    def test_text_of_an_old_encoding_is_decoded(
        self, tmp_path: Path, text: str, encoding: str
    ) -> None:
        shown = text.encode(encoding).decode("latin1")
        page = DrawnPage().show(20, 360, KEPT[0])
        page.show(20, 300, shown, font=DrawnFont(unicode=False, widths={" ": 250}))
        found = load(page, tmp_path).text
        assert found.replace(KEPT[0], "").split() == text.split()

    def test_cyrillic_shown_as_western_letters_is_decoded(self, tmp_path: Path) -> None:
        text = "Станция была закрыта зимой"
        shown = text.encode("cp1251").decode("latin1")
        page = DrawnPage().show(20, 300, shown, font=DrawnFont(unicode=False, widths={" ": 250}))
        assert load(page, tmp_path).text == text

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("/g135/g150/g12", True),
            ("(cid:12)(cid:7)", True),
            ("/g12/g13 /g14/g15", True),
            ("g102 g34 g56 g78 g90 g11", True),
            ("/usr/share/doc", False),
            ("G12", False),
            ("/v1/items", False),
            ("c4 e5 Nf3", False),
            ("g12 g34", False),
        ],
    )
    def test_names_of_glyphs_are_told_from_paths_and_moves(self, text: str, *, found: bool) -> None:
        assert names_glyphs(text) is found


GOOD_TEXTS = {
    "greek": "Ο σταθμός ήταν κλειστός τον χειμώνα",
    "vietnamese": "Trạm đóng cửa vào mùa đông năm ấy",
    "georgian": "სადგური დაკეტილი იყო ზამთარში",
    "cyrillic": "Станция была закрыта зимой",
    "french": "L'été où la forêt brûla près de Sète",
    "maltese": "Il-ħġieġ żgħir tal-għaqda ċentrali",
    "icelandic": "Ætíð þótti honum ölið ágætt",
    "ipa": "ðə ˈsteɪʃən wəz kləʊzd θɪŋk ˈβɛtə",
    "mathematics": "∀ε>0 ∃δ: |f(x)−L|<ε ⇒ ∑αᵢβᵢ ≤ ∫g",
    "code": "for(i=0;i<n;i++){x[i]^=0x7f;}",
    "base64": "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    "part-numbers": "KX-4471-B ZQ77/3 XWV-9 BFG120 PTK",
    "figures": "12.5 1,034 99 0.07 −3 44 1,250,000",
    "capitals": "ÄÖÜ ÀÉÈ ÇÑØ ÅÆ",
    "signs": "±0.5° ×10 ÷2 ½ ¼ ²³ µ§¶",
    "armenian": "Կայարանը փակ էր ձմռանը",
}


RARE = {
    "welsh": "mae hen wlad fy nhadau yn annwyl i mi gwlad beirdd a chantorion enwogion o fri",
    "pinyin": "women de wenjian zai zheli qing ni bangzhu wo zhao dao gongzuo renyuan haoma",
    "navajo": "bila ashdla ii altsoh yinik eh bee hadahaazhdoodzih doo biniinaa naaltsoos",
    "somali": "aadanaha dhammaantiis wuxuu dhashaa isagoo xor ah kana siman xagga sharafta",
    "code": "strncmp fprintf malloc memcpy ptr ctx tmp idx src dst cfg ctl btn evt buf len",
}


class TestGoodText:
    @pytest.mark.parametrize("text", RARE.values(), ids=RARE.keys())
    def test_languages_of_few_pages_are_kept(self, tmp_path: Path, text: str) -> None:
        page = DrawnPage()
        words = text.split()
        for at in range(0, len(words), 5):
            page.show(10, 360 - 12 * at, " ".join(words[at : at + 5]))
        document = load(page, tmp_path)
        assert document.text.split() == words
        assert codes(document) == {}

    @pytest.mark.parametrize("text", GOOD_TEXTS.values(), ids=GOOD_TEXTS.keys())
    def test_rare_languages_and_signs_are_kept(self, tmp_path: Path, text: str) -> None:
        document = load(
            DrawnPage().show(10, 300, text, font=DrawnFont(widths={" ": 250})), tmp_path
        )
        assert "".join(document.text.split()) == "".join(text.split())
        assert codes(document) == {}

    @pytest.mark.parametrize("text", [GOOD, "L'été où la forêt brûla", "12.5 1,034 99"])
    def test_a_file_that_says_nothing_of_its_letters_is_read_if_they_make_sense(
        self, tmp_path: Path, text: str
    ) -> None:
        font = DrawnFont(unicode=False, widths={" ": 250})
        document = load(DrawnPage().show(10, 300, text[:60], font=font), tmp_path)
        assert document.text.split() == text[:60].split()

    def test_a_private_sign_before_a_line_hides_nothing(self, tmp_path: Path) -> None:
        sign = DrawnFont(letters={"x": "\ue001"})
        page = DrawnPage().show(20, 300, "x", font=sign).show(40, 300, KEPT[0])
        document = load(page, tmp_path)
        assert document.text == KEPT[0]
        assert codes(document) == {"signs_not_read": {"signs": 1}}

    @pytest.mark.parametrize(
        "text",
        [
            "the quick brown fox jumps over the lazy dog",
            "die Station war im Winter jenes Jahres geschlossen",
            "la estación estuvo cerrada durante el invierno",
            "talvella asema oli suljettuna koko vuoden",
            "stacja była zamknięta przez całą zimę",
            "kış boyunca istasyon kapalı kaldı",
        ],
    )
    def test_languages_are_told_from_moved_letters(self, text: str) -> None:
        codes_of = "".join(chr(ord(c) + 3) if c.isascii() and c.isalpha() else c for c in text)
        assert share_of_common_pairs(text)[0] >= LANGUAGE
        assert share_of_common_pairs(codes_of)[0] < LANGUAGE
