"""Pictures in pages of text: read where they stand, or counted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.pictures.page_objects import DrawnPicture, PageObjects
from ingest.loaders.pdf.pictures.recognising import Recogniser
from ingest.loaders.pdf.pictures.regions import coverage, regions_of
from kb.records import Document
from tests.helpers.pictured_pdf import hidden, new_canvas, show, text_picture, write

ABOVE = ("Minutes of the parish council, item four.", "The letter is shown below as it came.")
BELOW = ("The council took note of it without a vote.", "The next meeting is on the tenth.")
LETTER = ("We offer 640 marks for the old bell.", "The offer stands until Easter.")
PLACE = (60.0, 400.0, 500.0, 640.0)


def load(path: Path, options: LoadOptions | None = None) -> Document:
    return load_file(path, options or LoadOptions()).document


def notices(document: Document) -> dict[str, dict[str, object]]:
    return {notice.code: dict(notice.values) for notice in document.notices}


def letter(*lines: str, width: int = 1100, height: int = 600) -> Image.Image:
    return text_picture(lines or LETTER, width=width, height=height, left=60, top=80)


def page(path: Path, *pictures: tuple[Image.Image, tuple[float, float, float, float]]) -> Path:
    canvas = new_canvas(path)
    write(canvas, 60, 780, *ABOVE)
    for picture, box in pictures:
        show(canvas, picture, box)
    write(canvas, 60, 300, *BELOW)
    canvas.save()
    return path


def test_text_in_a_picture_is_read_where_the_picture_stands(tmp_path: Path) -> None:
    document = load(page(tmp_path / "a.pdf", (letter(), PLACE)))

    order = [document.text.index(line) for line in (*ABOVE, *LETTER, *BELOW)]
    assert order == sorted(order)
    assert document.pages[0].read_by == "text"
    values = notices(document)["pictures_read_by_ocr"]
    assert values["pictures"] == 1
    assert 0.9 < float(str(values["confidence"])) <= 1


def test_a_picture_beside_a_column_of_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    write(canvas, 60, 780, "Prices of the mill")
    for number in range(16):
        write(canvas, 60, 740 - 16 * number, f"Flour of kind {number} is ground to order")
    show(canvas, letter("Oats 14 p", "Barley 11 p", width=600, height=400), (330, 520, 540, 660))
    canvas.save()
    text = load(path).text

    assert "Oats 14 p" in text
    assert "Barley 11 p" in text
    for number in range(16):
        assert f"Flour of kind {number} is ground to order" in text


def test_a_picture_inside_scaled_forms_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    canvas.beginForm("inner", 0, 0, 500, 500)
    show(canvas, letter(), (0, 0, 110, 60))
    canvas.endForm()
    canvas.beginForm("outer", 0, 0, 500, 500)
    canvas.saveState()
    canvas.scale(2, 2)
    canvas.doForm("inner")
    canvas.restoreState()
    canvas.endForm()
    write(canvas, 60, 780, *ABOVE)
    canvas.saveState()
    canvas.translate(60, 400)
    canvas.scale(2, 2)
    canvas.doForm("outer")
    canvas.restoreState()
    canvas.save()
    document = load(path)

    assert document.text.count(LETTER[0]) == 1
    assert notices(document)["pictures_read_by_ocr"]["pictures"] == 1


def test_strips_of_one_picture_count_as_one(tmp_path: Path) -> None:
    whole = letter()
    strips = 12
    parts = []
    left, bottom, right, top = PLACE
    for number in range(strips):
        upper, lower = (whole.height * n // strips for n in (number, number + 1))
        high = (top - bottom) / whole.height
        box = (left, top - lower * high, right, top - upper * high)
        parts.append((whole.crop((0, upper, whole.width, lower)), box))
    document = load(page(tmp_path / "a.pdf", *parts))

    assert LETTER[0] in document.text
    assert LETTER[1] in document.text
    assert notices(document)["pictures_read_by_ocr"]["pictures"] == 1


def test_without_ocr_pictures_are_counted(tmp_path: Path) -> None:
    path = page(tmp_path / "a.pdf", (letter(), PLACE))
    document = load(path, LoadOptions(ocr=False))

    assert notices(document) == {"pictures_not_read": {"pictures": 1}}
    assert document.notices[0].message == "1 picture was not read"
    assert LETTER[0] not in document.text


def test_icons_lines_and_plain_backgrounds_are_not_counted(tmp_path: Path) -> None:
    icon = Image.effect_noise((24, 24), 90)
    rule = Image.new("L", (900, 4), 0)
    ground = Image.linear_gradient("L").resize((900, 600))
    path = page(
        tmp_path / "a.pdf",
        (ground, (60, 350, 500, 640)),
        (icon, (60, 700, 75, 715)),
        (rule, (60, 690, 500, 692)),
    )

    assert not notices(load(path))


def test_a_photograph_is_said_to_hold_no_text(tmp_path: Path) -> None:
    photo = Image.new("L", (800, 600), 200)
    pen = ImageDraw.Draw(photo)
    for number in range(14):
        pen.ellipse((40 * number, 30 * number, 40 * number + 220, 30 * number + 150), outline=60)
    document = load(page(tmp_path / "a.pdf", (photo, PLACE)))

    assert notices(document) == {"pictures_without_text": {"pictures": 1}}


def test_a_picture_shown_on_every_page_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    head = letter("Parish of Saint Olave", width=1000, height=200)
    for line in (*ABOVE, *BELOW):
        show(canvas, head, (60, 700, 460, 780))
        write(canvas, 60, 600, line)
        canvas.showPage()
    canvas.save()
    document = load(path)

    assert document.text.count("Parish of Saint Olave") == 1
    assert notices(document)["pictures_read_by_ocr"]["pictures"] == 1


def test_a_picture_whose_text_lies_over_it_unseen_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    write(canvas, 60, 780, *ABOVE)
    show(canvas, letter(), PLACE)
    hidden(canvas, 70, 600, "We offer 640 marks for the olb bell.", LETTER[1])
    canvas.save()
    document = load(path)

    assert "olb bell" in document.text
    assert "old bell" not in document.text
    assert not notices(document)


def test_what_is_cropped_off_a_page_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    canvas.setCropBox((0, 400, 595, 842))
    write(canvas, 60, 780, *ABOVE)
    show(canvas, letter(), (60, 60, 500, 300))
    canvas.save()

    assert not notices(load(path))


def test_the_number_and_the_time_of_pictures_are_bounded(tmp_path: Path) -> None:
    other = letter("The second offer is 655 marks.")
    path = page(tmp_path / "a.pdf", (letter(), PLACE), (other, (60, 20, 500, 260)))
    one = load(path, LoadOptions(ocr_max_pages=1))
    two = load(path, LoadOptions(ocr_max_seconds=0))

    assert notices(one)["pictures_over_limit"]["pictures"] == 1
    assert notices(one)["pictures_read_by_ocr"]["pictures"] == 1
    assert notices(two)["pictures_over_limit"]["pictures"] == 1


def test_a_picture_of_absurd_size_is_counted_and_not_decoded(tmp_path: Path) -> None:
    path = page(tmp_path / "a.pdf", (letter(), PLACE))
    document = load(path, LoadOptions(ocr_max_pixels=50_000))

    assert notices(document) == {"pictures_not_read": {"pictures": 1}}


@pytest.mark.parametrize("places", [1, 3, 40])
def test_boxes_that_overlap_cover_a_page_once(places: int) -> None:
    boxes = [(0.0, 0.0, 50.0, 100.0)] * places

    assert coverage(boxes, 100, 100) == pytest.approx(0.5, abs=0.02)


def test_ten_thousand_pictures_are_grouped_in_a_moment() -> None:
    rows = np.arange(10_000)
    pictures = tuple(
        DrawnPicture((x, y, x + 4.0, y + 4.0), 40, 40)
        for x, y in zip((rows % 100) * 6.0, (rows // 100) * 8.0, strict=True)
    )
    groups = regions_of(PageObjects(600, 800, pictures))

    assert groups == []


def test_a_recogniser_without_a_file_reads_nothing() -> None:
    reader = Recogniser(None, LoadOptions())

    assert reader.page(0, 0) == "off"
    assert reader.place(0, (0, 0, 10, 10)) == []
