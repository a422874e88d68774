"""Boxes of labels and values above a table, as in Chinese invoices: no names of its columns."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from tests.helpers.pdf_tables import CHINESE, made, tables_on

EDGES = [60.0, 160.0, 240.0, 300.0, 380.0, 460.0]
BUYER = ["名称：上海远航贸易有限公司", "纳税人识别号：91310000MA1K35XX7P"]
SELLER = ["名称：苏州明辉电子公司", "纳税人识别号：91320500MA1M9YY23Q"]
ROWS = [
    ["项目名称", "规格型号", "数量", "单价", "金额"],
    ["电容器", "CX-220", "1200", "0.85", "1020.00"],
    ["电阻器", "R-10K", "5000", "0.04", "200.00"],
]


def draw(canvas: Canvas) -> None:
    canvas.setFont(CHINESE, 9)
    for left, lines in ((EDGES[0], BUYER), (EDGES[3], SELLER)):
        for at, line in enumerate(lines):
            canvas.drawString(left + 4, 706 - 12 * at, line)
    for at, row in enumerate(ROWS):
        for left, cell in zip(EDGES, row, strict=False):
            canvas.drawString(left + 4, 678 - 16 * at, cell)
    for y in (718, 690, 674, 658, 642):
        canvas.line(EDGES[0], y, EDGES[-1], y)
    for x in EDGES:
        canvas.line(x, 642, x, 718 if x in (EDGES[0], EDGES[3], EDGES[-1]) else 690)


def test_facts_in_boxes_above_a_table_are_said_once_and_line_by_line() -> None:
    [table] = tables_on(made(draw))
    told = [cell for cell in table.rows[0] if cell]
    assert told == [" ".join(BUYER), " ".join(SELLER)]
    assert [list(row) for row in table.rows[1:]] == ROWS
