"""DOCX pictures: read by OCR where they are large enough, within bounds, counted otherwise."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont
from word import paragraph, part, read_docx, relationships, run, write_docx

from ingest.errors import DamagedFileError, EmptyDocumentError
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pictures.timing import listening
from kb.records import Document

# A font that comes with a package, so that these tests need nothing of the system.
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


def drawn(*lines: str, size: tuple[int, int] = (700, 160), form: str = "PNG") -> bytes:
    """Return a picture of lines of text."""
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for place, line in enumerate(lines):
        pen.text((20, 20 + 50 * place), line, fill="black", font=ImageFont.truetype(FONT, 28))
    return saved(picture, form)


def saved(picture: Image.Image, form: str = "PNG") -> bytes:
    target = io.BytesIO()
    picture.save(target, form)
    return target.getvalue()


def shown(relation: str = "rP", crop: str = "") -> str:
    fill = f'<pic:blipFill><a:blip r:embed="{relation}"/>{crop}</pic:blipFill>'
    graphic = f"<a:graphic><a:graphicData><pic:pic>{fill}</pic:pic></a:graphicData></a:graphic>"
    return f"<w:r><w:drawing><wp:inline>{graphic}</wp:inline></w:drawing></w:r>"


def read(
    tmp_path: Path, body: str, *pictures: bytes, options: LoadOptions | None = None
) -> Document:
    """Read a document; its pictures are ``rP``, ``rP1``, ``rP2`` …"""
    names = [f"rP{place or ''}" for place in range(len(pictures))]
    return read_docx(
        tmp_path,
        body,
        relations={name: ("image", f"media/{name}.png") for name in names},
        parts={f"word/media/{name}.png": data for name, data in zip(names, pictures, strict=True)},
        options=options,
    )


def counts(document: Document) -> dict[str, object]:
    return {notice.code: notice.values["pictures"] for notice in document.notices}


def test_text_in_a_picture_is_read_where_the_picture_stands(tmp_path: Path) -> None:
    body = paragraph(run("Before.")) + paragraph(shown()) + paragraph(run("After."))
    document = read(tmp_path, body, drawn("Pump 4711 needs grease", "every second Monday"))
    assert document.text == ("Before.\n\nPump 4711 needs grease every second Monday\n\nAfter.")
    (notice,) = document.notices
    assert notice.code == "pictures_read_by_ocr"
    assert notice.values["pictures"] == 1
    assert float(notice.values["confidence"]) > 0.9
    assert notice.message.startswith("1 picture was read by OCR, mean confidence ")


def test_text_in_a_picture_in_a_table_belongs_to_its_cell(tmp_path: Path) -> None:
    cells = f"<w:tc>{paragraph(run('Label'))}</w:tc><w:tc>{paragraph(shown())}</w:tc>"
    text = read(tmp_path, f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>", drawn("Fragile goods")).text
    assert text == "Label | Fragile goods"


def test_a_picture_in_a_header_is_found_by_its_own_part(tmp_path: Path) -> None:
    document = read_docx(
        tmp_path,
        paragraph(run("Body.")),
        relations={"rH": ("header", "header1.xml"), "rP": ("image", "media/other.png")},
        parts={
            "word/header1.xml": part("hdr", paragraph(shown())),
            "word/_rels/header1.xml.rels": relationships({"rP": ("image", "media/logo.png")}),
            "word/media/logo.png": drawn("Halden Works"),
            "word/media/other.png": drawn("never shown"),
        },
    )
    assert document.text == "Halden Works\n\nBody."


def test_a_picture_shown_twice_is_read_once(tmp_path: Path) -> None:
    body = paragraph(run("a")) + paragraph(shown()) + paragraph(shown())
    document = read(tmp_path, body, drawn("Only once please"))
    assert document.text == "a\n\nOnly once please"
    assert counts(document) == {"pictures_read_by_ocr": 1}


def test_what_is_cut_off_a_picture_is_not_read(tmp_path: Path) -> None:
    body = paragraph(run("a") + shown(crop='<a:srcRect b="50000"/>'))
    document = read(tmp_path, body, drawn("The upper line", "", "The lower line", size=(700, 200)))
    assert document.text == "a\n\nThe upper line"


def test_a_picture_of_an_old_drawing_and_one_that_fills_a_shape_are_read(tmp_path: Path) -> None:
    old = '<w:r><w:pict><v:shape><v:imagedata r:id="rP"/></v:shape></w:pict></w:r>'
    fill = '<a:blipFill><a:blip r:embed="rP1"/></a:blipFill>'
    shape = f"<w:r><w:drawing><wp:anchor><wps:wsp>{fill}</wps:wsp></wp:anchor></w:drawing></w:r>"
    document = read(tmp_path, paragraph(old) + paragraph(shape), drawn("Old one"), drawn("Fill it"))
    assert document.text == "Old one\n\nFill it"


def test_letters_on_a_transparent_ground_are_read_as_on_paper(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (600, 100), (0, 0, 0, 0))
    font = ImageFont.truetype(FONT, 28)
    ImageDraw.Draw(picture).text((20, 20), "Clear as glass", fill=(0, 0, 0, 255), font=font)
    assert read(tmp_path, paragraph(run("a") + shown()), saved(picture)).text == (
        "a\n\nClear as glass"
    )


def test_without_ocr_pictures_are_counted(tmp_path: Path) -> None:
    options = LoadOptions(ocr=False)
    document = read(tmp_path, paragraph(run("a") + shown()), drawn("Text"), options=options)
    assert (document.text, counts(document)) == ("a", {"pictures_not_read": 1})


def test_pictures_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    icon = saved(Image.new("RGB", (48, 48)))
    thin = saved(Image.new("RGB", (2000, 10)))
    names = ("rP", "rP1", "rP2", "rP3", "none")
    body = paragraph(run("a") + "".join(map(shown, names)))
    broken = drawn("cut")[:200]
    document = read(tmp_path, body, icon, thin, broken, b"\xd7\xcd\xc6\x9a drawing")
    assert (document.text, counts(document)) == ("a", {"pictures_not_read": 5})


def test_a_picture_without_text_is_said_to_be_one(tmp_path: Path) -> None:
    plain = saved(Image.new("RGB", (400, 300), "lightblue"))
    document = read(tmp_path, paragraph(run("a") + shown()), plain)
    (notice,) = document.notices
    assert notice.code == "pictures_without_text"
    assert notice.message == "1 picture in which OCR found no text"


@pytest.mark.parametrize("limit", [{"ocr_max_pages": 1}, {"ocr_max_seconds": 0}])
def test_the_number_and_the_time_of_pictures_are_bounded(
    tmp_path: Path, limit: dict[str, int]
) -> None:
    body = paragraph(run("a") + shown("rP") + shown("rP1") + shown("rP2"))
    pictures = [drawn(f"Sheet {name}") for name in ("alpha", "beta", "gamma")]
    document = read(tmp_path, body, *pictures, options=LoadOptions(**limit))  # type: ignore[arg-type] # whole numbers
    assert document.text == "a\n\nSheet alpha"
    assert counts(document) == {"pictures_read_by_ocr": 1, "pictures_over_limit": 2}


def test_a_picture_of_absurd_size_is_not_decoded(tmp_path: Path) -> None:
    huge = saved(Image.new("1", (30_000, 30_000)))
    options = LoadOptions(ocr_max_pixels=1_000_000, max_unpack_ratio=10_000)
    document = read(tmp_path, paragraph(run("a") + shown()), huge, options=options)
    assert counts(document) == {"pictures_not_read": 1}


def test_a_picture_larger_than_the_bound_is_made_smaller_and_read(tmp_path: Path) -> None:
    options = LoadOptions(ocr_max_pixels=80_000)
    large = drawn("Large letters", size=(700, 160))
    document = read(tmp_path, paragraph(run("a") + shown()), large, options=options)
    assert document.text == "a\n\nLarge letters"


def test_whoever_keeps_the_time_is_told_of_each_picture(tmp_path: Path) -> None:
    told: list[bool] = []
    with listening(told.append):
        read(tmp_path, paragraph(run("a") + shown("rP") + shown("rP1")), drawn("x"), drawn("y"))
    assert told == [True, False, True, False]


# -- reasons ---------------------------------------------------------------------------------


def test_a_document_of_pictures_alone_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, paragraph(shown()), drawn("A scanned letter")).text == "A scanned letter"


def test_a_document_without_text_says_what_it_holds(tmp_path: Path) -> None:
    plain = saved(Image.new("RGB", (400, 300), "lightblue"))
    sheet = '<w:r><w:object><o:OLEObject ProgID="Excel.Sheet.12"/></w:object></w:r>'
    hidden = run("1234", "<w:vanish/>")
    body = paragraph(shown() + sheet + hidden)
    with pytest.raises(EmptyDocumentError) as raised:
        read(tmp_path, body, plain)
    assert str(raised.value) == (
        "document.docx holds only 1 picture, 1 embedded object and 4 hidden characters; "
        "OCR found no text in what it could read."
    )
    with pytest.raises(EmptyDocumentError, match="only 1 picture; turn OCR on to read text in"):
        read(tmp_path, paragraph(shown()), plain, options=LoadOptions(ocr=False))
    with pytest.raises(EmptyDocumentError, match="holds no text; there is nothing to ingest"):
        read(tmp_path, paragraph(""))


def test_the_preview_of_an_embedded_object_is_no_picture_of_its_own(tmp_path: Path) -> None:
    preview = '<v:shape><v:imagedata r:id="rP"/></v:shape>'
    sheet = f"<w:r><w:object>{preview}<o:OLEObject r:id='rO'/></w:object></w:r>"
    document = read(tmp_path, paragraph(run("a") + sheet), b"\xd7\xcd\xc6\x9a drawing")
    assert [(notice.code, dict(notice.values)) for notice in document.notices] == [
        ("objects_not_read", {"objects": 1})
    ]


def test_attached_files_that_the_text_does_not_show_are_counted(tmp_path: Path) -> None:
    document = read_docx(
        tmp_path,
        paragraph(run("a")),
        relations={"rA": ("package", "embeddings/a.xlsx"), "rB": ("oleObject", "embeddings/b.bin")},
        parts={"word/embeddings/a.xlsx": b"PK", "word/embeddings/b.bin": b"x"},
    )
    (notice,) = document.notices
    assert (notice.code, dict(notice.values)) == ("objects_not_read", {"objects": 2})


def test_active_controls_and_linked_documents_are_counted(tmp_path: Path) -> None:
    control = '<w:r><w:object><w:control r:id="rC" w:name="Box1"/></w:object></w:r>'
    body = paragraph(run("a") + control) + '<w:subDoc r:id="rS"/>'
    document = read_docx(tmp_path, body, relations={"rS": ("subDocument", "file:///b.docx")})
    assert {notice.code: dict(notice.values) for notice in document.notices} == {
        "objects_not_read": {"objects": 1},
        "imports_not_read": {"parts": 1},
    }


def test_a_document_whose_main_part_is_missing_is_damaged_not_empty(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "lost.docx", "", parts={"word/styles.xml": part("styles", "")})
    without(path, "word/document.xml")
    with pytest.raises(DamagedFileError, match="the part with the document's text is missing"):
        load_file(path)


def test_a_main_part_without_a_body_is_damaged_not_empty(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "hollow.docx", "", parts={"word/document.xml": part("document", "")}
    )
    with pytest.raises(DamagedFileError, match=r"its part word/document\.xml holds no body"):
        load_file(path)
    cut = part("document", "<w:body><w:p>").removesuffix(b"</w:document>")
    write_docx(path, "", parts={"word/document.xml": cut})
    with pytest.raises(DamagedFileError, match=r"no text can be read from its part word/document"):
        load_file(path)


@pytest.mark.parametrize(
    ("name", "root", "kind"),
    [
        ("xl/workbook.xml", "workbook", "an Excel workbook"),
        ("ppt/presentation.xml", "presentation", "a PowerPoint presentation"),
    ],
)
def test_another_program_s_file_under_the_name_of_a_word_document_is_named(
    tmp_path: Path, name: str, root: str, kind: str
) -> None:
    path = write_docx(
        tmp_path / "other.docx",
        "",
        parts={"_rels/.rels": relationships({"r": ("officeDocument", name)}), name: part(root, "")},
    )
    without(path, "word/document.xml", "word/_rels/document.xml.rels")
    with pytest.raises(DamagedFileError, match=f"other.docx is {kind}, and no Word document"):
        load_file(path)


def without(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path) as package:
        kept = {name: package.read(name) for name in package.namelist() if name not in names}
    with zipfile.ZipFile(path, "w") as package:
        for name, data in kept.items():
            package.writestr(name, data)
