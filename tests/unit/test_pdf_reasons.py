"""Why a PDF was not read, and what of it was not: the reason said is the true one."""

import io
import zlib
from pathlib import Path

import pypdf
import pytest
from PIL import Image

from ingest.errors import (
    DamagedFileError,
    EmptyDocumentError,
    EncryptedFileError,
    UnknownFilterError,
    UnknownProtectionError,
    WrongPasswordError,
)
from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.pdfium import PdfiumFile
from ingest.loaders.pdf.protection import handler_of, unknown_filters
from ingest.loaders.pdf.pypdf_file import PypdfFile
from kb.records import Document
from tests.helpers.pictured_pdf import new_canvas, show, text_picture, write
from tests.helpers.raw_pdf import one_page, raw_pdf, stream, text_at

NO_OCR = LoadOptions(ocr=False)
LINE = "The ferry leaves at noon"
WAIT = (
    "Please wait...",
    "If this message is not eventually replaced by the proper contents of the document,",
    "your PDF viewer may not be able to display this type of document.",
    "You can upgrade to the latest version by visiting http://www.adobe.com/go/reader_download.",
)


def load(path: Path, options: LoadOptions = NO_OCR) -> Document:
    return load_file(path, options).document


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def notices(document: Document) -> dict[str, dict[str, object]]:
    return {notice.code: dict(notice.values) for notice in document.notices}


# --- blank, drawn, scanned ----------------------------------------------------------------------


@pytest.mark.parametrize("ocr", [True, False])
def test_a_white_page_is_blank_even_if_the_white_is_a_picture(tmp_path: Path, *, ocr: bool) -> None:
    path = tmp_path / "white.pdf"
    canvas = new_canvas(path)
    show(canvas, text_picture(()))
    canvas.save()

    with pytest.raises(EmptyDocumentError, match="its 1 page is blank"):
        load(path, LoadOptions(ocr=ocr))


def test_blank_pages_between_others_are_not_said_to_be_scanned(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    write(canvas, 60, 700, LINE)
    canvas.showPage()
    canvas.showPage()
    show(canvas, text_picture(()))
    canvas.save()

    assert not notices(load(path))


def test_an_unfilled_form_is_no_scan(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    canvas = new_canvas(path)
    canvas.acroForm.textfield(name="a", x=60, y=700)
    canvas.acroForm.textfield(name="b", x=60, y=600)
    canvas.showPage()
    canvas.save()

    with pytest.raises(EmptyDocumentError, match="holds only 2 empty form fields"):
        load(path, LoadOptions())


def test_a_form_whose_values_are_its_only_text_is_not_said_to_be_scanned(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    canvas = new_canvas(path)
    canvas.acroForm.textfield(name="a", tooltip="Harbour", value="Holm", x=60, y=700)
    canvas.showPage()
    canvas.save()
    document = load(path)

    assert "Holm" in document.text
    assert not notices(document)


def test_a_drawing_is_said_to_be_drawn_not_scanned(tmp_path: Path) -> None:
    content = b"".join(b"%d 100 m %d 700 l S\n" % (60 + 9 * n, 90 + 9 * n) for n in range(40))
    path = saved(tmp_path / "a.pdf", one_page(content))

    with pytest.raises(EmptyDocumentError, match="OCR found none in what is drawn on its 1 page"):
        load(path, LoadOptions())


# --- filters ------------------------------------------------------------------------------------


def test_drawings_beside_pages_of_text_are_not_called_pictures(tmp_path: Path) -> None:
    path = tmp_path / "drawn.pdf"
    canvas = new_canvas(path)
    write(canvas, 72, 700, LINE)
    canvas.showPage()
    for at in range(6):
        canvas.circle(200 + 20 * at, 300, 60)
    canvas.save()
    document = load(path, LoadOptions())

    assert document.text == LINE
    assert notices(document) == {"ocr_empty_drawings": {"pages": 1, "total": 2}}


@pytest.mark.parametrize("name", ["LZWDecode", "FlateDecode"])
def test_a_picture_that_ends_early_is_not_said_to_be_without_text(
    tmp_path: Path, name: str
) -> None:
    rows = bytes(range(256)) * 8
    data = b"\x80" + rows if name == "LZWDecode" else zlib.compress(rows)
    picture = stream(
        data,
        b"/Type/XObject/Subtype/Image/Width 1200/Height 1600/BitsPerComponent 8"
        b"/ColorSpace/DeviceGray/Filter/%s" % name.encode(),
    )
    content = b"q 595 0 0 842 0 0 cm /I Do Q"
    path = saved(
        tmp_path / "cut.pdf",
        one_page(content, picture, resources=b"/XObject<</I 6 0 R>>"),
    )

    with pytest.raises(EmptyDocumentError, match=rf"its picture cannot be decoded \({name}\)"):
        load(path, LoadOptions())


def test_content_in_an_unknown_compression_is_no_blank_page(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "b.pdf", one_page(b"\x0b\x02\x80hello\x03", filters=b"/Filter/BrotliDecode")
    )

    with pytest.raises(UnknownFilterError, match=r"b\.pdf is compressed with BrotliDecode"):
        load(path, LoadOptions())


@pytest.mark.parametrize(
    "name", [b"/BrotliDecode", b"[/ASCII85Decode /BrotliDecode]", b"/Br#6ftliDecode"]
)
def test_a_page_that_cannot_be_unpacked_is_counted_beside_others(
    tmp_path: Path, name: bytes
) -> None:
    data = raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/Resources<</Font<</F 7 0 R>>>>>>",
            b"<</Type/Page/Parent 2 0 R/Contents 5 0 R/MediaBox[0 0 595 842]>>",
            b"<</Type/Page/Parent 2 0 R/Contents 6 0 R/MediaBox[0 0 595 842]>>",
            stream(text_at(60, 700, LINE)),
            stream(b"\x0b\x02\x80hello\x03", b"/Filter" + name),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )
    document = load(saved(tmp_path / "b.pdf", data))

    assert document.text == LINE
    assert notices(document) == {
        "pages_packed": {"pages": 1, "total": 2, "filters": "BrotliDecode"}
    }
    assert document.notices[0].message == (
        "1 of 2 pages could not be unpacked: compressed with BrotliDecode, "
        "which no PDF engine here knows"
    )


def test_a_file_whose_very_index_is_packed_unknown_is_not_called_damaged(tmp_path: Path) -> None:
    data = b"%PDF-2.0\n1 0 obj\n" + stream(
        b"\x0b\x02\x80hello\x03", b"/Type/XRef/Filter/BrotliDecode/W[1 2 1]/Size 4/Root 2 0 R"
    )
    data += b"\nendobj\nstartxref\n9\n%%EOF\n"
    path = saved(tmp_path / "b.pdf", data)

    with pytest.raises(UnknownFilterError, match="BrotliDecode"):
        load(path)


def picture(filters: bytes, content: bytes) -> bytes:
    return stream(
        content,
        b"/Type/XObject/Subtype/Image/Width 600/Height 800/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter" + filters,
    )


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        (b"/JPXDecode", "JPXDecode"),
        (b"/DCTDecode", "DCTDecode"),
        (b"/BrotliDecode", "BrotliDecode"),
        (b"/JBIG2Decode", "JBIG2Decode"),
        (b"/FlateDecode", "FlateDecode"),
    ],
)
def test_a_picture_that_cannot_be_decoded_is_named_by_its_filter(
    tmp_path: Path, filters: bytes, name: str
) -> None:
    path = saved(
        tmp_path / "a.pdf",
        one_page(
            b"q 595 0 0 842 0 0 cm /I Do Q",
            picture(filters, b"\x00\x01\x02 no picture at all"),
            resources=b"/XObject<</I 6 0 R>>",
        ),
    )

    with pytest.raises((EmptyDocumentError, UnknownFilterError), match=name) as caught:
        load(path, LoadOptions())
    assert "blank" not in str(caught.value)
    assert "scanned" not in str(caught.value)


def test_a_broken_picture_in_a_page_of_text_is_counted_with_its_filter(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.pdf",
        one_page(
            text_at(60, 780, LINE) + b"q 400 0 0 500 60 100 cm /I Do Q",
            picture(b"/JPXDecode", b"\x00\x01\x02 no picture at all"),
            resources=b"/XObject<</I 6 0 R>>",
        ),
    )
    document = load(path, LoadOptions())

    assert document.text == LINE
    assert notices(document) == {"pictures_undecodable": {"pictures": 1, "filters": "JPXDecode"}}


def test_filters_are_named_as_the_file_names_them() -> None:
    data = b"<</Filter[/FlateDecode/ZstdDecode]>> <</Filter /Br#6ftliDecode>> <</Filter/DCT>>"

    assert unknown_filters(data) == ["ZstdDecode", "BrotliDecode"]


# --- protection ---------------------------------------------------------------------------------


def protected(handler: bytes, entries: bytes = b"") -> bytes:
    return one_page(
        text_at(60, 700, LINE),
        b"<</Filter/%s/V 2/R 3/Length 128%s>>" % (handler, entries),
        trailer=b"/Encrypt 6 0 R/ID[<00112233445566778899aabbccddeeff><00>]",
    )


def test_protection_by_a_program_of_its_own_is_called_encryption(tmp_path: Path) -> None:
    path = saved(tmp_path / "drm.pdf", protected(b"Adobe.APS"))

    with pytest.raises(EncryptedFileError, match=r"drm\.pdf is encrypted by Adobe\.APS") as caught:
        load(path)
    assert isinstance(caught.value, UnknownProtectionError)


def test_protection_by_certificates_is_called_encryption(tmp_path: Path) -> None:
    path = saved(tmp_path / "cert.pdf", protected(b"Adobe.PubSec", b"/SubFilter/adbe.pkcs7.s4"))

    with pytest.raises(EncryptedFileError, match=r"encrypted by Adobe\.PubSec"):
        load(path)


def test_encryption_that_only_one_engine_sees_is_called_encryption(tmp_path: Path) -> None:
    plain = tmp_path / "plain.pdf"
    canvas = new_canvas(plain)
    write(canvas, 60, 700, LINE)
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=plain)
    writer.encrypt("secret", "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    # A length of absurd size is too much for pypdf, and nothing to PDFium.
    data = out.getvalue().replace(b"/Filter /Standard", b"/Filter /Standard /Spare " + b"1" * 90)
    path = saved(tmp_path / "locked.pdf", rebuilt(data))

    assert PypdfFile.open(path, ()) is None
    with pytest.raises(EncryptedFileError, match="needs a password"):
        load(path)
    with pytest.raises(WrongPasswordError, match="the password given does not open it"):
        load(path, LoadOptions(ocr=False, passwords=("guess",)))


def rebuilt(data: bytes) -> bytes:
    """Return a file whose table of places is missing, as after an edit by hand."""
    return data[: data.rindex(b"xref\n0")] + data[data.rindex(b"trailer") :]


def test_a_damaged_file_that_is_not_encrypted_is_damaged(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF")

    with pytest.raises(DamagedFileError):
        load(path)


def test_a_broken_file_after_an_encrypted_one_is_not_called_encrypted(tmp_path: Path) -> None:
    locked = saved(tmp_path / "locked.pdf", protected(b"Standard", b"/O(x)/U(y)/P -1"))
    broken = raw_pdf(
        [b"<</Type/Catalog/Pages 9 0 R>>", b"<</Filter/Standard/V 9/R 9>>"],
    )
    for _ in range(2):
        PdfiumFile.open(locked, ("guess",))
        assert PdfiumFile.open(broken, ()) == (None, "")


def test_the_last_protection_of_a_file_is_the_one_that_holds() -> None:
    data = b"5 0 obj<</Filter/Standard>>endobj trailer<</Encrypt 5 0 R>>"
    later = b"15 0 obj<</Filter/Other.One>>endobj trailer<</Encrypt 15 0 R>>"

    assert handler_of(data) == "Standard"
    assert handler_of(data + later) == "Other.One"
    assert handler_of(b"trailer<</Encrypt<</Filter/Direct.One>>>>") == "Direct.One"
    assert handler_of(b"trailer<</Root 1 0 R>>") is None


# --- forms of another kind ----------------------------------------------------------------------


def xfa(
    content: bytes, *, needs: bool = True, page: bytes = b"", more: tuple[bytes, ...] = ()
) -> bytes:
    rendering = b"/NeedsRendering true" if needs else b""
    return one_page(
        content,
        stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>"),
        *more,
        catalog=b"/AcroForm<</XFA 6 0 R/Fields[%s]>>%s" % (b"7 0 R" if more else b"", rendering),
        page=page,
    )


@pytest.mark.parametrize("needs", [True, False])
def test_a_form_that_says_please_wait_is_called_an_xfa_form(tmp_path: Path, *, needs: bool) -> None:
    content = b"".join(text_at(60, 700 - 20 * n, line) for n, line in enumerate(WAIT))
    path = saved(tmp_path / "tax.pdf", xfa(content, needs=needs))

    with pytest.raises(EmptyDocumentError, match=r"tax\.pdf is an XFA form"):
        load(path)


def test_what_an_xfa_form_prints_besides_is_kept_with_a_notice(tmp_path: Path) -> None:
    document = load(saved(tmp_path / "tax.pdf", xfa(text_at(60, 700, LINE))))

    assert document.text == LINE
    assert "xfa_form_not_read" in notices(document)


def test_a_form_that_other_programs_show_too_has_no_notice_of_xfa(tmp_path: Path) -> None:
    widget = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(port)/TU(Port)/V(Holm)/Rect[60 600 200 620]"
        b"/P 3 0 R>>"
    )
    data = xfa(text_at(60, 700, LINE), needs=False, page=b"/Annots[7 0 R]", more=(widget,))
    document = load(saved(tmp_path / "tax.pdf", data))

    assert LINE in document.text
    assert "Holm" in document.text
    assert not notices(document)


def test_please_wait_in_a_plain_document_is_text(tmp_path: Path) -> None:
    document = load(saved(tmp_path / "a.pdf", one_page(text_at(60, 700, WAIT[0]))))

    assert document.text == WAIT[0]


# --- what is no text ----------------------------------------------------------------------------


def annotated(*annotations: bytes) -> bytes:
    numbers = b" ".join(b"%d 0 R" % (6 + at) for at in range(len(annotations)))
    bodies = [b"<</Type/Annot/Rect[60 60 90 90]%s>>" % entries for entries in annotations]
    return one_page(text_at(60, 700, LINE), *bodies, page=b"/Annots[%s]" % numbers)


@pytest.mark.parametrize(
    ("subtypes", "code", "values", "message"),
    [
        ((b"Sound",), "sounds_not_read", {"sounds": 1}, "1 sound was not read"),
        (
            (b"Movie", b"RichMedia", b"Screen"),
            "films_not_read",
            {"films": 3},
            "3 films were not read",
        ),
        ((b"3D", b"3D"), "models_not_read", {"models": 2}, "2 3D models were not read"),
        (
            (b"FileAttachment",),
            "attachments_not_read",
            {"count": 1},
            "1 attached file was not read; save and ingest them on their own",
        ),
    ],
)
def test_sounds_films_models_and_attached_files_are_counted(
    tmp_path: Path, subtypes: tuple[bytes, ...], code: str, values: dict[str, int], message: str
) -> None:
    data = annotated(*(b"/Subtype/" + name for name in subtypes))
    document = load(saved(tmp_path / "a.pdf", data))

    assert document.text == LINE
    assert notices(document) == {code: values}
    assert document.notices[0].message == message


def test_a_portfolio_without_text_says_that_it_holds_files(tmp_path: Path) -> None:
    plain = tmp_path / "plain.pdf"
    canvas = new_canvas(plain)
    canvas.showPage()
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=plain)
    writer.add_attachment("one.txt", b"words")
    writer.add_attachment("two.txt", b"words")
    path = tmp_path / "portfolio.pdf"
    writer.write(path)

    with pytest.raises(EmptyDocumentError, match="it holds only 2 attached files"):
        load(path)


def test_a_screenshot_pasted_as_a_picture_is_no_reason_to_call_the_file_empty(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.pdf"
    canvas = new_canvas(path)
    show(canvas, Image.effect_noise((300, 300), 60), (60, 60, 400, 400))
    write(canvas, 60, 700, LINE)
    canvas.save()
    document = load(path)

    assert document.text == LINE
    assert not any("no text" in notice.message for notice in document.notices)
