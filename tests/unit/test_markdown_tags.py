"""Angle brackets in Markdown: markup where HTML is used, text everywhere else."""

from pathlib import Path

import pytest

from ingest.loaders.base import LoadOptions
from ingest.loaders.markdown.loader import MarkdownLoader


def read(folder: Path, text: str) -> str:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return MarkdownLoader().load(path, LoadOptions()).text


@pytest.mark.parametrize(
    "written",
    [
        "Returns a Map<Key, Invoice> and a vector<PalletSlot>.",
        "Run ssh admin@<gateway-host> and give <site-code>.",
        "Values a<b and c>d are compared.",
        "cp <source> <target> copies, <input name> asks.",
        "Enter <time> and <Auftragsnummer>, then <title> of the book.",
        "Optional<Warehouse> and List<b> and Array<p>, HashMap<String,Vec<u8>>.",
        "If x<y then z>w. Age <18 or >65.",
        "The <team lead> of <Abteilung> types <Ctrl+C>.",
        "A stray </summary> and <data> and <code> stay.",
        "<div align=center foo>not HTML's attribute</div> stays.",
        "Press <Eingabe>weiter</Eingabe>.",
        "Is <?php echo 1 ?> here, or <![CDATA[words]]>?",
    ],
)
def test_what_is_not_used_as_markup_stays_as_written(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, written) == written
    assert read(tmp_path, f"- {written}") == f"- {written}"
    assert read(tmp_path, f"# {written}") == written
    assert read(tmp_path, f"| a |\n|---|\n| {written} |\n") == f"a\n{written}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Press <kbd>Enter</kbd>, H<sub>2</sub>O.", "Press Enter, H2O."),
        ("One<br>two<br/>three<BR />four</br>five<wbr>six", "One\ntwo\nthree\nfour\nfivesix"),
        ('A <img src="a.png" alt="R&amp;D chart"> here.', "A R&D chart here. (a.png)"),
        ('<a name="top"></a>Title <span class="x" data-y>text</span>', "Title text"),
        ('<button onclick="go()" aria-busy disabled>Save</button> it', "Save it"),
        ("Seen<!-- not <b> this -->.", "Seen."),
        ("Seen <script>if (a<b) { x }</script>too.", "Seen too."),
        ("<svg><g><text>Label</text></g></svg>", "Label"),
        ("<b>Map<Key></b> and <i>x</i>", "Map<Key> and x"),
    ],
)
def test_what_is_used_as_markup_goes(tmp_path: Path, written: str, shown: str) -> None:
    assert read(tmp_path, f"x {written}") == f"x {shown}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "<details><summary>More</summary>\n\nHidden **text**.\n\n</details>\n",
            "More\n\nHidden text.",
        ),
        ('<p align="center">\n  <img src="a" alt="Logo">\n</p>\n', "Logo"),
        ('<div\n  class="box">\n\nInside.\n\n</div>\n', "Inside."),
        ("<table>\n<tr>\n<td>\n\n**a**\n\n</td>\n</tr>\n</table>\n", "a"),
        ("<ul><li>Slot<int><li>two</ul>\n", "- Slot<int>\n- two"),
        ("<div>Give <order-no> and <time> to x<3, </3.</div>\n", None),
        ("<pre>\nvector<Slot> a;\n\n  b <c d>\n</pre>\n", "vector<Slot> a;\n\n  b <c d>"),
        ("<svg>\n<g><text>Label</text></g>\n</svg>\n", "Label"),
        ("<center>\n<font color=red>Alert</font>\n</center>\n", "Alert"),
        ("<!DOCTYPE html>\n<html>\n<body>\n<p>Hello</p>\n</body>\n</html>\n", "Hello"),
    ],
)
def test_html_blocks_lose_their_tags_and_keep_other_brackets(
    tmp_path: Path, written: str, shown: str | None
) -> None:
    expected = "Give <order-no> and <time> to x<3, </3." if shown is None else shown
    assert read(tmp_path, written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "<Auftragsnummer>",
        '<config>\n  <timeout>35</timeout>\n  <retry max="4"/>\n</config>',
        "<time>\nis a field of the form.",
        "<address>",
        "<summary> of what was said",
        "<title> of the *book*",
        '<BaseButton size="big">\n  Save\n</BaseButton>',
    ],
)
def test_a_block_without_markup_stays_to_the_letter(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, f"Before.\n\n{written}\n\nAfter.\n") == f"Before.\n\n{written}\n\nAfter."


def test_a_comment_in_a_block_without_markup_goes(tmp_path: Path) -> None:
    assert read(tmp_path, "<config>\n<!-- why -->\n  <a1>1</a1>\n</config>\n") == (
        "<config>\n\n  <a1>1</a1>\n</config>"
    )


@pytest.mark.parametrize("begin", ["<script>", "<!--", "<?", "<![CDATA[", "<pre>", "<style>"])
def test_what_never_ends_hides_nothing(tmp_path: Path, begin: str) -> None:
    text = read(tmp_path, f"{begin} is run first.\n\n## Next\n\nThe **rest**.\n")

    assert text == f"{begin} is run first.\n\nNext\n\nThe rest."


@pytest.mark.parametrize("written", ["<div>x<time>", "<!-- \n\n", "<div>", "<b>x", "<a x='"])
def test_many_tags_that_do_not_end_are_read_whole(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, f"{written * 20_000}\n\nThe end.\n").endswith("The end.")
