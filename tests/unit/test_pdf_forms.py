"""Form fields of PDF: "label: value" where the field stands, each value once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from ingest.loaders import load_file
from ingest.loaders.base import LoadOptions
from ingest.loaders.pdf.annotations import forms
from ingest.loaders.pdf.annotations.rich_text import plain
from ingest.loaders.pdf.engines import PdfEngines
from ingest.loaders.pdf.insets import insets_of, written
from ingest.loaders.pdf.page import Inset, Rule, Word
from ingest.loaders.pdf.placing.filling import with_fields
from tests.helpers.pdf_annotations import page_with, text_of, wide

RECT = "/Subtype /Widget /Rect [{0} {1} {2} {3}]"
BOX = "/AP <</N <</Yes 9 0 R /Off 9 0 R>> >>"


def widget(at: tuple[float, float, float, float], entries: str) -> str:
    return f"<<{RECT.format(*at)} {entries}>>"


def one(tmp_path: Path, entries: str, objects: dict[int, str] | None = None) -> str:
    """Return how a page reads that prints "Name" before one field."""
    field = widget((150, 695, 300, 712), entries)
    return text_of(page_with(tmp_path / "a.pdf", [(72, 700, "Name")], [field], objects))


# --- what a field holds -----------------------------------------------------------------------


def test_a_text_field_stands_behind_its_label(tmp_path: Path) -> None:
    assert one(tmp_path, "/FT /Tx /T (n) /V (Ada Heat)") == "Name: Ada Heat"


def test_a_label_with_a_colon_gets_no_second_one(tmp_path: Path) -> None:
    field = widget((150, 695, 300, 712), "/FT /Tx /V (Ada Heat)")
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Full name:")], [field])

    assert text_of(path) == "Full name: Ada Heat"


def test_a_label_in_chinese_gets_its_own_colon(tmp_path: Path) -> None:
    field = widget((150, 695, 300, 712), f"/FT /Tx /V {wide('王芳')}")

    assert text_of(page_with(tmp_path / "a.pdf", [(72, 700, "姓名")], [field])) == "姓名：王芳"


def test_an_empty_field_gives_nothing(tmp_path: Path) -> None:
    assert one(tmp_path, "/FT /Tx /T (n) /V ()") == "Name"
    assert one(tmp_path, "/FT /Tx /T (n) /DV (preset)") == "Name"
    assert one(tmp_path, "/FT /Ch /T (n) /Opt [(a) (b)]") == "Name"


def test_a_password_is_not_read(tmp_path: Path) -> None:
    assert one(tmp_path, "/FT /Tx /Ff 8192 /V (secret)") == "Name"


def test_rich_text_is_read_where_there_is_no_plain_one(tmp_path: Path) -> None:
    rich = "/FT /Tx /RV (<body><p>Rail <b>Nord</b> &amp; Co</p></body>)"

    assert one(tmp_path, rich) == "Name: Rail Nord & Co"
    assert plain("<p>one</p><p>two<br/>three</p>") == "one\ntwo\nthree"


def test_a_long_value_may_stand_in_a_stream(tmp_path: Path) -> None:
    stream = "<</Length 11>>\nstream\nNorth quay.\nendstream"

    assert one(tmp_path, "/FT /Tx /V 200 0 R", {200: stream}) == "Name: North quay."


def test_the_lines_of_a_value_stay_in_order(tmp_path: Path) -> None:
    field = widget((72, 600, 300, 690), "/FT /Tx /Ff 4096 /V (North quay\\rOslo\\r\\nNorway)")
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Address"), (72, 580, "Phone")], [field])

    assert text_of(path).split() == ["Address:", "North", "quay", "Oslo", "Norway", "Phone"]


def test_a_choice_shows_what_the_list_shows(tmp_path: Path) -> None:
    options = "/Opt [[(n) (North)] [(s) (South)] [(w) (West)]]"

    assert one(tmp_path, f"/FT /Ch /V (s) {options}") == "Name: South"
    assert one(tmp_path, f"/FT /Ch /V [(w) (n)] {options}") == "Name: West, North"
    assert one(tmp_path, f"/FT /Ch /I [0 1] {options}") == "Name: North, South"
    assert one(tmp_path, f"/FT /Ch /Ff 393216 /V (Far east) {options}") == "Name: Far east"


def test_a_value_that_latex_wrote_as_utf_16_twice_is_read(tmp_path: Path) -> None:
    twice = "<FEFFFEFF" + "".join(f"0000{ord(letter):02X}" for letter in "Nord") + ">"

    assert one(tmp_path, f"/FT /Ch /V {twice} /Opt [(Nord)]") == "Name: Nord"


def test_what_parents_say_holds_for_their_kids(tmp_path: Path) -> None:
    parents = {
        200: "<</T (applicant) /FT /Tx /Parent 201 0 R /Kids [100 0 R]>>",
        201: "<</T (form1) /V (Ada Heat) /Kids [200 0 R]>>",
    }
    field = widget((150, 695, 300, 712), "/Parent 200 0 R")
    path = page_with(tmp_path / "a.pdf", [(72, 500, "Nothing near.")], [field], parents)

    assert text_of(path) == "applicant: Ada Heat\n\nNothing near."


def test_parents_in_a_circle_end(tmp_path: Path) -> None:
    circle = {
        200: "<</T (a) /Parent 201 0 R /V (found)>>",
        201: "<</T (b) /FT /Tx /Parent 200 0 R>>",
    }

    assert one(tmp_path, "/Parent 200 0 R", circle) == "Name: found"


def test_a_signature_gives_its_name_and_day(tmp_path: Path) -> None:
    signature = "/FT /Sig /V <</Type /Sig /Name (Marit Solvang) /M (D:20240512101500Z)>>"

    assert one(tmp_path, signature) == "Name: Marit Solvang (2024-05-12)"


def test_a_signature_without_a_name_gives_its_certificates(tmp_path: Path) -> None:
    contents = certificate("Marit Solvang").hex() + "00" * 40

    assert one(tmp_path, f"/FT /Sig /V <</Type /Sig /Contents <{contents}>>>") == (
        "Name: Marit Solvang"
    )


def certificate(name: str) -> bytes:
    from datetime import UTC, datetime  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import pkcs7  # noqa: PLC0415

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def issued(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2034, 1, 1, tzinfo=UTC))
            .sign(key, hashes.SHA256())
        )

    key = ec.generate_private_key(ec.SECP256R1())
    chain = [issued("Harbour Office", "Harbour Office", key), issued(name, "Harbour Office", key)]
    return pkcs7.serialize_certificates(chain, serialization.Encoding.DER)


# --- boxes to tick ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "read"),
    [
        ("/AS /Yes /V /Yes", "☒ yes"),
        ("/AS /Off /V /Off", "☐ no"),
        ("/V /Yes", "☒ yes"),
        ("/V /Off", "☐ no"),
        ("", "☐ no"),
    ],
)
def test_a_check_box_says_yes_or_no_behind_its_label(tmp_path: Path, state: str, read: str) -> None:
    field = widget((150, 697, 162, 709), f"/FT /Btn {BOX} {state}")
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Winter tyres")], [field])

    assert text_of(path) == f"Winter tyres: {read}"


def test_a_caption_behind_its_box_stays_behind_it(tmp_path: Path) -> None:
    boxes = [
        widget((72, 697, 84, 709), f"/FT /Btn {BOX} /AS /Yes"),
        widget((200, 697, 212, 709), f"/FT /Btn {BOX} /AS /Off"),
    ]
    path = page_with(
        tmp_path / "a.pdf", [(88, 700, "Winter tyres"), (216, 700, "First aid kit")], boxes
    )

    assert text_of(path).replace("\t", " ") == "☒ Winter tyres (yes) ☐ First aid kit (no)"


def test_a_caption_of_two_lines_is_not_parted(tmp_path: Path) -> None:
    boxes = [
        widget((72, 697, 84, 709), f"/FT /Btn {BOX} /AS /Yes"),
        widget((72, 657, 84, 669), f"/FT /Btn {BOX} /AS /Off"),
    ]
    printed = [
        (90, 700, "I have read the rules of the harbour, and I"),
        (90, 688, "will keep to them."),
        (90, 660, "I want to hear news."),
    ]

    read = " ".join(text_of(page_with(tmp_path / "a.pdf", printed, boxes)).split())
    assert read == (
        "☒ I have read the rules of the harbour, and I will keep to them. (yes) "
        "☐ I want to hear news. (no)"
    )


def test_boxes_beside_chinese_speak_chinese(tmp_path: Path) -> None:
    boxes = [
        widget((72, 697, 84, 709), f"/FT /Btn {BOX} /AS /Yes"),
        widget((150, 657, 162, 669), f"/FT /Btn {BOX} /AS /Off"),
    ]
    path = page_with(tmp_path / "a.pdf", [(88, 700, "冬季轮胎"), (72, 660, "急救箱")], boxes)

    assert text_of(path).split() == ["☒", "冬季轮胎", "(是)", "急救箱：", "☐", "否"]


def radio(x: float, state: str, *, on: bool) -> str:
    return widget(
        (x, 697, x + 12, 709),
        f"/Parent 200 0 R /AS /{state if on else 'Off'} /AP <</N <</{state} 9 0 R>> >>",
    )


def test_radio_buttons_say_which_one_is_chosen(tmp_path: Path) -> None:
    group = {200: "<</FT /Btn /Ff 49152 /T (fuel) /V /e /Kids [100 0 R 101 0 R]>>"}
    printed = [(72, 700, "Fuel:"), (166, 700, "diesel"), (266, 700, "electric")]
    buttons = [radio(150, "d", on=False), radio(250, "e", on=True)]

    path = page_with(tmp_path / "a.pdf", printed, buttons, group)
    read = text_of(path).replace("\t", " ")
    assert read == "Fuel: ☐ diesel ☒ electric (fuel: electric)"


def test_captions_before_radio_buttons_belong_to_the_button_behind(tmp_path: Path) -> None:
    group = {200: "<</FT /Btn /Ff 49152 /T (Group3) /V /e /Kids [100 0 R 101 0 R]>>"}
    printed = [(72, 700, "diesel"), (166, 700, "electric")]
    buttons = [radio(104, "d", on=False), radio(208, "e", on=True)]

    path = page_with(tmp_path / "a.pdf", printed, buttons, group)
    assert text_of(path).replace("\t", " ") == "diesel: ☐ electric: ☒ yes"


def test_a_radio_button_without_a_caption_tells_what_it_stands_for(tmp_path: Path) -> None:
    group = {200: "<</FT /Btn /Ff 49152 /T (fuel) /V /1 /Opt [(diesel) (electric)]>>"}
    buttons = [radio(104, "0", on=False), radio(208, "1", on=True)]

    path = page_with(tmp_path / "a.pdf", [(72, 400, "Elsewhere.")], buttons, group)
    assert "fuel: electric" in text_of(path)


def test_a_push_button_is_no_value(tmp_path: Path) -> None:
    assert one(tmp_path, "/FT /Btn /Ff 65536 /T (send) /MK <</CA (Send)>>") == "Name"


# --- where a field stands, and what it is called ------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "read"),
    [
        ("/T (first_aid) /TU (First aid kit)", "First aid kit: x"),
        ("/T (first_aid)", "first aid: x"),
        ("/T (topmostSubform[0].Page1[0].owner[0])", "owner: x"),
        ("/T (Text12)", "x"),
        ("/T (f1_02)", "x"),
        ("", "x"),
    ],
)
def test_a_field_without_a_label_tells_its_name(tmp_path: Path, entries: str, read: str) -> None:
    field = widget((150, 695, 300, 712), f"/FT /Tx /V (x) {entries}")
    path = page_with(tmp_path / "a.pdf", [(72, 500, "Elsewhere.")], [field])

    assert text_of(path) == f"{read}\n\nElsewhere."


def test_two_fields_of_a_line_go_to_their_own_labels(tmp_path: Path) -> None:
    fields = [
        widget((110, 695, 250, 712), "/FT /Tx /V (Ada)"),
        widget((340, 695, 450, 712), "/FT /Tx /V (Oslo)"),
    ]
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name"), (300, 700, "Town")], fields)

    assert text_of(path).replace("\t", " ") == "Name: Ada Town: Oslo"


def test_a_label_above_its_field_is_its_label(tmp_path: Path) -> None:
    fields = [
        widget((72, 680, 250, 696), "/FT /Tx /T (a) /V (Ada)"),
        widget((300, 680, 450, 696), "/FT /Tx /T (b) /V (Oslo)"),
    ]
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name"), (300, 700, "Home town")], fields)

    assert text_of(path).replace("\t", " ") == "Name: Ada Home town: Oslo"


def test_a_label_below_a_line_to_sign_on_is_its_label(tmp_path: Path) -> None:
    field = widget((72, 690, 250, 710), "/FT /Tx /V (Ada Heat)")
    path = page_with(tmp_path / "a.pdf", [(72, 678, "Name of the applicant")], [field])

    assert text_of(path) == "Name of the applicant: Ada Heat"


def test_lines_and_dots_to_write_on_go_where_something_is_written(tmp_path: Path) -> None:
    fields = [
        widget((110, 695, 250, 712), "/FT /Tx /V (Ada)"),
        widget((110, 655, 250, 672), "/FT /Tx /V ()"),
    ]
    printed = [(72, 700, "Name:"), (112, 700, "____________"), (72, 660, "Town:........")]
    read = text_of(page_with(tmp_path / "a.pdf", printed, fields))

    assert read.startswith("Name: Ada")
    assert "_" not in read


def test_the_fields_of_a_ruled_table_stay_in_their_cells(tmp_path: Path) -> None:
    across = [(72, y, 372, y) for y in (720, 700, 680, 660)]
    down = [(x, 660, x, 720) for x in (72, 172, 272, 372)]
    printed = [
        (75, 705, "Part"),
        (175, 705, "Count"),
        (275, 705, "Price"),
        (75, 685, "Valve"),
        (75, 665, "Gasket"),
    ]
    fields = [
        widget((173, 681, 271, 699), "/FT /Tx /V (12)"),
        widget((273, 681, 371, 699), "/FT /Tx /V (3.40)"),
        widget((173, 661, 271, 679), "/FT /Tx /V (7)"),
        widget((273, 661, 371, 679), "/FT /Tx /V (0.95)"),
    ]
    path = page_with(tmp_path / "a.pdf", printed, fields, lines=[*across, *down])

    assert text_of(path).replace("\t", " ").split("\n") == [
        "Part Count Price",
        "Valve 12 3.40",
        "Gasket 7 0.95",
    ]


def test_a_value_that_the_page_prints_itself_is_read_once(tmp_path: Path) -> None:
    field = widget((110, 695, 250, 712), "/FT /Tx /V (Ada Heat)")
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name:"), (112, 700, "Ada Heat")], [field])

    assert text_of(path) == "Name: Ada Heat"


def test_a_value_that_the_field_draws_is_read_once(tmp_path: Path) -> None:
    drawn = "BT /F1 10 Tf 2 4 Td (Ada Heat) Tj ET"
    look = (
        "<</Type /XObject /Subtype /Form /BBox [0 0 140 17] /Resources <</Font <</F1 <</Type /Font "
        f"/Subtype /Type1 /BaseFont /Helvetica>> >> >> /Length {len(drawn)}>>\n"
        f"stream\n{drawn}\nendstream"
    )

    read = one(tmp_path, "/FT /Tx /V (Ada Heat) /AP <</N 200 0 R>>", {200: look})
    assert read == "Name: Ada Heat"


@pytest.mark.parametrize("flags", [2, 32, 34])
def test_what_no_screen_shows_is_not_read(tmp_path: Path, flags: int) -> None:
    assert one(tmp_path, f"/FT /Tx /V (hidden) /F {flags}") == "Name"


def unshown(path: Path) -> dict[str, dict[str, object]]:
    notices = load_file(path, LoadOptions(ocr=False)).document.notices
    return {notice.code: dict(notice.values) for notice in notices}


def test_fields_that_no_page_shows_are_counted_and_their_values_are_not_said(
    tmp_path: Path,
) -> None:
    fields = [
        widget((150, 695, 300, 712), "/FT /Tx /T (name) /V (Ada Heat)"),
        widget((150, 655, 300, 672), "/FT /Tx /T (salary) /V (4711) /F 2"),
        widget((150, 615, 300, 632), "/FT /Ch /T (grade) /V (senior) /F 32"),
        widget((150, 575, 300, 592), "/FT /Tx /T (empty) /V () /F 2"),
        widget((150, 535, 300, 552), "/FT /Tx /T (key) /Ff 8192 /V (opensesame) /F 2"),
        widget((0, 0, 0, 0), "/FT /Tx /T (tiny) /V (noroom)"),
    ]
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name")], fields)

    assert text_of(path) == "Name: Ada Heat"
    assert unshown(path) == {"fields_not_shown": {"fields": 3}}


def test_fields_on_no_page_are_counted(tmp_path: Path) -> None:
    shown = widget((150, 695, 300, 712), "/FT /Tx /T (name) /V (Ada Heat)")
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name")], [shown])
    writer = PdfWriter(clone_from=path)
    lost = [DictionaryObject({NameObject("/FT"): NameObject("/Tx")}) for _ in range(3)]
    for number, field in enumerate(lost):
        field[NameObject("/T")] = TextStringObject(f"lost{number}")
        field[NameObject("/V")] = TextStringObject("elsewhere" if number else "")
        writer.root_object["/AcroForm"]["/Fields"].append(writer._add_object(field))
    writer.write(path)

    assert text_of(path) == "Name: Ada Heat"
    assert unshown(path) == {"fields_not_shown": {"fields": 2}}


@pytest.mark.parametrize(("flags", "fields"), [("", 0), ("/F 2", 1)])
def test_a_field_is_counted_once_and_only_if_it_is_shown_nowhere(
    tmp_path: Path, flags: str, fields: int
) -> None:
    kids = [
        f"<<{RECT.format(150, 695, 300, 712)} /Parent 200 0 R {flags}>>",
        f"<<{RECT.format(150, 655, 300, 672)} /Parent 200 0 R /F 2>>",
    ]
    parent = {200: "<</FT /Tx /T (name) /V (Ada Heat) /Kids [100 0 R 101 0 R]>>"}
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name")], kids, parent)

    assert text_of(path) == ("Name" if fields else "Name: Ada Heat")
    assert unshown(path) == ({"fields_not_shown": {"fields": 1}} if fields else {})


def test_a_tree_of_fields_that_holds_itself_comes_to_an_end(tmp_path: Path) -> None:
    kid = f"<<{RECT.format(150, 695, 300, 712)} /Parent 200 0 R /T (k) /Kids [200 0 R]>>"
    parent = {200: "<</FT /Tx /T (name) /V (Ada Heat) /Parent 100 0 R /Kids [100 0 R 200 0 R]>>"}
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name")], [kid], parent)

    assert "Ada Heat" in text_of(path)


def test_a_field_without_room_is_not_read_but_a_signature_is(tmp_path: Path) -> None:
    fields = [
        "<</Subtype /Widget /Rect [0 0 0 0] /FT /Tx /V (none)>>",
        "<</Subtype /Widget /Rect [0 0 0 0] /FT /Sig /T (Signature1) /V <</Name (Ada Heat)>> >>",
    ]
    read = text_of(page_with(tmp_path / "a.pdf", [(72, 700, "Contract")], fields))

    assert read.split() == ["Contract", "Ada", "Heat"]


def test_fields_of_a_cropped_page_go_to_their_labels(tmp_path: Path) -> None:
    field = widget((150, 695, 300, 712), "/FT /Tx /V (Ada Heat)")
    path = page_with(
        tmp_path / "a.pdf",
        [(72, 700, "Name"), (72, 600, "Town")],
        [field],
        page="/CropBox [50 100 500 800]",
    )

    assert text_of(path).split() == ["Name:", "Ada", "Heat", "Town"]


def test_a_page_of_nothing_but_fields_is_read(tmp_path: Path) -> None:
    field = widget((150, 695, 300, 712), "/FT /Tx /T (owner) /V (Ada Heat)")

    assert text_of(page_with(tmp_path / "a.pdf", [], [field])) == "owner: Ada Heat"


# --- engines and damage -------------------------------------------------------------------------


def all_kinds(tmp_path: Path) -> Path:
    fields = [
        widget((150, 695, 300, 712), "/FT /Tx /T (owner) /TU (The owner) /V (Ada Heat)"),
        widget((150, 665, 300, 682), "/FT /Ch /T (side) /Opt [[(n) (North)] [(s) (South)]] /V (s)"),
        widget((150, 635, 162, 647), f"/FT /Btn /T (tyres) {BOX} /AS /Yes /V /Yes"),
        widget((150, 605, 162, 617), f"/FT /Btn /T (kit) {BOX} /AS /Off /V /Off"),
        "<</Subtype /Link /Rect [72 500 90 510]>>",
    ]
    return page_with(tmp_path / "all.pdf", [], fields)


def test_both_engines_tell_the_same_fields(tmp_path: Path) -> None:
    engines = PdfEngines.open(all_kinds(tmp_path), ())
    both = written(insets_of(engines, 0))
    first, second = engines.pypdf, engines.pdfium
    try:
        engines.pypdf = None
        assert written(insets_of(engines, 0)) == both
        engines.pypdf, engines.pdfium = first, None
        assert written(insets_of(engines, 0)) == both
    finally:
        assert second is not None
        second.close()

    assert both == ["The owner: Ada Heat", "side: South", "tyres: ☒ yes", "kit: ☐ no"]


@pytest.mark.parametrize(
    "broken",
    [
        "<</Subtype /Widget>>",
        "<</Subtype /Widget /Rect [0 0 (a) null] /FT /Tx /V (x)>>",
        "<</Subtype /Widget /Rect 5 /FT /Tx /V (x)>>",
        "<</Subtype /Widget /Rect [72 500 200 520] /FT /Ch /Opt 7 /V 12 /I [9 (a)]>>",
        "<</Subtype /Widget /Rect [72 500 200 520] /FT 12 /V [[[]]]>>",
        "<</Subtype /Widget /Rect [72 500 200 520] /FT /Sig /V (none)>>",
        "<</Subtype /Widget /Rect [72 500 200 520] /FT /Sig /V <</Contents <3000>>> >>",
        "<</Subtype /Widget /Rect [72 500 200 520] /FT /Btn /AP 3 /AS 4>>",
        "<</Subtype /Widget /Parent 999 0 R /Rect 998 0 R>>",
        "[1 2 3]",
        "(none)",
    ],
)
def test_a_broken_annotation_costs_itself_alone(tmp_path: Path, broken: str) -> None:
    good = widget((150, 695, 300, 712), "/FT /Tx /V (Ada)")

    read = text_of(page_with(tmp_path / "a.pdf", [(72, 700, "Name")], [broken, good]))
    assert "Name: Ada" in read


def test_a_page_of_too_many_fields_still_tells_the_first(tmp_path: Path) -> None:
    place = "/Subtype /Widget /Rect [150 695 300 712] /FT /Tx"
    many = [f"<<{place} /V 500 0 R>>" for _ in range(6_000)]
    path = page_with(tmp_path / "a.pdf", [(72, 700, "Name")], many, {500: f"({'x' * 9_000})"})

    assert len(text_of(path)) < 1_100_000


# --- filling by itself ------------------------------------------------------------------------


def words(*texts: tuple[str, float, float]) -> list[Word]:
    return [Word(text, (x, y, x + 5 * len(text), y + 10), 10) for text, x, y in texts]


def test_a_short_value_is_not_taken_for_part_of_a_printed_word() -> None:
    filled = with_fields(words(("15", 100, 100)), [Inset("field", "5", (95, 95, 150, 112))])

    assert [word.text for word in filled] == ["15", "5"]


def test_a_column_of_fields_under_one_name_keeps_its_places() -> None:
    fields = [Inset("field", str(n), (100, 112 + 14 * n, 160, 124 + 14 * n)) for n in range(3)]
    filled = with_fields(words(("Count", 100, 100)), fields)

    assert [word.text for word in filled] == ["Count", "0", "1", "2"]
    assert [word.box[1] > 112 for word in filled] == [False, True, True, True]


def test_a_rule_between_label_and_field_keeps_the_field_in_its_cell() -> None:
    rules = [Rule((x, 90, x, 120)) for x in (70, 130)]
    filled = with_fields(
        words(("Name", 72, 100)), [Inset("field", "Ada", (135, 98, 200, 112))], rules
    )

    assert [(word.text, word.box[0] >= 130) for word in filled] == [("Name", False), ("Ada", True)]


def test_names_that_programs_give_tell_nothing() -> None:
    for name in ("Text1", "Check Box 3", "undefined_2", "f2_11", "Textfeld 7", "文本12", "fill_3"):
        assert forms._TELLS_NOTHING.fullmatch(name), name
    for name in ("owner", "Name", "price", "Datum", "姓名", "IBAN"):
        assert not forms._TELLS_NOTHING.fullmatch(name), name


def test_what_is_printed_inside_a_field_stays_apart_from_its_value() -> None:
    field = Inset("field", "Ada Heat", (100, 96, 300, 112))
    filled = with_fields(words(("yours", 102, 98)), [field])

    assert [word.text for word in filled] == ["yours", "Ada Heat"]
    assert filled[1].box[1] >= filled[0].box[3]


def test_a_sentence_above_a_field_is_no_label() -> None:
    sentence = words(("Delivery", 100, 80), ("is", 143, 80), ("in", 156, 80), ("May.", 169, 80))
    filled = with_fields(sentence, [Inset("field", "Ada", (100, 92, 300, 106), "owner")])

    assert [word.text for word in filled] == ["Delivery", "is", "in", "May.", "owner: Ada"]


def test_more_words_beside_fields_than_are_looked_at_leave_values_to_their_names() -> None:
    many = words(*((f"w{n}", 10, n / 2) for n in range(1_500)))
    fields = [Inset("field", str(n), (400, 0, 500, 800), "owner") for n in range(2_000)]
    filled = with_fields(many, fields)

    assert [word.text for word in filled[1_500:1_502]] == ["owner: 0", "owner: 1"]
    assert len(filled) == 3_500


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_fields_of_a_page_that_is_shown_turned_go_to_their_labels(
    tmp_path: Path, turn: int
) -> None:
    fields = [
        widget((150, 695, 300, 712), "/FT /Tx /V (Ada Heat)"),
        widget((150, 597, 162, 609), f"/FT /Btn {BOX} /AS /Yes"),
    ]
    printed = [(72, 700, "Name"), (72, 600, "Winter tyres")]
    path = page_with(tmp_path / "a.pdf", printed, fields, page=f"/Rotate {turn}")

    assert text_of(path).split("\n\n") == ["Name: Ada Heat", "Winter tyres: ☒ yes"]
