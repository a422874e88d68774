"""Lines of a PDF's paragraph made one text: hyphens, and Korean words broken over lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.layout.hyphens import Vocabulary, tells_breaks
from ingest.loaders.pdf.layout.joining import between_lines, pieces_of, vocabulary_of
from ingest.loaders.pdf.loader import PdfLoader
from ingest.loaders.pdf.page import Block, PrintedLine
from tests.helpers.pdf_glyphs import DrawnFont, DrawnPage

BOX = (0.0, 0.0, 1.0, 1.0)


def joined(line: str, following: str, *words: str) -> str:
    """Return two lines of a paragraph as one text, in a document that has other words as well."""
    between = between_lines(line, following, frozenset(words))
    return line[:-1] + following if between is None else line + between + following


class TestHyphens:
    @pytest.mark.parametrize(
        ("line", "following", "words", "text"),
        [
            ("the main-", "tainer of it", (), "the maintainer of it"),
            ("a well-", "known name", ("well-known",), "a well-known name"),
            ("a well-", "known name", (), "a well-known name"),
            ("nineteen twenty-", "four", (), "nineteen twenty-four"),
            ("the twenty-", "first of May", (), "the twenty-first of May"),
            ("of high-", "dimensional data", (), "of high-dimensional data"),
            ("it was high-", "lighted in red", (), "it was highlighted in red"),
            ("the soft-", "ware of it", (), "the software of it"),
            ("zwei-", "bis dreimal", (), "zwei- bis dreimal"),
            ("one-", "or two-storey houses", (), "one- or two-storey houses"),
            ("a well-", "known name", ("well-known", "wellknown"), "a wellknown name"),
            ("Jean-", "Paul said", (), "Jean-Paul said"),
            ("from 1990-", "1995 on", (), "from 1990-1995 on"),
            ("the soft\u00ad", "ware", (), "the software"),
            ("die Donau\u2010", "dampfschiffe", (), "die Donaudampfschiffe"),
            ("one -", "two", (), "one - two"),
            ("für Wasser-", "und Abwasser", (), "für Wasser- und Abwasser"),
            ("the mid-", "and long-term", (), "the mid- and long-term"),
            ("an interpreter-", "to-trace step", (), "an interpreter-to-trace step"),
            ("see KX-4471-", "B for it", (), "see KX-4471-B for it"),
        ],
    )
    def test_hyphens_at_a_line_end(
        self, line: str, following: str, words: tuple[str, ...], text: str
    ) -> None:
        assert joined(line, following, *words) == text


class TestKorean:
    def test_a_sign_of_its_own_for_words_that_are_broken(self) -> None:
        lines = [
            "The keeper of the mill writes down every experi\u2010",
            "ment with the water of the old harbour in a user-",
            "defined book and shows it to whoever is interest\u2010",
            "ed in how it was done at the time of the old mill",
        ]
        block = Block("text", tuple(PrintedLine(line, BOX, runs_on=True) for line in lines), BOX)
        words = Vocabulary(tells_breaks=tells_breaks([[block]]))
        pieces = pieces_of([block], words)
        assert "experiment" in pieces[0].text
        assert "user-defined" in pieces[0].text
        inside = replace(block, lines=(*block.lines, PrintedLine("the old\u2010mill", BOX)))
        assert not tells_breaks([[inside]])

    def test_a_word_that_the_document_has_is_put_together(self) -> None:
        assert joined("우리는 도서", "관에 갔다", "도서관에") == "우리는 도서관에 갔다"

    def test_words_that_the_document_does_not_have_as_one_stay_apart(self) -> None:
        assert joined("우리는 어제", "학교에 갔다", "도서관에") == "우리는 어제 학교에 갔다"

    def test_a_stem_with_another_ending_is_put_together(self) -> None:
        assert joined("그 도서", "관은 크다", "도서관에", "도서관") == "그 도서관은 크다"

    def test_two_words_that_both_stand_alone_stay_apart(self) -> None:
        words = ("서울", "시장", "시장은")
        assert joined("그는 서울", "시장은 멀다", *words) == "그는 서울 시장은 멀다"

    def test_the_words_at_the_ends_of_lines_are_no_evidence(self) -> None:
        lines = (PrintedLine("우리는 도서", BOX, runs_on=True), PrintedLine("관에 갔다", BOX))
        words = vocabulary_of([[Block("text", lines, BOX)]])
        assert "도서" not in words
        assert "관에" not in words

    def test_a_page_of_korean_is_read_with_its_words_whole(self, tmp_path: Path) -> None:
        font = DrawnFont(width=1000, widths={" ": 300})
        lines = ("새로운 도서관을 지었다", "사람들이 모두 그 도서", "관을 좋아하게 되었다")
        page = DrawnPage()
        page.show(20, 360, lines[0], font=font)
        page.show(20, 320, lines[1], font=font).show(20, 306, lines[2], font=font)
        text = PdfLoader().load(page.write(tmp_path / "k.pdf"), LoadOptions(ocr=False)).text
        assert "그 도서관을 좋아하게" in text
