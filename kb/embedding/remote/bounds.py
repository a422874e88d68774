"""An upper bound of a text's tokens, for servers that do not count them."""

from __future__ import annotations

import unicodedata


def most_tokens(text: str) -> int:
    """Return a number of tokens that no common tokenizer exceeds on ``text``.

    Byte-level BPE and SentencePiece with byte fallback make at most one token of a byte, WordPiece
    at most one of a character. Both may first normalise. NFKC or a full decomposition makes some
    characters longer (U+FDFA becomes 18), so the longest form counts. SentencePiece may add one
    mark in front. The bound is three to four times the true number for English, about twice for
    Chinese.
    """
    forms = (text, unicodedata.normalize("NFKC", text))
    longest = max(len(form.encode("utf-8", "surrogatepass")) for form in forms)
    return 1 + max(longest, len(unicodedata.normalize("NFKD", text)))
