"""Judged sets on disk: ``corpus.jsonl``, ``queries.jsonl``, ``qrels.tsv``, ``spans.tsv``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.errors import SettingsError

SETS = "sets"
"""Folder of judged sets that are known by name, below the data folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDocument:
    """A document of a set; judgements refer to its ``id``."""

    id: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSet:
    """Documents, queries by id, and the relevant documents of each query.

    ``spans`` are the gold passages of a query, as (document id, start, end) in code points of the
    corpus's text. They are empty for sets that judge whole documents.
    """

    name: str
    documents: tuple[JudgedDocument, ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, frozenset[str]]
    spans: Mapping[str, tuple[tuple[str, int, int], ...]]

    @property
    def fingerprint(self) -> str:
        """Hash of the set's queries and judgements, which identifies it."""
        judged = [(key, text, sorted(self.relevant[key])) for key, text in self.queries.items()]
        return hashlib.sha256(json.dumps(sorted(judged)).encode()).hexdigest()


def read_set(folder: Path, *, spans: bool = False) -> JudgedSet:
    """Read a judged set.

    Raises:
        SettingsError: a file is missing or wrong. The message names the file and line.
    """
    documents = tuple(
        JudgedDocument(
            id=key,
            text=_string(item, "text", at),
            title="" if item.get("title") is None else _string(item, "title", at),
        )
        for at, key, item in _named(folder / "corpus.jsonl")
    )
    queries = {key: _string(item, "text", at) for at, key, item in _named(folder / "queries.jsonl")}
    blank = [key for key, text in queries.items() if not text.strip()]
    if blank:
        msg = (
            f"{folder / 'queries.jsonl'}: {len(blank)} queries have no text (first: {blank[0]}); "
            "write a question that the passage answers, or delete the line"
        )
        raise SettingsError(msg)
    known = {document.id for document in documents}
    relevant: dict[str, set[str]] = {}
    for at, row in _rows(folder / "qrels.tsv", columns=3):
        if row[0] not in queries:  # the judge of the set deleted its line
            continue
        if row[1] not in known:
            msg = f"{at}: there is no document {row[1]!r} in the corpus; mend the line or remove it"
            raise SettingsError(msg)
        if _number(row[2], at) > 0:
            relevant.setdefault(row[0], set()).add(row[1])
    gold: dict[str, list[tuple[str, int, int]]] = {}
    if spans:
        texts = {document.id: document.text for document in documents}
        for at, row in _rows(folder / "spans.tsv", columns=4):
            gold.setdefault(row[0], []).append(_span(row, texts, at))
        if not gold.keys() & queries.keys():
            msg = f"{folder / 'spans.tsv'} has no span of any query; add lines: query, document, "
            raise SettingsError(msg + "start, end")
    if not relevant:
        msg = f"{folder / 'qrels.tsv'} judges none of the queries; add lines: query, document, 1"
        raise SettingsError(msg)
    return JudgedSet(
        name=folder.name,
        documents=documents,
        queries={key: text for key, text in queries.items() if key in relevant},
        relevant={key: frozenset(found) for key, found in relevant.items()},
        spans={key: tuple(found) for key, found in gold.items()},
    )


def _span(row: list[str], texts: Mapping[str, str], at: str) -> tuple[str, int, int]:
    name, start, end = row[1], _number(row[2], at), _number(row[3], at)
    if name not in texts:
        msg = f"{at}: there is no document {name!r} in the corpus; mend the line or remove it"
        raise SettingsError(msg)
    if not 0 <= start < end <= len(texts[name]):
        msg = (
            f"{at}: {start} to {end} is no span of {name!r}, which has {len(texts[name])} "
            "characters; mend the line or remove it"
        )
        raise SettingsError(msg)
    return name, start, end


def _named(path: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield place, id and values of each line; ids are unique."""
    seen: set[str] = set()
    for at, item in _lines(path):
        key = _string(item, "id", at)
        if key in seen:
            msg = f"{at}: the id {key!r} was there before; remove the line or give it another"
            raise SettingsError(msg)
        seen.add(key)
        yield at, key, item


def _lines(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for number, line in _read(path):
        at = f"{path}, line {number}"
        try:
            item = json.loads(line)
        except ValueError as error:
            msg = f"{at} is not JSON: {error}; mend the line or remove it"
            raise SettingsError(msg) from error
        if not isinstance(item, dict):
            msg = f'{at} is not an object; each line holds one, such as {{"id": …, "text": …}}'
            raise SettingsError(msg)
        yield at, item


def _rows(path: Path, *, columns: int) -> Iterator[tuple[str, list[str]]]:
    for number, line in _read(path):
        row = line.split("\t")
        at = f"{path}, line {number}"
        if len(row) != columns:
            msg = f"{at} has {len(row)} columns instead of {columns}; separate them with tabs"
            raise SettingsError(msg)
        yield at, row


def _read(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"{path} cannot be read: {error}. A judged set is a folder with corpus.jsonl, "
            "queries.jsonl and qrels.tsv (and spans.tsv for --spans), all in UTF-8"
        )
        raise SettingsError(msg) from error
    # Not splitlines(): JSON strings may contain U+2028, at which it would split.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def _string(item: Mapping[str, object], key: str, at: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        msg = f"{at}: {key!r} must be text, but is {value!r}; mend the line or remove it"
        raise SettingsError(msg)
    return value


def _number(value: str, at: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        msg = f"{at}: {value!r} is not a whole number; mend the line or remove it"
        raise SettingsError(msg) from error
