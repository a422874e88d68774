"""A passage amid its document: headings, paragraphs, tables and code are drawn as such."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from ingest.loaders import load_file
from kb.records import Document
from ui.surroundings import surroundings_html

MARKDOWN = """# Rivers

The **Elbe** flows
through Dresden.

- one
- two

| City | Length |
|---|---:|
| Dresden | 30 km |
| Meißen & co | 12 km |

## 代码

```python
def f(x):
    return x < 1
```
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    path = tmp_path / "rivers.md"
    path.write_text(MARKDOWN, "utf-8")
    return load_file(path).document


def around(document: Document, words: str, *marks: str, characters: int = 600) -> str:
    start = document.text.index(words)
    spans = [(at, at + len(m)) for m in marks for at in [document.text.index(m)]]
    return surroundings_html(document, (start, start + len(words)), spans, characters=characters)


def text_of(html: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", html))


def test_what_stands_around_is_drawn_as_what_it_is(document: Document) -> None:
    html = around(document, "The Elbe flows\nthrough Dresden.", "Elbe")
    assert '<p class="kb-heading">Rivers</p>' in html
    assert "<p>The <mark>Elbe</mark> flows\nthrough Dresden.</p>" in html
    assert "<p>- one\n- two</p>" in html
    assert "<tr><th>City</th><th>Length</th></tr>" in html
    assert "<tr><td>Dresden</td><td>30 km</td></tr>" in html
    assert '<p class="kb-heading">代码</p>' in html
    assert "<pre>def f(x):\n    return x &lt; 1</pre>" in html


def test_the_passage_is_set_apart_and_every_character_stays(document: Document) -> None:
    html = around(document, "- one\n- two")
    passage = html.partition('class="kb-passage">')[2].partition("</div>")[0]
    assert passage == "<p>- one\n- two</p>"
    shown = unescape(text_of(html))
    assert shown == re.sub(r"\s+|(?<= )\|", "", document.text.replace(" | ", ""))


def test_a_passage_may_begin_and_end_inside_a_table(document: Document) -> None:
    html = around(document, "Dresden | 30 km", "30", characters=10_000)
    assert "<tr><td>Dresden</td><td><mark>30</mark> km</td></tr>" in html
    before, _, after = html.partition('class="kb-passage">')
    assert "<tr><th>City</th><th>Length</th></tr>" in before
    assert "<tr><td>Meißen &amp; co</td>" in after
    assert "<td></td>" not in html


def test_a_mark_across_blocks_is_closed_in_each(document: Document) -> None:
    html = around(document, document.text, "Dresden | 30 km\nMeißen")
    assert "<td><mark>Dresden</mark></td><td><mark>30 km</mark></td>" in html
    assert "<td><mark>Meißen</mark> &amp; co</td>" in html


def test_far_text_is_left_out_and_that_is_shown() -> None:
    lines = [f"Line {number} of the log.\n" for number in range(200)]
    document = Document.from_text("".join(lines))
    html = around(document, "Line 100 of the log.", characters=60)
    assert html.count("<p>…</p>") == 2
    assert "Line 99" in html
    assert "Line 101" in html
    assert "Line 90" not in html
    assert "<p>Line 9" in html  # no line begins in its middle


def test_a_document_without_sections_is_drawn_too() -> None:
    document = Document(text="Alone.\n\nBeside.", media_type="text")
    assert "<p>Alone.</p>" in surroundings_html(document, (0, 6), [(0, 5)], characters=5).replace(
        "<mark>Alone</mark>", "Alone"
    )
