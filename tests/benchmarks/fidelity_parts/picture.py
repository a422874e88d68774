"""Pictures that hold text: a page as a scanner gives it, and a picture in a page of text."""

# ruff: noqa: S311 - seeded noise, nothing secret

from __future__ import annotations

import random
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFont

_FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)
_DPI = 200
_TURN = 0.6


def picture_font() -> str:
    """Return a font with Latin and Chinese letters; empty where there is none."""
    return next((font for font in _FONTS if Path(font).exists()), "")


def text_picture(lines: Sequence[str]) -> bytes:
    """Return a PNG with lines of text in it, as large as a diagram's labels."""
    font = ImageFont.truetype(picture_font(), 34)
    wide = max(int(font.getlength(line)) for line in lines) + 80
    page = Image.new("L", (max(wide, 900), 60 * len(lines) + 60), 245)
    pen = ImageDraw.Draw(page)
    pen.rectangle((4, 4, page.width - 5, page.height - 5), outline=60, width=3)
    for number, line in enumerate(lines):
        pen.text((40, 30 + 60 * number), line, font=font, fill=20)
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def scanned(source: Path, seed: int) -> list[Image.Image]:
    """Return the pages of a PDF as a scanner would give them: turned a little, grey, noisy."""
    chance = random.Random(seed)
    document = pypdfium2.PdfDocument(source)
    pages = []
    for number in range(len(document)):
        page = document[number].render(scale=_DPI / 72).to_pil().convert("L")
        turn = chance.uniform(-_TURN, _TURN)
        page = page.rotate(turn, resample=Image.Resampling.BICUBIC, fillcolor=255)
        noise = Image.effect_noise(page.size, 18).point(lambda level: level - 128 + 235)
        pages.append(Image.blend(page, noise, 0.12))
    document.close()
    return pages
