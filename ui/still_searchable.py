"""Files that a run found missing or excluded, but that are still searchable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui.language import by_code, t


def still_searchable(
    gone: Sequence[str], left_out: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, Sequence[str]]]:
    """Return texts about such files, with their names, one pair for each reason.

    ``left_out`` maps each name to the rule's code (``rule``) and its words in English (``by``).
    """
    told: list[tuple[str, Sequence[str]]] = []
    if gone:
        told.append((t("runs.gone"), gone))
    for code, words in dict.fromkeys((each["rule"], each["by"]) for each in left_out.values()):
        names = [name for name, each in left_out.items() if each["by"] == words]
        told.append((t("runs.left_out", rule=by_code("left_out", code, words, {})), names))
    return told
