"""The address behind a link of a PDF stands at the end of its paragraph, unless it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.pdf.annotations.links import links_of
from ingest.loaders.pdf.engines import PdfEngines
from ingest.loaders.pdf.insets import insets_of
from ingest.loaders.pdf.layout.joining import pieces_of
from ingest.loaders.pdf.page import Block, PrintedLine
from tests.helpers.pdf_annotations import Printed, page_with, text_of

TERMS = "https://glass.example.org/terms-2024.pdf"


def link(at: tuple[float, float, float, float], action: str, entries: str = "") -> str:
    rectangle = " ".join(map(str, at))
    return f"<</Subtype /Link /Rect [{rectangle}] {entries} /A <<{action}>> >>"


def to(address: str) -> str:
    return f"/S /URI /URI ({address})"


def read(tmp_path: Path, printed: list[Printed], *links: str, size: float = 10) -> str:
    return text_of(page_with(tmp_path / "a.pdf", printed, links, size=size))


def one(tmp_path: Path, text: str, action: str) -> str:
    """Return how a page reads whose one line is a link."""
    return read(tmp_path, [(72, 700, text)], link((70, 696, 550, 712), action))


# --- where an address stands ------------------------------------------------------------------


def test_an_address_stands_behind_its_paragraph(tmp_path: Path) -> None:
    printed: list[Printed] = [
        (72, 700, "All of the terms and the conditions of this offer are on our site, where you"),
        (72, 688, "can read them at any time."),
        (72, 650, "Delivery is in week 22."),
    ]
    first, second = read(tmp_path, printed, link((90, 697, 150, 709), to(TERMS))).split("\n\n")

    assert first.endswith(f"where you can read them at any time. ({TERMS})")
    assert second == "Delivery is in week 22."


def test_each_link_of_a_line_tells_its_address(tmp_path: Path) -> None:
    text = read(
        tmp_path,
        [(72, 700, "Terms"), (104, 700, "and"), (126, 700, "prices")],
        link((70, 697, 101, 709), to(TERMS)),
        link((124, 697, 156, 709), to("https://glass.example.org/prices")),
    )

    assert text == f"Terms and prices ({TERMS}) (https://glass.example.org/prices)"


def test_links_of_a_table_stay_in_their_rows(tmp_path: Path) -> None:
    across = [(72, y, 372, y) for y in (720, 700, 680, 660)]
    down = [(x, 660, x, 720) for x in (72, 222, 372)]
    printed = [
        (75, 705, "Part"),
        (225, 705, "Sheet"),
        (75, 685, "Valve"),
        (225, 685, "data"),
        (75, 665, "Gasket"),
        (225, 665, "data"),
    ]
    links = [
        link((224, 682, 260, 696), to("https://example.org/v")),
        link((224, 662, 260, 676), to("https://example.org/g")),
    ]
    path = page_with(tmp_path / "a.pdf", printed, links, lines=[*across, *down])

    assert text_of(path).replace("\t", " ").split("\n") == [
        "Part Sheet",
        "Valve data (https://example.org/v)",
        "Gasket data (https://example.org/g)",
    ]


# --- one link, one address --------------------------------------------------------------------


LONG: list[Printed] = [
    (300, 700, "Read the terms of the offer on our"),
    (72, 688, "site, which were last changed in May."),
]


def test_a_link_over_two_lines_tells_its_address_once(tmp_path: Path) -> None:
    parts = [link((299, 697, 460, 709), to(TERMS)), link((71, 685, 100, 697), to(TERMS))]

    assert read(tmp_path, LONG, *parts).count(TERMS) == 1


def test_a_link_of_two_quads_tells_its_address_once(tmp_path: Path) -> None:
    quads = "299 709 460 709 299 697 460 697 71 697 100 697 71 685 100 685"
    whole = link((71, 685, 460, 709), to(TERMS), f"/QuadPoints [{quads}]")

    assert read(tmp_path, LONG, whole).count(TERMS) == 1


def test_an_address_printed_over_two_lines_is_not_repeated(tmp_path: Path) -> None:
    printed: list[Printed] = [
        (72, 700, "You can read all of the terms at https://glass.example.org/"),
        (72, 688, "terms-2024.pdf whenever you like."),
    ]
    parts = [link((210, 697, 400, 709), to(TERMS)), link((71, 685, 140, 697), to(TERMS))]

    assert "(" not in read(tmp_path, printed, *parts)


def test_two_paragraphs_with_one_address_tell_it_both(tmp_path: Path) -> None:
    printed: list[Printed] = [(72, 700, "The terms."), (72, 600, "Again the terms.")]
    links = [link((70, 696, 150, 712), to(TERMS)), link((70, 596, 160, 612), to(TERMS))]

    assert read(tmp_path, printed, *links).count(TERMS) == 2


def test_a_link_that_the_file_has_twice_tells_its_address_once(tmp_path: Path) -> None:
    links = [link((70, 696, 150, 712), to(TERMS))] * 2

    assert read(tmp_path, [(72, 700, "The terms.")], *links).count(TERMS) == 1


def test_the_link_of_a_picture_stands_once_beside_the_nearest_line(tmp_path: Path) -> None:
    printed: list[Printed] = [(72, 700, "Glass and roofs."), (72, 300, "Far away.")]
    links = [link((72, y, 200, y + 40), to("https://glass.example.org/")) for y in (730, 500)]

    assert read(tmp_path, printed, *links).split("\n\n") == [
        "Glass and roofs. (https://glass.example.org/)",
        "Far away.",
    ]


# --- what is told -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://glass.example.org/terms", "https://glass.example.org/terms"),
        ("glass.example.org/terms", "https://www.glass.example.org/terms/"),
        ("See glass.example.org.", "http://glass.example.org"),
        ("ann@example.org", "mailto:ann@example.org"),
        ("+49 30 1234567", "tel:+49301234567"),
    ],
)
def test_a_text_that_shows_its_address_does_not_repeat_it(
    tmp_path: Path, text: str, address: str
) -> None:
    assert one(tmp_path, text, to(address)) == text


def test_a_line_of_chinese_that_shows_the_address_does_not_repeat_it(tmp_path: Path) -> None:
    printed: list[Printed] = [(72, 700, "条款见https://glass.example.org/terms的说明")]

    assert "(" not in read(
        tmp_path, printed, link((105, 697, 240, 712), to("https://glass.example.org/terms"))
    )


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (to("mailto:ann@example.org?subject=Hi"), " (ann@example.org)"),
        (to("tel:+4930123"), " (+4930123)"),
        (to("https://example.org/%E6%9D%A1"), " (https://example.org/条)"),
        ("/S /GoToR /F (../offers/terms 2024.pdf) /D [0 /Fit]", " (terms 2024.pdf)"),
        ("/S /GoToR /F <</Type /Filespec /F (t.pdf) /UF (terms.pdf)>>", " (terms.pdf)"),
        ("/S /Launch /Win <</F (C:\\\\Users\\\\ann\\\\prices.xlsx)>>", " (prices.xlsx)"),
        (to("file:///C:/Users/ann/price%20list.xlsx"), " (price list.xlsx)"),
        (f"/S /Named /N /Print /Next <<{to(TERMS)}>>", f" ({TERMS})"),
    ],
)
def test_other_ways_to_lead_out_are_told(tmp_path: Path, action: str, told: str) -> None:
    assert one(tmp_path, "Read this", action) == f"Read this{told}"


@pytest.mark.parametrize(
    "action",
    [
        "/S /GoTo /D [0 /Fit]",
        to("javascript:alert\\(1\\)"),
        to("JavaScript:alert\\(1\\)"),
        to("java script:alert\\(1\\)"),
        to("data:text/html,x"),
        to("chapter-2.html"),
        to("\\#top"),
        "/S /JavaScript /JS (app.alert\\(1\\))",
        "/S /URI",
        "/S /URI /URI [1 2]",
        "/S /GoToR",
        "/S /Named /N /NextPage",
    ],
)
def test_what_leads_nowhere_outside_is_not_told(tmp_path: Path, action: str) -> None:
    assert one(tmp_path, "Read this", action) == "Read this"


def test_a_hidden_link_is_not_told(tmp_path: Path) -> None:
    hidden = link((70, 696, 550, 712), to(TERMS), "/F 2")

    assert read(tmp_path, [(72, 700, "Read this")], hidden) == "Read this"


# --- engines and damage -----------------------------------------------------------------------


def test_both_engines_tell_the_same_links(tmp_path: Path) -> None:
    quads = "299 709 460 709 299 697 460 697 71 697 100 697 71 685 100 685"
    links = [
        link((71, 685, 460, 709), to(TERMS), f"/QuadPoints [{quads}]"),
        link((71, 585, 460, 609), "/S /Launch /F (prices.xlsx)"),
    ]
    engines = PdfEngines.open(page_with(tmp_path / "a.pdf", LONG, links), ())
    try:
        both = insets_of(engines, 0)
        engines.pypdf = None
        again = insets_of(engines, 0)
    finally:
        engines.close()

    assert [inset.text for inset in both] == [TERMS, TERMS, "prices.xlsx"]
    assert [inset.text for inset in again] == [inset.text for inset in both]


def test_actions_in_a_circle_end() -> None:
    action: dict[str, object] = {"/S": "/Named"}
    action["/Next"] = action
    circle = {"/Subtype": "/Link", "/Rect": [0, 0, 9, 9], "/A": action}

    assert not list(links_of([circle], lambda x, y: (x, y)))


def test_thousands_of_links_are_placed_in_bounded_work(tmp_path: Path) -> None:
    printed: list[Printed] = [(72, 780 - 12 * n, "Read this " * 8) for n in range(60)]
    links = [link((70, 696, 550, 712), to(f"https://example.org/{n}")) for n in range(2_000)]

    assert "https://example.org/7" in read(tmp_path, printed, *links)


# --- paragraphs that go on --------------------------------------------------------------------


def block(*lines: PrintedLine) -> Block:
    return Block("text", lines, (0, 0, 100, 10 * len(lines)), apart=False)


def line(text: str, *, runs_on: bool = False, after: str = "", note: str = "") -> PrintedLine:
    return PrintedLine(text, (0, 0, 100, 10), runs_on, after, (note,) if note else ())


def joined(*blocks: Block, below: Block | None = None) -> str:
    pieces = pieces_of(blocks, (), None, below)
    return "".join(piece.separator * bool(at) + piece.text for at, piece in enumerate(pieces))


def test_a_paragraph_that_goes_on_in_the_next_column_tells_its_links_at_its_end() -> None:
    column = block(
        line("Read our", runs_on=True), line("exam-", runs_on=True, after=" (a)", note="N")
    )
    following = block(line("ples here."), line("Next."))

    assert joined(column, following) == "Read our examples here. (a)\n\nN\n\nNext."


def test_a_paragraph_that_goes_on_on_the_next_page_is_not_parted_by_its_links() -> None:
    page = block(
        line("Read our", runs_on=True), line("exam-", runs_on=True, after=" (a)", note="N")
    )

    assert joined(page, below=block(line("ples here."))) == "N\n\nRead our (a) exam"


def test_a_sentence_over_lines_that_are_kept_is_not_parted_by_its_links() -> None:
    kept = block(line("The cache on", after=" (a)"), line("disk is slow.", after=" (b)"))

    assert joined(kept) == "The cache on\ndisk is slow. (a) (b)"
