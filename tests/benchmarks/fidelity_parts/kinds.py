"""The kinds of document that are measured, and who can make each."""

# ruff: noqa: S311 - seeded texts, nothing secret

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from fidelity_parts.content import (
    Aside,
    Code,
    Content,
    Field,
    Form,
    Heading,
    Items,
    Merged,
    Pairs,
    Paragraph,
    Picture,
    Table,
)
from fidelity_parts.words import LANGUAGES, Speaker

PDF = ("reportlab", "latex", "groff", "chromium", "libreoffice")
DOCX = ("python-docx", "libreoffice-docx", "pandoc-docx")
Make = Callable[[Speaker], Content]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: ``make`` says what one holds, ``makers`` can set it.

    ``languages`` are tried by seed; ``scan`` turns the pages into pictures; ``turned`` lays the
    page on its side and turns it back by the page's own entry.
    """

    make: Make
    makers: tuple[str, ...]
    languages: tuple[str, ...] = LANGUAGES
    scan: bool = False
    turned: bool = False


def draw(kind: Kind, name: str, maker: str, seed: int) -> Content:
    """Return the document of a kind, a maker and a seed: language, font and size vary, too."""
    chance = random.Random(f"{name} {maker} {seed}")
    languages = [lang for lang in kind.languages if not (maker == "groff" and lang == "zh")]
    content = kind.make(Speaker(chance.choice(languages), chance))
    size = chance.choice((9.0, 10.0, 11.0, 12.0))
    return replace(content, font=chance.choice(("serif", "sans")), size=size)


def _paragraphs(say: Speaker, count: int) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(text=say.paragraph()) for _ in range(count))


def prose(say: Speaker) -> Content:
    return Content(blocks=_paragraphs(say, 5), language=say.language)


def two_columns(say: Speaker) -> Content:
    return Content(blocks=_paragraphs(say, 12), language=say.language, columns=2)


def three_columns(say: Speaker) -> Content:
    return Content(blocks=_paragraphs(say, 12), language=say.language, columns=3)


def across(say: Speaker) -> Content:
    return Content(blocks=_paragraphs(say, 4), language=say.language, columns=2, across=True)


def headings(say: Speaker) -> Content:
    blocks = []
    for level in (1, 2, 3, 2, 3):
        blocks += [Heading(level=level, text=say.phrase()), *_paragraphs(say, 1)]
    return Content(blocks=tuple(blocks), language=say.language)


def running(say: Speaker) -> Content:
    header, footer = say.made_up() + " " + say.phrase(), say.made_up() + " " + say.phrase()
    return Content(
        blocks=_paragraphs(say, 26),
        language=say.language,
        header=header,
        footer=footer,
        numbers=True,
    )


def footnotes(say: Speaker) -> Content:
    blocks = tuple(Paragraph(text=say.paragraph(), note=say.sentence()) for _ in range(4))
    return Content(blocks=blocks, language=say.language)


def lists(say: Speaker) -> Content:
    def items(*, numbered: bool) -> Items:
        texts = tuple(say.sentence() for _ in range(say.chance.randint(3, 7)))
        return Items(texts=texts, numbered=numbered)

    blocks = (*_paragraphs(say, 1), items(numbered=False), *_paragraphs(say, 1))
    return Content(blocks=(*blocks, items(numbered=True)), language=say.language)


def code(say: Speaker) -> Content:
    def name() -> str:
        return say.chance.choice(_NAMES)

    lines = []
    for _ in range(3):
        lines += [
            f"def {name()}_{name()}({name()}):",
            f"    {name()} = {say.chance.randint(2, 99)}",
        ]
        lines += [f"    for {name()} in {name()}:", f"        if {name()} > {name()}:"]
        lines += [f"            {name()}.{name()}({name()})", f"    return {name()}"]
    blocks = (*_paragraphs(say, 1), Code(lines=tuple(lines)), *_paragraphs(say, 1))
    return Content(blocks=blocks, language=say.language)


_NAMES = [
    "anchor",
    "basin",
    "cargo",
    "drift",
    "ember",
    "flint",
    "grove",
    "hinge",
    "inlet",
    "joint",
    "kiln",
    "ledge",
]


def _table(say: Speaker, rows: int, **more: object) -> Table:
    columns = tuple(say.name() for _ in range(4))
    made = tuple((say.name(), say.phrase(1, 2), say.code(), say.number()) for _ in range(rows))
    return Table(
        columns=columns,
        rows=made,
        numeric=frozenset({3}),
        widths=(1.3, 1.3, 0.8, 1.0),
        **more,  # type: ignore[arg-type]
    )


def _around(say: Speaker, *blocks: Table | Pairs | Form | Picture | Aside) -> Content:
    return Content(
        blocks=(*_paragraphs(say, 1), *blocks, *_paragraphs(say, 1)), language=say.language
    )


def table_ruled(say: Speaker) -> Content:
    return _around(say, _table(say, say.chance.randint(5, 9)))


def table_booktabs(say: Speaker) -> Content:
    return _around(say, _table(say, say.chance.randint(5, 9), look="booktabs"))


def table_plain(say: Speaker) -> Content:
    return _around(say, _table(say, say.chance.randint(6, 12), look="plain"))


def table_merged(say: Speaker) -> Content:
    table = _table(say, 8)
    rows = [list(row) for row in table.rows]
    merged = []
    for first, count in ((0, 3), (4, 2)):
        for at in range(first, first + count):
            rows[at][1] = rows[first][1]
        merged.append(Merged(row=first, column=1, count=count))
    made = replace(table, rows=tuple(map(tuple, rows)), merged=tuple(merged))
    return _around(say, made)


def table_lines(say: Speaker) -> Content:
    columns = tuple(say.name() for _ in range(3))
    rows = tuple((say.name(), say.phrase(8, 14), say.phrase(5, 9)) for _ in range(6))
    return _around(say, Table(columns=columns, rows=rows, widths=(1, 2, 1.5)))


def table_long(say: Speaker) -> Content:
    return _around(say, _table(say, 110))


def invoice(say: Speaker) -> Content:
    count = say.chance.randint(4, 8)
    columns = tuple(say.name() for _ in range(4))
    rows = tuple((say.code(), say.phrase(2, 4), say.number(), say.number()) for _ in range(count))
    table = Table(
        columns=columns, rows=rows, look="plain", numeric=frozenset({2, 3}), widths=(1, 2.5, 1, 1)
    )
    totals = Pairs(pairs=tuple((say.name(), say.number()) for _ in range(3)))
    return _around(say, table, totals)


def contents(say: Speaker) -> Content:
    pages = sorted(say.chance.sample(range(2, 300), 14))
    return Content(
        blocks=(
            Heading(level=1, text=say.phrase()),
            Pairs(pairs=tuple((say.name(), str(page)) for page in pages), leaders=True),
        ),
        language=say.language,
    )


def form(say: Speaker) -> Content:
    fields = []
    for number in range(8):
        label = f"{say.name()}"
        if number % 3 == 1:
            value = say.chance.choice(("yes", "no"))
            fields.append(Field(label=label, value=value, kind="check"))
        elif number % 4 == 3:
            choices = tuple(say.made_up() for _ in range(3))
            value = say.chance.choice(choices)
            fields.append(Field(label=label, value=value, kind="choice", choices=choices))
        else:
            fields.append(Field(label=label, value=say.phrase(1, 3)))
    return _around(say, Form(fields=tuple(fields)))


def stamp(say: Speaker) -> Content:
    line = f"Received {say.chance.randint(10, 28)} May 2024 by {say.code()} from {say.code()}"
    line += f" folder {say.code()} signed {say.code()}"
    return replace(prose(say), stamp=line)


def picture(say: Speaker) -> Content:
    return _around(say, Picture(lines=tuple(say.phrase(3, 4) for _ in range(4))))


def notes(say: Speaker) -> Content:
    blocks = tuple(Paragraph(text=say.paragraph(), comment=say.sentence()) for _ in range(3))
    return Content(blocks=blocks, language=say.language)


def links(say: Speaker) -> Content:
    blocks = []
    for _ in range(4):
        address = f"https://example.org/{say.chance.choice(_NAMES)}/{say.chance.randint(100, 999)}"
        blocks += [Paragraph(text=say.phrase(3, 5), link=address), *_paragraphs(say, 1)]
    return Content(blocks=tuple(blocks), language=say.language)


def twice(say: Speaker) -> Content:
    return replace(prose(say), twice=True)


def spaced(say: Speaker) -> Content:
    return replace(prose(say), spaced=True)


def vertical(say: Speaker) -> Content:
    return Content(blocks=_paragraphs(say, 5), language=say.language, vertical=True)


def aside(say: Speaker) -> Content:
    return _around(say, Aside(text=say.sentence()))


_LATIN = ("en", "de")
_ALL_BUT_PICTURES = ("reportlab", "chromium", "libreoffice")
KINDS: dict[str, Kind] = {
    "prose": Kind(prose, PDF),
    "two columns": Kind(two_columns, PDF),
    "three columns": Kind(three_columns, PDF),
    "columns drawn across": Kind(across, ("reportlab",)),
    "headings": Kind(headings, PDF),
    "headers and footers": Kind(running, ("reportlab", "latex", "groff", "libreoffice")),
    "footnotes": Kind(footnotes, ("latex", "groff", "libreoffice")),
    "lists": Kind(lists, PDF),
    "code": Kind(code, PDF, languages=_LATIN),
    "table, ruled": Kind(table_ruled, PDF),
    "table, booktabs": Kind(table_booktabs, PDF),
    "table, unruled": Kind(table_plain, PDF),
    "table, merged": Kind(table_merged, PDF),
    "table, cells of lines": Kind(table_lines, PDF),
    "table, three pages": Kind(table_long, PDF),
    "invoice": Kind(invoice, PDF),
    "table of contents": Kind(contents, PDF),
    "form": Kind(form, ("reportlab", "latex", "libreoffice"), languages=_LATIN),
    "stamp over scan": Kind(stamp, ("latex", "chromium"), scan=True),
    "scan": Kind(prose, ("libreoffice", "chromium"), scan=True),
    "picture in text": Kind(picture, _ALL_BUT_PICTURES),
    "notes": Kind(notes, ("reportlab", "libreoffice"), languages=_LATIN),
    "links": Kind(links, ("reportlab", "latex", "chromium", "libreoffice")),
    "drawn twice": Kind(twice, ("reportlab",)),
    "spaced Chinese": Kind(spaced, _ALL_BUT_PICTURES, languages=("zh",)),
    "vertical Japanese": Kind(vertical, ("chromium", "libreoffice"), languages=("ja",)),
    "rotated page": Kind(prose, PDF, turned=True),
    "DOCX prose": Kind(prose, DOCX),
    "DOCX lists": Kind(lists, DOCX),
    "DOCX table": Kind(table_ruled, DOCX),
    "DOCX table, merged": Kind(table_merged, ("python-docx", "libreoffice-docx")),
    "DOCX footnotes": Kind(footnotes, ("libreoffice-docx",)),
    "DOCX notes": Kind(notes, ("libreoffice-docx",)),
    "DOCX links": Kind(links, ("libreoffice-docx", "pandoc-docx")),
    "DOCX text box": Kind(aside, ("libreoffice-docx",)),
    "DOCX form": Kind(form, ("libreoffice-docx",), languages=_LATIN),
    "Markdown": Kind(lists, ("markdown", "pandoc-markdown")),
    "Markdown table": Kind(table_ruled, ("markdown", "pandoc-markdown")),
    "text, encodings": Kind(prose, ("text",)),
}
