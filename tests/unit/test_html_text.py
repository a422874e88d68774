"""HTML is read as browsers read it, whatever is implied, misplaced or broken in it."""

from __future__ import annotations

import re

import pytest
from html_corpus import CORPUS

from ingest.loaders.html_text import HtmlBlock, html_to_text, read_html


@pytest.mark.parametrize("name", CORPUS)
def test_every_visible_word_is_there_in_order(name: str) -> None:
    markup, words = CORPUS[name]

    assert re.findall(r"\w+", html_to_text(markup)) == re.findall(r"\w+", words)


def test_a_page_without_the_end_of_its_head_keeps_its_body() -> None:
    page = (
        "<html><head><title>Annual report</title>\n<body><h1>Report</h1><p>The text.</body></html>"
    )

    assert read_html(page) == [HtmlBlock(text="Report", level=1), HtmlBlock(text="The text.")]


@pytest.mark.parametrize(
    ("piece", "rows"),
    [
        ("<tr><td>a</td><td>b</td></tr>\n<tr><td>c</td></tr>", "a | b\nc"),
        ("<!-- more --><td>a</td><td>b</td>", "a | b"),
        ("</td>\n<td>a</td></tr></table>", "a"),
        ("<tbody><tr><th>a<td>b", "a | b"),
        ("</tr><tr><td>a</table>", "a"),
    ],
)
def test_a_piece_of_a_table_is_rows(piece: str, rows: str) -> None:
    assert read_html(piece) == [HtmlBlock(text=rows, is_table=True)]


def test_words_that_are_drawn_apart_are_not_joined() -> None:
    page = (
        "<button>a</button><button>b</button><select><option>c</option><option>d</option></select>"
        "<svg><text>e</text><text>f<tspan>g</tspan></text></svg><b>h</b>i"
    )

    assert html_to_text(page).split() == ["a", "b", "c", "d", "e", "f", "g", "hi"]


@pytest.mark.parametrize("tag", ["script", "Style", "template", "iframe", "title", "textarea"])
def test_a_tag_that_closes_itself_swallows_nothing(tag: str) -> None:
    assert html_to_text(f'<{tag} src="a>b" />seen <{tag}/>after') == "seen after"


def test_spaces_are_as_few_as_they_are_drawn() -> None:
    assert html_to_text("<p> one <b> two </b> <i>three </i>\n four</p>") == "one two three four"


@pytest.mark.parametrize("tag", ["div", "li", "UL", "b", "a href='x'", "span", "p", "x-y"])
def test_elements_in_elements_keep_their_words_however_deep(tag: str) -> None:
    opened = "".join(f"<{tag}>word{number} " for number in range(30_000))
    closed = f"</{tag.split(maxsplit=1)[0]}>" * 30_000

    words = [f"word{number}" for number in range(30_000)]
    text = html_to_text(f"{opened}middle{closed} after")
    assert re.findall(r"\w+", text) == [*words, "middle", "after"]


def test_a_list_whose_items_have_no_end_tags_keeps_all_of_them() -> None:
    items = [f"item{number}" for number in range(2000)]

    assert html_to_text("<ul>" + "".join(f"<li>{item}" for item in items) + "</ul>").split(
        "\n"
    ) == [f"- {item}" for item in items]
