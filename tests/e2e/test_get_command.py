"""``kb get`` and ``kb search`` as agents use them at a shell: ids, lines, patterns, bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner, Result

from kb import Document, KnowledgeBase, Settings, WeightedQuery
from kb.cli.app import app
from kb.facade import parts
from kb.records import Page

NOTES = "".join(f"Line {number} of the notes.\n" for number in range(1, 101))
PARTS = ("First page.\n", "Second page tells of kestrels.\n")
LONG = "".join(f"Sentence {number} is about herons and frogs.\n" for number in range(1, 1001))
Run = Callable[..., Result]


def fill(base: KnowledgeBase) -> None:
    base.add(NOTES, name="notes/notes.md")
    base.add("Kestrels hover above meadows.", name="notes/kestrels.md")
    base.add("Kestrels nest in towers. The heron waits.", name="birds/towers.txt")
    base.add(LONG, name="birds/long.txt")
    base.add("Named like a pattern.", name="odd[1].md")
    split = len(PARTS[0])
    pages = (
        Page(number=1, start=0, end=split),
        Page(number=2, start=split, end=len("".join(PARTS))),
    )
    base.add(Document(text="".join(PARTS), media_type="pdf", pages=pages), name="book.pdf")
    base.add("Only here.", name="there/only.md", collection="other")
    base.describe_collection("other", "What is elsewhere.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shell")
    with KnowledgeBase.open(Settings(data_dir=folder), embedder=HashingEmbedder()) as base:
        fill(base)
    return folder


@pytest.fixture
def kb(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command over the same knowledge base."""
    monkeypatch.setattr(parts, "open_embedder", lambda _: HashingEmbedder())

    def run(*arguments: str) -> Result:
        env = {"KB_DATA_DIR": str(folder), "COLUMNS": "200"}
        return CliRunner().invoke(app, arguments, env=env)

    return run


@pytest.fixture
def ids(folder: Path) -> Iterator[dict[str, str]]:
    """Short ids of the documents, by name."""
    with KnowledgeBase.open(Settings(data_dir=folder)) as base:
        yield {info.name: info.short_id for info in base.documents()}


def told(done: Result) -> Any:  # noqa: ANN401 - JSON
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


class TestGet:
    def test_a_document_is_printed_as_it_was_read_and_nothing_else(self, kb: Run) -> None:
        done = kb("get", "notes.md")
        assert done.exit_code == 0
        assert done.stdout == NOTES
        assert re.search(r"t[0-9a-f]{10}  notes/notes\.md  lines 1–100  \(default\)", done.stderr)

    def test_lines_stand_behind_a_colon(self, kb: Run, ids: dict[str, str]) -> None:
        assert kb("get", "notes.md:10:2").stdout == "Line 10 of the notes.\nLine 11 of the notes.\n"
        assert (
            kb("get", f"{ids['notes.md']}:99").stdout
            == "Line 99 of the notes.\nLine 100 of the notes.\n"
        )
        assert kb("get", "notes.md", "--lines", "7").stdout == "Line 7 of the notes.\n"
        assert "lines 10–11 of 100" in kb("get", "notes.md:10:2").stderr

    def test_pages_and_characters_are_options(self, kb: Run) -> None:
        assert kb("get", "book.pdf", "--pages", "2").stdout == PARTS[1]
        assert kb("get", "notes.md", "--chars", "0-6").stdout == "Line 1\n"

    def test_a_passage_is_printed_with_its_neighbours(self, kb: Run, ids: dict[str, str]) -> None:
        alone = kb("get", f"{ids['long.txt']}.0").stdout
        more = kb("get", f"{ids['long.txt']}.0", "--context", "1").stdout
        assert LONG.startswith(alone.rstrip("\n"))
        assert more.startswith(alone.rstrip("\n"))
        assert len(more) > len(alone)

    def test_what_is_long_is_bounded_and_says_how_to_read_on(
        self, kb: Run, ids: dict[str, str]
    ) -> None:
        read, address = "", "long.txt"
        while address:
            done = kb("get", address)
            assert done.exit_code == 0
            assert len(done.stdout) <= 20_000
            read += done.stdout
            hint = re.search(r"more: kb get (\S+)", done.stderr)
            address = hint[1] if hint else ""
        assert read == LONG
        assert kb("get", ids["long.txt"], "--all").stdout == LONG
        assert len(kb("get", "long.txt", "--limit", "100").stdout) <= 100

    def test_a_pattern_prints_each_document_that_matches_below_its_name(self, kb: Run) -> None:
        done = kb("get", "notes/*.md")
        assert done.exit_code == 0
        assert re.findall(r"==> \w+  (\S+)  ", done.stdout) == [
            "notes/kestrels.md",
            "notes/notes.md",
        ]
        assert NOTES in done.stdout
        lines = kb("get", "notes/*.md:1:1")
        assert "Line 1 of the notes.\n" in lines.stdout
        assert "Line 2" not in lines.stdout
        assert kb("get", "**/towers.txt").exit_code == 0

    def test_a_pattern_looks_in_the_settings_collection_first(self, kb: Run) -> None:
        assert "Only here." in kb("get", "there/*").stdout
        assert "Only here." not in kb("get", "*").stdout
        assert "Only here." in kb("get", "*", "-c", "other").stdout

    def test_several_documents_share_the_limit_and_the_rest_is_named(
        self, kb: Run, ids: dict[str, str]
    ) -> None:
        done = kb("get", "birds/long.txt", "notes.md", "book.pdf", "--limit", "500")
        assert len(done.stdout) < 700
        assert "not shown: kb get notes.md book.pdf" in done.stderr
        listed = told(kb("get", "*", "--limit", "500", "--json"))
        shown = {each["document"]["short_id"] for each in listed["readings"]}
        assert shown | set(listed["left"]) == set(ids.values())
        assert listed["left"]

    def test_a_file_whose_name_is_a_pattern_is_read(self, kb: Run) -> None:
        assert kb("get", "odd[1].md").stdout == "Named like a pattern.\n"

    def test_one_that_fails_does_not_keep_the_others_back(self, kb: Run) -> None:
        done = kb("get", "book.pdf", "notes.md", "nowhere.md", "--pages", "1")
        assert done.exit_code == 1
        assert PARTS[0] in done.stdout
        assert "notes.md has no pages" in done.stderr
        assert "nowhere.md" in done.stderr
        failed = json.loads(kb("get", "book.pdf", "nowhere.md", "--json").stdout)["failed"]
        assert [each["address"] for each in failed] == ["nowhere.md"]

    def test_json_says_what_was_read_and_where(self, kb: Run, ids: dict[str, str]) -> None:
        read = told(kb("get", "notes.md:10:2", "--json"))
        assert read["text"] == "Line 10 of the notes.\nLine 11 of the notes."
        assert (read["line_first"], read["line_last"], read["lines"]) == (10, 11, 100)
        assert read["document"]["short_id"] == ids["notes.md"]
        assert read["short_id"].startswith(f"{ids['notes.md']}.")

    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (("nots/notes.md",), 1, r"did you mean t\w+ \(notes/notes\.md\)"),
            (("nots/*.md",), 1, r"did you mean notes/\w+\.md"),
            (("m0000000000",), 1, "no document has the id"),
            (("w36",), 1, "the beginning of an id is its letter and 4 digits"),
            (("notes/",), 1, r"it is a folder.*kb get 'notes/\*'"),
            (("BIRDS",), 1, "it is a folder"),
            (("notes.md:500",), 2, "has 100 lines"),
            (("notes.md", "--pages", "1"), 2, "has no pages"),
            (("notes.md", "--lines", "x"), 2, "is not a range of lines"),
            (("notes.md", "--limit", "0"), 2, "limit"),
            (("notes.md", "--limit", "5", "--all"), 2, "leave one of them out"),
            (("notes.md", "--context", "1"), 2, "context works only for a passage"),
            (("notes.md", "--lines", "1", "--chars", "1"), 2, "one range"),
            (("notes.md", "-c", "nowhere"), 1, "nowhere"),
            ((), 2, "Missing argument"),
            (("notes.md", "--line", "3"), 2, "No such option"),
        ],
    )
    def test_what_is_wrong_says_what_to_do_and_ends_with_a_status(
        self, kb: Run, arguments: tuple[str, ...], status: int, said: str
    ) -> None:
        done = kb("get", *arguments)
        assert done.exit_code == status, done.output
        assert re.search(said, done.output)
        assert done.stdout == ""


class TestSearch:
    def test_files_are_printed_one_a_line_with_id_score_and_path(
        self, kb: Run, ids: dict[str, str]
    ) -> None:
        done = kb("search", "--files", "kestrels", "-m", "keyword")
        rows = [line.split("  ") for line in done.stdout.splitlines()]
        assert {row[0]: row[2] for row in rows} == {
            ids["kestrels.md"]: "notes/kestrels.md",
            ids["towers.txt"]: "birds/towers.txt",
            ids["book.pdf"]: "book.pdf",
        }
        scores = [float(row[1]) for row in rows]
        assert scores == sorted(scores, reverse=True)
        best = told(kb("search", "--files", "kestrels", "-m", "keyword", "-k", "1", "--json"))
        assert [each["path"] for each in best] == [rows[0][2]]

    def test_as_many_files_are_given_as_are_asked_for(self, kb: Run) -> None:
        # Nearly every passage is of one long document.
        found = told(
            kb("search", "--files", "herons and frogs", "-m", "dense", "-k", "4", "--json")
        )
        assert len({each["short_id"] for each in found}) == 4

    def test_every_hit_names_its_short_id_and_get_reads_it(self, kb: Run) -> None:
        hits = told(kb("search", "kestrels", "-m", "keyword", "--json"))
        shown = kb("search", "kestrels", "-m", "keyword").stdout
        assert hits
        for hit in hits:
            assert hit["short_id"] in shown
            assert told(kb("get", hit["short_id"], "--json"))["text"] == hit["text"]

    def test_documents_are_listed_with_their_short_ids(self, kb: Run, ids: dict[str, str]) -> None:
        listed = kb("documents").stdout
        assert all(each in listed for each in ids.values())
        assert {each["short_id"] for each in told(kb("documents", "--json"))} == set(ids.values())

    def test_all_gives_every_hit(self, kb: Run) -> None:
        some = told(kb("search", "herons", "--json"))
        every = told(kb("search", "herons", "--all", "--json"))
        assert len(every) > len(some)
        assert every[: len(some)][0]["short_id"] == some[0]["short_id"]
        above = told(kb("search", "herons", "--all", "--min-score", "0.5", "--json"))
        assert [hit["short_id"] for hit in above] == [
            hit["short_id"] for hit in every if hit["score"] >= 0.5
        ]

    def test_several_queries_are_put_together(self, kb: Run, folder: Path) -> None:
        typed = told(
            kb("search", "-q", "words:kestrels towers", "-q", "meaning*2:kestrels hover", "--json")
        )
        with KnowledgeBase.open(Settings(data_dir=folder), embedder=HashingEmbedder()) as base:
            asked = [
                WeightedQuery(text="kestrels towers", mode="keyword"),
                WeightedQuery(text="kestrels hover", mode="dense", weight=2),
            ]
            hits = base.search(asked)
        assert [(hit["short_id"], hit["score"]) for hit in typed] == [
            (hit.short_id, hit.score) for hit in hits
        ]
        assert {"query_1", "query_2"} & set(typed[0]["scores"])
        beside = told(kb("search", "kestrels", "-q", "both:towers", "--json"))
        assert {"query_1", "query_2"} <= {name for hit in beside for name in hit["scores"]}

    def test_what_people_say_of_a_collection_stands_below_its_hits(self, kb: Run) -> None:
        done = kb("search", "only here", "-m", "keyword", "-c", "other")
        assert "from: What is elsewhere." in done.stdout
        assert "from:" not in kb("search", "kestrels", "-m", "keyword").stdout

    def test_what_each_query_gave_is_explained(self, kb: Run) -> None:
        done = kb("search", "-q", "words:towers", "-q", "meaning:kestrels", "--explain", "-k", "1")
        assert re.search(r"query 1 \d\.\d+ \(#\d+\) and query 2 \d\.\d+ \(#\d+\) from", done.stdout)

    def test_a_document_is_named_by_short_id_or_path(self, kb: Run, ids: dict[str, str]) -> None:
        for name in (ids["towers.txt"], ids["towers.txt"][:7], "birds/towers.txt"):
            hits = told(kb("search", "kestrels", "--document", name, "--json"))
            assert {hit["sources"][0]["path"] for hit in hits} == {"birds/towers.txt"}

    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            ((), 2, "nothing to search for"),
            (("-q", "lex:kestrel"), 2, "no kind of query 'lex'"),
            (("-q", "words:"), 2, "asks for nothing"),
            (("-q", "words*x:kestrel"), 2, "is no weight"),
            (("-q", "words*0:kestrel"), 2, "weight"),
            (("kestrel", "--all", "-k", "3"), 2, "leave one of them out"),
            (("kestrel", "--files", "--explain"), 2, "leave one of them out"),
            (("kestrel", "--document", "nowhere.md"), 1, "no document is called"),
            (("kestrel", "--document", "99999"), 1, "no document is called"),
            (("kestrel", "--document", "only.md"), 2, "give -c 'other'"),
            (("kestrel", "--document", "t0000000000.5"), 2, "is a passage"),
            (("kestrel", "--min-score", "2"), 2, "min-score"),
            (("kestrel", "--limit", "2"), 2, "No such option"),
            (("-q", "meaning:kestrel", "-m", "keyword"), 2, "'keyword' has no effect"),
        ],
    )
    def test_nothing_is_ignored_in_silence(
        self, kb: Run, arguments: tuple[str, ...], status: int, said: str
    ) -> None:
        done = kb("search", *arguments)
        assert done.exit_code == status, done.output
        assert said in done.output


class TestOtherCommands:
    def test_tags_are_given_by_short_id(self, kb: Run, ids: dict[str, str]) -> None:
        assert kb("tag", ids["towers.txt"][:8], "--add", "tall").exit_code == 0
        listed = told(kb("documents", "--json"))
        assert [each["name"] for each in listed if each["tags"] == ["tall"]] == ["towers.txt"]

    def test_a_wrong_name_is_refused_with_the_nearest(self, kb: Run, ids: dict[str, str]) -> None:
        done = kb("tag", "t0000000000", "--add", "x")
        assert done.exit_code == 1
        assert "no document is called" in done.output
        done = kb("remove", "birds/towrs.txt")
        assert f"did you mean {ids['towers.txt']} (birds/towers.txt)" in done.output

    def test_a_folder_that_nothing_lies_in_is_told_of_when_it_is_described(self, kb: Run) -> None:
        wrong = kb("collections", "describe", "default", "Of birds.", "--folder", "brds")
        assert wrong.exit_code == 0
        assert "no document of 'default' lies in a folder 'brds' yet" in wrong.stderr
        assert "did you mean birds?" in wrong.stderr
        never = kb("collections", "describe", "default", "", "--folder", "bird")
        assert "no folder 'bird' of 'default' had a description; those that have: 'brds'" in (
            never.stderr
        )
        for folder, said in (("brds", ""), ("birds", "Of birds."), ("birds", "")):
            right = kb("collections", "describe", "default", said, "--folder", folder)
            assert right.exit_code == 0, right.output
            assert right.stderr == ""


class TestChangingCommands:
    @pytest.fixture
    def twice(self, folder: Path) -> Iterator[str]:
        """A text at two paths of one collection and in another; its id."""
        with KnowledgeBase.open(Settings(data_dir=folder), embedder=HashingEmbedder()) as base:
            for name in ("a/twice.txt", "b/twice.txt"):
                base.add("Said twice.", name=name)
            added = base.add("Said twice.", name="twice.txt", collection="third")
            yield base.document(added.document_id).short_id
            base.delete_collection("third")

    def test_a_path_takes_out_that_file_and_an_id_the_document(self, kb: Run, twice: str) -> None:
        one = kb("remove", "a/twice.txt").output
        assert "removed a/twice.txt; its text stays as b/twice.txt" in one
        assert kb("get", "b/twice.txt").stdout == "Said twice.\n"
        again = kb("remove", twice).output
        assert "b/twice.txt" in again
        assert "in 'default'; 'third' has it, too" in again

    def test_a_document_of_another_collection_is_not_taken_unasked(
        self, kb: Run, twice: str
    ) -> None:
        assert kb("remove", "a/twice.txt", "b/twice.txt").exit_code == 0
        for command in (["remove", twice], ["tag", "twice.txt", "--add", "x"]):
            done = kb(*command)
            assert done.exit_code == 1
            assert "but one of 'third'; name it with -c" in done.output
        assert kb("remove", twice, "-c", "third").exit_code == 0

    def test_a_passage_is_not_taken_for_its_document(self, kb: Run, ids: dict[str, str]) -> None:
        done = kb("remove", f"{ids['towers.txt']}.0")
        assert done.exit_code == 1
        assert f"the id of its whole document, '{ids['towers.txt']}'" in done.output
