"""PDF files written object by object, for what no program of the tests writes."""

from collections.abc import Sequence

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def raw_pdf(objects: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """Return a file of objects numbered from 1, the first of them its catalog."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    size = len(objects) + 1
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object with more entries in its dictionary."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), entries, content)


def one_page(
    content: bytes,
    *more: bytes,
    filters: bytes = b"",
    page: bytes = b"",
    resources: bytes = b"",
    catalog: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """Return a file of one page with a content stream; more objects count from 6."""
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</Font<</F 5 0 R>>%s>>%s>>" % (resources, page),
            stream(content, filters),
            FONT,
            *more,
        ],
        trailer=trailer,
    )


def text_at(left: int, bottom: int, text: str) -> bytes:
    """Return the operators that print a line of plain letters."""
    return b"BT /F 12 Tf %d %d Td (%s) Tj ET\n" % (left, bottom, text.encode("latin-1"))
