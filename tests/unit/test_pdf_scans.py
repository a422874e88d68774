"""Scans with something printed over them: the scan is read, the print is kept, each word once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from pypdf.annotations import FreeText
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
)

from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.engines import PdfEngines
from ingest.loaders.pdf.pictures.scan import ScanReader
from kb.records import Document
from tests.helpers.pictured_pdf import (
    HEIGHT,
    LEASE,
    WIDTH,
    hidden,
    new_canvas,
    show,
    text_picture,
    write,
)
from tests.helpers.read_once import each_picture_once

FAX = "11-JUN-2024 08:31 From: NORTH SHORE OFFICE +44 20 7946 0812 To: +44 20 7946 0999 P.002/007"
PROSE = (
    "The committee met at noon and heard the report of the treasurer on the past year.",
    "It was agreed that the building shall be painted before the winter sets in again,",
    "and that two offers are to be asked for by the secretary within the coming month.",
    "The meeting closed with thanks to the members who had mended the roof in October.",
)


@pytest.fixture(scope="module", autouse=True)
def _same_scan_is_read_once() -> Iterator[None]:
    """Most pages here show the same scan under different print."""
    with each_picture_once():
        yield


def load(path: Path, options: LoadOptions | None = None) -> Document:
    return load_file(path, options or LoadOptions()).document


def notices(document: Document) -> dict[str, dict[str, object]]:
    return {notice.code: dict(notice.values) for notice in document.notices}


def words_of(text: str) -> Counter[str]:
    return Counter(text.split())


def test_a_scan_under_a_long_fax_header_is_read_and_the_header_kept(tmp_path: Path) -> None:
    path = tmp_path / "fax.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    write(canvas, 60, 828, FAX, size=7)
    canvas.save()
    document = load(path)

    assert words_of(document.text) == words_of(" ".join((FAX, *LEASE)))
    assert document.text.index("P.002/007") < document.text.index("Lease of the boat house")
    (page,) = document.pages
    assert page.read_by == "ocr"
    assert notices(document)["pages_read_by_ocr"]["pages"] == 1


def test_a_line_at_the_foot_of_a_scan_comes_last(tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    write(canvas, 60, 30, "Digitally signed by Ida Holm, Registrar, 2024.06.11 10:22:31 +02'00'")
    canvas.save()
    text = load(path).text

    assert text.startswith("Lease of the boat house")
    assert text.endswith("Digitally signed by Ida Holm, Registrar, 2024.06.11 10:22:31 +02'00'")


def test_a_stamp_across_the_scanned_lines_does_not_harm_them(tmp_path: Path) -> None:
    path = tmp_path / "stamped.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    canvas.setFillColorRGB(0.8, 0, 0)
    canvas.translate(150, 560)
    canvas.rotate(25)
    write(canvas, 0, 0, "RECEIVED BY THE COUNTY CLERK OF RECORDS ON 12 JUNE", size=16)
    canvas.save()
    text = load(path).text

    for line in LEASE:
        assert line in text
    assert text.count("COUNTY CLERK") == 1


def test_marks_show_where_scanned_and_printed_lines_stand(tmp_path: Path) -> None:
    path = tmp_path / "fax.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    write(canvas, 60, 828, FAX, size=7)
    canvas.save()
    document = load(path)

    tops = {document.text[b.start : b.end]: b.box[1] for b in document.pages[0].boxes}
    assert tops[FAX] == pytest.approx((HEIGHT - 828 - 5) / HEIGHT, abs=0.01)
    assert tops[LEASE[0]] == pytest.approx(220 / 1754, abs=0.01)


@pytest.mark.parametrize(
    "quarter", [90, *(pytest.param(each, marks=pytest.mark.slow) for each in (180, 270))]
)
def test_a_turned_page_keeps_its_stamp(tmp_path: Path, quarter: int) -> None:
    upright = tmp_path / "upright.pdf"
    canvas = new_canvas(upright)
    show(canvas, text_picture(LEASE))
    write(canvas, 60, 828, FAX, size=7)
    canvas.save()
    path = tmp_path / "turned.pdf"
    writer = pypdf.PdfWriter(clone_from=upright)
    writer.pages[0].rotate(quarter)
    writer.write(path)
    text = load(path).text

    for line in (FAX, *LEASE):
        assert line in text


def test_a_scan_inside_a_form_is_a_scan(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    canvas = new_canvas(path)
    canvas.beginForm("scan", 0, 0, 200, 200)
    canvas.saveState()
    canvas.scale(0.2, 0.2)
    show(canvas, text_picture(LEASE))
    canvas.restoreState()
    canvas.endForm()
    canvas.saveState()
    canvas.scale(5, 5)
    canvas.doForm("scan")
    canvas.restoreState()
    write(canvas, 60, 828, FAX, size=7)
    canvas.save()
    text = load(path).text

    for line in (FAX, *LEASE):
        assert line in text


def test_a_scan_cut_into_strips_is_one_scan(tmp_path: Path) -> None:
    path = tmp_path / "strips.pdf"
    canvas = new_canvas(path)
    whole = text_picture(LEASE)
    strips = 25
    for number in range(strips):
        top, bottom = whole.height * number // strips, whole.height * (number + 1) // strips
        strip = whole.crop((0, top, whole.width, bottom))
        ends = (HEIGHT * (1 - bottom / whole.height), HEIGHT * (1 - top / whole.height))
        show(canvas, strip, (0, ends[0], WIDTH, ends[1]))
    write(canvas, 60, 828, FAX, size=7)
    canvas.save()
    document = load(path)

    assert words_of(document.text) == words_of(" ".join((FAX, *LEASE)))
    assert notices(document)["pages_read_by_ocr"]["pages"] == 1


def layered(path: Path, layer: tuple[str, ...], way: str = "invisible") -> Path:
    """A stamped scan with a layer of text: invisible over the picture, or drawn before it."""
    canvas = new_canvas(path)
    if way == "below":
        write(canvas, 67, 730, *layer)
    show(canvas, text_picture(LEASE))
    if way == "invisible":
        hidden(canvas, 67, 730, *layer)
    elif way == "clear":
        canvas.saveState()
        canvas.setFillAlpha(0)
        write(canvas, 67, 730, *layer)
        canvas.restoreState()
    write(canvas, 480, 20, "HOLM-000417")
    canvas.save()
    return path


@pytest.mark.parametrize("way", ["invisible", "below", "clear"])
def test_a_scan_that_has_a_layer_of_text_is_not_read_again(tmp_path: Path, way: str) -> None:
    layer = (*LEASE[:-1], "Engines are kept outside the hovse.")  # as its OCR read it
    document = load(layered(tmp_path / "a.pdf", layer, way))

    assert "outside the hovse" in document.text
    assert document.text.count("Lease of the boat") == 1
    assert "HOLM-000417" in document.text
    assert document.pages[0].read_by == "text"
    assert not notices(document)


def test_a_layer_of_nonsense_does_not_stand_for_the_scan(tmp_path: Path) -> None:
    nonsense = ("~|: ;^ '`_ -= /(} .,: <~", "^^ .. ;: {/| ~~ _' ==", "|| ,. :: ;' ~( )^ *+ --")
    document = load(layered(tmp_path / "a.pdf", nonsense))

    for line in (*LEASE, "HOLM-000417"):
        assert line in document.text
    assert "^^" not in document.text
    assert "||" not in document.text
    assert document.pages[0].read_by == "ocr"


def test_a_layer_that_holds_next_to_nothing_does_not_stand_for_the_scan(tmp_path: Path) -> None:
    document = load(layered(tmp_path / "a.pdf", ("l . .",)))

    for line in (*LEASE, "HOLM-000417"):
        assert line in document.text
    assert "l . ." not in document.text


def test_a_page_of_text_over_a_plain_background_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(()).point(lambda _: 230))
    write(canvas, 60, 700, *PROSE)
    canvas.save()
    document = load(path)

    assert document.pages[0].read_by == "text"
    assert words_of(document.text) == words_of(" ".join(PROSE))
    assert "pages_read_by_ocr" not in notices(document)


def test_a_letterhead_behind_a_page_of_text_is_read_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(("Holm Harbour Board, Quay Street 12",), top=60))
    write(canvas, 60, 700, *PROSE, *PROSE, *PROSE)
    canvas.save()
    document = load(path)

    assert document.pages[0].read_by == "text"
    assert document.text.startswith("Holm Harbour Board, Quay Street 12")
    assert document.text.count("The committee met") == 3
    assert notices(document)["pictures_read_by_ocr"]["pictures"] == 1


def test_words_that_a_page_prints_over_the_same_words_of_its_scan_come_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "over.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    write(canvas, 67, HEIGHT - (220 + 30) / 1754 * HEIGHT, LEASE[0], size=15)
    canvas.save()
    document = load(path)

    assert words_of(document.text) == words_of(" ".join(LEASE))


def test_a_page_that_prints_all_its_scan_shows_stays_as_it_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "over.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    for number, line in enumerate(LEASE):
        write(canvas, 67, HEIGHT - (220 + 30 + 68 * number) / 1754 * HEIGHT, line, size=15)
    canvas.save()
    document = load(path)

    assert words_of(document.text) == words_of(" ".join(LEASE))
    assert document.pages[0].read_by == "text"
    assert not notices(document)


def test_without_ocr_a_stamped_scan_is_said_to_be_unread(tmp_path: Path) -> None:
    path = tmp_path / "fax.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    write(canvas, 60, 828, FAX, size=7)
    canvas.save()
    document = load(path, LoadOptions(ocr=False))

    assert document.text == FAX
    assert notices(document) == {"scans_not_read": {"pages": 1, "total": 1}}
    (notice,) = document.notices
    assert notice.message == ("1 of 1 page is a scan with text printed over; the scan was not read")


def test_stamped_scans_count_towards_the_limit_of_pages(tmp_path: Path) -> None:
    path = tmp_path / "fax.pdf"
    canvas = new_canvas(path)
    for line in PROSE[:3]:
        show(canvas, text_picture(LEASE))
        write(canvas, 60, 60, line)
        canvas.showPage()
    canvas.save()
    document = load(path, LoadOptions(ocr_max_pages=1))

    assert notices(document)["ocr_page_limit"]["pages"] == 2
    assert notices(document)["pages_read_by_ocr"]["pages"] == 1
    assert document.text.count("Lease of the boat house") == 1
    for line in PROSE[:3]:
        assert document.text.count(line) == 1


def test_what_was_typed_over_a_scan_is_read_once(tmp_path: Path) -> None:
    plain = tmp_path / "plain.pdf"
    canvas = new_canvas(plain)
    show(canvas, text_picture(LEASE))
    canvas.save()
    path = tmp_path / "typed.pdf"
    writer = pypdf.PdfWriter(clone_from=plain)
    note = FreeText(text="Paid in full, 3 May", rect=(300, 100, 500, 130), font_size="14pt")
    writer.add_annotation(page_number=0, annotation=note)
    writer.write(path)
    text = load(path).text

    assert text.count("Paid in full") == 1
    assert LEASE[1] in text


def test_what_was_filled_into_a_scanned_form_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(LEASE))
    canvas.acroForm.textfield(name="who", tooltip="Tenant", value="Ada Heat", x=72, y=200)
    canvas.save()
    text = load(path).text

    assert text.count("Ada Heat") == 1
    assert LEASE[1] in text


def test_a_place_of_a_page_is_read_as_it_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    write(canvas, 60, 700, "Only the second line", "of this page is asked for", "and no other")
    canvas.save()
    engines = PdfEngines.open(path, ())
    try:
        reader = ScanReader(engines.pdfium, LoadOptions(), 1)
        off = ScanReader(engines.pdfium, LoadOptions(ocr=False), 1)
        top = HEIGHT - 700 + 15.4 - 10
        box = (55.0, top, 300.0, top + 13)
        assert reader.read_place(0, box) == ["of this page is asked for"]
        assert off.read_place(0, box) == []
    finally:
        engines.close()


def test_a_rubber_stamp_that_is_an_annotation_is_read_once(tmp_path: Path) -> None:
    plain = tmp_path / "plain.pdf"
    canvas = new_canvas(plain)
    show(canvas, text_picture(LEASE))
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=plain)
    look = StreamObject()
    look.set_data(b"q 0.8 0 0 rg BT /F 18 Tf 8 12 Td (APPROVED BY THE BOARD) Tj ET Q")
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    names = {NameObject(key): NameObject(value) for key, value in font.items()}
    look.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(map(NumberObject, (0, 0, 260, 40))),
            NameObject("/Resources"): DictionaryObject(
                {NameObject("/Font"): DictionaryObject({NameObject("/F"): DictionaryObject(names)})}
            ),
        }
    )
    stamp = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Stamp"),
            NameObject("/Rect"): ArrayObject(map(NumberObject, (280, 90, 540, 130))),
            NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(look)}),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(stamp)])
    path = tmp_path / "stamped.pdf"
    writer.write(path)
    text = load(path).text

    assert text.count("APPROVED BY THE BOARD") == 1
    for line in LEASE:
        assert line in text
