"""DOCX: signs of symbol fonts, form fields, links and alternative text, as Word shows them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from word import paragraph, part, read_docx, run

from ingest.loaders.symbols import sign, symbol_font

SYMBOL = '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'


def sym(font: str, code: str) -> str:
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def text_of(tmp_path: Path, *blocks: str, **parts: bytes) -> str:
    named = {f"word/{name}.xml": data for name, data in parts.items()}
    relations = {f"r{name}": (name, f"{name}.xml") for name in parts}
    return read_docx(tmp_path, "".join(blocks), relations=relations, parts=named).text


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Symbol", "F06D", "µ"),
        ("Symbol", "006D", "µ"),
        ("symbol", "F0A3", "≤"),
        ("Symbol", "F0B0", "°"),
        ("Symbol", "F0AE", "→"),
        ("Symbol", "F057", "Ω"),
        ("Symbol", "F0B1", "±"),
        ("Wingdings", "F0E0", "→"),
        ("Wingdings", "F0FC", "✓"),
        ("Wingdings", "F0FE", "☑"),
        ("Wingdings", "F0A8", "☐"),
        ("Wingdings", "F028", "🕿"),
        ("Wingdings 2", "F052", "☑"),
        ("Wingdings 2", "F0A3", "☐"),
        ("Wingdings 3", "F067", "→"),
        ("Webdings", "F061", "✔"),
        ("Arial", "2265", "≥"),
    ],
)
def test_a_sign_of_a_symbol_font_is_the_character_that_word_shows(
    tmp_path: Path, font: str, code: str, shown: str
) -> None:
    assert text_of(tmp_path, paragraph(run("5 ") + sym(font, code) + run("g"))) == f"5 {shown}g"


def test_every_sign_of_every_symbol_font_is_a_character_of_its_own() -> None:
    for name, least in (
        ("Symbol", 188),
        ("Wingdings", 222),
        ("Wingdings 2", 216),
        ("Wingdings 3", 207),
        ("Webdings", 222),
    ):
        font = symbol_font(name)
        found = [sign(font, 0xF000 + code) for code in range(0x21, 0x100)]
        shown = [each for each in found if each]
        assert len(shown) >= least, name
        assert all(len(each) == 1 and unicodedata.category(each) != "Co" for each in shown), name
        assert sign(font, 0xF020) == " "


def test_a_run_set_in_a_symbol_font_is_read_as_its_signs(tmp_path: Path) -> None:
    assert text_of(tmp_path, paragraph(run("5 ") + run("m", SYMBOL) + run("g"))) == "5 µg"
    assert text_of(tmp_path, paragraph(run("at \uf0a3 40 \uf0b0", SYMBOL) + run("C"))) == (
        "ατ ≤ 40 °C"
    )
    tick = run("\u00fc", '<w:rFonts w:ascii="Arial" w:hAnsi="Wingdings"/>')
    assert text_of(tmp_path, paragraph(tick + run(" done"))) == "✓ done"


def test_an_ordinary_font_and_a_theme_keep_letters_as_they_are(tmp_path: Path) -> None:
    arial = run("mm", '<w:rFonts w:ascii="Arial" w:hAnsi="Arial"/>')
    theme = run("mm", '<w:rFonts w:ascii="Symbol" w:asciiTheme="minorHAnsi"/>')
    assert text_of(tmp_path, paragraph(arial + theme)) == "mmmm"


def test_a_style_may_set_its_text_in_a_symbol_font(tmp_path: Path) -> None:
    styles = part(
        "styles",
        f'<w:style w:type="character" w:styleId="Greek"><w:rPr>{SYMBOL}</w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Sub"><w:basedOn w:val="Greek"/></w:style>'
        f'<w:style w:type="paragraph" w:styleId="Signs"><w:rPr>{SYMBOL}</w:rPr></w:style>',
    )
    by_run = paragraph(run("m", '<w:rStyle w:val="Sub"/>') + run("g"))
    by_paragraph = paragraph(
        run("m") + run("g", '<w:rFonts w:ascii="Arial"/>'), '<w:pStyle w:val="Signs"/>'
    )
    assert text_of(tmp_path, by_run, by_paragraph, styles=styles) == "µg\n\nµg"


def test_a_sign_that_nobody_knows_is_counted(tmp_path: Path) -> None:
    document = read_docx(tmp_path, paragraph(run("a") + sym("MT Extra", "F04C")))
    (notice,) = document.notices
    assert (notice.code, dict(notice.values)) == ("signs_not_read", {"signs": 1})


def test_boxes_and_ticks_before_list_items_are_kept(tmp_path: Path) -> None:
    levels = "".join(
        f'<w:abstractNum w:abstractNumId="{at}"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
        f'<w:lvlText w:val="{text}"/><w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr>'
        "</w:lvl></w:abstractNum>"
        for at, (text, font) in enumerate(
            (("\uf0fe", "Wingdings"), ("\uf0a8", "Wingdings"), ("\uf0b7", "Symbol"))
        )
    )
    lists = "".join(
        f'<w:num w:numId="{at + 1}"><w:abstractNumId w:val="{at}"/></w:num>' for at in range(3)
    )
    items = (
        paragraph(run(text), f'<w:numPr><w:numId w:val="{at}"/></w:numPr>')
        for at, text in ((1, "passport"), (2, "visa"), (3, "ticket"))
    )
    text = text_of(tmp_path, *items, numbering=part("numbering", levels + lists))
    assert text == "☑ passport\n☐ visa\n- ticket"


# -- forms -----------------------------------------------------------------------------------


def field(instruction: str, result: str | None = None, form: str = "") -> str:
    form = f"<w:ffData>{form}</w:ffData>" if form else ""
    shown = "" if result is None else '<w:r><w:fldChar w:fldCharType="separate"/></w:r>' + result
    return (
        f'<w:r><w:fldChar w:fldCharType="begin">{form}</w:fldChar></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>{shown}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ('<w:default w:val="0"/><w:checked/>', "☒"),
        ('<w:default w:val="0"/><w:checked w:val="1"/>', "☒"),
        ('<w:default w:val="1"/><w:checked w:val="0"/>', "☐"),
        ('<w:default w:val="1"/>', "☒"),
        ('<w:default w:val="0"/>', "☐"),
        ("", "☐"),
    ],
)
def test_a_legacy_check_box_shows_whether_it_is_checked(
    tmp_path: Path, inner: str, shown: str
) -> None:
    for result in (None, "", run("\uf0fe")):
        box = field("FORMCHECKBOX", result, f"<w:checkBox>{inner}</w:checkBox>")
        assert text_of(tmp_path, paragraph(box + run(" latex"))) == f"{shown} latex"


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ('<w:result w:val="2"/>', "Utrecht"),
        ('<w:default w:val="1"/>', "Linz"),
        ('<w:result w:val="0"/><w:default w:val="1"/>', "Bremen"),
        ("", "Bremen"),
        ('<w:result w:val="99"/>', ""),
    ],
)
def test_a_legacy_drop_down_shows_the_chosen_entry(tmp_path: Path, inner: str, shown: str) -> None:
    entries = "".join(f'<w:listEntry w:val="{each}"/>' for each in ("Bremen", "Linz", "Utrecht"))
    for result in (None, run("stale")):
        chosen = field("FORMDROPDOWN", result, f"<w:ddList>{inner}{entries}</w:ddList>")
        assert text_of(tmp_path, paragraph(run("Site: ") + chosen)) == f"Site: {shown}".strip()


def test_a_legacy_text_field_shows_what_was_typed_else_what_it_is_preset_to(
    tmp_path: Path,
) -> None:
    preset = '<w:textInput><w:default w:val="Mustermann"/></w:textInput>'
    typed = field("FORMTEXT", run("Weber"), preset)
    assert text_of(tmp_path, paragraph(run("Name: ") + typed)) == "Name: Weber"
    untouched = field("FORMTEXT", None, preset)
    assert text_of(tmp_path, paragraph(run("Name: ") + untouched)) == "Name: Mustermann"
    emptied = field("FORMTEXT", run("\u2002"), preset)
    assert text_of(tmp_path, paragraph(run("Name: ") + emptied)) == "Name:"


def control(state: str, content: str) -> str:
    box = f"<w14:checkbox>{state}</w14:checkbox>"
    inside = f"<w:sdtContent>{content}</w:sdtContent>"
    return f"<w:sdt><w:sdtPr>{box}</w:sdtPr>{inside}</w:sdt>"


@pytest.mark.parametrize(
    ("state", "content", "shown"),
    [
        ('<w14:checked w14:val="1"/>', run("☒"), "☒"),
        ('<w14:checked w14:val="0"/>', run("☐"), "☐"),
        ('<w14:checked w14:val="1"/>', sym("Wingdings", "F0FE"), "☑"),
        ('<w14:checked w14:val="1"/>', "", "☒"),
        ('<w14:checked w14:val="0"/>', run("\uf111"), "☐"),
    ],
)
def test_a_modern_check_box_shows_its_sign_or_at_least_its_state(
    tmp_path: Path, state: str, content: str, shown: str
) -> None:
    body = paragraph(control(state, content) + run(" vegan"))
    assert text_of(tmp_path, body) == f"{shown} vegan"


def test_a_modern_drop_down_shows_the_chosen_entry_and_not_the_others(tmp_path: Path) -> None:
    entries = "".join(
        f'<w:listItem w:displayText="{each}" w:value="{each}"/>' for each in ("Linz", "Utrecht")
    )
    chosen = (
        f"<w:sdt><w:sdtPr><w:dropDownList>{entries}</w:dropDownList></w:sdtPr>"
        f"<w:sdtContent>{run('Utrecht')}</w:sdtContent></w:sdt>"
    )
    assert text_of(tmp_path, paragraph(run("Site: ") + chosen)) == "Site: Utrecht"


@pytest.mark.parametrize(
    ("instruction", "shown"),
    [
        (r"SYMBOL 109 \f Symbol \s 10", "µ"),
        (r'SYMBOL 0xFE \f "Wingdings"', "☑"),
        (r"SYMBOL 8804 \u", "≤"),
        (r"SYMBOL 176", "°"),
        (r"SYMBOL 99999999", ""),
        (r"SYMBOL 55296 \u", ""),
        ("MACROBUTTON NoMacro [Click here and type a name]", "[Click here and type a name]"),
        (r"eq \o\ac(○,3)", "③"),
        (r"EQ \o\ac(□,印)", "印"),
        (r"EQ \* jc2 \* hps10 \o\ad(\s\up 9(とう),東)", "東(とう)"),
        (r"EQ \f(1,2)", "1/2"),
        (r"EQ \r(3,x)", "3 x"),
        ("PAGE", ""),
    ],
)
def test_a_field_without_a_result_shows_what_its_instruction_draws(
    tmp_path: Path, instruction: str, shown: str
) -> None:
    text = text_of(tmp_path, paragraph(run("a") + field(instruction) + run("b")))
    assert text == f"a{shown}b"


def test_signs_in_diagrams_are_read_by_their_font(tmp_path: Path) -> None:
    space = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    letters = "".join(
        f'<a:r><a:rPr><a:{kind} typeface="{font}"/></a:rPr><a:t>{text}</a:t></a:r>'
        for kind, font, text in (
            ("latin", "Symbol", "m"),
            ("latin", "Arial", "g "),
            ("sym", "Wingdings", "to \uf0e0"),
        )
    )
    diagram = (
        f'<d:dataModel xmlns:d="{space}"'
        ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f"<d:ptLst><d:pt><d:t><a:p>{letters}</a:p></d:t></d:pt></d:ptLst></d:dataModel>"
    )
    ids = f'<d:relIds xmlns:d="{space}" r:dm="rD"/>'
    document = read_docx(
        tmp_path,
        paragraph(f"<w:r><w:drawing>{ids}</w:drawing></w:r>"),
        relations={"rD": ("diagramData", "diagrams/data1.xml")},
        parts={"word/diagrams/data1.xml": diagram.encode()},
    )
    assert document.text == "µg to →"


def test_a_field_inside_an_instruction_is_not_shown(tmp_path: Path) -> None:
    inner = field("MERGEFIELD Sex", run("f"))
    outer = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF </w:instrText></w:r>'
        f'{inner}<w:r><w:instrText> = "f" "Ms" "Mr"</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("Ms")}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    assert text_of(tmp_path, paragraph(run("Dear ") + outer + run(" Weber"))) == "Dear Ms Weber"


def test_fields_in_absurd_number_inside_one_another_keep_their_text(tmp_path: Path) -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    body = paragraph(begin * 20_000 + run("kept") + end * 20_000 + run(" after"))
    assert text_of(tmp_path, body) == "kept after"


# -- links -----------------------------------------------------------------------------------

PRICES = "https://example.org/prices"


def linked(tmp_path: Path, *inner: str, properties: str = "", address: str = PRICES) -> str:
    body = paragraph("".join(inner), properties)
    return read_docx(tmp_path, body, relations={"rL": ("hyperlink", address)}).text


def test_the_address_of_a_link_follows_its_text(tmp_path: Path) -> None:
    link = f'<w:hyperlink r:id="rL">{run("our prices ")}</w:hyperlink>'
    text = linked(tmp_path, run("See "), link, run("for details."))
    assert text == f"See our prices ({PRICES}) for details."


def test_a_link_cut_into_pieces_says_its_address_once(tmp_path: Path) -> None:
    pieces = "".join(
        f'<w:hyperlink r:id="rL">{run(each)}</w:hyperlink>' for each in ("our ", "prices ", "now ")
    )
    assert linked(tmp_path, pieces, run("here")) == f"our prices now ({PRICES}) here"


def test_a_link_that_shows_its_address_or_stays_inside_adds_nothing(tmp_path: Path) -> None:
    shown = f'<w:hyperlink r:id="rL">{run("example.org/prices")}</w:hyperlink>'
    inside = f'<w:hyperlink w:anchor="_Toc1">{run("chapter 1")}</w:hyperlink>'
    assert linked(tmp_path, shown, run(", "), inside) == "example.org/prices, chapter 1"


@pytest.mark.parametrize(
    ("instruction", "shown"),
    [
        (f'HYPERLINK "{PRICES}"', f" ({PRICES})"),
        (f'HYPERLINK "{PRICES}" \\l "tea" \\o "a tip"', f" ({PRICES}#tea)"),
        (f"hyperlink {PRICES}", f" ({PRICES})"),
        ('HYPERLINK "file:///C:\\\\docs\\\\a b.pdf"', r" (file:///C:\docs\a b.pdf)"),
        ('HYPERLINK \\l "_Toc1"', ""),
        ("HYPERLINK", ""),
        ("REF Mark", ""),
    ],
)
def test_links_made_as_fields_say_their_address(
    tmp_path: Path, instruction: str, shown: str
) -> None:
    quoted = instruction.replace('"', "&quot;")
    simple = f'<w:fldSimple w:instr="{quoted}">{run("prices")}</w:fldSimple>'
    for link in (field(instruction, run("prices")), simple):
        assert linked(tmp_path, link, run(" end")) == f"prices{shown} end"


def test_a_heading_stays_short_and_its_address_stands_below(tmp_path: Path) -> None:
    link = f'<w:hyperlink r:id="rL">{run("Prices")}</w:hyperlink>'
    body = paragraph(link, '<w:outlineLvl w:val="0"/>')
    document = read_docx(tmp_path, body, relations={"rL": ("hyperlink", PRICES)})
    assert document.text == f"Prices\n\n({PRICES})"
    assert document.sections[0].heading_path == ("Prices",)


def test_links_in_notes_and_margins_lead_where_their_own_part_says(tmp_path: Path) -> None:
    link = f'<w:hyperlink r:id="rL">{run("there")}</w:hyperlink>'
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rL" Type="x/hyperlink" Target="https://example.org/{}"'
        ' TargetMode="External"/></Relationships>'
    )
    document = read_docx(
        tmp_path,
        paragraph(run("Body.") + '<w:r><w:footnoteReference w:id="2"/></w:r>'),
        relations={
            "rL": ("hyperlink", "https://example.org/body"),
            "rH": ("header", "header1.xml"),
            "rF": ("footnotes", "footnotes.xml"),
        },
        parts={
            "word/header1.xml": part("hdr", paragraph(link)),
            "word/_rels/header1.xml.rels": relation.format("header").encode(),
            "word/footnotes.xml": part(
                "footnotes", f'<w:footnote w:id="2">{paragraph(link)}</w:footnote>'
            ),
            "word/_rels/footnotes.xml.rels": relation.format("note").encode(),
        },
    )
    assert document.text == (
        "there (https://example.org/header)\n\nBody.\n\nthere (https://example.org/note)"
    )


# -- alternative text ------------------------------------------------------------------------


def drawing(properties: str, *, kind: str = "inline", inner: str = "<pic:pic/>") -> str:
    data = f"<a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic>"
    return f"<w:r><w:drawing><wp:{kind}>{properties}{data}</wp:{kind}></w:drawing></w:r>"


def test_the_alternative_text_of_a_picture_is_read_where_it_stands(tmp_path: Path) -> None:
    icon = drawing('<wp:docPr id="1" name="Picture 1" descr="the floppy disk"/>')
    text = text_of(tmp_path, paragraph(run("Press") + icon + run("to save, or") + icon + run(".")))
    assert text == "Press the floppy disk to save, or."


def test_the_alternative_text_of_what_floats_follows_the_paragraph(tmp_path: Path) -> None:
    plan = drawing('<wp:docPr id="1" name="a" title="Site plan" descr="Hall 3"/>', kind="anchor")
    assert text_of(tmp_path, paragraph(plan + run("Arrive early."))) == (
        "Arrive early.\n\nSite plan: Hall 3"
    )
    heading = paragraph(drawing('<wp:docPr descr="a logo"/>') + run("Scope"), OUTLINE)
    assert text_of(tmp_path, heading) == "Scope\n\na logo"


OUTLINE = '<w:outlineLvl w:val="0"/>'


def test_shapes_charts_and_old_drawings_have_alternative_texts_too(tmp_path: Path) -> None:
    shape = drawing('<wp:docPr descr="an arrow"/>', inner='<wps:wsp><wps:cNvPr id="2"/></wps:wsp>')
    chart = drawing('<wp:docPr descr="Sales by year"/>', inner='<c:chart r:id="none"/>')
    old = '<w:r><w:pict><v:shape alt="Wiring of the relay"/></w:pict></w:r>'
    assert text_of(tmp_path, *map(paragraph, (shape, chart, old))) == (
        "an arrow\n\nSales by year\n\nWiring of the relay"
    )


def test_a_picture_s_file_name_is_no_alternative_text(tmp_path: Path) -> None:
    named = '<pic:pic><pic:nvPicPr><pic:cNvPr descr="{}"/></pic:nvPicPr></pic:pic>'
    both = drawing('<wp:docPr descr="the pump"/>', inner=named.format("IMG 12.png"))
    name = drawing('<wp:docPr name="a"/>', inner=named.format("IMG 12.png"))
    told = drawing('<wp:docPr name="a"/>', inner=named.format("the valve"))
    group = f"<wps:group>{named.format('first')}{named.format('second')}</wps:group>"
    grouped = drawing('<wp:docPr descr="both"/>', inner=group)
    assert text_of(tmp_path, *map(paragraph, (both, name, told, grouped))) == (
        "the pump\n\nthe valve\n\nboth first second"
    )


def test_a_decorative_drawing_says_nothing(tmp_path: Path) -> None:
    ornament = (
        '<wp:docPr id="1" descr="a flourish"><a:extLst><a:ext>'
        '<adec:decorative val="1"/></a:ext></a:extLst></wp:docPr>'
    )
    again = '<pic:pic><pic:nvPicPr><pic:cNvPr descr="a flourish"/></pic:nvPicPr></pic:pic>'
    assert text_of(tmp_path, paragraph(run("Text.") + drawing(ornament, inner=again))) == "Text."


def test_a_text_that_two_versions_of_a_drawing_carry_is_read_once(tmp_path: Path) -> None:
    pump = drawing('<wp:docPr descr="the pump"/>')
    new = f'<mc:Choice Requires="wps">{pump}</mc:Choice>'
    old = '<mc:Fallback><w:pict><v:shape alt="the pump"/></w:pict></mc:Fallback>'
    body = paragraph(
        run("See") + f"<w:r><mc:AlternateContent>{new}{old}</mc:AlternateContent></w:r>"
    )
    assert text_of(tmp_path, body) == "See the pump"
    silent = "<mc:Fallback><w:pict><v:shape/></w:pict></mc:Fallback>"
    body = body.replace(old, silent)
    assert text_of(tmp_path, body) == "See the pump"


def test_a_picture_that_is_a_link_says_where_it_leads(tmp_path: Path) -> None:
    picture = drawing('<wp:docPr descr="Our shop"><a:hlinkClick r:id="rL"/></wp:docPr>')
    assert linked(tmp_path, run("Visit"), picture) == f"Visit Our shop ({PRICES})"
    bare = drawing('<wp:docPr name="x"><a:hlinkClick r:id="rL"/></wp:docPr>')
    assert linked(tmp_path, run("Visit"), bare) == f"Visit ({PRICES})"
