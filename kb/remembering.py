"""Saved searches and conversations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from kb import wire
from kb.adapters import adapter
from kb.answering.answer import Answer
from kb.catalog.catalog import Catalog
from kb.catalog.filters import SearchFilter
from kb.catalog.remembered import ConversationInfo, KeptPassage, Place
from kb.errors import SettingsError
from kb.records import SearchHit

Choices = Mapping[str, Sequence[str]]
"""Filters and options of a search, by name."""

MOST_CHARACTERS = 20_000
"""Longest saved search, question and choices together."""

_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedSearch:
    """A saved search: the question and its filters and options."""

    id: int
    query: str
    choices: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a question was asked of: the names of collections, and the filter.

    An earlier release stored neither: no collection then means that they are unknown.
    """

    collections: tuple[str, ...] = ()
    where: SearchFilter = field(default_factory=SearchFilter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question of a conversation, as it was typed, what it was asked of, and its answer.

    ``missing`` holds the numbers of passages whose documents were removed or replaced. Their hits
    in ``answer.sources`` have no text, and their place as title.
    """

    asked: str
    answer: Answer
    scope: Scope = Scope()
    missing: tuple[int, ...] = ()


class Remembered:
    """The saved searches and conversations. Thread-safe.

    They belong to the knowledge base, not to a person: every user sees all of them.

    Raises (every method that changes something):
        StoreError: the folder is read-only, the disk is full, or the file failed.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def searches(self) -> list[RememberedSearch]:
        """Return all saved searches, the newest first."""
        with self._catalog.reading() as state:
            kept = state.remembered_searches()
        return [_search(search_id, wording) for search_id, wording in kept]

    def keep_search(self, query: str, choices: Choices | None = None) -> None:
        """Save a search; one that is saved already becomes the newest.

        Args:
            query: the question.
            choices: filters and options; empty ones are not saved.

        Raises:
            SettingsError: the question is empty, or the search is too long to save.
        """
        chosen = {name: list(values) for name, values in (choices or {}).items() if values}
        wording = json.dumps([query.strip(), chosen], ensure_ascii=False, sort_keys=True)
        if not query.strip() or len(wording) > MOST_CHARACTERS:
            msg = (
                f"a search of {len(wording):,} characters cannot be remembered; give a question "
                f"and filters of at most {MOST_CHARACTERS:,} characters together"
            )
            raise SettingsError(msg)
        with self._catalog.change() as change:
            change.remember_search(wording)

    def forget_search(self, search_id: int) -> None:
        """Delete a saved search; do nothing if it is gone."""
        with self._catalog.change() as change:
            change.forget_search(search_id)

    def conversations(self) -> list[ConversationInfo]:
        """Return all conversations, the last changed first."""
        with self._catalog.reading() as state:
            return state.conversations()

    def conversation(self, conversation_id: int) -> list[Turn]:
        """Return the turns of a conversation; an empty list if it was deleted."""
        with self._catalog.reading() as state:
            found = state.conversation(conversation_id)
        if found is None:
            return []
        turns, passages = found
        return [_turn(at, told, passages) for at, told in enumerate(json.loads(turns))]

    def keep_conversation(
        self, turns: Sequence[Turn], *, conversation_id: int | None = None
    ) -> int:
        """Store a conversation; return its id.

        Args:
            turns: all of them.
            conversation_id: id of its stored version, which this replaces; None for a new one.
        """
        passages: dict[Place, KeptPassage] = {}
        for at, turn in enumerate(turns):
            for number, hit in enumerate(turn.answer.sources, start=1):
                if number not in turn.missing:
                    passages[at, number] = KeptPassage(
                        document_id=hit.document_id, passage=_dump(wire.hit_json(hit))
                    )
        title = turns[0].asked[:_TITLE_CHARACTERS] if turns else ""
        with self._catalog.change() as change:
            return change.keep_conversation(
                conversation_id, title, [_turn_text(turn) for turn in turns], passages
            )

    def forget_conversation(self, conversation_id: int) -> None:
        """Delete a conversation; do nothing if it is gone."""
        with self._catalog.change() as change:
            change.forget_conversation(conversation_id)


def _search(search_id: int, wording: str) -> RememberedSearch:
    query, choices = json.loads(wording)
    return RememberedSearch(
        id=search_id,
        query=query,
        choices={name: tuple(values) for name, values in choices.items()},
    )


def _turn_text(turn: Turn) -> str:
    """Return a turn as JSON without its passages, which are stored with their documents."""
    places = [[hit.source, hit.place] for hit in turn.answer.sources]
    answer = wire.answer_json(replace(turn.answer, sources=()))
    scope = asdict(turn.scope)
    return _dump({"asked": turn.asked, "scope": scope, "answer": answer, "places": places})


def _turn(at: int, told: Mapping[str, object], passages: Mapping[Place, str]) -> Turn:
    sources: list[SearchHit] = []
    missing: list[int] = []
    places: Sequence[tuple[str, str]] = told["places"]  # type: ignore[assignment] # as written
    for number, (source, place) in enumerate(places, start=1):
        kept = passages.get((at, number))
        if kept is None:
            missing.append(number)
            sources.append(_gone(number, f"{source}, {place}" if place else source))
        else:
            sources.append(wire.hit_from_json(json.loads(kept)))
    answer = wire.answer_from_json(told["answer"])  # type: ignore[arg-type] # likewise
    return Turn(
        asked=str(told["asked"]),
        answer=replace(answer, sources=tuple(sources)),
        scope=adapter(Scope).validate_python(told.get("scope", {})),
        missing=tuple(missing),
    )


def _gone(number: int, place: str) -> SearchHit:
    """Return the placeholder for a passage whose document is gone."""
    return SearchHit(
        score=0.0,
        text="",
        collection="",
        document_id=0,
        chunk_id=-number,
        ordinal=0,
        title=place,
        media_type="text",
        sources=(),
        start=0,
        end=0,
    )


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
