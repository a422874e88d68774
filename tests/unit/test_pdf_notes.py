"""Notes of PDF are paragraphs behind the one that they are on, each once, with their authors."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest.loaders.pdf.annotations.notes import notes_of
from ingest.loaders.pdf.engines import PdfEngines
from ingest.loaders.pdf.insets import insets_of, written
from tests.helpers.pdf_annotations import Printed, page_with, text_of, wide

FIRST_PARAGRAPH = "Quote for the greenhouse roof: 18,400 euros."
SECOND_PARAGRAPH = "Delivery is in week 22."
PRINTED: list[Printed] = [(72, 700, FIRST_PARAGRAPH), (72, 640, SECOND_PARAGRAPH)]


def read(tmp_path: Path, *notes: str, objects: dict[int, str] | None = None) -> list[str]:
    """Return the paragraphs of a page of two paragraphs with notes on it."""
    path = page_with(tmp_path / "a.pdf", PRINTED, notes, objects)
    return text_of(path).split("\n\n")


def on_first(subtype: str, entries: str) -> str:
    return f"<</Subtype /{subtype} /Rect [72 698 280 712] {entries}>>"


@pytest.mark.parametrize(
    "subtype",
    [
        "Text",
        "Highlight",
        "Underline",
        "StrikeOut",
        "Squiggly",
        "Caret",
        "Stamp",
        "Ink",
        "Line",
        "Square",
        "Circle",
        "Polygon",
        "PolyLine",
        "FileAttachment",
    ],
)
def test_every_kind_of_note_stands_behind_its_paragraph(tmp_path: Path, subtype: str) -> None:
    assert read(tmp_path, on_first(subtype, "/Contents (Haggled down by phone.)")) == [
        FIRST_PARAGRAPH,
        "Haggled down by phone.",
        SECOND_PARAGRAPH,
    ]


def test_a_note_in_the_margin_belongs_to_the_line_beside_it(tmp_path: Path) -> None:
    note = "<</Subtype /Text /Rect [520 690 540 710] /Contents (Ask Signe.)>>"

    assert read(tmp_path, note)[:2] == [FIRST_PARAGRAPH, "Ask Signe."]


def test_a_note_names_its_author(tmp_path: Path) -> None:
    note = on_first("Highlight", f"/T {wide('王芳')} /Contents (Too dear.)")

    assert read(tmp_path, note)[1] == "王芳: Too dear."


def test_the_day_behind_an_author_is_no_part_of_the_name(tmp_path: Path) -> None:
    note = on_first("Text", "/T (Ada Heat, 05/12/2024, 10:15) /Contents (Too dear.)")

    assert read(tmp_path, note)[1] == "Ada Heat: Too dear."


def test_replies_follow_what_they_answer(tmp_path: Path) -> None:
    notes = [
        on_first("Text", "/T (Bo) /IRT 102 0 R /Contents (It is not.)"),
        on_first("Text", "/T (Cy) /IRT 100 0 R /Contents (Let us ask.)"),
        on_first("Highlight", "/T (Ada) /Contents (Too dear.)"),
    ]

    assert read(tmp_path, *notes)[1].split("\n") == [
        "Ada: Too dear.",
        "Bo: It is not.",
        "Cy: Let us ask.",
    ]


def test_replies_in_a_circle_end(tmp_path: Path) -> None:
    notes = [
        on_first("Text", "/IRT 101 0 R /Contents (One.)"),
        on_first("Text", "/IRT 100 0 R /Contents (Two.)"),
    ]

    text = "\n".join(read(tmp_path, *notes))
    assert text.count("One.") == text.count("Two.") == 1


def test_a_note_that_its_program_repeats_is_read_once(tmp_path: Path) -> None:
    notes = [
        on_first("Caret", "/Contents (euros net) /Popup 300 0 R"),
        on_first("StrikeOut", "/IRT 100 0 R /RT /Group /Contents (euros net)"),
        "<</Subtype /Popup /Parent 100 0 R /Rect [300 600 400 700] /Contents (euros net)>>",
    ]

    assert "\n".join(read(tmp_path, *notes)).count("euros net") == 1


def test_a_state_of_a_note_is_no_note(tmp_path: Path) -> None:
    notes = [
        on_first("Text", "/Contents (Too dear.)"),
        on_first("Text", "/IRT 100 0 R /StateModel (Review) /State (Accepted) /Contents (done)"),
    ]

    assert read(tmp_path, *notes)[1] == "Too dear."


def test_rich_text_is_read_where_there_is_no_plain_one(tmp_path: Path) -> None:
    note = on_first("Text", "/RC (<body><p>Too <i>dear</i>.</p></body>)")

    assert read(tmp_path, note)[1] == "Too dear."


def test_a_mark_without_words_gives_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, on_first("Highlight", "/T (Ada)")) == [FIRST_PARAGRAPH, SECOND_PARAGRAPH]


def test_a_mark_that_repeats_the_marked_words_gives_nothing(tmp_path: Path) -> None:
    note = on_first("Highlight", "/Contents (the greenhouse roof)")

    assert read(tmp_path, note) == [FIRST_PARAGRAPH, SECOND_PARAGRAPH]


def test_a_short_note_that_its_paragraph_holds_by_chance_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, on_first("Highlight", "/Contents (green)"))[1] == "green"


def test_a_mark_over_lines_belongs_to_the_last_of_them(tmp_path: Path) -> None:
    quads = "72 712 280 712 72 698 280 698 72 652 180 652 72 638 180 638"
    note = f"<</Subtype /Highlight /Rect [72 638 280 712] /QuadPoints [{quads}] /Contents (Why?)>>"

    assert read(tmp_path, note) == [FIRST_PARAGRAPH, SECOND_PARAGRAPH, "Why?"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("NotApproved", ["Not Approved"]), ("SBApproved", ["Approved"]), ("Smiley12", [])],
)
def test_a_stamp_says_what_its_name_draws(tmp_path: Path, name: str, told: list[str]) -> None:
    assert read(tmp_path, on_first("Stamp", f"/Name /{name}")) == [
        FIRST_PARAGRAPH,
        *told,
        SECOND_PARAGRAPH,
    ]


def test_hidden_notes_are_not_read(tmp_path: Path) -> None:
    assert read(tmp_path, on_first("Text", "/F 2 /Contents (secret)")) == [
        FIRST_PARAGRAPH,
        SECOND_PARAGRAPH,
    ]


def test_a_note_on_a_table_follows_the_table(tmp_path: Path) -> None:
    across = [(72, y, 372, y) for y in (720, 700, 680)]
    down = [(x, 680, x, 720) for x in (72, 222, 372)]
    printed = [(75, 705, "Part"), (225, 705, "Count"), (75, 685, "Valve"), (225, 685, "12")]
    note = "<</Subtype /Text /Rect [226 684 240 698] /Contents (Count again.)>>"
    path = page_with(tmp_path / "a.pdf", printed, [note], lines=[*across, *down])

    assert text_of(path).replace("\t", " ") == "Part Count\nValve 12\n\nCount again."


# --- text typed over a page -------------------------------------------------------------------


def typed(rect: str, entries: str) -> str:
    return f"<</Subtype /FreeText /Rect [{rect}] /DA (/Helv 10 Tf) {entries}>>"


def test_text_typed_on_a_form_stands_behind_its_label(tmp_path: Path) -> None:
    path = page_with(
        tmp_path / "a.pdf",
        [(72, 700, "Name:"), (72, 680, "Town:")],
        [
            typed("110 697 200 711", "/Contents (Ada Heat) /T (Bo)"),
            typed("110 677 200 691", "/Contents (Oslo)"),
        ],
    )

    assert text_of(path).replace("\t", " ").split("\n") == ["Name: Ada Heat", "Town: Oslo"]


def test_text_typed_between_paragraphs_is_read_once_where_it_stands(tmp_path: Path) -> None:
    assert read(tmp_path, typed("72 668 300 682", "/Contents (APPROVED by the board)")) == [
        FIRST_PARAGRAPH,
        "APPROVED by the board",
        SECOND_PARAGRAPH,
    ]


def test_text_typed_over_a_paragraph_becomes_a_note_on_it(tmp_path: Path) -> None:
    note = typed("72 690 280 715", "/Contents (This is wrong.) /T (Ada)")

    assert read(tmp_path, note) == [FIRST_PARAGRAPH, "Ada: This is wrong.", SECOND_PARAGRAPH]


def test_text_typed_that_the_page_prints_too_is_read_once(tmp_path: Path) -> None:
    note = typed("72 638 280 652", f"/Contents ({SECOND_PARAGRAPH})")

    assert read(tmp_path, note) == [FIRST_PARAGRAPH, SECOND_PARAGRAPH]


def test_a_callout_is_a_note(tmp_path: Path) -> None:
    note = typed("300 690 500 715", "/IT /FreeTextCallout /Contents (Ask again.)")

    assert read(tmp_path, note) == [FIRST_PARAGRAPH, "Ask again.", SECOND_PARAGRAPH]


# --- engines and damage -----------------------------------------------------------------------


def test_a_page_of_nothing_but_notes_is_read(tmp_path: Path) -> None:
    path = page_with(tmp_path / "a.pdf", [], [on_first("Text", "/T (Ada) /Contents (See over.)")])

    assert text_of(path) == "Ada: See over."


def test_both_engines_tell_the_same_notes(tmp_path: Path) -> None:
    path = page_with(
        tmp_path / "a.pdf",
        PRINTED,
        [
            on_first(
                "Highlight",
                "/T (Ada) /Contents (Too dear.) /QuadPoints [72 712 280 712 72 698 280 698]",
            ),
            typed("72 668 300 682", f"/Contents {wide('已批准')}"),
            on_first("Stamp", "/Name /Draft"),
        ],
    )
    engines = PdfEngines.open(path, ())
    try:
        both = insets_of(engines, 0)
        engines.pypdf = None
        again = insets_of(engines, 0)
    finally:
        engines.close()

    assert written(both) == written(again) == ["Ada: Too dear.", "已批准", "Draft"]
    for one, other in zip(both, again, strict=True):
        assert one.box == pytest.approx(other.box, abs=0.1)


@pytest.mark.parametrize(
    "broken",
    [
        "<</Subtype /Text /Contents (no place)>>",
        "<</Subtype /Text /Rect [0 0 1] /Contents (x)>>",
        "<</Subtype /Highlight /Rect [1 1 5 5] /QuadPoints [(a)] /Contents 7>>",
        "<</Subtype /Text /Rect [1 1 5 5] /Contents [(x)] /IRT 5 /T 7>>",
        "<</Subtype 5 /Rect [1 1 5 5] /Contents (x)>>",
        "null",
    ],
)
def test_a_broken_note_costs_itself_alone(tmp_path: Path, broken: str) -> None:
    paragraphs = read(tmp_path, broken, on_first("Text", "/Contents (Ask Signe.)"))

    assert paragraphs[:2] == [FIRST_PARAGRAPH, "Ask Signe."]


def test_thousands_of_replies_to_each_other_end() -> None:
    chain: list[dict[str, object]] = []
    for number in range(3_000):
        note: dict[str, object] = {
            "/Subtype": "/Text",
            "/Rect": [72, 698, 280, 712],
            "/Contents": str(number),
        }
        if chain:
            note["/IRT"] = chain[-1]
        chain.append(note)

    said = "\n".join(inset.text for inset in notes_of(chain, lambda x, y: (x, -y), {}))
    assert len(said.split()) == 3_000


def test_a_note_on_a_running_title_is_read_though_the_title_is_not_repeated(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=(595, 842))
    for number in range(5):
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 810, "Yearly report of the harbour office")
        for line in range(12):
            canvas.drawString(72, 700 - 14 * line, f"Ship {number}-{line} came with {line} masts.")
        if number == 3:
            canvas.textAnnotation("Which year?", Rect=[72, 805, 92, 825])
        canvas.showPage()
    canvas.save()

    text = text_of(path)
    assert text.count("Yearly report") == 1
    assert text.count("Which year?") == 1


# --- what annotations only draw ---------------------------------------------------------------


def drawing(*lines: str) -> str:
    content = "BT /F1 9 Tf 2 22 Td 11 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    font = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    return (
        f"<</Type /XObject /Subtype /Form /BBox [0 0 200 34] /Resources <</Font <</F1 {font}>> >> "
        f"/Length {len(content)}>>\nstream\n{content}\nendstream"
    )


def test_a_stamp_without_a_text_says_what_it_draws(tmp_path: Path) -> None:
    stamp = "<</Subtype /Stamp /Rect [72 690 272 724] /Name /Draft /AP <</N 200 0 R>> >>"

    assert read(tmp_path, stamp, objects={200: drawing("RECEIVED", "12 May 2024")}) == [
        FIRST_PARAGRAPH,
        "RECEIVED\n12 May 2024",
        SECOND_PARAGRAPH,
    ]


def test_a_stamp_with_a_text_does_not_say_what_it_draws(tmp_path: Path) -> None:
    stamp = on_first("Stamp", "/Contents (Received) /AP <</N 200 0 R>>")

    assert read(tmp_path, stamp, objects={200: drawing("RECEIVED")})[1] == "Received"


def test_a_signature_without_a_name_says_what_it_draws(tmp_path: Path) -> None:
    drawn = "<</Subtype /Widget /FT /Sig /T (approval) /AP <</N 200 0 R>>"
    field = f"{drawn} /V <</Type /Sig /Contents <00>>> /Rect [72 600 272 634]>>"
    empty = f"{drawn} /Rect [72 500 272 534]>>"
    text = "\n".join(read(tmp_path, field, empty, objects={200: drawing("Signed by Ada Heat")}))

    assert "approval: Signed by Ada Heat" in text
    assert text.count("Ada Heat") == 1


def test_drawings_beside_each_other_are_told_apart(tmp_path: Path) -> None:
    stamps = [
        "<</Subtype /Stamp /Rect [72 600 272 634] /AP <</N 200 0 R>> >>",
        "<</Subtype /Stamp /Rect [300 600 500 634] /AP <</N 201 0 R>> >>",
        "<</Subtype /Square /Rect [72 600 272 634] /AP <</N 202 0 R>> >>",
    ]
    objects = {200: drawing("ONE"), 201: drawing("TWO"), 202: drawing("THREE")}

    assert read(tmp_path, *stamps[:2], objects=objects)[2:] == ["ONE", "TWO"]


@pytest.mark.parametrize(
    "look", ["5", "<</N 999 0 R>>", "<</N <</On 200 0 R>> >>", "<</N 203 0 R>>"]
)
def test_a_broken_drawing_costs_itself_alone(tmp_path: Path, look: str) -> None:
    stamps = [
        f"<</Subtype /Stamp /Rect [300 600 500 634] /AP {look}>>",
        "<</Subtype /Stamp /Rect [72 600 272 634] /AP <</N 200 0 R>> >>",
    ]
    own = "<</Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources <</XObject <</A 203 0 R>> >> "
    objects = {200: drawing("ONE"), 203: f"{own} /Length 5>>\nstream\n/A Do\nendstream"}

    assert "ONE" in read(tmp_path, *stamps, objects=objects)


def test_a_page_of_more_text_in_notes_than_is_read_tells_the_first(tmp_path: Path) -> None:
    notes = [
        on_first("Text", "/Contents (The first.)"),
        *[on_first("Text", "/RC 200 0 R") for _ in range(40)],
        on_first("Text", "/Contents (The last.)"),
    ]

    paragraphs = read(tmp_path, *notes, objects={200: f"({'<b></b>' * 14_000})"})
    assert paragraphs == [FIRST_PARAGRAPH, "The first.", SECOND_PARAGRAPH]
