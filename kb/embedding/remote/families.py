"""Input format of a served model, chosen by its name: a server does not report it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kb.models.prompts import BARE, E5, NOMIC, QWEN3, Prompts

PromptsName = Literal["auto", "none", "e5", "nomic", "qwen3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Prompts of a family, and the token limit of its models; 0 if unknown."""

    prompts: Prompts = BARE
    context_tokens: int = 0


_CHOSEN: dict[str, Prompts] = {"none": BARE, "e5": E5, "nomic": NOMIC, "qwen3": QWEN3}

# The first match counts. Contexts are those of the model cards; a server may allow fewer.
_BY_NAME: tuple[tuple[re.Pattern[str], Family], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), family)
    for pattern, family in (
        (r"qwen3[-_.]?embed", Family(prompts=QWEN3, context_tokens=32768)),
        (r"e5[-_](small|base|large)(?!.*instruct)", Family(prompts=E5, context_tokens=512)),
        (r"nomic[-_]embed[-_]text", Family(prompts=NOMIC, context_tokens=2048)),
        (r"bge[-_]m3", Family(context_tokens=8192)),
        (r"text-embedding-(3|ada)", Family(context_tokens=8191)),
    )
)


def family_of(model: str, chosen: PromptsName = "auto") -> Family | None:
    """Return the family that ``model`` is named after, with ``chosen`` prompts; None if unknown."""
    found = next((family for pattern, family in _BY_NAME if pattern.search(model)), None)
    if chosen == "auto":
        return found
    context_tokens = found.context_tokens if found else 0
    return Family(prompts=_CHOSEN[chosen], context_tokens=context_tokens)
