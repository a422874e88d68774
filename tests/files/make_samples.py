"""Writes the PDF and DOCX documents of ``data/samples``; the same bytes every time.

Run ``python tests/files/make_samples.py`` from the checkout after changing a text here.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import docx
from docx.document import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
WRITTEN = dt.datetime(2025, 3, 1, 9, 0, 0)  # noqa: DTZ001 - DOCX keeps naive UTC

# Not embedded: each viewer draws it with a Chinese font of its own, and the file stays at 3 kB.
CHINESE = "STSong-Light"

# Each "# …" begins a page, and is its entry in the outline; a blank line ends a paragraph.
MANUAL = """
# First use

Place the Aurora espresso machine on a dry, level surface, at least ten centimetres from the
wall. Rinse the water tank, fill it to the line marked MAX and push it back until it clicks.

Switch the machine on and wait until the lamp stops blinking, which takes about forty seconds.
Let one full cup of water run through before you make the first coffee.

# Making coffee

Fill the basket with seven to nine grams of finely ground coffee and press it level. Lock the
handle, put a warm cup below it and press the button with one cup on it.

A good espresso runs for twenty-five to thirty seconds. If it runs faster, grind the coffee
finer; if it only drips, grind it coarser.

For milk foam, open the steam valve for a second to let the water out, hold the nozzle just
below the surface of cold milk and stop at sixty-five degrees Celsius.

# Descaling and cleaning

Descale the machine every two months, or every month where the water is hard. Dissolve one
sachet of descaler in a litre of water, run half of it through, wait fifteen minutes and run the
rest. Rinse with two tanks of fresh water.

Empty the drip tray every day. Wipe the steam nozzle with a damp cloth right after use, before
the milk dries. No part of the machine may go into the dishwasher.
"""

WARRANTY = """
# Coffee machine warranty

Warranty period. The warranty on your Aurora coffee machine lasts 24 months from the date of
purchase. Machines used in an office or a restaurant are covered for 12 months.

What is covered. During the warranty period we repair or replace, free of charge, any part that
fails because of a fault in material or workmanship. A repair does not extend the warranty.

# Exclusions and claims

What is not covered. Damage from limescale, drops, wrong voltage or repairs by others, and parts
that wear out, such as seals and filters.

How to claim. Keep the receipt: it proves the date of purchase. Send a copy with the serial
number from the bottom of the machine to the shop where you bought it. Your rights under
consumer law are not affected.
"""

LEASE = """
# 房屋租赁合同（示例）

出租方（甲方）：张明    承租方（乙方）：李华

第一条 租赁房屋。甲方将位于幸福路 18 号 3 单元 502 室的房屋出租给乙方居住，
建筑面积 76 平方米。

第二条 租赁期限。租期一年，自 2025 年 4 月 1 日起至 2026 年 3 月 31 日止。

第三条 租金和押金。月租金人民币 4,200 元，按季支付，乙方应在每季度首月 5 日前付清。
押金为一个月租金，租期届满、房屋验收无误后 7 日内无息退还。

# 维修、转租与解除

第四条 维修。房屋主体结构和水电管线由甲方负责维修；
因乙方使用不当造成的损坏由乙方承担。

第五条 转租。未经甲方书面同意，乙方不得将房屋转租给第三人。

第六条 提前解除。任何一方提前解除合同的，应当提前三十日书面通知对方，
并支付一个月租金作为违约金。

第七条 争议解决。双方协商不成的，可以向房屋所在地的人民法院提起诉讼。
"""


def write_pdf(name: str, title: str, text: str, *, fonts: tuple[str, str]) -> None:
    """Write a PDF with an outline, a page for each heading, in lines as ``text`` has them."""
    canvas = Canvas(str(SAMPLES / name), pagesize=A4, invariant=True)
    canvas.setTitle(title)
    canvas.setAuthor("Shelfmark samples")
    heading_font, body_font = fonts
    for number, page in enumerate(text.split("\n# ")[1:], start=1):
        heading, _, body = page.partition("\n\n")
        canvas.bookmarkPage(f"page-{number}")
        canvas.addOutlineEntry(heading, f"page-{number}")
        canvas.setFont(heading_font, 18)
        canvas.drawString(25 * mm, 265 * mm, heading)
        lines = canvas.beginText(25 * mm, 250 * mm)
        lines.setFont(body_font, 10.5, leading=17)
        for line in body.splitlines():
            lines.textLine(line)
        canvas.drawText(lines)
        canvas.setFont(body_font, 9)
        canvas.drawCentredString(105 * mm, 15 * mm, str(number))
        canvas.showPage()
    canvas.save()


def docx_document(title: str) -> Docx:
    """Begin a DOCX document whose properties are the same every time."""
    document = docx.Document()
    properties = document.core_properties
    properties.title = title
    properties.author = properties.last_modified_by = "Shelfmark samples"
    properties.created = properties.modified = WRITTEN
    document.add_heading(title, level=0)
    return document


def add_table(document: Docx, rows: list[tuple[str, ...]]) -> None:
    """Add a table whose first row is its head."""
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def add_footnote(document: Docx, text: str) -> None:
    """Hang a footnote on the last paragraph; python-docx has no call for it."""
    document.paragraphs[-1].add_run()._r.append(
        parse_xml(f'<w:footnoteReference {nsdecls("w")} w:id="1"/>')
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:footnotes {nsdecls('w')}>"
        f'<w:footnote w:id="1"><w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p></w:footnote>'
        "</w:footnotes>"
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    package = document.part.package
    part = Part(PackURI("/word/footnotes.xml"), kind, xml.encode(), package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def save_docx(document: Docx, name: str) -> None:
    """Save with fixed times in the archive; python-docx writes the current time."""
    written = io.BytesIO()
    document.save(written)
    with (
        zipfile.ZipFile(written) as source,
        zipfile.ZipFile(SAMPLES / name, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.namelist():
            # A member's own date is all that differs from one run to the next.
            info = zipfile.ZipInfo(entry, date_time=WRITTEN.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(entry))


def write_expense_policy() -> None:
    """Write the English DOCX: headings, a table, a list, a footnote."""
    document = docx_document("Travel and expense policy")
    document.add_heading("Who pays what", level=1)
    document.add_paragraph(
        "The company pays the reasonable cost of travel that a manager has approved beforehand."
    )
    document.add_heading("Limits", level=1)
    add_table(
        document,
        [
            ("Expense", "Limit", "Receipt needed"),
            ("Hotel, one night", "140 euros", "yes"),
            ("Meals, one day", "45 euros", "above 15 euros"),
            ("Own car, one kilometre", "0.30 euros", "no"),
            ("Train", "second class", "yes"),
        ],
    )
    document.add_heading("Handing in a claim", level=1)
    for step in (
        "Photograph each receipt on the day you get it.",
        "Hand the claim in within thirty days of the journey.",
        "Money arrives with the next salary.",
    ):
        document.add_paragraph(step, style="List Number")
    document.add_paragraph("Alcohol and parking fines are never refunded.")
    add_footnote(document, "A glass of wine with invited customers counts as a meal.")
    save_docx(document, "expense-policy.docx")


def write_minutes() -> None:
    """Write the Chinese DOCX: minutes of a meeting with a table of tasks and a footnote."""
    document = docx_document("产品例会会议纪要")
    document.add_paragraph("时间：2025 年 2 月 24 日 14:00—15:10    地点：三楼会议室")
    document.add_paragraph("出席：王芳（主持）、陈杰、刘洋、赵敏（记录）")
    document.add_heading("讨论事项", level=1)
    document.add_paragraph("移动端 2.4 版推迟一周，于 3 月 17 日发布：支付页面的测试没有完成。")
    document.add_paragraph("客服反映退款流程太长，决定把审批从三级减为两级。")
    add_footnote(document, "单笔超过五千元的退款仍由财务总监审批。")
    document.add_heading("任务分工", level=1)
    add_table(
        document,
        [
            ("任务", "负责人", "期限"),
            ("完成支付页面回归测试", "陈杰", "3 月 7 日"),
            ("修改退款审批流程", "刘洋", "3 月 14 日"),
            ("起草发布公告", "赵敏", "3 月 12 日"),
        ],
    )
    document.add_paragraph("下次例会：3 月 3 日 14:00。")
    save_docx(document, "会议纪要.docx")


def write_bread() -> None:
    """Write the second English DOCX: a recipe with a table of amounts."""
    document = docx_document("Everyday rye bread")
    document.add_heading("Ingredients for one loaf", level=1)
    add_table(
        document,
        [
            ("Ingredient", "Amount"),
            ("Rye flour", "350 g"),
            ("Wheat flour", "150 g"),
            ("Rye sourdough starter", "150 g"),
            ("Water, lukewarm", "350 ml"),
            ("Salt", "10 g"),
        ],
    )
    document.add_heading("Method", level=1)
    document.add_paragraph(
        "Mix everything to a sticky dough; rye needs no kneading. Let it rest for one hour, shape "
        "it with wet hands and put it into a greased tin. Leave it to rise for three hours, until "
        "small cracks show on the surface."
    )
    document.add_paragraph(
        "Bake for ten minutes at 250 degrees Celsius, then for fifty minutes at 200. The loaf is "
        "done when it sounds hollow. Wait until the next day before you cut it."
    )
    save_docx(document, "rye-bread.docx")


def main() -> int:
    """Write all of them."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    english = ("Helvetica-Bold", "Helvetica")
    write_pdf("espresso-machine-manual.pdf", "Aurora espresso machine", MANUAL, fonts=english)
    write_pdf("warranty.pdf", "Aurora limited warranty", WARRANTY, fonts=english)
    write_pdf("租赁合同示例.pdf", "房屋租赁合同", LEASE, fonts=(CHINESE, CHINESE))
    write_expense_policy()
    write_minutes()
    write_bread()
    return 0


if __name__ == "__main__":
    sys.exit(main())
