"""Findings of `kb doctor` on languages: the means that searches use, and their measured benefit."""

from __future__ import annotations

from typing import Any

from kb.knowledge_base import KnowledgeBase
from kb.languages.trial import RecallFigures
from kb.search.means import ModelLanguages


def findings(base: KnowledgeBase) -> dict[str, Any]:
    """Return whether searches use language means, and the figures of languages that occur."""
    known, occurring = base.language_means(), occurring_languages(base)
    return {
        "means": _summary(known, enabled=base.settings.language_means),
        **({"not made": known.failed} if known.failed else {}),
        **{
            f"language {language}": _told(known, language, occurring.get(language, 0))
            for language in shown_languages(known, occurring)
        },
    }


def occurring_languages(base: KnowledgeBase) -> dict[str, int]:
    """Count the chunks of all collections by language, most frequent first."""
    found: dict[str, int] = {}
    for info in base.collections():
        for language, count in base.chunk_languages(info).items():
            if language:
                found[language] = found.get(language, 0) + count
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def shown_languages(known: ModelLanguages, occurring: dict[str, int]) -> list[str]:
    """Return the languages to report: first those that occur, then those tried on this machine."""
    tried = () if known.shipped else known.figures
    return list(dict.fromkeys([*occurring, *tried]))


def worth(figures: RecallFigures) -> str:
    """Word the figures for a person."""
    return (
        f"across languages {figures.across_before:.0%} → {figures.across_after:.0%}, "
        f"within {figures.within_before:.0%} → {figures.within_after:.0%}"
    )


def _summary(known: ModelLanguages, *, enabled: bool) -> str:
    if not enabled:
        return "not used (setting language_means)"
    if known.shipped:
        return f"of {len(known.figures)} languages, which come with the program"
    if not known.figures:
        return "none; they are made once two languages occur together"
    return f"of {len(known.used)} languages used, of {len(known.figures)} tried"


def _told(known: ModelLanguages, language: str, chunks: int) -> str:
    figures = known.figures.get(language)
    if figures is None:
        choice = "by its script" if known.shipped else "no means"
        return f"{chunks:,} chunks; {choice}"
    choice = "used" if language in known.used else "not used"
    return f"{chunks:,} chunks; {choice}; answers found first: {worth(figures)}"
