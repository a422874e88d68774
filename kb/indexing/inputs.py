"""What the model read for a stored chunk: its text alone, or behind its title and headings.

The settings of today do not tell; the chunk's key does.
"""

from __future__ import annotations

from collections.abc import Iterable

from kb.indexing.splitting import SplitRules
from kb.prepared import KeyedChunk
from kb.records import with_header
from kb.splitting.context import ContextPrefix
from kb.splitting.rulers import CountTokens


class Inputs:
    """Finds what was embedded, for chunks of any documents.

    Args:
        rules: of the model that embedded them.
        count_tokens: the model's.
    """

    def __init__(self, rules: SplitRules, count_tokens: CountTokens) -> None:
        self._rules = rules
        self._count_tokens = count_tokens
        self._prefixes: dict[str, ContextPrefix] = {}

    def of(self, chunk: KeyedChunk) -> tuple[str, str] | None:
        """Return what stood in front of a chunk, may be empty, and the chunk; None if unknown.

        Unknown is what was embedded by other rules: neither gives the key.
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
