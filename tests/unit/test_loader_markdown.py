"""What MarkdownLoader makes of Markdown files: the text as a reader sees it, and its structure."""

from pathlib import Path

import pytest

from ingest.errors import DamagedFileError, EmptyDocumentError
from ingest.loaders.base import LoadOptions
from ingest.loaders.markdown.loader import MarkdownLoader
from kb.records import Document, Section


def load(folder: Path, text: str | bytes) -> Document:
    path = folder / "page.md"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return MarkdownLoader().load(path, LoadOptions())


def text_of(document: Document, section: Section) -> str:
    return document.text[section.start : section.end]


def test_headings_make_a_tree_of_sections(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        "# 手册 {#top}\n\n前言。\n\n## 安装\n\n步骤。\n\n"
        "Usage\n-----\n\nRun it.\n\n### 细节 ###\n\n完。\n",
    )

    assert [section.heading_path for section in document.sections] == [
        ("手册",),
        ("手册", "安装"),
        ("手册", "Usage"),
        ("手册", "Usage", "细节"),
    ]
    assert text_of(document, document.sections[1]) == "安装\n\n步骤。"
    assert document.title == "手册"


def test_two_first_level_headings_are_no_title(tmp_path: Path) -> None:
    assert load(tmp_path, "# One\n\ntext\n\n# Two\n\ntext\n").title == ""


def test_markup_goes_and_its_text_stays(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        "Some **bold**, *slanted*, ~~gone~~ and `code` with a [link](https://example.com/x) "
        "and ![a picture of a boat](boat.png); 5 \\* 3 &amp; \\_this\\_ <b>tag</b><!-- secret -->.",
    )

    assert document.text == (
        "Some bold, slanted, gone and code with a link "
        "and a picture of a boat; 5 * 3 & _this_ tag. (https://example.com/x) (boat.png)"
    )


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    source = "# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n"

    assert load(tmp_path, source.replace("\n", "\r\n")) == load(tmp_path, source)


def test_a_file_in_a_legacy_encoding_is_read(tmp_path: Path) -> None:
    document = load(tmp_path, "# 合同管理办法\n\n本办法适用于公司的所有合同。\n".encode("gb18030"))

    assert document.title == "合同管理办法"
    assert document.metadata["encoding"] == "gb18030"


def test_tables_are_rows_of_cells(tmp_path: Path) -> None:
    document = load(
        tmp_path, "Before.\n\n| 名称 | Price |\n|:--|--:|\n| **书** | 5 |\n| a\\|b | |\n\nAfter."
    )

    kinds = [(section.kind, text_of(document, section)) for section in document.sections]
    assert kinds == [
        ("text", "Before."),
        ("table", "名称 | Price\n书 | 5\na|b"),
        ("text", "After."),
    ]


def test_code_is_kept_to_the_letter_with_its_language_in_metadata(tmp_path: Path) -> None:
    document = load(
        tmp_path, "```js{2,4}\nif (a) {\n\n    b(*c*)\n}\n```\n\n    indented <b>\n\n~~~\nx\n~~~\n"
    )

    assert [text_of(document, section) for section in document.sections] == [
        "if (a) {\n\n    b(*c*)\n}",
        "indented <b>",
        "x",
    ]
    assert {section.kind for section in document.sections} == {"code"}
    assert document.metadata["code_languages"] == "js"


def test_lists_keep_their_markers_and_depth(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        "Steps:\n\n3. first\n4. second\n   - inner\n     more\n   - last\n5. third\n\nEnd.",
    )

    assert document.text == (
        "Steps:\n\n3. first\n4. second\n  - inner\n    more\n  - last\n5. third\n\nEnd."
    )


def test_code_in_a_list_keeps_its_item_and_its_section(tmp_path: Path) -> None:
    document = load(tmp_path, "1. run\n\n   ```sh\n   make\n   ```\n2. wait\n")

    assert document.text == "1. run\n\nmake\n\n2. wait"
    assert [section.kind for section in document.sections] == ["text", "code", "text"]


def test_footnotes_stand_where_they_are_cited(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        "Water boils.[^heat] It cools.^[Slowly.]\n\nNext.\n\n"
        "[^heat]: At 100 °C.\n\n    At sea level.\n",
    )

    assert document.text == (
        "Water boils.[heat] It cools.[2]\n[heat] At 100 °C.\nAt sea level.\n[2] Slowly.\n\nNext."
    )


def test_footnotes_of_footnotes_follow_the_one_that_cites_them(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        "Water boils.[^heat]\n\nNext.\n\n[^heat]: At 100 °C.[^where]^[Or so.]\n\n"
        "[^where]: At sea level.[^heat]\n",
    )

    assert document.text == (
        "Water boils.[heat]\n[heat] At 100 °C.[where][3]\n[where] At sea level.[heat]\n"
        "[3] Or so.\n\nNext."
    )


def test_containers_give_their_title_and_content(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        "::: warning 小心\nHot surface.\n:::\n\n:::: box\n::: tip\nInner.\n:::\n::::\n\n"
        "::: {.note #n}\nNoted.\n:::\n",
    )

    assert document.text == "小心\n\nHot surface.\n\nInner.\n\nNoted."


def test_definition_lists_and_mathematics_are_text(tmp_path: Path) -> None:
    document = load(
        tmp_path, "Term\n:   Its *meaning*.\n\nEnergy is $E = mc^2$; it costs $5 or $6.\n"
    )

    assert document.text == "Term\n\n  Its meaning.\n\nEnergy is E = mc^2; it costs $5 or $6."


class TestHtml:
    def test_tags_go_and_blocks_begin_lines(self, tmp_path: Path) -> None:
        document = load(
            tmp_path,
            "<div class='x'>\n<p>One &amp; two<br>three</p>\n<ul><li>a<li>b</ul>\n"
            "<script>var hidden = 1</script><style>p{}</style><!-- not this -->\n</div>\n",
        )

        assert document.text == "One & two\nthree\n- a\n- b"

    def test_a_table_is_rows_even_on_one_long_line(self, tmp_path: Path) -> None:
        rows = "".join(f"<tr><td>{number}</td><td>名 {number}</td></tr>" for number in range(5000))

        document = load(tmp_path, f"<table><tr><th>id<th>name</tr>{rows}</table>")

        assert [section.kind for section in document.sections] == ["table"]
        assert document.text.split("\n")[:2] == ["id | name", "0 | 名 0"]
        assert len(document.text.split("\n")) == 5001

    def test_headings_in_html_are_headings(self, tmp_path: Path) -> None:
        document = load(tmp_path, '<h1 align="center">Project</h1>\n\nText.\n')

        assert document.title == "Project"
        assert document.sections[0].heading_path == ("Project",)

    def test_a_component_tag_that_closes_itself_swallows_nothing(self, tmp_path: Path) -> None:
        assert "Visible." in load(tmp_path, '<script src="x" />\n\n<Foo />\n\nVisible.\n').text


class TestFrontMatter:
    def test_yaml_becomes_flat_metadata(self, tmp_path: Path) -> None:
        document = load(
            tmp_path,
            "---\ntitle: 使用手册\nauthor: 李雷\ndate: 2024-03-01\ntags: [甲, 乙]\ndraft: false\n"
            "nested:\n  depth: 2\n  list:\n    - x\n    - y\nempty:\n---\n\n# Other\n\nText.\n",
        )

        assert document.title == "使用手册"
        assert document.metadata == {
            "title": "使用手册",
            "author": "李雷",
            "date": "2024-03-01",
            "tags": "甲, 乙",
            "draft": False,
            "nested.depth": 2,
            "nested.list": "x, y",
        }
        assert document.text == "Other\n\nText."

    def test_values_stay_as_they_were_written(self, tmp_path: Path) -> None:
        document = load(
            tmp_path,
            "---\nversion: 1.10\nratio: 1.5\nagent: 007\ntime: 12:30\nlanguage: no\n"
            "when: 2024-13-45\nquoted: '3'\ncount: 3\nTags: x\nbig: 12345678901234567890\n"
            "---\nText.\n",
        )

        assert document.metadata == {
            "version": "1.10",
            "ratio": 1.5,
            "agent": "007",
            "time": "12:30",
            "language": "no",
            "when": "2024-13-45",
            "quoted": "3",
            "count": 3,
            "tags": "x",
            "big": "12345678901234567890",
        }

    def test_toml_is_read_too(self, tmp_path: Path) -> None:
        document = load(tmp_path, '+++\ntitle = "Guide"\nweight = 3\n+++\nText.\n')

        assert (document.title, document.metadata["weight"]) == ("Guide", 3)
        assert document.text == "Text."

    @pytest.mark.parametrize(
        "broken",
        [
            "title: [never closed",
            "a: &x [1]\nb: *x",  # an alias; a few of them can unfold into gigabytes
            "key: " + "[" * 3000,
            "run: !!python/object/apply:os.system [id]",
            "key: " + "[" * 21 + "x" + "]" * 21,
            "".join(f"{' ' * level}k:\n" for level in range(50)),
        ],
    )
    def test_what_cannot_be_parsed_is_told_and_kept_as_text(
        self, tmp_path: Path, broken: str
    ) -> None:
        document = load(tmp_path, f"---\n{broken}\n---\n\nText.\n")

        assert [notice.code for notice in document.notices] == ["front_matter_broken"]
        assert document.text.endswith("Text.")
        assert broken.split(":", 1)[0] in document.text

    @pytest.mark.parametrize(
        "deep",
        [
            "k = " + "[" * 30 + "1" + "]" * 30,
            "k = " + "[" * 5000 + "1" + "]" * 5000,
            "a = 1\n" + ".".join("k" * 5000) + " = 1",
            "k = " + "{a = " * 2000 + "1" + "}" * 2000,
        ],
    )
    def test_toml_nested_too_deep_is_told_and_kept_as_text(self, tmp_path: Path, deep: str) -> None:
        document = load(tmp_path, f"+++\n{deep}\n+++\n\nText.\n")

        (notice,) = document.notices
        assert notice.code == "front_matter_broken"
        assert "nested more than 20 levels deep" in notice.message
        assert document.text.endswith("Text.")
        assert deep.replace("\n", " ") in document.text.replace("\n", " ")

    def test_a_value_that_is_too_long_is_cut_and_named(self, tmp_path: Path) -> None:
        document = load(
            tmp_path,
            f"---\nshort: a\nabstract: {'x' * 2001}\ntags: [{'tag, ' * 500}]\nfits: {'y' * 2000}\n"
            "---\n\nText.\n",
        )

        (notice,) = document.notices
        assert notice.code == "front_matter_cut"
        assert notice.values == {"names": "abstract, tags", "limit": 2000}
        assert "(abstract, tags)" in notice.message
        assert document.metadata["abstract"] == "x" * 2000
        assert document.metadata["fits"] == "y" * 2000

    def test_keys_that_are_too_many_are_counted(self, tmp_path: Path) -> None:
        keys = "".join(f"k{number}: {number}\n" for number in range(130))
        document = load(tmp_path, f"---\n{keys}---\n\nText.\n")

        (notice,) = document.notices
        assert notice.code == "front_matter_too_many"
        assert notice.values == {"keys": 130, "limit": 100}
        assert list(document.metadata) == [f"k{number}" for number in range(100)]

    def test_a_block_that_is_too_long_is_told_and_kept_as_text(self, tmp_path: Path) -> None:
        block = "".join(f"key{number}: some value or other\n" for number in range(3000))
        document = load(tmp_path, f"---\n{block}---\n\nText.\n")

        (notice,) = document.notices
        assert notice.code == "front_matter_too_long"
        assert notice.values == {"characters": len(block), "limit": 65536}
        assert "key2999: some value or other" in document.text
        assert document.text.endswith("Text.")

    def test_mappings_in_lists_keep_their_values(self, tmp_path: Path) -> None:
        document = load(
            tmp_path,
            "---\nauthors:\n  - name: Ann\n    at: [Oxford, Leeds]\n  - name: Bob\n  - Eve\n---\n"
            "\nText.\n",
        )

        assert document.metadata["authors"] == ("name: Ann, at: Oxford, at: Leeds, name: Bob, Eve")

    def test_toml_values_that_no_database_holds_are_texts(self, tmp_path: Path) -> None:
        document = load(
            tmp_path, f"+++\na = nan\nb = -inf\nc = {10**30}\nd = 07:32:00\ne = 1.5\n+++\nText.\n"
        )

        assert document.metadata == {
            "a": "nan",
            "b": "-inf",
            "c": str(10**30),
            "d": "07:32:00",
            "e": 1.5,
        }

    def test_a_rule_at_the_top_is_not_front_matter(self, tmp_path: Path) -> None:
        document = load(tmp_path, "---\n\nJust text between rules.\n\n---\n\nMore.\n")

        assert document.text == "Just text between rules.\n\nMore."
        assert document.notices == ()

    def test_pandoc_title_lines_are_metadata(self, tmp_path: Path) -> None:
        document = load(tmp_path, "% The Book\n% Ann Author\n% 2024\n\nText.\n")

        assert document.title == "The Book"
        assert document.metadata["author"] == "Ann Author"
        assert document.text == "Text."


class TestPandocTables:
    def rows(self, tmp_path: Path, text: str) -> list[str]:
        document = load(tmp_path, text)
        tables = [section for section in document.sections if section.kind == "table"]
        assert len(tables) == 1
        return text_of(document, tables[0]).split("\n")

    def test_simple(self, tmp_path: Path) -> None:
        assert self.rows(
            tmp_path,
            "Before.\n\n  Right  Left   Centre\n ------  -----  ------\n     12  a b    x\n"
            "      3  c      y\n\nAfter.\n",
        ) == ["Right | Left | Centre", "12 | a b | x", "3 | c | y"]

    def test_multiline_with_wrapped_cells(self, tmp_path: Path) -> None:
        assert self.rows(
            tmp_path,
            "--------------------------\n Item   What it\n        does\n"
            "------- ------------------\n"
            " pump   moves water\n        up the hill\n\n 阀门   controls it\n"
            "--------------------------\n\nAfter.\n",
        ) == ["Item | What it does", "pump | moves water up the hill", "阀门 | controls it"]

    def test_grid(self, tmp_path: Path) -> None:
        assert self.rows(
            tmp_path,
            "+-------+--------+\n| Fruit | Price  |\n+=======+========+\n| pear  | 2      |\n"
            "|       | (each) |\n+-------+--------+\n\nAfter.\n",
        ) == ["Fruit | Price", "pear | 2 (each)"]

    def test_rulers_that_are_none(self, tmp_path: Path) -> None:
        document = load(tmp_path, "Title\n-----\n\nText.\n\n-----\n\nMore.\n")

        assert {section.kind for section in document.sections} == {"text"}
        assert document.text == "Title\n\nText.\n\nMore."


def test_markup_without_text_is_an_empty_document(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocumentError, match=r"page\.md holds no text"):
        load(tmp_path, "---\n\n<!-- nothing -->\n\n***\n")


def test_a_picture_with_the_wrong_name_is_not_markdown(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match=r"page\.md is not text.*PNG"):
        load(tmp_path, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
