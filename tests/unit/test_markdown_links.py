"""Addresses behind links in Markdown and HTML: they stand after the text of their link."""

from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.html_text import html_to_text
from ingest.loaders.markdown.loader import MarkdownLoader
from kb.records import Document


def read(folder: Path, text: str) -> Document:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return MarkdownLoader().load(path, LoadOptions())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[Form](https://intra.example.org/queue)", "Form (https://intra.example.org/queue)"),
        ("the [**bold** form](https://x.org/b.pdf).", "the bold form. (https://x.org/b.pdf)"),
        ("<https://example.org/merlin>", "https://example.org/merlin"),
        ("https://example.org/harrier", "https://example.org/harrier"),
        ("[ref][1]\n\n[1]: https://ref.example.org/b", "ref (https://ref.example.org/b)"),
        ("[other](../guide/forms.html#basics) [page](forms.md) [wiki](Forms) [plan](plan.docx)",
         "other page wiki plan"),
        ("[Ann](mailto:ann@example.org)", "Ann (ann@example.org)"),
        ("[below](#below) and [run](javascript:go)", "below and [run](javascript:go)"),
        ("![chart](img/sales_2024_q3.png)", "chart (sales_2024_q3.png)"),
        ("![chart](data:image/png;base64,AAAA)", "chart"),
        ("[![Build](https://img.example.org/b.svg)](https://ci.example.org)",
         "Build (https://ci.example.org)"),
        ('<a href="https://example.org/x?a=1&amp;b=2">Form</a>.',
         "Form. (https://example.org/x?a=1&b=2)"),
        ("| a |\n|---|\n| [Form](https://x.org/x.pdf) |", "a\nForm (https://x.org/x.pdf)"),
        ("Text.[^1]\n\n[^1]: See [this](https://x.org/x.pdf).", "Text.[1]\n[1] See this. (https://x.org/x.pdf)"),
    ],
)  # fmt: skip
def test_an_address_stands_after_its_text(tmp_path: Path, written: str, shown: str) -> None:
    assert read(tmp_path, written).text == shown


def test_an_address_in_a_heading_stands_below_it(tmp_path: Path) -> None:
    document = read(tmp_path, "# [Kestrel](https://example.org/k) and ![Logo](logo.png)\n\nText.\n")

    assert document.title == "Kestrel and Logo"
    assert document.sections[0].heading_path == ("Kestrel and Logo",)
    assert document.text == "Kestrel and Logo\n(https://example.org/k) (logo.png)\n\nText."


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('<p>The <a href="https://example.org/k">form</a>, now.</p>',
         "The form (https://example.org/k), now."),
        ('<a href="https://example.org">example.org</a>', "example.org"),
        ('<table><tr><td><a href="https://x.org/k.pdf">form</a></td><td>x</td></tr></table>',
         "form (https://x.org/k.pdf) | x"),
        ('<h2><a href="https://x.org/k.pdf">Form</a></h2><p>Text</p>', "Form\n\n(https://x.org/k.pdf)\n\nText"),
        ('<a href="https://x.org/k.pdf"><img src="pic.png" alt="Pic"></a> <img src="pic.png" >',
         "Pic (https://x.org/k.pdf) (pic.png)"),
    ],
)  # fmt: skip
def test_html_blocks_show_addresses_too(written: str, shown: str) -> None:
    assert html_to_text(written) == shown


def test_many_links_inside_each_other_are_read_whole(tmp_path: Path) -> None:
    links = "<a href='https://x.org/x.pdf'>w" * 5_000 + "</a>" * 5_000

    assert read(tmp_path, f"Text {links}\n").text.count("w") == 5_000
