"""Comments of Word documents are paragraphs behind the one that they end in, with authors."""

from __future__ import annotations

from pathlib import Path

from kb.records import Document
from tests.helpers.word import paragraph, part, read_docx, run

W15 = "http://schemas.microsoft.com/office/word/2012/wordml"
REFERENCE = '<w:r><w:commentReference w:id="{0}"/></w:r>'
BEGINS, ENDS = '<w:commentRangeStart w:id="{0}"/>', '<w:commentRangeEnd w:id="{0}"/>'


def comment(number: int, *lines: str, author: str = "Ada", key: str = "") -> str:
    inner = "".join(
        f'<w:p w14:paraId="{key}{at}">{run(line)}</w:p>' for at, line in enumerate(lines)
    )
    return f'<w:comment w:id="{number}" w:author="{author}" w:initials="A">{inner}</w:comment>'


def about(number: int, text: str) -> str:
    """Return marked text with the reference to a comment on it."""
    return BEGINS.format(number) + run(text) + ENDS.format(number) + REFERENCE.format(number)


def read(tmp_path: Path, body: str, *comments: str, replies: str = "") -> Document:
    extended = f'<w15:commentsEx xmlns:w15="{W15}">{replies}</w15:commentsEx>'
    return read_docx(
        tmp_path,
        body,
        relations={
            "rId1": ("comments", "comments.xml"),
            "rId2": ("commentsExtended", "commentsExtended.xml"),
        },
        parts={
            "word/comments.xml": part("comments", "".join(comments)),
            "word/commentsExtended.xml": extended.encode(),
        },
    )


def test_a_comment_follows_its_paragraph_behind_its_authors_name(tmp_path: Path) -> None:
    body = paragraph(run("The roof costs ") + about(0, "18,400 euros") + run("."))
    document = read(tmp_path, body + paragraph(run("After.")), comment(0, "Too dear."))

    assert document.text == "The roof costs 18,400 euros.\n\nAda: Too dear.\n\nAfter."
    assert document.notices == ()


def test_a_comment_in_chinese_of_several_paragraphs_is_one_block(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        paragraph(about(0, "屋顶报价。")),
        comment(0, "太贵了。", "请再问一次。", author="王芳"),
    )

    assert document.text == "屋顶报价。\n\n王芳: 太贵了。\n请再问一次。"


def test_a_comment_without_an_author_is_its_text_alone(tmp_path: Path) -> None:
    document = read(tmp_path, paragraph(about(0, "One.")), comment(0, "Why?", author=""))

    assert document.text == "One.\n\nWhy?"


def test_a_comment_over_paragraphs_stands_behind_the_last_of_them(tmp_path: Path) -> None:
    body = (
        paragraph(BEGINS.format(0) + run("One."))
        + paragraph(run("Two.") + ENDS.format(0) + REFERENCE.format(0))
        + paragraph(run("Three."))
    )

    assert read(tmp_path, body, comment(0, "Both.")).text == (
        "One.\n\nTwo.\n\nAda: Both.\n\nThree."
    )


def test_replies_follow_what_they_answer_also_without_a_place_of_their_own(
    tmp_path: Path,
) -> None:
    replies = (
        '<w15:commentEx w15:paraId="a0" w15:done="0"/>'
        '<w15:commentEx w15:paraId="b0" w15:paraIdParent="a0"/>'
        '<w15:commentEx w15:paraId="c0" w15:paraIdParent="b0"/>'
    )
    document = read(
        tmp_path,
        paragraph(run("One.") + REFERENCE.format(1) + REFERENCE.format(0)) + paragraph(run("Two.")),
        comment(2, "Let us ask.", author="Cy", key="c"),
        comment(1, "It is not.", author="Bo", key="b"),
        comment(0, "Too dear.", key="a"),
        replies=replies,
    )

    assert document.text.split("\n\n") == [
        "One.",
        "Ada: Too dear.\nCy: Let us ask.\nBo: It is not.",
        "Two.",
    ]


def test_replies_in_a_circle_end(tmp_path: Path) -> None:
    replies = (
        '<w15:commentEx w15:paraId="a0" w15:paraIdParent="b0"/>'
        '<w15:commentEx w15:paraId="b0" w15:paraIdParent="a0"/>'
    )
    document = read(
        tmp_path,
        paragraph(about(0, "One.") + REFERENCE.format(1)),
        comment(0, "First.", key="a"),
        comment(1, "Second.", key="b"),
        replies=replies,
    )

    assert document.text.count("First.") == document.text.count("Second.") == 1


def test_a_comment_of_a_heading_stays_out_of_the_heading(tmp_path: Path) -> None:
    body = paragraph(about(0, "Prices"), '<w:outlineLvl w:val="0"/>') + paragraph(run("Low."))
    document = read(tmp_path, body, comment(0, "Which year?"))

    assert document.text == "Prices\n\nAda: Which year?\n\nLow."
    assert document.sections[-1].heading_path == ("Prices",)


def test_a_comment_in_a_table_stands_in_its_cell(tmp_path: Path) -> None:
    def cell(inner: str) -> str:
        return f"<w:tc>{paragraph(inner)}</w:tc>"

    rows = [cell(run("Part")) + cell(run("Count")), cell(run("Valve")) + cell(about(0, "12"))]
    body = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"

    assert "12 Ada: Count again." in read(tmp_path, body, comment(0, "Count again.")).text


def test_a_comment_is_read_once_and_one_without_text_not_at_all(tmp_path: Path) -> None:
    body = paragraph(about(0, "One.") + REFERENCE.format(0) + REFERENCE.format(1))
    document = read(tmp_path, body, comment(0, "Why?"), comment(1, " "), comment(2))

    assert document.text == "One.\n\nAda: Why?"
    assert document.notices == ()


def test_a_comment_that_the_file_lacks_is_counted(tmp_path: Path) -> None:
    document = read(tmp_path, paragraph(about(7, "One.")), comment(0, "Elsewhere."))

    assert document.text == "One."
    assert [(n.code, dict(n.values)) for n in document.notices] == [
        ("comments_not_read", {"comments": 1})
    ]


def test_what_was_deleted_inside_a_comment_is_not_read(tmp_path: Path) -> None:
    inner = f'<w:p>{run("Too dear.")}<w:del w:id="9">{run("Secret.")}</w:del></w:p>'
    document = read(
        tmp_path,
        paragraph(about(0, "One.")),
        f'<w:comment w:id="0" w:author="A">{inner}</w:comment>',
    )

    assert document.text == "One.\n\nA: Too dear."
