"""What a question was asked of, as a line of text: collections and conditions."""

from __future__ import annotations

from collections.abc import Iterator

from kb.errors import DocumentNotFoundError
from kb.remembering import Scope
from ui.i18n import Language, has, translate
from ui.session import Session
from ui.shared import MEDIA_NAMES


def scope_text(shared: Session, scope: Scope, language: Language) -> str:
    """Return collections and conditions in a language.

    Returns an empty text for a question without conditions, if there is only one collection or the
    collections are unknown.
    """
    several = len(shared.base.collections()) > 1
    parts = [*(scope.collections if several else ()), *_conditions(shared, scope, language)]
    return translate(language, "scope.asked", told=" · ".join(parts)) if parts else ""


def _conditions(shared: Session, scope: Scope, language: Language) -> Iterator[str]:
    where = scope.where
    for number in where.documents:
        yield _document(shared, number)
    for kind in where.media_types:
        yield MEDIA_NAMES[kind]
    if where.path:
        yield where.path
    yield from where.tags
    for code in where.languages:
        key = f"language.{code}"
        yield translate(language, key) if has(key) else code
    if where.page_first is not None or where.page_last is not None:
        pages = _range(where.page_first, where.page_last)
        yield translate(language, "place.page", page=pages)
    if where.date_from or where.date_to:
        yield _range(where.date_from or None, where.date_to or None)
    for name, value in where.metadata.items():
        yield f"{name}: {value}"


def _document(shared: Session, number: int) -> str:
    try:
        return shared.base.document(number).name
    except DocumentNotFoundError:
        return f"#{number}"


def _range(first: str | int | None, last: str | int | None) -> str:
    ends = ["" if end is None else str(end) for end in (first, last)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)
