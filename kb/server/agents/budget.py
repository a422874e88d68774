"""The size of an answer for an agent: as much as fits its tokens, and where to read on."""

from __future__ import annotations

from kb.chat.limits import estimated_tokens

_HEAD_TOKENS = 120  # of the text around a list: the rule about marks, the line about further hits


class Budget:
    """Tokens left for an answer; the count is rather too high than too low.

    Args:
        tokens: the limit.
    """

    def __init__(self, tokens: int) -> None:
        self._left = tokens - _HEAD_TOKENS
        self._taken = False

    @property
    def left(self) -> int:
        """Tokens that are left, 0 or more."""
        return max(0, self._left)

    def fits(self, text: str) -> bool:
        """Return whether a text fits."""
        return estimated_tokens(text) <= self.left

    def take(self, text: str) -> bool:
        """Reserve room for a text if it fits; the first text always gets room."""
        if not self.fits(text) and self._taken:
            return False
        self._left -= estimated_tokens(text)
        self._taken = True
        return True

    def cut(self, text: str) -> str:
        """Return as much of a text as fits, up to the end of a line or word if possible."""
        if self.fits(text):
            return text
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if estimated_tokens(text[:middle]) <= self.left:
                low = middle
            else:
                high = middle - 1
        for end in ("\n", " "):
            at = text.rfind(end, low // 2, low)
            if at > 0:
                return text[: at + 1]
        return text[:low]
