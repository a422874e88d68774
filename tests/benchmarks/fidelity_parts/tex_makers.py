"""Documents set by LaTeX and by groff."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from fidelity_parts.content import (
    Block,
    Code,
    Content,
    Form,
    Heading,
    Items,
    Pairs,
    Paragraph,
    Table,
)

_TIMEOUT_S = 60
_TEX = {c: "\\" + c for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"}
_SPECIAL = re.compile(r"[&%$#_{}\\~]")
_HEADINGS = {1: "section*", 2: "subsection*", 3: "subsubsection*"}


class MakerError(Exception):
    """A program did not make the file."""


def make_latex(content: Content, path: Path) -> None:
    """Set a document with pdfLaTeX, Chinese with XeLaTeX."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text.tex").write_text(_latex(content), "utf-8")
        program = "xelatex" if content.language == "zh" else "pdflatex"
        # A long table needs a second run to know its columns' widths.
        for _ in range(2):
            _run([program, "-interaction=nonstopmode", "text.tex"], folder)
        made = folder / "text.pdf"
        if not made.exists():
            raise MakerError(program)
        shutil.copy(made, path)


def make_groff(content: Content, path: Path) -> None:
    """Set a document with groff's ms macros and tbl."""
    command = ["groff", "-k", "-t", "-ms", "-Tpdf", "-P-pa4"]
    done = subprocess.run(
        command, input=_ms(content).encode(), capture_output=True, timeout=_TIMEOUT_S, check=False
    )
    if not done.stdout.startswith(b"%PDF"):
        raise MakerError(done.stderr.decode(errors="replace")[-300:])
    path.write_bytes(done.stdout)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, timeout=_TIMEOUT_S, check=False)


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda found: _TEX[found[0]], text)


def _latex(content: Content) -> str:
    if content.language == "zh":
        fonts = r"\usepackage{xeCJK}\setCJKmainfont{WenQuanYi Zen Hei}"
    elif content.language == "de" or content.font == "sans":
        fonts = r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}" + (
            r"\usepackage{lmodern}"
            if content.font == "serif"
            else r"\usepackage{helvet}"
            r"\renewcommand{\familydefault}{\sfdefault}"
        )
    else:
        fonts = r"\usepackage[utf8]{inputenc}"
    head = [
        rf"\documentclass[{10 if content.size < 10.5 else 11}pt,a4paper]{{article}}",
        fonts,
        r"\usepackage[margin=2.2cm]{geometry}\usepackage{multicol,booktabs,longtable,multirow,array}",
        r"\usepackage{fancyhdr}\usepackage[hidelinks]{hyperref}",
        r"\pagestyle{fancy}\fancyhf{}\renewcommand{\headrulewidth}{0pt}",
        rf"\fancyhead[L]{{{_tex(content.header)}}}\fancyfoot[L]{{{_tex(content.footer)}}}",
        r"\fancyfoot[R]{\thepage}" if content.numbers else "",
        r"\begin{document}\sloppy",
        rf"\begin{{multicols}}{{{content.columns}}}" if content.columns > 1 else "",
    ]
    body = [_tex_block(block) for block in content.blocks]
    tail = [r"\end{multicols}" if content.columns > 1 else "", r"\end{document}"]
    return "\n".join((*head, *body, *tail))


def _tex_block(block: Block) -> str:  # noqa: PLR0911 - a case for each block
    match block:
        case Paragraph():
            text = _tex(block.text)
            if block.link:
                text = rf"\href{{{block.link}}}{{{text}}}"
            return text + (rf"\footnote{{{_tex(block.note)}}}" if block.note else "") + "\n"
        case Heading():
            return rf"\{_HEADINGS[block.level]}{{{_tex(block.text)}}}"
        case Items():
            name = "enumerate" if block.numbered else "itemize"
            items = "\n".join(rf"\item {_tex(text)}" for text in block.texts)
            return rf"\begin{{{name}}}{items}\end{{{name}}}"
        case Code():
            return "\\begin{verbatim}\n" + "\n".join(block.lines) + "\n\\end{verbatim}"
        case Table():
            return _tex_table(block)
        case Pairs():
            fill = r"\dotfill" if block.leaders else r"\hfill"
            return "\n\n".join(
                rf"\noindent {_tex(label)}{fill} {_tex(value)}\par" for label, value in block.pairs
            )
        case Form():
            return "\\begin{Form}\n" + "\n\n".join(_tex_fields(block)) + "\n\\end{Form}"
        case _:
            raise MakerError(type(block).__name__)


def _tex_fields(form: Form) -> list[str]:
    made = []
    for number, field in enumerate(form.fields):
        name, label = f"name=field{number}", _tex(field.label) + ":"
        if field.kind == "check":
            made.append(
                rf"\CheckBox[{name}{',checked' if field.value == 'yes' else ''}]{{{label}}}"
            )
        elif field.kind == "choice":
            choices = ",".join(_tex(choice) for choice in field.choices)
            made.append(
                rf"\ChoiceMenu[{name},combo,default={_tex(field.value)}]{{{label}}}{{{choices}}}"
            )
        else:
            made.append(rf"\TextField[{name},width=6cm,value={{{_tex(field.value)}}}]{{{label}}}")
    return made


def _tex_table(table: Table) -> str:
    ruled = table.look == "ruled"
    books = table.look == "booktabs"
    bar = "|" if ruled else ""
    columns = (
        bar
        + bar.join(
            rf">{{\{'raggedleft' if at in table.numeric else 'raggedright'}\arraybackslash}}"
            rf"p{{{share * 0.78:.3f}\linewidth}}"
            for at, share in enumerate(table.shares())
        )
        + bar
    )
    names = " & ".join(map(_tex, table.columns)) + r" \\"
    rule = r"\hline" if ruled else ""
    lines = [rf"\begin{{longtable}}{{{columns}}}"]
    lines += [r"\toprule" if books else rule, names, r"\midrule" if books else rule, r"\endhead"]
    for number, row in enumerate(table.rows):
        cells = []
        for column, text in enumerate(row):
            span = table.span(number, column)
            if table.covered(number, column):
                cells.append("")
            elif span > 1:
                cells.append(rf"\multirow{{{span}}}{{=}}{{{_tex(text)}}}")
            else:
                cells.append(_tex(text))
        lines.append(" & ".join(cells) + r" \\")
        if ruled:
            lines.append(_partial_rule(table, number))
    lines += [r"\bottomrule" if books else "", r"\end{longtable}"]
    return "\n".join(lines)


def _partial_rule(table: Table, row: int) -> str:
    """Return the rule below a row, with gaps where a merged cell goes on."""
    open_ = [
        column + 1 for column in range(len(table.columns)) if not table.covered(row + 1, column)
    ]
    return " ".join(rf"\cline{{{column}-{column}}}" for column in open_)


def _roff(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-")


def _ms(content: Content) -> str:
    lines = [f".nr PS {content.size:.0f}", f".nr VS {content.size * 1.25:.0f}", ".nr HM 2.5c"]
    lines += [f".fam {'T' if content.font == 'serif' else 'H'}"]
    lines += [f".ds LH {_roff(content.header)}", ".ds CH", ".ds RH"]
    lines += [f".ds LF {_roff(content.footer)}", f".ds RF {'%' if content.numbers else ''}"]
    # A document with a header on its first page, as others have.
    lines += [".ds CF", ".nr PO 2.2c", ".nr LL 16.5c", ".P1"]
    lines += [".MC 7.8c" if content.columns == 2 else ".MC 5.1c"] if content.columns > 1 else []
    for block in content.blocks:
        lines += _ms_block(block)
    return "\n".join(lines) + "\n"


def _ms_block(block: Block) -> list[str]:
    match block:
        case Paragraph():
            lines = [".LP", _roff(block.text) + (r"\**" if block.note else "")]
            return lines + ([".FS", _roff(block.note), ".FE"] if block.note else [])
        case Heading():
            return [".SH", _roff(block.text)]
        case Items():
            lines = []
            for number, text in enumerate(block.texts, 1):
                lines += [f".IP {number}." if block.numbered else r".IP \(bu 2", _roff(text)]
            return lines
        case Code():
            # A line of spaces would end the paragraph; an unseen character begins each line.
            code = [r"\&" + _roff(line) for line in block.lines]
            return [".LP", ".nf", ".ft CR", *code, ".ft", ".fi"]
        case Table():
            return _ms_table(block)
        case Pairs():
            # groff's leader character fills the line with dots up to the next tab stop.
            gap = "\x01" if block.leaders else "\t"
            rows = [_roff(f"{label}{gap}{value}") for label, value in block.pairs]
            return [".LP", ".nf", ".ta 14cR", ".lc .", *rows, ".fi"]
        case _:
            raise MakerError(type(block).__name__)


def _ms_table(table: Table) -> list[str]:
    sides = ["r" if at in table.numeric else "l" for at in range(len(table.columns))]
    widths = [f"w({share * 14:.1f}c)" for share in table.shares()]
    shape = " ".join(side + width for side, width in zip(sides, widths, strict=True))
    options = "allbox tab(@);" if table.look == "ruled" else "tab(@);"
    head = ["@".join(f"T{{\n{_roff(name)}\nT}}" for name in table.columns)]
    books = table.look == "booktabs"
    lines = [".TS H", options, shape + ".", *(["_"] if books else []), *head]
    lines += ["_"] if books else []
    lines += [".TH"]
    for number, row in enumerate(table.rows):
        lines.append(
            "@".join(
                r"\^" if table.covered(number, column) else f"T{{\n{_roff(text)}\nT}}"
                for column, text in enumerate(row)
            )
        )
    return [*lines, *(["_"] if books else []), ".TE"]
