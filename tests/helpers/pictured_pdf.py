"""Pictures of text, and PDF files that show them under, over and beside printed text."""

from collections.abc import Sequence
from pathlib import Path

import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

# A font that comes with a package, so that tests need nothing of the system.
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
WIDTH, HEIGHT = 595, 842

LEASE = (
    "Lease of the boat house",
    "The yearly rent is 812 marks.",
    "Repairs of the slipway are shared.",
    "Notice is given before the first of May.",
    "Engines are kept outside the house.",
)


def text_picture(
    lines: Sequence[str],
    *,
    width: int = 1240,
    height: int = 1754,
    size: int = 34,
    left: int = 140,
    top: int = 220,
) -> Image.Image:
    """Draw lines of text as a scanner gives them, an A4 page of 150 dpi unless told otherwise."""
    page = Image.new("L", (width, height), "white")
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(str(FONT), size)
    for number, line in enumerate(lines):
        pen.text((left, top + 2 * size * number), line, fill=20, font=font)
    return page


def new_canvas(path: Path) -> Canvas:
    """Return a canvas of A4 pages."""
    return Canvas(str(path), pagesize=(WIDTH, HEIGHT))


def show(
    canvas: Canvas,
    picture: Image.Image,
    box: tuple[float, float, float, float] = (0, 0, WIDTH, HEIGHT),
) -> None:
    """Draw a picture from left, bottom, right, top in points."""
    left, bottom, right, top = box
    canvas.drawImage(ImageReader(picture), left, bottom, right - left, top - bottom, mask=None)


def write(canvas: Canvas, left: float, bottom: float, *lines: str, size: float = 11) -> None:
    """Print lines of text from a place downwards."""
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(left, bottom - 1.4 * size * number, line)


def hidden(canvas: Canvas, left: float, bottom: float, *lines: str, size: float = 11) -> None:
    """Put lines of text that are not drawn, as a layer of OCR has them."""
    text = canvas.beginText(left, bottom)
    text.setFont("Helvetica", size)
    text.setTextRenderMode(3)
    for line in lines:
        text.textLine(line)
    text.setTextRenderMode(0)
    canvas.drawText(text)
