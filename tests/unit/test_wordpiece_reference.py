"""WordPiece beside the library that BERT models are trained with, which Chroma brings along.

The library's tables of categories are of 2015: only letters and signs that are older, and what no
standard has assigned, are compared.
"""

from __future__ import annotations

import sys
import unicodedata

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from kb.llama.wordpiece import WordPiece

MARK = "\u2581"
WORDS = ["the", "harbour", "run", "ning", "ed"]
THEN, NOW = unicodedata.ucd_3_2_0, unicodedata
NOT_ASSIGNED = ["\u0378", "\u0379", "\ufdd0", "\ufffe", "\U0001ffff", "\U000e0fff", "\U000fffff"]
LETTERS = NOT_ASSIGNED + [
    letter
    for letter in map(chr, range(sys.maxunicode + 1))
    if THEN.category(letter) == NOW.category(letter) not in {"Cs", "Co", "Cn"} and letter != MARK
]
UNKNOWN = "##[UNK]"
PIECES = ["[UNK]", *(f"{begin}{each}" for each in [*WORDS, *LETTERS] for begin in (MARK, ""))]


def reference(*, lowercase: bool, strip_accents: bool) -> Tokenizer:
    vocabulary: dict[str, int] = {}
    for number, piece in enumerate(PIECES):
        name = piece[1:] if piece.startswith(MARK) else f"##{piece}"
        vocabulary.setdefault(name, number)
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=100))
    made.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strip_accents)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


@pytest.mark.parametrize(
    ("lowercase", "strip_accents"),
    [
        (True, True),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in ((True, False), (False, False))),
    ],
)
def test_every_letter_is_read_as_the_reference_reads_it(
    *, lowercase: bool, strip_accents: bool
) -> None:
    ours = WordPiece(PIECES, unknown=0, lowercase=lowercase, strip_accents=strip_accents)
    theirs = reference(lowercase=lowercase, strip_accents=strip_accents)
    different = []
    for begin in range(0, len(LETTERS), 256):
        some = LETTERS[begin : begin + 256]
        text = " ".join(f"a{letter}b {letter} {letter}{letter}c" for letter in some)
        if ours.tokenize(text) != theirs.encode(text, add_special_tokens=False).ids:
            different.append(f"{ord(some[0]):x}-{ord(some[-1]):x}")
    assert different == []
