"""Documents set by LibreOffice Writer, from OpenDocument text in one file of XML."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from fidelity_parts.content import (
    Aside,
    Block,
    Code,
    Content,
    Field,
    Form,
    Heading,
    Items,
    Pairs,
    Paragraph,
    Picture,
    Table,
)
from fidelity_parts.picture import text_picture

_TIMEOUT_S = 300
_NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "form": "urn:oasis:names:tc:opendocument:xmlns:form:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_FONTS = {"serif": "Liberation Serif", "sans": "Liberation Sans"}
_BORDERS = {"ruled": "fo:border='0.5pt solid #000000'", "booktabs": "", "plain": ""}
_PDF = (
    'pdf:writer_pdf_Export:{"ExportFormFields":{"type":"boolean","value":"true"},'
    '"ExportNotes":{"type":"boolean","value":"true"}}'
)


def make_office(jobs: Sequence[tuple[Content, Path]], suffix: str) -> None:
    """Set many documents with one start of LibreOffice; ``suffix`` is ".pdf" or ".docx"."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (content, _) in enumerate(jobs):
            (folder / f"{number}.fodt").write_text(fodt(content), "utf-8")
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
        command += ["--convert-to", _PDF if suffix == ".pdf" else "docx", "--outdir", name]
        command += [str(folder / f"{number}.fodt") for number in range(len(jobs))]
        subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
        for number, (_, path) in enumerate(jobs):
            made = folder / f"{number}{suffix}"
            if made.exists():
                path.write_bytes(made.read_bytes())


def fodt(content: Content) -> str:
    """Return the document as flat OpenDocument XML."""
    names = " ".join(f'xmlns:{key}="{value}"' for key, value in _NAMES.items())
    body = "".join(_block(number, block) for number, block in enumerate(content.blocks))
    forms = "".join(
        _control(number, place, field)
        for number, block in enumerate(content.blocks)
        if isinstance(block, Form)
        for place, field in enumerate(block.fields)
    )
    if forms:
        forms = f'<office:forms><form:form form:name="form">{forms}</form:form></office:forms>'
    if content.columns > 1:
        body = f'<text:section text:style-name="columns" text:name="c">{body}</text:section>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {names} office:version="1.2" '
        f'office:mimetype="application/vnd.oasis.opendocument.text">{_styles(content)}'
        f"<office:body><office:text>{forms}{body}</office:text></office:body></office:document>"
    )


def _styles(content: Content) -> str:
    size = f'fo:font-size="{content.size}pt" style:font-size-asian="{content.size}pt"'
    apart = f' fo:letter-spacing="{content.size * 0.35:.1f}pt"' if content.spaced else ""
    western = "de" if content.language == "de" else "en"
    look = (
        f'<style:text-properties {size}{apart} fo:font-family="{_FONTS[content.font]}" '
        f'style:font-family-asian="WenQuanYi Zen Hei" fo:language="{western}" '
        f'style:language-asian="{content.language}"/>'
    )
    number = "<text:page-number/>" if content.numbers else ""
    running = f"<text:p>{escape(content.footer)}<text:tab/>{number}</text:p>"
    vertical = 'style:writing-mode="tb-rl"' if content.vertical else ""
    widths = sorted({share for b in content.blocks if isinstance(b, Table) for share in b.shares()})
    borders = {b.look for b in content.blocks if isinstance(b, Table)}
    return (
        f'<office:styles><style:default-style style:family="paragraph">{look}'
        "</style:default-style>"
        '<style:style style:name="P" style:family="paragraph"><style:paragraph-properties '
        'fo:margin-bottom="6pt"/></style:style>'
        '<style:style style:name="code" style:family="paragraph"><style:text-properties '
        'fo:font-family="Liberation Mono" fo:font-size="9pt"/></style:style>'
        '<style:style style:name="right" style:family="paragraph"><style:paragraph-properties '
        'fo:text-align="end"/></style:style>'
        '<style:style style:name="pairs" style:family="paragraph"><style:paragraph-properties>'
        '<style:tab-stops><style:tab-stop style:position="16cm" style:type="right" '
        'style:leader-style="dotted" style:leader-text="."/></style:tab-stops>'
        "</style:paragraph-properties></style:style>"
        + "".join(
            f'<style:style style:name="h{n}" style:family="paragraph"><style:text-properties '
            f'fo:font-size="{20 - 3 * n}pt" fo:font-weight="bold"/></style:style>'
            for n in (1, 2, 3)
        )
        + "</office:styles><office:automatic-styles>"
        '<style:style style:name="columns" style:family="section"><style:section-properties>'
        f'<style:columns fo:column-count="{content.columns}" fo:column-gap="0.7cm"/>'
        "</style:section-properties></style:style>"
        '<style:style style:name="T" style:family="table"><style:table-properties '
        'style:width="16.5cm" table:align="left"/></style:style>'
        + "".join(
            f'<style:style style:name="w{round(w * 1000)}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="{w * 16.5:.2f}cm"/></style:style>'
            for w in widths
        )
        + "".join(
            f'<style:style style:name="cell-{b}" style:family="table-cell">'
            f'<style:table-cell-properties fo:padding="1mm" {_BORDERS[b]}/></style:style>'
            '<style:style style:name="head-booktabs" style:family="table-cell">'
            '<style:table-cell-properties fo:padding="1mm" fo:border-top="1pt solid #000000" '
            'fo:border-bottom="0.5pt solid #000000"/></style:style>'
            for b in borders
        )
        + '<style:style style:name="frame" style:family="graphic"><style:graphic-properties '
        'style:wrap="none" style:vertical-pos="from-top" style:vertical-rel="paragraph"/>'
        "</style:style>"
        f'<style:page-layout style:name="page"><style:page-layout-properties {vertical} '
        'fo:page-width="21cm" fo:page-height="29.7cm" fo:margin="2.2cm"/>'
        "<style:header-style/><style:footer-style/></style:page-layout></office:automatic-styles>"
        '<office:master-styles><style:master-page style:name="Standard" '
        'style:page-layout-name="page">'
        + (
            f"<style:header><text:p>{escape(content.header)}</text:p></style:header>"
            if content.header
            else ""
        )
        + (f"<style:footer>{running}</style:footer>" if content.footer or content.numbers else "")
        + "</style:master-page></office:master-styles>"
    )


def _p(text: str, style: str = "P") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def _block(number: int, block: Block) -> str:  # noqa: PLR0911 - a case for each block
    match block:
        case Paragraph():
            return _paragraph(block)
        case Heading():
            return (
                f'<text:h text:style-name="h{block.level}" text:outline-level="{block.level}">'
                f"{escape(block.text)}</text:h>"
            )
        case Items():
            marks = [f"{n}." if block.numbered else "•" for n in range(1, len(block.texts) + 1)]
            return "".join(
                _p(f"{mark}<text:s/>{escape(text)}")
                for mark, text in zip(marks, block.texts, strict=True)
            )
        case Code():
            return "".join(_p(_spaces(line), "code") for line in block.lines)
        case Table():
            return _table(number, block)
        case Pairs():
            return "".join(
                _p(f"{escape(label)}<text:tab/>{escape(value)}", "pairs")
                for label, value in block.pairs
            )
        case Form():
            return "".join(
                _p(f"{escape(field.label)}: {_place(number, place, field)}")
                for place, field in enumerate(block.fields)
            )
        case Picture():
            data = base64.b64encode(text_picture(block.lines)).decode()
            return _p(
                '<draw:frame text:anchor-type="as-char" svg:width="13cm" svg:height="4cm">'
                f"<draw:image><office:binary-data>{data}</office:binary-data></draw:image>"
                "</draw:frame>"
            )
        case Aside():
            return _p(
                '<draw:frame draw:style-name="frame" text:anchor-type="paragraph" '
                'svg:width="7cm" svg:height="3cm"><draw:text-box>'
                f"<text:p>{escape(block.text)}</text:p></draw:text-box></draw:frame>"
            )


def _paragraph(paragraph: Paragraph) -> str:
    text = escape(paragraph.text)
    if paragraph.link:
        text = f"<text:a xlink:href={quoteattr(paragraph.link)}>{text}</text:a>"
    if paragraph.note:
        text += (
            '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
            f"<text:note-body><text:p>{escape(paragraph.note)}</text:p></text:note-body>"
            "</text:note>"
        )
    if paragraph.comment:
        text += (
            "<office:annotation><dc:creator>R</dc:creator>"
            f"<text:p>{escape(paragraph.comment)}</text:p></office:annotation>"
        )
    return _p(text)


def _spaces(line: str) -> str:
    depth = len(line) - len(line.lstrip())
    spaces = f'<text:s text:c="{depth}"/>' if depth else ""
    return spaces + escape(line.lstrip())


def _place(number: int, place: int, field: Field) -> str:
    width = "0.6cm" if field.kind == "check" else "7cm"
    return (
        f'<draw:control draw:control="f{number}-{place}" text:anchor-type="as-char" '
        f'svg:width="{width}" svg:height="0.6cm"/>'
    )


def _control(number: int, place: int, field: Field) -> str:
    common = f'form:id="f{number}-{place}" form:name="field{place}"'
    value = quoteattr(field.value)
    if field.kind == "check":
        state = "checked" if field.value == "yes" else "unchecked"
        return f'<form:checkbox {common} form:current-state="{state}"/>'
    if field.kind == "choice":
        items = "".join(f"<form:item form:label={quoteattr(c)}/>" for c in field.choices)
        return f"<form:combobox {common} form:current-value={value}>{items}</form:combobox>"
    return f"<form:text {common} form:current-value={value}/>"


def _table(number: int, table: Table) -> str:
    columns = "".join(
        f'<table:table-column table:style-name="w{round(share * 1000)}"/>'
        for share in table.shares()
    )
    first = "head" if table.look == "booktabs" else "cell"
    head = "".join(_cell(name, f"{first}-{table.look}") for name in table.columns)
    rows = []
    for at, row in enumerate(table.rows):
        cells = [
            "<table:covered-table-cell/>"
            if table.covered(at, column)
            else _cell(
                text,
                f"cell-{table.look}",
                span=table.span(at, column),
                style="right" if column in table.numeric else "P",
            )
            for column, text in enumerate(row)
        ]
        rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return (
        f'<table:table table:name="t{number}" table:style-name="T">{columns}'
        f"<table:table-header-rows><table:table-row>{head}</table:table-row>"
        f"</table:table-header-rows>{''.join(rows)}</table:table>"
    )


def _cell(text: str, look: str, *, span: int = 1, style: str = "P") -> str:
    rows = f' table:number-rows-spanned="{span}"' if span > 1 else ""
    return (
        f'<table:table-cell table:style-name="{look}" office:value-type="string"{rows}>'
        f"{_p(escape(text), style)}</table:table-cell>"
    )
