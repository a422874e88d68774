"""Make judged sets across languages from translated manual pages, for ``kb eval``.

    python tests/benchmarks/manuals.py MAN_FOLDER OUT [--pairs de-en en-de …] [--pages 250]

MAN_FOLDER holds ``man1/ls.1.gz`` in English and ``de/man1/ls.1.gz`` in other languages, as
``/usr/share/man`` does. Debian's packages: ``manpages``, ``manpages-dev``, ``coreutils``,
``util-linux`` and others for English; ``manpages-de``, ``manpages-ja``, ``manpages-ja-dev`` … for
translations. ``apt-get download`` fetches them, ``dpkg -x FILE.deb FOLDER`` unpacks them.

``de-en`` asks in German and has English documents: OUT/man-de-to-en. What a language calls the
sections that most pages have (DESCRIPTION, RETURN VALUE) is learned from the names in them; other
sections are matched by their order between those, where there are as many, and subsections
by their order in their section. Sections of 200 to 4,000 characters are documents, a third of that
in Chinese and Japanese; names, synopses, authors and the like are none. Queries are

- ``n-PAGE``: what the page's NAME line says ("list directory contents", without the name); the one
  relevant document is the page's description;
- ``h-PAGE#N``: that, and the heading of a subsection; the one relevant document is the subsection.

Neither the NAME line nor the heading stands in a document. Left out are queries and sections that
are not translated (a heading that is a function's name is the same in all languages), queries that
stand twice, and documents with the same text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from manual_pages import ENGLISH, Page, headings_of, matched, pages, read_page
from roff import Section

PAIRS = [
    *(pair for each in ("de", "fr", "es", "it", "pl", "pt_BR", "ru", "ja", "zh_CN")
      for pair in (f"{each}-en", f"en-{each}")),
    "fr-de",
    "ja-zh_CN",
    "ru-es",
]  # fmt: skip
SHORTEST, LONGEST = 200, 4000
_DENSE = {"ja", "zh_CN", "zh_TW", "ko"}
_DENSER = 3
_LEAST_TRANSLATED = 0.5
_SHORTEST_QUERY = 3
_NO_DOCUMENTS = re.compile(
    r"NAME|SYNOPSIS|SEE ALSO|AUTHORS?|COPYRIGHT|COLOPHON|REPORTING BUGS|AVAILABILITY|HISTORY",
    re.IGNORECASE,
)
_NATIVE = {
    "ru": re.compile("[\u0400-\u04ff]"),
    "ja": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
    "zh_CN": re.compile("[\u4e00-\u9fff]"),
    "zh_TW": re.compile("[\u4e00-\u9fff]"),
}
_README = """# {name}

Source: manual pages as Debian packages them, translations by manpages-l10n, JM and others.
Licence: each page's own, all free.
Derivation: `tests/benchmarks/manuals.py`. Sections of {told} pages are documents; queries are \
what the NAME line of the {asked} page says (n-), or that and the heading of a subsection (h-). \
Sections are matched by heading and order; neither NAME line nor heading stands in a document.
Caveats: known-item queries made by a script. Sections of one page, and pages of like programs and \
functions, are close to each other: another may answer as well. A translation may lag behind.

## Numbers
pages {pages}; docs {documents}; queries {queries} ({named} names, {headed} headings); \
qrels {queries}
"""

Row = dict[str, str]


@dataclass(slots=True)
class JudgedPages:
    """A set in the making: documents, queries, and the document that answers each query."""

    documents: list[Row] = field(default_factory=list)
    queries: list[Row] = field(default_factory=list)
    relevant: dict[str, str] = field(default_factory=dict)
    pages: int = 0

    def add(self, documents: list[Row], queries: list[tuple[str, str, str]]) -> None:
        """Add a page that has both."""
        if documents and queries:
            self.pages += 1
            self.documents += documents
            self.queries += [{"id": key, "text": text} for key, text, _ in queries]
            self.relevant |= {key: document for key, _, document in queries}

    def unique(self) -> JudgedPages:
        """Return it without texts that stand twice, and queries that lost their document."""
        texts = Counter(" ".join(each["text"].split()) for each in self.documents)
        documents = [row for row in self.documents if texts[" ".join(row["text"].split())] == 1]
        known = {row["id"] for row in documents}
        asked = Counter(row["text"].casefold() for row in self.queries)
        queries = [
            row
            for row in self.queries
            if asked[row["text"].casefold()] == 1 and self.relevant[row["id"]] in known
        ]
        return JudgedPages(documents, queries, self.relevant, self.pages)


def is_translated(text: str, original: str, language: str) -> bool:
    """Say whether a text is not the English one, and for the most part in its own language."""
    if language == ENGLISH:
        return True
    if (native := _NATIVE.get(language)) and not native.search(text):
        return False
    words = set(re.findall(r"[^\W\d_]{4,}", text.lower()))
    theirs = set(re.findall(r"[^\W\d_]{4,}", original.lower()))
    if language in _NATIVE:
        letters = sum(c.isalpha() for c in text)
        return len(_NATIVE[language].findall(text)) >= _LEAST_TRANSLATED * letters / 2
    return not words or len(words - theirs) > _LEAST_TRANSLATED * len(words)


def is_document(original: Section, text: str, language: str) -> bool:
    """Say whether a section is long enough, and tells what a reader may look for."""
    least = SHORTEST // _DENSER if language in _DENSE else SHORTEST
    most = LONGEST // _DENSER if language in _DENSE else LONGEST
    return least <= len(text) <= most and not _NO_DOCUMENTS.fullmatch(original.heading)


def make(folder: Path, asked: str, told: str, most: int) -> JudgedPages:
    """Make a set of up to ``most`` pages that both languages and English have."""
    files = {language: pages(folder, language) for language in {asked, told, ENGLISH}}
    shared = set.intersection(*(set(found) for found in files.values()))
    # In an order of their own, so that sets of different languages have the same pages.
    names = sorted(shared, key=lambda each: hashlib.sha256(each.encode()).digest())
    read: list[dict[str, Page]] = []
    for name in names:
        found = {language: read_page(paths[name]) for language, paths in files.items()}
        whole = {language: page for language, page in found.items() if page is not None}
        if len(whole) == len(files):
            read.append(whole)
    known = {
        language: headings_of([(each[ENGLISH], each[language]) for each in read])
        for language in files
    }
    made = JudgedPages()
    for each in read:
        if made.pages == most:
            break
        made.add(*_judged(each, known, asked, told))
    return made.unique()


def _judged(
    read: Mapping[str, Page], known: Mapping[str, Mapping[str, str]], asked: str, told: str
) -> tuple[list[Row], list[tuple[str, str, str]]]:
    """Return a page's documents, and its queries with the document that answers each."""
    english = read[ENGLISH]
    found = {
        language: matched(english.sections, page.sections, known[language])
        for language, page in read.items()
    }
    documents: dict[int, str] = {}
    for at, section in found[told].items():
        original = english.sections[at]
        if is_document(original, section.text, told) and is_translated(
            section.text, original.text, told
        ):
            documents[at] = section.text
    queries = []
    says = {language: page.says for language, page in read.items()}
    for at in documents if _speak(says) else ():
        original, key = english.sections[at], f"{english.name}#{at}"
        headings = {
            language: found[language][at].heading for language in read if at in found[language]
        }
        if original.heading.upper() == "DESCRIPTION" and original.level == 1:
            queries.append((f"n-{english.name}", says[asked], key))
        elif original.level > 1 and len(headings) == len(read) and _speak(headings):
            queries.append((f"h-{key}", f"{says[asked]}: {headings[asked]}", key))
    return [{"id": f"{english.name}#{at}", "text": documents[at]} for at in documents], queries


def _speak(texts: Mapping[str, str]) -> bool:
    """Say whether texts in several languages, English among them, are all in their own."""
    return all(_speaks(text, texts[ENGLISH], language) for language, text in texts.items())


def _speaks(text: str, original: str, language: str) -> bool:
    if language == ENGLISH:
        return len(text) >= _SHORTEST_QUERY
    native = _NATIVE.get(language)
    return (
        len(text) >= _SHORTEST_QUERY
        and text.casefold() != original.casefold()
        and (native is None or native.search(text) is not None)
    )


def write(out: Path, asked: str, told: str, made: JudgedPages) -> Path:
    """Write a set with a README that says what it is; return its folder."""
    target = out / f"man-{asked}-to-{told}"
    target.mkdir(parents=True, exist_ok=True)
    for file, rows in (("corpus.jsonl", made.documents), ("queries.jsonl", made.queries)):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (target / file).write_text("".join(lines), encoding="utf-8")
    judged = "".join(f"{row['id']}\t{made.relevant[row['id']]}\t1\n" for row in made.queries)
    (target / "qrels.tsv").write_text(judged, encoding="utf-8")
    named = sum(row["id"].startswith("n-") for row in made.queries)
    readme = _README.format(
        name=target.name,
        asked=asked,
        told=told,
        pages=made.pages,
        documents=len(made.documents),
        queries=len(made.queries),
        named=named,
        headed=len(made.queries) - named,
    )
    (target / "README.md").write_text(readme, encoding="utf-8")
    return target


def main() -> None:
    """Write the sets and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("man", type=Path, help="folder of manual pages, as /usr/share/man")
    parser.add_argument("out", type=Path, help="folder for the sets")
    parser.add_argument("--pairs", nargs="+", default=PAIRS, help="ASKED-TOLD, as de-en")
    parser.add_argument("--pages", type=int, default=250, help="most pages of a set")
    asked = parser.parse_args()
    for pair in asked.pairs:
        one, _, other = pair.partition("-")
        made = make(asked.man, one, other, asked.pages)
        target = write(asked.out, one, other, made)
        sizes = f"{len(made.documents)} documents, {len(made.queries)} queries, {made.pages} pages"
        print(f"{target.name}: {sizes}")


if __name__ == "__main__":
    main()
