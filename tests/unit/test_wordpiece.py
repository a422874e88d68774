"""WordPiece cuts as BERT does; expected pieces follow from the published rules by hand."""

from __future__ import annotations

import pytest

from kb.llama.wordpiece import WordPiece

PIECES = ["[UNK]", "▁un", "want", "ed", "▁runn", "ing", "▁,", "▁水", "▁火", "▁cafe", "▁Cafe"]
PIECES += ["▁σ", "σ", "▁क", "ी", "▁\u1112", "\u1161", "\u11ab", "▁$", "▁a", "a", "▁$a"]


def _cut(text: str, *, lowercase: bool = True, strip_accents: bool = True) -> list[str]:
    tokenizer = WordPiece(PIECES, unknown=0, lowercase=lowercase, strip_accents=strip_accents)
    return [PIECES[id_] for id_ in tokenizer.tokenize(text)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        (" \t\n\r\u00a0", []),
        ("UNwanted,running", ["▁un", "want", "ed", "▁,", "▁runn", "ing"]),
        ("unwantedX", ["[UNK]"]),
        ("火水", ["▁火", "▁水"]),
        ("Café cafe\u0301", ["▁cafe", "▁cafe"]),
        ("ΣΣ", ["▁σ", "σ"]),
        ("की", ["▁क", "ी"]),
        ("\ud55c", ["▁\u1112", "\u1161", "\u11ab"]),
        ("$a", ["▁$", "▁a"]),
        ("a\u200da\ufffd\x00", ["▁a", "a"]),
        ("a" * 100, ["▁a"] + ["a"] * 99),
        ("a" * 101, ["[UNK]"]),
    ],
)
def test_text_becomes_the_longest_known_pieces(text: str, pieces: list[str]) -> None:
    assert _cut(text) == pieces


def test_a_cased_vocabulary_keeps_case_and_accents_apart() -> None:
    assert _cut("Cafe cafe", lowercase=False, strip_accents=False) == ["▁Cafe", "▁cafe"]
    assert _cut("Café", lowercase=False, strip_accents=False) == ["[UNK]"]
    assert _cut("Café", lowercase=True, strip_accents=False) == ["[UNK]"]
