"""Pages in Hebrew and Arabic: lines from right to left, the right column first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.blocks import blocks_of
from ingest.loaders.pdf.layout.joining import pieces_of
from ingest.loaders.pdf.loader import PdfLoader
from ingest.loaders.pdf.page import Sheet, Word
from tests.helpers.raw_pdf import raw_pdf, stream

_TEXTS = (
    (
        "הגשר הישן ליד הטחנה נבנה לפני מאה שנים ואיש אינו זוכר מי הניח את האבן הראשונה בחורף "
        "כאשר הנהר עולה על גדותיו סוגר שומר הנמל את הדרך ותולה פנס אדום מעל הדלת הגדולה של "
        "המחסן ובאביב באים הסוחרים מן הכפרים ומוכרים תפוחים לחם ודבש בכיכר הקטנה שליד המגדל"
    ),
    (
        "يقع الجسر القديم قرب الطاحونة وقد بني قبل مئة عام ولا يذكر أحد من وضع الحجر الأول وفي "
        "الشتاء عندما يرتفع النهر يغلق حارس الميناء الطريق ويعلق فانوسا أحمر فوق الباب الكبير "
        "وفي الربيع يأتي التجار من القرى ويبيعون التفاح والخبز والعسل في الساحة الصغيرة"
    ),
)
HEBREW, ARABIC = (text.split() for text in _TEXTS)
SIZE = 10.0


def set_from_right(
    words: Sequence[str], right: float, top: float, width: float, *, indent: float = 0
) -> list[Word]:
    """Return words of a paragraph set from its right edge, letters five points wide."""
    placed: list[Word] = []
    end, line = right - indent, 0
    for word in words:
        wide = 5.0 * len(word)
        if end - wide < right - width:
            end, line = right, line + 1
        y = top + 13 * line
        placed.append(Word(word, (end - wide, y, end, y + SIZE), SIZE, line=line))
        end -= wide + 3
    return placed


def text_on(words: Sequence[Word]) -> str:
    blocks = blocks_of(Sheet(595, 842, tuple(words)))
    return "".join(piece.separator + piece.text for piece in pieces_of(blocks, ())).strip("\n")


def test_lines_of_a_paragraph_are_joined_in_reading_order() -> None:
    for words in (HEBREW, ARABIC):
        assert text_on(set_from_right(words, 520, 72, 300)) == " ".join(words)


def test_indented_paragraphs_stay_apart() -> None:
    first = set_from_right(HEBREW, 520, 72, 300, indent=14)
    lower = max(word.box[1] for word in first) + 13
    second = set_from_right(HEBREW[::-1], 520, lower, 300, indent=14)
    assert text_on([*first, *second]).split("\n") == [" ".join(HEBREW), " ".join(HEBREW[::-1])]


def test_a_short_line_ends_a_paragraph() -> None:
    heading = set_from_right(HEBREW[:3], 520, 72, 300)
    text = set_from_right(HEBREW, 520, 85, 300)
    assert text_on([*heading, *text]).split("\n") == [" ".join(HEBREW[:3]), " ".join(HEBREW)]


def test_the_right_column_is_read_first() -> None:
    right = set_from_right(ARABIC * 2, 520, 72, 210)
    left = set_from_right(HEBREW * 2, 290, 72, 210)
    text = text_on([*left, *right]).replace("\n\n", " ")
    assert text == " ".join([*ARABIC * 2, *HEBREW * 2])


def test_latin_words_inside_are_read_from_left_to_right() -> None:
    words = [*set_from_right(HEBREW[:4], 520, 72, 300)]
    end = words[-1].box[0] - 3
    latin = [("Harbour", end - 80, end - 42), ("Board", end - 35, end)]
    words += [Word(text, (a, 72, b, 82), SIZE) for text, a, b in latin]
    words += set_from_right(HEBREW[4:7], end - 86, 72, 200)
    expected = [*HEBREW[:4], "Harbour", "Board", *HEBREW[4:7]]
    assert text_on(words) == " ".join(expected)


def test_numbers_behind_latin_words_are_read_with_them() -> None:
    words = [*set_from_right(HEBREW[:4], 520, 72, 300)]
    end = words[-1].box[0] - 3
    account = [("IBAN", 0), ("SA03", 32), ("8000", 62), ("0000", 90), ("6080", 118)]
    words += [Word(text, (end - 142 + x, 72, end - 117 + x, 82), SIZE) for text, x in account]
    words += set_from_right(HEBREW[4:7], end - 145, 72, 200)
    told = [*HEBREW[:4], "IBAN SA03 8000 0000 6080", *HEBREW[4:7]]
    assert text_on(words) == " ".join(told)


def test_a_line_of_mostly_latin_words_runs_as_the_lines_around() -> None:
    words = set_from_right(HEBREW * 2, 520, 72, 300)
    base = max(word.box[3] for word in words) + 20
    mail = [(HEBREW[0], 495, 520), ("help@harbour.example.org", 360, 490)]
    words += [Word(text, (a, base, b, base + 10), SIZE) for text, a, b in mail]
    assert text_on(words).endswith(f"{HEBREW[0]} help@harbour.example.org")


def test_numbers_of_a_list_have_their_stop_behind_them() -> None:
    words = [Word(".1", (508, 72, 520, 82), SIZE), *set_from_right(HEBREW[:3], 500, 72, 300)]
    assert text_on(words) == " ".join(["1.", *HEBREW[:3]])


def test_a_stop_at_the_left_of_a_latin_end_comes_last() -> None:
    words = set_from_right(HEBREW[:4], 520, 72, 300)
    end = words[-1].box[0] - 3
    latin = [(".Harbour", end - 80, end - 42), ("Board", end - 35, end)]
    words += [Word(text, (a, 72, b, 82), SIZE) for text, a, b in latin]
    assert text_on(words) == " ".join([*HEBREW[:4], "Harbour Board."])


def test_rows_of_a_list_of_prices_stay_rows() -> None:
    words: list[Word] = []
    for at, name in enumerate(HEBREW[:4]):
        words += set_from_right([name], 520, 72 + 16 * at, 200)
        words.append(Word(f"{at + 2}.40", (200, 72 + 16.0 * at, 222, 82 + 16.0 * at), SIZE))
    rows = [line.split("\t") for line in text_on(words).split("\n")]
    assert rows == [[name, f"{at + 2}.40"] for at, name in enumerate(HEBREW[:4])]


def drawn(*words: str, space: int, hang: int = 60) -> bytes:
    """Return a page of words, drawn as shapes of which those of reh and waw hang over to the left.

    All letters take 500 thousandths of the font's height; ``space`` more are between two words.
    """
    letters = sorted({letter for word in words for letter in word})
    names = b" ".join(b"/a%d" % at for at in range(len(letters)))
    procs = b" ".join(
        b"/a%d %d 0 R" % (at, 7 if letter in "رو" else 6) for at, letter in enumerate(letters)
    )
    told = "".join(f"<{at:02x}> <{ord(letter):04x}>\n" for at, letter in enumerate(letters))
    cmap = (
        "begincmap 1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(letters)} beginbfchar\n{told}endbfchar endcmap"
    )
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[-200 0 500 700]/FontMatrix[.001 0 0 .001 0 0]"
        b"/CharProcs<<%s>>/Encoding<</Type/Encoding/Differences[0 %s]>>/FirstChar 0"
        b"/LastChar %d/Widths[%s]/ToUnicode 8 0 R>>"
        % (procs, names, len(letters) - 1, b" ".join(b"500" for _ in letters))
    )
    from_left = [bytes(map(letters.index, reversed(word))).hex() for word in reversed(words)]
    shown = f" -{space} ".join(f"<{codes}>" for codes in from_left)
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>"
    )
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            stream(f"BT /F 12 Tf 60 700 Td [{shown}] TJ ET".encode()),
            font,
            stream(b"500 0 0 0 500 600 d1 0 0 500 600 re f"),
            stream(b"500 0 %d 0 500 600 d1 %d 0 %d 600 re f" % (-hang, -hang, 500 + hang)),
            stream(cmap.encode()),
        ]
    )


@pytest.mark.parametrize(
    "words",
    [
        ["إيجار", "رقم", "ثان"],
        ["للغير", "إلا"],
        ["لو", "ورد", "ورود"],
    ],
)
def test_a_letter_that_hangs_over_the_space_behind_it_ends_its_word(
    words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(drawn(*words, space=250))
    assert PdfLoader().load(path, LoadOptions(ocr=False)).text.split() == words


def test_letters_that_do_not_join_are_one_word(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(drawn("دو", "ار", "ر", space=90))
    assert PdfLoader().load(path, LoadOptions(ocr=False)).text == "دوارر"
