"""Files nested deeper than any program writes them: their text is read, and no parser gives up."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.markdown import MarkdownLoader
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


def test_a_deeply_nested_answer_is_shown_whole() -> None:
    assert "the words" in answer_html(">" * 30 + " the words")
    assert "the words" in answer_html(">" * 100_000 + " the words")
