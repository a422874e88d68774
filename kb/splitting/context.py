"""What stands in front of a chunk when it is embedded: its document's title and its headings.

A chunk that says "it must be renewed every year" does not say what. The stored text stays bare.
"""

from __future__ import annotations

from kb.splitting.rulers import CountTokens

MOST_TOKENS = 64
"""Tokens that a prefix may take of what the model reads."""

_SEPARATOR = " › "
_END = "\n\n"


class ContextPrefix:
    """Makes the prefixes of one document's chunks.

    Args:
        title: the document's own, may be empty.
        count_tokens: gives the tokens of each text alone.
    """

    def __init__(self, title: str, count_tokens: CountTokens) -> None:
        self._title = title
        self._count = count_tokens
        self._made: dict[tuple[str, ...], tuple[str, int]] = {}

    def before(self, heading_path: tuple[str, ...]) -> str:
        """Return the prefix of chunks under these headings; empty where there is nothing to say.

        Where it would be too long, what is outermost goes first: the innermost heading says most.
        """
        return self._prefix(heading_path)[0]

    def tokens(self, heading_path: tuple[str, ...]) -> int:
        """Return how many tokens the prefix takes of what the model reads."""
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
