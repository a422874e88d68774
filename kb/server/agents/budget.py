"""How much of an answer an agent is given: what fits its tokens, and where the rest begins."""

from __future__ import annotations

from kb.chat.limits import estimated_tokens

_HEAD_TOKENS = 120  # of what stands around a list: the rule of the marks, the line about more


class Budget:
    """Tokens that are left of an answer, counted rather too many than too few.

    Args:
        tokens: most of them.
    """

    def __init__(self, tokens: int) -> None:
        self._left = tokens - _HEAD_TOKENS
        self._taken = False

    @property
    def left(self) -> int:
        """Tokens that are left, 0 or more."""
        return max(0, self._left)

    def fits(self, text: str) -> bool:
        """Say whether there is room for a text."""
        return estimated_tokens(text) <= self.left

    def take(self, text: str) -> bool:
        """Give a text its room, if there is enough; the first one gets it in any case."""
        if not self.fits(text) and self._taken:
            return False
        self._left -= estimated_tokens(text)
        self._taken = True
        return True

    def cut(self, text: str) -> str:
        """Return as much of a text as fits, up to the end of a line or a word if there is one."""
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
