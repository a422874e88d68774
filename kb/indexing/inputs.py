"""Reconstructs the model's input for a stored chunk: with or without title and headings.

The present settings do not show it, but the chunk's key does.
"""

from __future__ import annotations

from collections.abc import Iterable

from kb.indexing.splitting import SplitRules
from kb.prepared import KeyedChunk
from kb.records import with_header
from kb.splitting.context import ContextPrefix
from kb.splitting.rulers import CountTokens


class Inputs:
    """Finds the embedded text of chunks of any documents.

    Args:
        rules: the rules, with the fingerprint of the model that embedded the chunks.
        count_tokens: counts the model's tokens.
    """

    def __init__(self, rules: SplitRules, count_tokens: CountTokens) -> None:
        self._rules = rules
        self._count_tokens = count_tokens
        self._prefixes: dict[str, ContextPrefix] = {}

    def of(self, chunk: KeyedChunk) -> tuple[str, str] | None:
        """Return the prefix of a chunk, maybe empty, and its text; None if unknown.

        The input is unknown if other rules made it: neither variant gives the key.
        """
        bare = with_header(chunk.header, chunk.text)
        for before in self._candidates(chunk):
            if self._rules.key(before + bare) == chunk.key:
                return before, bare
        return None

    def _candidates(self, chunk: KeyedChunk) -> Iterable[str]:
        yield ""
        prefix = self._prefixes.get(chunk.title)
        if prefix is None:
            prefix = self._prefixes[chunk.title] = ContextPrefix(chunk.title, self._count_tokens)
        yield prefix.before(chunk.heading_path)
