"""Files nested deeper than any program writes them: their text is read, and no parser gives up."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from deep_files import docx, outline, pdf, pdf_page, text, tree_of_pages, within

from ingest import loaders
from ingest.errors import LoadError
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.docx.chunks import chunk_text
from ingest.loaders.markdown.loader import MarkdownLoader
from kb.records import Document
from ui.markup import answer_html


def markdown(folder: Path, text: str) -> Document:
    path = folder / "page.md"
    path.write_text(text)
    return MarkdownLoader().load(path, LoadOptions())


def nested_list(depth: int) -> str:
    return "".join(f"{'  ' * level}- item{level}\n" for level in range(depth))


class TestMarkdown:
    @pytest.mark.parametrize("depth", [19, 21, 50, 99])
    def test_quotes_keep_their_text(self, tmp_path: Path, depth: int) -> None:
        document = markdown(tmp_path, ">" * depth + " the words inside\n\nAfter.\n")

        assert document.text == "the words inside\n\nAfter."
        assert document.notices == ()

    @pytest.mark.parametrize("depth", [9, 10, 11, 30, 49])
    def test_lists_keep_every_item_at_its_depth(self, tmp_path: Path, depth: int) -> None:
        document = markdown(tmp_path, nested_list(depth))

        assert document.text.split("\n") == nested_list(depth).rstrip("\n").split("\n")
        assert document.notices == ()

    @pytest.mark.parametrize("sign", [">", "> ", "- ", "1. ", "* > "])
    def test_a_hundred_thousand_signs_keep_the_words_after_them(
        self, tmp_path: Path, sign: str
    ) -> None:
        document = markdown(tmp_path, f"Before.\n\n{sign * 100_000}the words\n\nAfter.\n")

        words = [word for word in document.text.split() if word not in (sign.strip(), "-", "*")]
        assert words == ["Before.", "the", "words", "After."]

    def test_what_is_beyond_the_bound_is_kept_and_the_line_is_said(self, tmp_path: Path) -> None:
        document = markdown(
            tmp_path, f"---\ntitle: x\n---\n\nBefore.\n\n{nested_list(200)}After.\n"
        )

        words = document.text.replace("- ", "").split()
        assert words == ["Before.", *(f"item{level}" for level in range(200)), "After."]
        (notice,) = document.notices
        assert (notice.code, notice.values["line"]) == ("nested_too_deep", 56)
        assert "line 56" in notice.message

    def test_paragraphs_beyond_the_bound_stay_paragraphs(self, tmp_path: Path) -> None:
        quote = ">" * 150
        document = markdown(
            tmp_path, f"{quote} one *two*\n{quote} three\n{quote}\n{quote} four\nlazy\n"
        )

        assert document.text == "one two\nthree\n\nfour\nlazy"

    @pytest.mark.parametrize(
        "text",
        [
            "".join(f"{':' * (403 - level)} box\n" for level in range(400)) + "words",
            "".join(f"{' ' * 4 * level}[^{level}]: \n" for level in range(200)) + "words",
            "Term\n" + "".join(f"{' ' * 4 * level}: inner\n" for level in range(200)) + "words",
            "[" * 20_000 + "words" + "](x)" * 20_000,
            "![" * 5_000 + "words" + "](x)" * 5_000,
            "^[" * 5_000 + "words" + "]" * 5_000,
            "*" * 50_000 + "words" + "*" * 50_000,
            "<div>" * 50_000 + "words",
            "<b>" * 20_000 + "words",
        ],
        ids=["boxes", "notes", "terms", "links", "pictures", "inline-notes", "stars", "div", "b"],
    )
    def test_every_kind_of_nesting_is_read(self, tmp_path: Path, text: str) -> None:
        assert "words" in markdown(tmp_path, f"{text}\n\nCited [^0].\n").text


class TestDocx:
    @pytest.mark.parametrize(
        ("opening", "inner", "depth"),
        [
            ("<w:sdt><w:sdtContent>", text("inside"), 1000),
            ("<w:tbl><w:tr><w:tc>", text("inside"), 650),
            (f"<w:tbl><w:tr><w:tc>{text('x')}</w:tc><w:tc>", text("inside"), 650),
            ("<w:p><w:r><w:txbxContent>", text("inside"), 650),
            ("<mc:AlternateContent><mc:Choice>", text("inside"), 1000),
            ("<w:customXml><w:ins>", text("inside"), 1000),
        ],
        ids=["controls", "frames", "tables", "boxes", "choices", "insertions"],
    )
    def test_every_kind_of_block_is_read(
        self, tmp_path: Path, opening: str, inner: str, depth: int
    ) -> None:
        document = load_file(docx(tmp_path, within(opening, inner, depth))).document

        words = [word for word in re.findall(r"\w+", document.text) if word != "x"]
        assert words == ["Before", "inside", "After"]
        assert document.notices == ()

    def test_runs_in_runs_are_read(self, tmp_path: Path) -> None:
        inner = within("<w:smartTag>", "<w:r><w:t>inside</w:t></w:r>", 2000)

        assert "inside" in load_file(docx(tmp_path, f"<w:p>{inner}</w:p>")).document.text

    def test_equations_in_equations_are_read(self, tmp_path: Path) -> None:
        inner = within("<m:d><m:e>", "<m:r><m:t>inside</m:t></m:r>", 900)
        loaded = load_file(docx(tmp_path, f"<w:p><m:oMath>{inner}</m:oMath></w:p>"))

        assert f"{'(' * 900}inside{')' * 900}" in loaded.document.text

    def test_what_the_xml_parser_gives_up_is_said(self, tmp_path: Path) -> None:
        loaded = load_file(docx(tmp_path, within("<w:sdt><w:sdtContent>", text("inside"), 5000)))

        assert loaded.document.text.startswith("Before.")
        assert [notice.code for notice in loaded.document.notices] == ["parts_damaged"]


class TestPdf:
    def test_outlines_however_deep_cost_no_text(self, tmp_path: Path) -> None:
        document = load_file(outline(tmp_path, 5000)).document

        assert document.text == "The words inside the page."
        assert document.sections[-1].heading_path[0] == "level 0"

    @pytest.mark.parametrize("depth", [10, 500])
    def test_trees_of_pages_are_read(self, tmp_path: Path, depth: int) -> None:
        assert (
            load_file(tree_of_pages(tmp_path, depth)).document.text == "The words inside the page."
        )

    def test_a_tree_of_pages_that_no_engine_reads_is_an_error_of_the_file(
        self, tmp_path: Path
    ) -> None:
        with pytest.raises(LoadError, match=r"page\.pdf"):
            load_file(tree_of_pages(tmp_path, 20_000))

    def test_lists_in_lists_are_no_obstacle(self, tmp_path: Path) -> None:
        path = pdf(
            tmp_path,
            {
                1: b"<< /Type /Catalog /Pages 5 0 R /Deep %s 1 %s >>"
                % (b"[" * 50_000, b"]" * 50_000),
                **pdf_page(5, b"The words inside the page."),
                5: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
            },
        )

        assert load_file(path).document.text == "The words inside the page."


def test_archives_in_archives_are_no_obstacle() -> None:
    opened = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(2000)
    )
    archive = f"MIME-Version: 1.0\n{opened}Content-Type: text/plain\n\nwords\n"

    assert chunk_text("part.mht", archive.encode()) in (None, "words\n")


def test_no_loader_calls_itself() -> None:
    """A function that calls itself for each level of a file comes to Python's bound."""
    for file in sorted(Path(loaders.__file__).parent.glob("*.py")):
        calls = _calls(ast.parse(file.read_text("utf-8")))
        for name in calls:
            seen: set[str] = set()
            waiting = [*calls[name]]
            while waiting:
                called = waiting.pop()
                if called not in seen:
                    seen.add(called)
                    waiting += calls.get(called, ())
            assert name not in seen, f"{file.name}: {name} calls itself"


def _calls(module: ast.Module) -> dict[str, set[str]]:
    """Return for each function of a module those of the same module that it calls by name."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    names = {function.name for function in functions}
    found: dict[str, set[str]] = {name: set() for name in names}
    for function in functions:
        for node in ast.walk(function):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Name) and called.id in names:
                found[function.name].add(called.id)
            elif (
                isinstance(called, ast.Attribute)
                and isinstance(called.value, ast.Name)
                and called.value.id in ("self", "cls")
                and called.attr in names
            ):
                found[function.name].add(called.attr)
    return found


def test_a_deeply_nested_answer_is_shown_whole() -> None:
    assert "the words" in answer_html(">" * 30 + " the words")
    assert "the words" in answer_html(">" * 100_000 + " the words")
