"""Prefix of a chunk when it is embedded: its document's title and its headings.

Without it, a chunk such as "it must be renewed every year" does not name its subject. The stored
text has no prefix.
"""

from __future__ import annotations

from kb.splitting.rulers import CountTokens

MOST_TOKENS = 64
"""Most tokens of a prefix; they count towards the model's limit."""

_SEPARATOR = " › "
_END = "\n\n"


class ContextPrefix:
    """Makes the prefixes of one document's chunks.

    Args:
        title: the document's own title, may be empty.
        count_tokens: counts the tokens of each text alone.
    """

    def __init__(self, title: str, count_tokens: CountTokens) -> None:
        self._title = title
        self._count = count_tokens
        self._made: dict[tuple[str, ...], tuple[str, int]] = {}

    def before(self, heading_path: tuple[str, ...]) -> str:
        """Return the prefix of chunks under these headings; empty without title and headings.

        A prefix that is too long loses its outermost parts first, because the innermost heading is
        the most specific.
        """
        return self._prefix(heading_path)[0]

    def tokens(self, heading_path: tuple[str, ...]) -> int:
        """Return the number of tokens of the prefix."""
        return self._prefix(heading_path)[1]

    def _prefix(self, heading_path: tuple[str, ...]) -> tuple[str, int]:
        if heading_path not in self._made:
            self._made[heading_path] = self._make(heading_path)
        return self._made[heading_path]

    def _make(self, heading_path: tuple[str, ...]) -> tuple[str, int]:
        names = [self._title, *heading_path]
        parts = list(dict.fromkeys(" ".join(name.split()) for name in names if name.strip()))
        while parts:
            prefix = _SEPARATOR.join(parts) + _END
            tokens = self._count([prefix])[0]
            if tokens <= MOST_TOKENS:
                return prefix, tokens
            parts.pop(0)
        return "", 0
