"""Conversations as Markdown documents, in the language and the time zone of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kb.answering.markdown import Wording, as_markdown
from kb.remembering import Turn
from ui.answering import Asked
from ui.language import t
from ui.session import Session
from ui.shared import browser_zone, zoned_text


def conversation_markdown(shared: Session, turns: Iterable[Asked]) -> str:
    """Return the tab's conversation as a Markdown document."""
    kept = [Turn(asked=each.asked, answer=each.so_far, missing=each.missing) for each in turns]
    return _written(kept, _wording(), collections=_several(shared))


def every_conversation(shared: Session) -> Callable[[], str]:
    """Return a function that writes all conversations, the latest first.

    Streamlit calls it in a thread that knows no browser, so language and time zone are asked for
    here.
    """
    wording, zone = _wording(), browser_zone()

    def written() -> str:
        collections = _several(shared)
        parts = []
        for info in shared.base.remembered.conversations():
            turns = shared.base.remembered.conversation(info.id)
            parts.append(f"# {zoned_text(info.changed_at, zone)}\n")
            parts.append(_written(turns, wording, collections=collections))
        return "\n".join(parts)

    return written


def _written(turns: Iterable[Turn], wording: Wording, *, collections: bool) -> str:
    return "\n".join(
        as_markdown(turn.answer, missing=turn.missing, collections=collections, wording=wording)
        for turn in turns
    )


def _several(shared: Session) -> bool:
    """Return whether a passage's collection says anything: there are several."""
    return len(shared.base.collections()) > 1


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
