"""Texts of some paragraphs, made up of few words; each number gives another one."""

from __future__ import annotations

import random

_WORDS = """
the a of in on with dough rye water salt oven hour day baker loaf crust crumb heat steam flour
starter knead fold rest shape bake cool slice table kitchen morning evening river
"""


def made_text(number: int, *, paragraphs: int = 6) -> str:
    """Return a text with a heading; the same one for the same number."""
    chance = random.Random(number)  # noqa: S311 - no secret
    known = _WORDS.split()
    parts = [f"# Text {number}"]
    for _ in range(paragraphs):
        words = [chance.choice(known) for _ in range(chance.randint(20, 80))]
        parts.append(" ".join(words).capitalize() + ".")
    return "\n\n".join(parts)
