"""Documents as HTML, for the programs that read it: Chromium and pandoc."""

from __future__ import annotations

import base64
from html import escape

from fidelity_parts.content import (
    Aside,
    Block,
    Code,
    Content,
    Form,
    Heading,
    Items,
    Pairs,
    Paragraph,
    Picture,
    Table,
)
from fidelity_parts.picture import text_picture

_LOOKS = {
    "ruled": "border:1px solid;padding:2px 5px",
    "booktabs": "border-bottom:1px solid;padding:2px 8px",
    "plain": "padding:2px 10px",
}
_FONTS = {
    "serif": "'Liberation Serif','DejaVu Serif','WenQuanYi Zen Hei'",
    "sans": "'Liberation Sans','DejaVu Sans','WenQuanYi Zen Hei'",
}


def html(content: Content) -> str:
    """Return the document as a page of HTML."""
    body = "\n".join(_block(block, content) for block in content.blocks)
    style = (
        f"font-family:{_FONTS[content.font]};font-size:{content.size}pt;margin:0;"
        f"hyphens:manual;text-align:{'justify' if content.columns > 1 else 'left'};"
    )
    if content.columns > 1:
        style += f"column-count:{content.columns};column-gap:7mm;"
    if content.vertical:
        style += "writing-mode:vertical-rl;height:230mm;"
    if content.spaced:
        style += "letter-spacing:0.35em;"
    return (
        f"<!DOCTYPE html><html lang={content.language}><meta charset=utf-8><title></title>"
        f'<body style="{style}">{body}</body></html>'
    )


def _soft(text: str, content: Content) -> str:
    """Return text for HTML; narrow columns may break long words after four letters."""
    if content.columns == 1 or content.language == "zh":
        return escape(text)
    parts = (
        word if len(word) < 8 or not word.isalpha() else f"{word[:4]}\u00ad{word[4:]}"
        for word in text.split(" ")
    )
    return escape(" ".join(parts))


def _block(block: Block, content: Content) -> str:  # noqa: PLR0911 - a case for each block
    match block:
        case Paragraph():
            text = _soft(block.text, content)
            return f'<p><a href="{escape(block.link)}">{text}</a>' if block.link else f"<p>{text}"
        case Heading():
            return f"<h{block.level}>{_soft(block.text, content)}</h{block.level}>"
        case Items():
            tag = "ol" if block.numbered else "ul"
            return f"<{tag}>" + "".join(f"<li>{escape(t)}" for t in block.texts) + f"</{tag}>"
        case Code():
            return "<pre>" + escape("\n".join(block.lines)) + "</pre>"
        case Table():
            return _table(block)
        case Pairs():
            fill = "border-bottom:1px dotted" if block.leaders else ""
            return "".join(
                f'<div style="display:flex"><span>{escape(label)}</span>'
                f'<span style="flex:1;{fill}"></span><span>{escape(value)}</span></div>'
                for label, value in block.pairs
            )
        case Form():
            return "".join(f"<p>{escape(f.label)}: {escape(f.value)}" for f in block.fields)
        case Picture():
            data = base64.b64encode(text_picture(block.lines)).decode()
            return f'<p><img style="width:120mm" src="data:image/png;base64,{data}">'
        case Aside():
            return (
                f'<div style="float:right;width:40mm;border:1px solid">{escape(block.text)}</div>'
            )


def _table(table: Table) -> str:
    look = _LOOKS[table.look]
    head = "".join(
        f'<th style="{look};text-align:left;width:{share:.0%}">{escape(name)}</th>'
        for name, share in zip(table.columns, table.shares(), strict=True)
    )
    rows = []
    for number, row in enumerate(table.rows):
        cells = []
        for column, text in enumerate(row):
            if table.covered(number, column):
                continue
            side = "right" if column in table.numeric else "left"
            span = table.span(number, column)
            cells.append(f'<td rowspan={span} style="{look};text-align:{side}">{escape(text)}</td>')
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return (
        f'<table style="border-collapse:collapse;width:100%"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
