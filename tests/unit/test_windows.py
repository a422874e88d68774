"""Texts longer than a model reads: windows that hold all of it, and the mean of their vectors."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import numpy as np
import pytest

from kb.embedding.base import unit_rows
from kb.errors import InputTooLongError
from kb.server.embeddings.windows import OVERLAP, Windowed, in_pieces, windowed

MOST = 50
_TOKEN = re.compile(r"\w{1,6}|\S")


def count(texts: Sequence[str]) -> list[int]:
    """Two tokens of a prompt, and one for each sign or six letters."""
    return [2 + len(_TOKEN.findall(text)) for text in texts]


def cut(*texts: str, most: int = MOST, most_parts: int = 10_000) -> Windowed:
    return windowed(texts, count(texts), most, count, most_parts=most_parts, check=lambda: None)


SENTENCES = " ".join(f"Sentence number {n} tells of herons, rivers and reeds." for n in range(60))
KINDS = {
    "sentences": SENTENCES,
    "Chinese": "软件著作权登记需要提交申请表、源程序和说明书。" * 40,
    "one word": "a" * 3000,
    "lines": "\n".join(f"{n}\t{n * n}" for n in range(400)),
    "white space between": "word" + " " * 5000 + "another " * 80,
    "emoji": "👩‍👩‍👧‍👦🇩🇪" * 60,
    "dense after sparse": "internationalisation " * 60 + ". ! ? , ; : " * 60,
}


@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS)
def test_each_window_is_read_whole_and_together_they_hold_the_text(text: str) -> None:
    made = cut(text)
    assert len(made.parts) > 1
    assert made.tokens == count(made.parts)
    assert max(made.tokens) <= MOST
    reached = 0
    for part in made.parts:
        blank = len(text) - reached - len(text[reached:].lstrip())
        start = text.rfind(part, 0, reached + blank + len(part))
        assert start >= 0
        assert not text[reached:start].strip()
        reached = max(reached, start + len(part))
    assert not text[reached:].strip()


def test_windows_overlap_and_are_of_about_the_same_length() -> None:
    made = cut(SENTENCES, most=150)
    starts = [SENTENCES.index(part) for part in made.parts]
    ends = [start + len(part) for start, part in zip(starts, made.parts, strict=True)]
    for end, start in zip(ends, starts[1:], strict=False):
        assert start < end
    total = sum(made.tokens)
    once = count([SENTENCES])[0]
    assert once * 1.02 < total < once * (1 + 3 * OVERLAP)
    assert min(made.tokens) > 0.6 * max(made.tokens)


def test_windows_begin_and_end_between_words() -> None:
    made = cut(SENTENCES)
    words = set(SENTENCES.split())
    for part in made.parts:
        assert set(part.split()) <= words


def test_a_text_that_fits_is_left_as_it_is() -> None:
    texts = ["", "  short  ", "word " * 48]
    made = cut(*texts)
    assert made.parts == texts
    assert made.counts == {}
    vectors = np.eye(3, dtype=np.float32)
    assert made.joined(vectors) is vectors


def test_vectors_of_windows_are_averaged_by_their_tokens() -> None:
    made = cut("short", "word " * 130, "also short")
    assert list(made.counts) == [1]
    generator = np.random.default_rng(7)
    raw = unit_rows(generator.standard_normal((len(made.parts), 8)).astype(np.float32))
    joined = made.joined(raw)
    assert joined.shape == (3, 8)
    inner = slice(1, len(made.parts) - 1)
    weights = np.array(made.tokens[inner], dtype=np.float32)[:, None] - 2
    mean = (raw[inner] * weights).sum(axis=0)
    np.testing.assert_allclose(joined[1], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(joined[[0, 2]], raw[[0, -1]], atol=1e-6)


def test_more_windows_than_are_allowed_are_refused_before_they_are_cut() -> None:
    with pytest.raises(
        InputTooLongError, match=r"input 1 of 2 has 4,002 tokens.*more than 20 wind"
    ):
        cut("short", "word " * 4000, most_parts=20)
    with pytest.raises(InputTooLongError, match="input 1 of 2"):
        cut("word " * 300, "word " * 300, most_parts=12)


def test_texts_that_need_too_many_windows_together_are_refused_before_any_is_cut() -> None:
    asked: list[int] = []

    def counted(texts: Sequence[str]) -> list[int]:
        asked.append(len(texts))
        return count(texts)

    texts = ["word " * 60] * 1025
    with pytest.raises(InputTooLongError, match="input 1024 of 1025"):
        windowed(texts, count(texts), MOST, counted, most_parts=2048, check=lambda: None)
    assert asked == []


def test_huge_texts_are_counted_in_pieces() -> None:
    sizes: list[int] = []

    def counted(texts: Sequence[str]) -> list[int]:
        sizes.extend(map(len, texts))
        return count(texts)

    text = "word " * 200_000
    assert in_pieces(counted)(["", text]) == pytest.approx([2, 200_002], abs=10)
    assert max(sizes) < len(text) / 3


def test_white_space_alone_is_one_empty_text() -> None:
    text = "\n" * 500
    made = windowed(
        [text],
        [500],
        MOST,
        lambda texts: [2 + each.count("\n") for each in texts],
        most_parts=20,
        check=lambda: None,
    )
    assert (made.parts, made.owners, made.tokens) == ([""], [0], [2])


def test_any_text_is_cut_into_windows_that_are_read_whole() -> None:
    generator = random.Random(11)  # noqa: S311 - texts, not secrets
    signs = ["word", " ", "\n", "。", "字", "a" * 40, "?! ", "\n\n", "e\u0301", "🇩🇪", "x,y;"]
    for _ in range(200):
        text = "".join(generator.choices(signs, k=generator.randrange(60, 900)))
        made = cut(text)
        assert max(made.tokens) <= MOST
        assert all(part in text for part in made.parts)
        kept = set(re.findall(r"\w+", text))
        if len(made.parts) > 1:
            assert "".join(sorted({c for part in made.parts for c in part if not c.isspace()})) == (
                "".join(sorted({c for c in text if not c.isspace()}))
            )
        assert kept or made.parts
