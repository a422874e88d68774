"""Conversations as Markdown documents, in the language and the time zone of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kb.answering.markdown import Wording, as_markdown
from kb.remembering import Turn
from ui.answering import Asked, as_turn
from ui.i18n import Language
from ui.language import language, t
from ui.scopes import scope_text
from ui.session import Session
from ui.shared import browser_zone, zoned_text


def conversation_markdown(shared: Session, turns: Iterable[Asked]) -> str:
    """Return the tab's conversation as a Markdown document."""
    return _Writing(shared, language(), _wording()).text(map(as_turn, turns))


def every_conversation(shared: Session) -> Callable[[], str]:
    """Return a function that writes all conversations, the latest first.

    Streamlit calls it in a thread that knows no browser, so language and time zone are asked for
    here.
    """
    writing, zone = _Writing(shared, language(), _wording()), browser_zone()

    def written() -> str:
        parts = []
        for info in shared.base.remembered.conversations():
            turns = shared.base.remembered.conversation(info.id)
            parts.append(f"# {zoned_text(info.changed_at, zone)}\n")
            parts.append(writing.text(turns))
        return "\n".join(parts)

    return written


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes conversations in one language."""

    shared: Session
    language: Language
    wording: Wording

    def text(self, turns: Iterable[Turn]) -> str:
        """Return turns as Markdown; passages name their collection if there are several."""
        several = len(self.shared.base.collections()) > 1
        return "\n".join(
            as_markdown(
                turn.answer,
                scope=scope_text(self.shared, turn.scope, self.language),
                missing=turn.missing,
                collections=several,
                wording=self.wording,
            )
            for turn in turns
        )


def _wording() -> Wording:
    return Wording(
        cut=t("ask.cut"),
        filtered=t("ask.filtered"),
        ended=t("ask.ended", reason="{reason}"),
        sources=t("export.sources"),
        uncited=t("ask.uncited"),
        gone=t("history.gone"),
        page=t("place.page", page="{page}"),
        collection=t("export.collection", name="{name}"),
        aside=t("export.aside", remark="{remark}"),
        comma=t("export.comma"),
    )
