"""What TextLoader makes of plain text files."""

from pathlib import Path

import pytest

from ingest.errors import DamagedFileError, EmptyDocumentError, UnreadableFileError
from ingest.loaders.base import LoadOptions
from ingest.loaders.text.loader import TextLoader
from kb.records import Document

PARAGRAPH = "从前有一座山，山里有一座庙，庙里有一个老和尚给小和尚讲故事，讲的是什么故事呢？" * 3


def load(path: Path, data: bytes | str) -> Document:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return TextLoader().load(path, LoadOptions())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notes.txt"


def codes(document: Document) -> list[str]:
    return [notice.code for notice in document.notices]


def test_a_text_is_one_section_with_unix_line_ends(file: Path) -> None:
    document = load(file, "First line.\r\nSecond line.\r\n\r\n第三行。\r\n")

    assert document.text == "First line.\nSecond line.\n\n第三行。"
    assert [(section.start, section.end) for section in document.sections] == [
        (0, len(document.text))
    ]
    assert document.title == ""
    assert document.metadata == {}
    assert document.notices == ()


def test_an_encoding_other_than_utf8_is_told(file: Path) -> None:
    document = load(file, PARAGRAPH.encode("gb18030"))

    assert document.text == PARAGRAPH
    assert document.metadata == {"encoding": "gb18030"}
    assert codes(document) == []


def test_a_doubtful_encoding_is_told(file: Path) -> None:
    document = load(file, "100 \x80".encode("latin-1"))

    assert codes(document) == ["encoding_uncertain"]
    assert str(document.metadata["encoding"]) in document.notices[0].message


def test_a_file_that_ends_inside_a_character_is_told(file: Path) -> None:
    assert codes(load(file, PARAGRAPH.encode()[:-1])) == ["cut_short"]


def test_bad_bytes_are_counted(file: Path) -> None:
    document = load(file, PARAGRAPH.encode() + b"\xff\xfe" + PARAGRAPH.encode())

    assert codes(document) == ["undecodable_bytes"]
    assert document.notices[0].values == {"count": 2, "encoding": "utf-8"}


@pytest.mark.parametrize("data", ["", " \r\n\t\n", "\ufeff", "\u3000\u3000\n", "\ufeff \n"])
def test_a_file_without_text_is_called_empty(file: Path, data: str) -> None:
    with pytest.raises(EmptyDocumentError, match=r"notes\.txt is empty"):
        load(file, data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"PK\x03\x04\x14\x00\x06\x00", "ZIP"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\x7fELF\x02\x01\x01\x00", "ELF"),
        (b"\x1f\x8b\x08\x00\x00\x00", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(24), "Office"),
        (b"MZ" + bytes(58) + b"\x40\x00\x00\x00" + b"PE\x00\x00", "Windows program"),
        (b"SQLite format 3\x00\x10\x00", "SQLite"),
        (b"\x00\x00\x00\x20ftypisom", "MP4"),
    ],
)
def test_a_renamed_file_is_called_by_what_it_is(file: Path, data: bytes, kind: str) -> None:
    with pytest.raises(DamagedFileError, match=rf"notes\.txt is not text.*{kind}"):
        load(file, data)


def test_unknown_binary_data_is_not_text(file: Path) -> None:
    with pytest.raises(DamagedFileError, match="binary data"):
        load(file, bytes((index * 7 + index // 256 * 13) % 256 for index in range(4096)))


@pytest.mark.parametrize(
    "text", ["MZ is the code of Mozambique.", "GGUF files hold models.", "BZh"]
)
def test_words_that_happen_to_be_signatures_are_text(file: Path, text: str) -> None:
    assert load(file, text).text == text


def test_a_file_that_is_gone_is_unreadable(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"notes\.txt cannot be opened"):
        TextLoader().load(file, LoadOptions())


class TestChapters:
    def test_numbered_chinese_chapters_become_sections(self, file: Path) -> None:
        titles = ["第一回　缘起", "第二回　相逢", "第三回　别离"]
        text = "".join(f" {title}\n\n{PARAGRAPH}\n\n" for title in titles)

        document = load(file, text)

        assert [section.heading_path for section in document.sections] == [
            (title.replace("\u3000", " "),) for title in titles
        ]

    def test_english_chapters_and_parts_nest(self, file: Path) -> None:
        body = "It was a dark and stormy night, and the rain fell in torrents on the roofs.\n\n"
        parts = [
            f"PART {part}\n\n{body}Chapter {2 * number - 1}. Rain\n\n{body}"
            f"Chapter {2 * number}: Wind\n\n{body}"
            for number, part in ((1, "I"), (2, "II"), (3, "III"))
        ]

        paths = [section.heading_path for section in load(file, "".join(parts)).sections]

        assert paths[:3] == [
            ("PART I",),
            ("PART I", "Chapter 1. Rain"),
            ("PART I", "Chapter 2: Wind"),
        ]
        assert paths[-1] == ("PART III", "Chapter 6: Wind")

    def test_a_table_of_contents_makes_no_sections(self, file: Path) -> None:
        titles = [f"第{number}章 标题" for number in ("一", "二", "三", "四")]
        contents = "\n".join(titles)
        body = "\n\n".join(f"{title}\n{PARAGRAPH}" for title in titles)

        document = load(file, f"目录\n{contents}\n\n{PARAGRAPH}\n\n{body}\n")

        paths = [section.heading_path for section in document.sections]
        assert [path[-1] for path in paths if path][-4:] == titles
        assert contents in document.text

    def test_sentences_that_mention_chapters_are_no_headings(self, file: Path) -> None:
        text = (
            "第一章规定了合同的订立。\n第三章规定了合同的履行，第九章规定了违约责任。\n"
            "Chapter 7, which treats storms, and\nchapter 2 differ.\n" + PARAGRAPH
        )

        assert len(load(file, text).sections) == 1

    def test_numbers_that_jump_about_are_no_chapters(self, file: Path) -> None:
        text = "\n".join(f"第{number}节\n{PARAGRAPH}" for number in (7, 3, 12, 5, 90))

        assert len(load(file, text).sections) == 1

    def test_no_text_is_lost(self, file: Path) -> None:
        text = "前言\n" + "\n".join(
            f"第{number}章 题目\n{number}{PARAGRAPH}" for number in range(1, 30)
        )

        document = load(file, text)

        assert document.text.replace("\n", "") == text.replace("\n", "")
        assert len(document.sections) == 30
