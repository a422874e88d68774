"""What every loader promises. A format's class supplies a document and what it must yield."""

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.errors import LoadError
from ingest.loaders import EXTENSIONS, load_file, loader_for
from ingest.loaders.base import Loader, LoadOptions
from kb.records import Document, MediaType
from kb.text import normalise


@dataclass(frozen=True)
class Sample:
    """A file, and the phrases that its text must contain and must not."""

    path: Path
    media_type: MediaType
    phrases: tuple[str, ...]
    absent: tuple[str, ...] = ()


class LoaderContract:
    """Inherit and supply the fixture ``sample``: English and Chinese text under headings."""

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        raise NotImplementedError(tmp_path)

    @pytest.fixture
    def loader(self, sample: Sample) -> Loader:
        return loader_for(sample.path)

    @pytest.fixture
    def document(self, sample: Sample, loader: Loader) -> Document:
        return loader.load(sample.path, LoadOptions())

    def test_its_extensions_lead_to_it(self, loader: Loader) -> None:
        assert loader.version >= 1
        for extension in loader.extensions:
            assert extension in EXTENSIONS
            assert type(loader_for(Path("any" + extension.upper()))) is type(loader)

    def test_it_yields_the_text_in_both_languages(self, sample: Sample, document: Document) -> None:
        assert document.media_type == sample.media_type
        for phrase in sample.phrases:
            assert phrase in document.text
        for phrase in sample.absent:
            assert phrase not in document.text

    def test_its_text_is_in_normal_form(self, document: Document) -> None:
        assert normalise(document.text) == document.text
        assert document.text.strip("\n") == document.text

    def test_sections_are_ordered_and_cover_all_text(self, document: Document) -> None:
        end = 0
        for section in document.sections:
            assert end <= section.start < section.end <= len(document.text)
            assert not document.text[end : section.start].strip()
            end = section.end
        assert not document.text[end:].strip()

    def test_pages_are_ordered_and_numbered_from_one(self, document: Document) -> None:
        end = 0
        for number, page in enumerate(document.pages, start=1):
            assert page.number == number
            assert end <= page.start <= page.end <= len(document.text)
            end = page.end

    def test_the_title_never_comes_from_the_file_name(
        self, sample: Sample, document: Document
    ) -> None:
        renamed = sample.path.with_name("another-name" + sample.path.suffix)
        sample.path.rename(renamed)

        again = loader_for(renamed).load(renamed, LoadOptions())

        assert again == document

    def test_metadata_holds_plain_values(self, document: Document) -> None:
        for key, value in document.metadata.items():
            assert isinstance(key, str)
            assert isinstance(value, str | int | float | bool)

    def test_a_file_cut_short_is_read_or_refused_by_name(self, sample: Sample) -> None:
        whole = sample.path.read_bytes()
        for share in (0.1, 0.5, 0.9, 0.99):
            sample.path.write_bytes(whole[: max(1, int(len(whole) * share))])
            _read_or_refuse(sample.path)

    def test_damaged_bytes_are_read_or_refused_by_name(self, sample: Sample) -> None:
        whole = sample.path.read_bytes()
        for seed in range(8):
            chance = random.Random(seed)  # noqa: S311 - damage needs no secrecy
            damaged = bytearray(whole)
            for _ in range(max(1, len(whole) // 50)):
                damaged[chance.randrange(len(whole))] = chance.randrange(256)
            sample.path.write_bytes(bytes(damaged))
            _read_or_refuse(sample.path)


def _read_or_refuse(path: Path) -> None:
    """Load a file in which OCR would find nothing new; only a LoadError that names it may come."""
    try:
        assert load_file(path, LoadOptions(ocr=False)).document.text
    except LoadError as error:
        named = path.name in str(error)
    else:
        named = True
    assert named


class TestPdf(LoaderContract):
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - this format's tests only
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415 - likewise
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - likewise

        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        path = tmp_path / "sample.pdf"
        canvas = Canvas(str(path))
        canvas.setTitle("Two languages")
        canvas.bookmarkPage("first")
        canvas.addOutlineEntry("Winter repairs", "first", 0)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 760, "Winter repairs")
        canvas.drawString(72, 740, "The old boiler was repaired twice in January.")
        canvas.showPage()
        canvas.setFont("STSong-Light", 12)
        canvas.drawString(72, 760, "软件著作权的申请材料包括申请表和源程序。")
        canvas.save()
        return Sample(
            path=path,
            media_type="pdf",
            phrases=(
                "The old boiler was repaired twice in January.",
                "软件著作权的申请材料包括申请表和源程序。",
            ),
            absent=("STSong", "endobj"),
        )


class TestDocx(LoaderContract):
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        import docx  # noqa: PLC0415 - this format's tests only

        path = tmp_path / "sample.docx"
        word = docx.Document()
        word.core_properties.title = "Two languages"
        word.add_heading("Winter repairs", level=1)
        word.add_paragraph("The old boiler was repaired twice in January.")
        word.add_heading("软件著作权", level=1)
        word.add_paragraph("申请材料包括申请表和源程序。")
        table = word.add_table(rows=1, cols=2)
        table.cell(0, 0).text = "费用"
        table.cell(0, 1).text = "free of charge"
        word.save(str(path))
        return Sample(
            path=path,
            media_type="docx",
            phrases=(
                "The old boiler was repaired twice in January.",
                "申请材料包括申请表和源程序。",
                "费用 | free of charge",
            ),
            absent=("w:p", "Heading1"),
        )


class TestMarkdown(LoaderContract):
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        path = tmp_path / "sample.md"
        path.write_text(
            "---\ntitle: Two languages\n---\n\n# Winter repairs\n\n"
            "The old boiler was repaired **twice** in January.[^1]\n\n## 软件著作权\n\n"
            "- 申请材料包括[申请表](form.docx)和源程序。\n\n| 费用 | free of charge |\n|--|--|\n\n"
            "```sh\nmake  # 完成\n```\n\n[^1]: By the caretaker.\n",
            "utf-8",
        )
        return Sample(
            path=path,
            media_type="markdown",
            phrases=(
                "The old boiler was repaired twice in January.",
                "申请材料包括申请表和源程序。",
                "费用 | free of charge",
                "make  # 完成",
                "By the caretaker.",
            ),
            absent=("**", "form.docx", "```", "---", "title:"),
        )


class TestText(LoaderContract):
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Sample:
        path = tmp_path / "sample.txt"
        body = "软件著作权的申请材料包括申请表和源程序。\r\n" * 3
        chapters = "".join(f"第{number}章 条款\r\n\r\n{body}\r\n" for number in "一二三四")
        path.write_bytes(f"The old boiler.\r\n\r\n{chapters}".encode("gb18030"))
        return Sample(
            path=path,
            media_type="text",
            phrases=("The old boiler.", "第二章 条款", "软件著作权的申请材料包括申请表和源程序。"),
            absent=("\r", "\ufffd"),
        )
