"""Chunks: true spans, whole coverage, structure, limits, and edits that stay local."""

# ruff: noqa: S311 - seeded texts, nothing secret

from __future__ import annotations

import random
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest

from kb.errors import SettingsError
from kb.records import Chunk, Document, Page, Section, with_header
from kb.splitting import SplitOptions, split
from kb.splitting.boundaries import Level, levels

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
TOKEN = re.compile(r"[A-Za-z]{1,4}|[0-9]{1,3}|[^\sA-Za-z0-9]")


def count_tokens(texts: Sequence[str]) -> list[int]:
    """One token per ideograph or sign, one per four letters or three digits."""
    return [len(TOKEN.findall(text)) for text in texts]


def cut(document: Document, max_tokens: int = 10**9, **options: object) -> list[Chunk]:
    return split(
        document,
        SplitOptions(**options),  # type: ignore[arg-type] # checked by SplitOptions itself
        count_tokens=count_tokens,
        max_tokens=max_tokens,
    )


def cut_text(text: str, max_tokens: int = 10**9, **options: object) -> list[Chunk]:
    return cut(Document.from_text(text), max_tokens, **options)


def sections(*parts: tuple[str, tuple[str, ...], str]) -> Document:
    """A document whose sections are separated by blank lines."""
    text, made = "", []
    for body, path, kind in parts:
        text += "\n\n" if text else ""
        made.append(
            Section(
                start=len(text),
                end=len(text) + len(body),
                heading_path=path,
                kind=kind,  # type: ignore[arg-type] # literals in the tests
            )
        )
        text += body
    return Document(text=text, media_type="markdown", sections=tuple(made))


def english(chance: random.Random, sentences: int) -> str:
    words = ["".join(chance.choices("abcdefghilmnoprstu", k=n % 8 + 2)) for n in range(500)]
    made = (" ".join(chance.choices(words, k=chance.randint(4, 20))) for _ in range(sentences))
    return " ".join(f"{sentence.capitalize()}." for sentence in made)


def chinese(chance: random.Random, sentences: int) -> str:
    codes = range(0x4E00, 0x5E00)
    return "".join(
        "".join(map(chr, chance.choices(codes, k=chance.randint(5, 40)))) + "。"
        for _ in range(sentences)
    )


def random_text(chance: random.Random, length: int) -> str:
    alphabet = [
        "word ", "longerword ", "repeated repeated ", "End. ", "\n", "\n\n", "  ", "\t", "汉字",
        "。", "，", "日本語です。", "한국어 ", FAMILY, "e\u0323\u0302", "🇨🇳🇫🇷", "👍🏽",
        "\U00020000", "https://example.org/a/b?c=d", "QUJDREVGR0g", "\u3000",
        "(", "」", "…", "หนังสือ",
    ]  # fmt: skip
    weights = [chance.random() ** 3 for _ in alphabet]
    return "".join(chance.choices(alphabet, weights, k=length))


def random_document(chance: random.Random) -> Document:
    parts = []
    path: tuple[str, ...] = ()
    for number in range(chance.randint(1, 12)):
        depth = chance.randint(0, min(3, len(path) + 1))
        path = (*path[: max(0, depth - 1)], f"H{number}") if depth else ()
        body = unicodedata.normalize("NFC", random_text(chance, chance.choice((1, 5, 40, 400))))
        parts.append((body, path, chance.choice(("text", "text", "table", "code"))))
    document = sections(*parts)
    middle = len(document.text) // 2
    pages = (
        Page(number=1, start=0, end=middle),
        Page(number=2, start=middle, end=middle),
        Page(number=3, start=middle, end=len(document.text)),
    )
    return Document(text=document.text, media_type="pdf", sections=document.sections, pages=pages)


@pytest.mark.parametrize("seed", range(60))
def test_any_document_is_covered_by_true_stripped_spans_within_all_limits(seed: int) -> None:
    chance = random.Random(seed)
    document = random_document(chance)
    size = chance.choice((64, 100, 300, 1024))
    overlap = chance.choice((0, size // 8, size // 2))
    unit = chance.choice(("characters", "tokens"))
    most = chance.choice((20, 60, 400))
    chunks = cut(document, most, chunk_size=size, chunk_overlap=overlap, unit=unit)
    again = cut(document, most, chunk_size=size, chunk_overlap=overlap, unit=unit)

    assert chunks == again
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    covered: set[int] = set()
    ranks = levels(document.text, (section.start for section in document.sections))
    for chunk in chunks:
        assert chunk.text == document.text[chunk.start : chunk.end]
        bare = chunk.text.strip()
        assert bare
        first, _, rest = chunk.text.partition("\n")
        # Code keeps the indentation of its first line, which begins at a line's start.
        begins_line = chunk.start == 0 or document.text[chunk.start - 1] == "\n"
        indented = chunk.kind == "code" and begins_line
        assert bare == (f"{first.lstrip()}\n{rest}".strip() if indented else chunk.text)
        whole = with_header(chunk.header, chunk.text)
        assert chunk.tokens == count_tokens([whole])[0] <= most
        assert (len(whole) if unit == "characters" else chunk.tokens) <= size
        touched = [
            section
            for section in document.sections
            if section.start < chunk.end and chunk.start < section.end
        ]
        assert all(
            section.heading_path[: len(chunk.heading_path)] == chunk.heading_path
            for section in touched
        )
        pages = [page.number for page in document.pages if page.start < page.end
                 and page.start < chunk.end and chunk.start < page.end]  # fmt: skip
        assert (chunk.page_first, chunk.page_last) == (pages[0], pages[-1])
        assert ranks[chunk.start] != Level.INSIDE_CLUSTER
        covered.update(range(chunk.start, chunk.end))
    for section in document.sections:
        places = range(section.start, section.end)
        assert "".join(document.text[at] for at in places if at not in covered).strip() == ""
    if unit == "characters":
        for left, right in pairwise(chunks):
            assert left.start < right.start
            assert left.end < right.end
            assert left.end - right.start <= overlap


def test_a_document_of_white_space_has_no_chunks() -> None:
    assert cut_text(" \n\n\t") == []
    assert cut_text("") == []


def test_a_short_text_is_one_chunk() -> None:
    [chunk] = cut_text("  A word.\n")
    assert (chunk.text, chunk.start, chunk.end) == ("A word.", 2, 9)


def test_cuts_prefer_sentence_ends_in_latin_and_cjk_text() -> None:
    chance = random.Random(1)
    for text in (english(chance, 400), chinese(chance, 400)):
        ends = [chunk.text[-1] for chunk in cut_text(text)]
        assert sum(end in ".。" for end in ends) >= 0.85 * len(ends)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("One. ", "Two", Level.SENTENCE),
        ('"One." ', "Two", Level.SENTENCE),
        ("好。", "他", Level.SENTENCE),
        ("好！」", "他", Level.SENTENCE),
        ("好；", "他", Level.SENTENCE),
        ("好……", "他", Level.SENTENCE),
        ("です｡", "次", Level.SENTENCE),
        ("吗?", "好", Level.SENTENCE),
        ("합니다. ", "그", Level.SENTENCE),
        ("one, ", "two", Level.CLAUSE),
        ("好，", "他", Level.CLAUSE),
        ("one ", "two", Level.WORD),
        ("好", "他", Level.SOFT),
        ("a/", "b", Level.SOFT),
        ("wo", "rd", Level.INSIDE_WORD),
        ("3.", "5", Level.INSIDE_WORD),
        ("好", "。", Level.INSIDE_WORD),
        ("one\n", "two", Level.LINE),
        ("one\n\n", "two", Level.PARAGRAPH),
        ("q", "\u0307", Level.INSIDE_CLUSTER),
        ("👨\u200d", "👩", Level.INSIDE_CLUSTER),
        ("👍", "🏽", Level.INSIDE_CLUSTER),
        ("🇨", "🇳", Level.INSIDE_CLUSTER),
    ],
)
def test_every_place_has_a_level(left: str, right: str, level: Level) -> None:
    assert levels(left + right)[len(left)] == level


def test_flags_are_cut_in_pairs_only() -> None:
    assert list(levels("🇨🇳🇫🇷")[1:]) == [
        Level.INSIDE_CLUSTER,
        Level.INSIDE_WORD,
        Level.INSIDE_CLUSTER,
    ]


def test_overlap_begins_at_a_sentence_or_word() -> None:
    chunks = cut_text(english(random.Random(2), 300))
    overlapping = [right for left, right in pairwise(chunks) if right.start < left.end]
    assert len(overlapping) >= len(chunks) - 1
    text = Document.from_text(english(random.Random(2), 300)).text
    assert all(text[chunk.start - 1] == " " for chunk in overlapping)


def test_large_sections_of_different_headings_or_kinds_share_no_chunk() -> None:
    chance = random.Random(3)
    code = "\n".join(f"value_{n} = compute({n})" for n in range(40))
    document = sections(
        (english(chance, 8), ("A",), "text"),
        (english(chance, 8), ("B",), "text"),
        (code, ("B",), "code"),
    )
    for chunk in cut(document):
        [section] = [s for s in document.sections if s.start <= chunk.start < s.end]
        assert chunk.end <= section.end
        assert (chunk.heading_path, chunk.kind) == (section.heading_path, section.kind)


def test_tiny_sections_join_under_the_headings_that_they_share() -> None:
    document = sections(
        *((f"Option {n}\n\nSets value {n}.", ("Guide", "Options", f"Option {n}"), "text")
          for n in range(100))
    )  # fmt: skip
    chunks = cut(document)
    assert len(chunks) < 20
    assert {chunk.heading_path for chunk in chunks} == {("Guide", "Options")}


def test_a_line_joins_the_code_that_it_introduces() -> None:
    [chunk] = cut(sections(("Run this:", ("A",), "text"), ("x = 1\n" * 120, ("A",), "code")))
    assert chunk.text.startswith("Run this:")
    assert chunk.heading_path == ("A",)
    assert chunk.kind == "text"


def test_tables_are_cut_at_rows_and_repeat_nothing() -> None:
    rows = [f"row {n} | value {n * n} | note" for n in range(300)]
    chunks = cut(sections(("\n".join(rows), ("T",), "table")))
    assert [row for chunk in chunks for row in chunk.text.split("\n")] == rows
    assert {chunk.kind for chunk in chunks} == {"table"}


def test_code_keeps_the_indentation_of_the_first_line_of_every_chunk() -> None:
    lines = [f"{'    ' * (1 + n % 3)}value_{n} = compute({n})" for n in range(80)]
    chunks = cut(sections(("\n".join(lines), (), "code")))
    assert len(chunks) > 2
    for chunk in chunks:
        assert set(chunk.text.split("\n")) <= set(lines)


def test_code_is_cut_at_lines_and_repeats_whole_lines() -> None:
    lines = [f"value_{n} = compute({n}, scale={n % 7})" for n in range(300)]
    chunks = cut(sections(("\n".join(lines), (), "code")))
    assert {line for chunk in chunks for line in chunk.text.split("\n")} == set(lines)


def test_a_chunk_may_cross_pages() -> None:
    text = "One page. " * 8 + "\n\n" + "Next page. " * 8
    document = Document(
        text=text,
        media_type="pdf",
        sections=(Section(start=0, end=len(text)),),
        pages=(Page(number=4, start=0, end=80), Page(number=5, start=82, end=len(text))),
    )
    [chunk] = cut(document)
    assert (chunk.page_first, chunk.page_last) == (4, 5)


def test_too_many_tokens_are_divided_into_balanced_parts() -> None:
    chunks = cut_text(chinese(random.Random(4), 400), max_tokens=700)
    lengths = sorted(len(chunk.text) for chunk in chunks)
    assert max(chunk.tokens for chunk in chunks) <= 700
    assert lengths[len(lengths) // 10] > 300


def test_limits_may_depend_on_the_heading_path() -> None:
    chance = random.Random(5)
    document = sections(
        (chinese(chance, 60), ("A",), "text"), (chinese(chance, 60), ("B",), "text")
    )
    limits: dict[tuple[str, ...], int] = {("A",): 100, ("B",): 400}
    chunks = split(
        document, SplitOptions(), count_tokens=count_tokens, max_tokens=lambda path: limits[path]
    )
    assert all(chunk.tokens <= limits[chunk.heading_path] for chunk in chunks)
    assert max(chunk.tokens for chunk in chunks) > 100


def test_too_little_room_is_an_error_that_names_the_place() -> None:
    with pytest.raises(SettingsError, match=r"only 3 tokens are left .* under 'A'"):
        cut(sections(("Text.", ("A",), "text")), max_tokens=3)


@pytest.mark.parametrize(
    "wrong",
    [{"chunk_size": 8}, {"chunk_overlap": 600}, {"chunk_overlap": -1}, {"unit": "words"}],
)
def test_options_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        SplitOptions(**wrong)  # type: ignore[arg-type] # wrong on purpose


def test_a_cluster_longer_than_a_chunk_is_cut_rather_than_lost() -> None:
    chunks = cut_text("1" + "\u0323" * 5000)
    assert max(len(chunk.text) for chunk in chunks) <= 1024
    assert chunks[-1].end == 5001


def test_a_long_line_without_spaces_is_split_quickly() -> None:
    line = "".join(random.Random(6).choices("ABCDEFabcdef0123456789", k=400_000))
    begin = time.perf_counter()
    chunks = cut_text(line, max_tokens=200)
    assert time.perf_counter() - begin < 5
    assert max(chunk.tokens for chunk in chunks) <= 200
    assert chunks[-1].end == 400_000


def flat(kind: str) -> str:
    chance = random.Random(7)
    match kind:
        case "english":
            return "\n\n".join(english(chance, chance.randint(1, 9)) for _ in range(1900))
        case "chinese":
            return "\n\n".join(chinese(chance, chance.randint(1, 12)) for _ in range(4500))
        case "english line":
            return english(chance, 5500)
        case "chinese line":
            return chinese(chance, 18_000)
        case "no spaces":
            return "".join(chance.choices("ABCDEFabcdef0123456789", k=400_000))
        case _:
            return "\n".join(f"12:{n} GET /{chance.random():.6f} 200" for n in range(25_000))


def changed(before: list[Chunk], after: list[Chunk]) -> int:
    old, new = (
        Counter((chunk.text, chunk.heading_path) for chunk in chunks) for chunks in (before, after)
    )
    return max((old - new).total(), (new - old).total())


@pytest.mark.parametrize(
    "kind",
    [
        "english line",
        "chinese line",
        "no spaces",
        "log",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("english", "chinese")),
    ],
)
def test_an_insertion_into_flat_text_changes_few_chunks(kind: str) -> None:
    text = flat(kind)
    before = cut_text(text)
    shares = []
    for place in (800, len(text) // 3, len(text) // 2):
        separator = re.search(r"\n+|(?<=\.) |(?<=。)|(?<=\w)", text[place:])
        assert separator is not None
        at = place + separator.end()
        after = cut_text(text[:at] + "This was put in later. 后来加的。" + text[at:])
        assert 0 < changed(before, after) <= 12
        shares.append(changed(before, after) / len(after))
    assert sum(shares) / len(shares) < 0.01


def long_document(edit: str = "") -> Document:
    chance = random.Random(8)
    parts = []
    for number in range(400):
        body = "\n\n".join(english(chance, 8) for _ in range(chance.randint(1, 5)))
        extra = edit if number == 30 else ""
        parts.append((body + extra, ("Book", f"Chapter {number // 10}", f"{number}"), "text"))
    return sections(*parts)


def test_an_edit_of_a_long_structured_document_changes_few_chunks() -> None:
    before, after = cut(long_document()), cut(long_document("\n\nA new paragraph. " * 3))
    assert len(before) > 900
    assert 0 < changed(before, after) < 0.01 * len(after)


def test_a_new_tiny_section_changes_few_chunks() -> None:
    def options(extra: bool) -> Document:  # noqa: FBT001 - a local helper
        chance = random.Random(9)
        parts = [(f"Option {n}\n\n{english(chance, 2)}", ("Options", f"{n}"), "text")
                 for n in range(3000)]  # fmt: skip
        if extra:
            parts.insert(5, ("A new option\n\nAdded.", ("Options", "new"), "text"))
        return sections(*parts)

    before, after = cut(options(extra=False)), cut(options(extra=True))
    assert len(before) > 300
    assert 0 < changed(before, after) <= 12


def test_time_grows_with_the_length_of_the_text_only() -> None:
    text = flat("english")[:500_000]
    cut_text(text[:5000])
    times = []
    for many in (1, 4):
        begin = time.perf_counter()
        cut_text(text * many)
        times.append(time.perf_counter() - begin)
    assert times[1] < 10 * times[0]
