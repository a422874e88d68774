"""Names and passages reach the browser as text, whatever they hold."""

from ui.markup import EXCERPT_CHARACTERS, bar, escape, excerpt, marked, plain

HOSTILE = '<img src=x onerror="alert(1)">'


def test_marks_surround_spans_and_everything_else_is_escaped() -> None:
    assert marked("a <b> c", [(2, 5)]) == "a <mark>&lt;b&gt;</mark> c"


def test_marks_never_nest_or_repeat_text() -> None:
    assert marked("abcdef", [(1, 4), (2, 6), (3, 3)]) == "a<mark>bcd</mark><mark>ef</mark>"


def test_spans_beyond_the_text_are_cut() -> None:
    assert marked("ab", [(1, 9)]) == "a<mark>b</mark>"


def test_a_tag_split_by_a_mark_stays_text() -> None:
    assert "<img" not in marked(HOSTILE, [(1, 4)])
    assert "<i" not in marked(HOSTILE, [(0, 2)]).replace("<mark>", "").replace("</mark>", "")


def test_a_short_passage_is_shown_whole() -> None:
    assert excerpt("短文。", [(0, 2)]) == "<mark>短文</mark>。"


def test_a_long_passage_is_shown_around_its_first_mark_and_says_so() -> None:
    text = "x" * 2000 + " needle " + "y" * 2000
    shown = excerpt(text, [(2001, 2007)])
    assert "<mark>needle</mark>" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < EXCERPT_CHARACTERS + 100


def test_the_end_of_a_long_passage_has_no_ellipsis_after_it() -> None:
    text = "x" * 2000 + " needle"
    shown = excerpt(text, [(2001, 2007)])
    assert shown.startswith("… ")
    assert shown.endswith("<mark>needle</mark>")


def test_markdown_and_directives_are_taken_apart_in_labels() -> None:
    shown = plain("![x](http://a.example/p.png) :red[y] $z$ `q`\n# h")
    assert "](" not in shown
    assert ":red[" not in shown
    assert "http://" not in shown
    assert "\n" not in shown


def test_labels_keep_chinese_as_it_is() -> None:
    assert plain("软件著作权登记（第二版）") == "软件著作权登记（第二版）"


def test_attributes_cannot_be_left() -> None:
    assert '"' not in escape('" onload="x')
    assert '" onload' not in bar(0.5, label='" onload="x')


def test_bars_stay_between_empty_and_full() -> None:
    assert "width:0%" in bar(-0.2)
    assert "width:100%" in bar(1.7)
    assert "width:50%" in bar(0.5)
