"""What stands at an address, read in process and by HTTP: one contract for both."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from served_app import ServedApp, served_app

from ingest import ingest
from kb import Document, DocumentNotFoundError, KnowledgeBase, Reading, Settings, SettingsError
from kb.client import Client
from kb.errors import CollectionError
from kb.records import Page, Section

Base = KnowledgeBase | Client

NOTES = "".join(f"Line {number} of the notes.\n" for number in range(1, 101))
PARTS = ["First page.\n", "Second page tells of kestrels.\n", "Third page.\nIts end."]
BOOK = "".join(PARTS)


def book() -> Document:
    starts = [sum(map(len, PARTS[:at])) for at in range(len(PARTS))]
    pages = tuple(
        Page(number=number, start=start, end=start + len(part), label=label)
        for number, start, part, label in zip(
            (1, 2, 3), starts, PARTS, ("iv", "1", "2"), strict=True
        )
    )
    section = Section(start=0, end=len(BOOK), heading_path=("Birds", "Falcons"))
    return Document(
        text=BOOK, media_type="pdf", title="A book of birds", pages=pages, sections=(section,)
    )


def fill(base: KnowledgeBase) -> None:
    base.add(NOTES, name="notes/2024/notes.md")
    base.add("Heron food is fish.", name="birds/heron.txt")
    base.add("Herons stand still.", name="marsh/heron.txt")
    base.add("Grüße aus dem Moor.", name="Moor/Größe.txt")
    base.add("A table\nof 3 rows\n", name="odd:7")
    base.add("Named like a line of another.", name="odd")
    base.add(book(), name="book.pdf")
    base.add("Only here.", name="only.txt", collection="other")
    base.add("Cod.", name="sea/fish.txt")
    base.add("Fish.", name="fish.txt", collection="other")
    base.add(NOTES, name="copy.md", collection="other")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    settings = {"chunk_size": 200, "chunk_overlap": 20}
    with (
        pytest.MonkeyPatch.context() as patch,
        served_app(tmp_path_factory.mktemp("reading"), settings=settings) as running,
    ):
        patch.setenv("KB_WORKERS", "1")
        fill(running.base)
        yield running


@pytest.fixture(scope="module")
def client(served: ServedApp) -> Iterator[Client]:
    with Client(served.url) as opened:
        yield opened


@pytest.fixture(params=["embedded", "served"])
def base(request: pytest.FixtureRequest, served: ServedApp, client: Client) -> Base:
    """The same knowledge base, in process and by HTTP."""
    return served.base if request.param == "embedded" else client


def lines(first: int, last: int) -> str:
    return "\n".join(NOTES.split("\n")[first - 1 : last])


def read_again(base: Base, reading: Reading) -> None:
    """Expect that the id of what was read reads it again."""
    again = base.read(reading.short_id)
    assert (again.text, again.start, again.end) == (reading.text, reading.start, reading.end)


class TestDocuments:
    @pytest.mark.parametrize(
        "address",
        [
            "notes/2024/notes.md",
            "python/notes/2024/notes.md",  # whole: root and path
            "2024/notes.md",
            "notes.md",
            "notes",
            "NOTES.md",
            "2024/Notes.MD",
            " notes.md ",
        ],
    )
    def test_one_is_found_by_its_path_the_end_of_it_or_its_name(
        self, base: Base, address: str
    ) -> None:
        reading = base.read(address)
        assert reading.text == NOTES
        assert reading.document.name == "notes.md"
        assert (reading.line_first, reading.line_last, reading.lines) == (1, 100, 100)
        assert (reading.start, reading.end, reading.more) == (0, len(NOTES), "")

    def test_one_is_found_by_its_id_a_beginning_of_it_and_its_number(self, base: Base) -> None:
        info = base.read("book.pdf").document
        assert info.short_id.startswith("p")
        for address in (info.short_id, info.short_id[:6], f"#{info.short_id}", str(info.id)):
            assert base.read(address).text == BOOK

    def test_the_id_of_a_listed_document_and_that_of_a_hit_read_it(self, base: Base) -> None:
        for info in base.documents():
            assert base.read(info.short_id).document == info
        hits = base.search("kestrels", top_k=30)
        assert hits
        for hit in hits:
            reading = base.read(hit.short_id)
            assert (reading.text, reading.start, reading.end) == (hit.text, hit.start, hit.end)
            assert reading.document.id == hit.document_id
            assert reading.short_id == hit.short_id
            assert (reading.page_first, reading.page_label) == (hit.page_first, hit.page_label)
            assert reading.heading_path == hit.heading_path

    def test_one_is_found_by_its_title_and_in_any_case_and_composition(self, base: Base) -> None:
        assert base.read("a book of birds").document.name == "book.pdf"
        for name in ("Größe.txt", "größe", "Gro\u0308ße.txt", "GRÖSSE.TXT"):
            assert base.read(name).text == "Grüße aus dem Moor."

    def test_a_path_given_in_full_comes_before_one_that_ends_so(self, base: Base) -> None:
        assert base.read("fish.txt").text == "Fish."
        assert base.read("fish.txt", collection="default").text == "Cod."

    def test_a_name_with_colons_is_a_name_first_and_lines_after_that(self, base: Base) -> None:
        assert base.read("odd:7").text == "A table\nof 3 rows\n"
        assert base.read("odd:7:2").text == "of 3 rows"
        assert base.read("odd:1").text == "Named like a line of another."

    def test_the_settings_collection_comes_first_and_others_after_it(self, base: Base) -> None:
        assert base.read("only.txt").document.collection == "other"
        assert base.read("copy.md").document.collection == "other"
        own = base.read("notes.md").document
        assert base.read(own.short_id).document.collection == "default"
        assert base.read(own.short_id, collection="other").document.name == "copy.md"
        assert base.read("notes.md", collection=["other", "default"]).document == own

    def test_a_collection_that_is_not_there_is_refused(self, base: Base) -> None:
        with pytest.raises(CollectionError):
            base.read("notes.md", collection="nowhere")
        with pytest.raises(DocumentNotFoundError):
            base.read("notes.md", collection=[])


class TestWhatIsNotThere:
    def test_a_name_of_several_documents_is_refused_with_an_id_for_each(self, base: Base) -> None:
        with pytest.raises(DocumentNotFoundError, match=r"2 documents .*'heron\.txt'") as told:
            base.read("heron.txt")
        listed = {
            info.short_id: path
            for path in ("birds/heron.txt", "marsh/heron.txt")
            for info in [base.read(path).document]
        }
        for short_id, path in listed.items():
            assert f"{short_id} {path} (default)" in str(told.value)

    @pytest.mark.parametrize(
        ("wrong", "meant"),
        [
            ("nots/2024/notes.md", "notes/2024/notes.md"),
            ("boook.pdf", "book.pdf"),
            ("birds/hron.txt", "birds/heron.txt"),
            ("a book on birds", "book.pdf"),
        ],
    )
    def test_a_wrong_name_gives_the_nearest(self, base: Base, wrong: str, meant: str) -> None:
        with pytest.raises(DocumentNotFoundError, match="did you mean") as told:
            base.read(wrong)
        assert f"({meant})" in str(told.value)
        assert base.read(meant).document.short_id in str(told.value)

    def test_a_wrong_id_gives_the_nearest(self, base: Base) -> None:
        right = base.read("book.pdf").document.short_id
        wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
        for address in (wrong, f"{wrong}.12", f"{wrong}:5"):
            with pytest.raises(DocumentNotFoundError, match=f"did you mean {right}"):
                base.read(address)

    def test_an_id_that_nothing_has_any_more_gives_no_unrelated_one(self, base: Base) -> None:
        right = base.read("book.pdf").document.short_id
        # As like it as ids of different documents may be: four digits are others.
        other = right[:7] + "".join("0" if digit != "0" else "1" for digit in right[7:])
        for address in (other, f"{other}.0", f"{other}.0-50"):
            with pytest.raises(DocumentNotFoundError, match="search for it, or list") as told:
                base.read(address)
            assert not told.value.nearest
        swapped = right[:4] + right[5] + right[4] + right[6:]
        with pytest.raises(DocumentNotFoundError, match=f"did you mean {right}"):
            base.read(f"{swapped}.0")

    @pytest.mark.parametrize(
        "wrong", ["", " ", "zzz", "999999", "99999999999999999999", "../etc/passwd", "\ud800", "%"]
    )
    def test_what_nothing_is_called_like_is_refused(self, base: Base, wrong: str) -> None:
        with pytest.raises((DocumentNotFoundError, SettingsError)):
            base.read(wrong)

    def test_an_id_without_its_letter_or_with_too_few_digits_says_so(self, base: Base) -> None:
        own = base.read("birds/heron.txt").document.short_id
        with pytest.raises(DocumentNotFoundError, match="begins with the letter") as caught:
            base.read(own[1:])
        assert own in str(caught.value)
        with pytest.raises(DocumentNotFoundError, match="its letter and 4 digits"):
            base.read(f"{own[:3]}.0")

    def test_what_comes_nearest_is_told_to_programs(self, served: ServedApp) -> None:
        with pytest.raises(DocumentNotFoundError) as told:
            served.base.read("heron.txt")
        assert len(told.value.nearest) == 2
        assert {served.base.read(each).document.name for each in told.value.nearest} == {
            "heron.txt"
        }

    def test_a_beginning_of_several_ids_is_refused_with_the_ids(self, tmp_path: Path) -> None:
        begun: dict[str, str] = {}
        for number in itertools.count():
            text = f"Text {number}"
            first = begun.setdefault(hashlib.sha256(text.encode()).hexdigest()[:4], text)
            if first != text:
                break
        with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
            base.add(first, name="first.txt")
            base.add(text, name="second.txt")
            ids = sorted(info.short_id for info in base.documents())
            with pytest.raises(DocumentNotFoundError, match="have ids that begin with") as told:
                base.read(ids[0][:5])
            assert sorted(told.value.nearest) == ids
            assert [base.read(each).document.short_id for each in ids] == ids

    def test_a_file_that_could_not_be_read_says_why(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KB_WORKERS", "1")
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
        settings = Settings.load(data_dir=tmp_path / "data")
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            ingest(base, [tmp_path / "files"])
            for name in ("broken.pdf", "files/broken.pdf", "BROKEN.pdf", "broken.pdf:3"):
                with pytest.raises(DocumentNotFoundError, match="could not be read: "):
                    base.read(name)


class TestLines:
    @pytest.mark.parametrize(
        ("address", "named", "first", "last"),
        [
            ("notes.md:10", {}, 10, 100),
            ("notes.md:10:5", {}, 10, 14),
            ("notes.md:99:5", {}, 99, 100),
            ("notes.md", {"lines": "7"}, 7, 7),
            ("notes.md", {"lines": "7-9"}, 7, 9),
            ("notes.md", {"lines": "98-"}, 98, 100),
            ("notes.md", {"lines": "-2"}, 1, 2),
            ("notes.md", {"lines": "90-1000"}, 90, 100),
        ],
    )
    def test_lines_are_counted_from_1(
        self, base: Base, address: str, named: dict[str, str], first: int, last: int
    ) -> None:
        reading = base.read(address, **named)  # type: ignore[arg-type]
        assert reading.text.rstrip("\n") == lines(first, last)
        assert (reading.line_first, reading.line_last) == (first, last)
        assert reading.place == (f"line {first}" if first == last else f"lines {first}–{last}")
        read_again(base, reading)

    def test_lines_behind_an_id_are_those_of_its_document(self, base: Base) -> None:
        own = base.read("notes.md").document.short_id
        assert base.read(f"{own}:3:2").text == lines(3, 4)
        assert base.read(f"{own}.500:3:2").text == lines(3, 4)

    @pytest.mark.parametrize(
        ("address", "named"),
        [
            ("notes.md:101", {}),
            ("notes.md:0", {}),
            ("notes.md:5:0", {}),
            ("notes.md", {"lines": "0"}),
            ("notes.md", {"lines": "200-300"}),
            ("notes.md", {"lines": "9-3"}),
            ("notes.md", {"lines": "-"}),
            ("notes.md", {"lines": "three"}),
            ("notes.md:3", {"lines": "3"}),
            ("notes.md", {"lines": "3", "characters": "3"}),
            ("notes.md:999999999999999999:999999999999999999", {}),
        ],
    )
    def test_lines_that_there_are_not_are_refused(
        self, base: Base, address: str, named: dict[str, str]
    ) -> None:
        with pytest.raises(SettingsError):
            base.read(address, **named)  # type: ignore[arg-type]


class TestPages:
    @pytest.mark.parametrize(
        ("pages", "text", "place"),
        [
            ("1", PARTS[0], "p. iv, line 1"),
            ("2-3", PARTS[1] + PARTS[2], "p. 1–2, lines 2–4"),
            ("2-", PARTS[1] + PARTS[2], "p. 1–2, lines 2–4"),
            ("-2", PARTS[0] + PARTS[1], "p. iv–1, lines 1–2"),
            ("iv", PARTS[0], "p. iv, line 1"),
            ("3-90", PARTS[2], "p. 2, lines 3–4"),
        ],
    )
    def test_pages_are_read_by_number_or_label(
        self, base: Base, pages: str, text: str, place: str
    ) -> None:
        reading = base.read("book.pdf", pages=pages)
        assert reading.text == text
        assert reading.place == place
        assert reading.heading_path == ("Birds", "Falcons")
        read_again(base, reading)

    @pytest.mark.parametrize("pages", ["0", "4", "9-12", "3-2", "x", "-"])
    def test_pages_that_there_are_not_are_refused(self, base: Base, pages: str) -> None:
        with pytest.raises(SettingsError):
            base.read("book.pdf", pages=pages)

    def test_pages_of_what_has_none_are_refused_with_what_to_do(self, base: Base) -> None:
        with pytest.raises(SettingsError, match=r"notes\.md has no pages; read its lines"):
            base.read("notes.md", pages="1")


class TestCharactersAndBounds:
    @pytest.mark.parametrize(
        ("characters", "start", "end"),
        [("10-20", 10, 20), ("2100-", 2100, len(NOTES)), ("-7", 0, 7), ("5", 5, len(NOTES))],
    )
    def test_characters_are_counted_as_in_spans(
        self, base: Base, characters: str, start: int, end: int
    ) -> None:
        reading = base.read("notes.md", characters=characters)
        assert (reading.start, reading.end) == (start, end)
        assert reading.text == NOTES[start:end]
        read_again(base, reading)

    @pytest.mark.parametrize("characters", ["20-10", "999999-", "7-7", "0-0", "a"])
    def test_characters_that_there_are_not_are_refused(self, base: Base, characters: str) -> None:
        with pytest.raises(SettingsError):
            base.read("notes.md", characters=characters)

    @pytest.mark.parametrize("limit", [1, 77, 1000, 100_000])
    @pytest.mark.parametrize("address", ["notes.md", "notes.md:3:40"])
    def test_what_exceeds_the_limit_is_read_on_until_its_end(
        self, base: Base, address: str, limit: int
    ) -> None:
        if limit == 1:
            address = "odd"
        whole = base.read(address).text
        parts = [base.read(address, limit=limit)]
        while parts[-1].more:
            parts.append(base.read(parts[-1].more, limit=limit))
        assert "".join(part.text for part in parts) == whole
        assert all(0 < len(part.text) <= limit for part in parts)
        for part in parts:
            read_again(base, part)
        if limit >= 77:  # a whole line fits
            assert all(part.text.endswith("\n") for part in parts[:-1])

    @pytest.mark.parametrize(
        "named", [{"limit": 0}, {"limit": -1}, {"context": -1}, {"context": 101}]
    )
    def test_bounds_that_cannot_be_are_refused(self, base: Base, named: dict[str, int]) -> None:
        with pytest.raises(SettingsError):
            base.read("notes.md", **named)  # type: ignore[arg-type]

    def test_the_id_of_an_empty_line_reads_it(self, base: Base) -> None:
        base.add("First.\n\nThird.\n", name="gap.txt")
        empty = base.read("gap.txt:2:1")
        assert (empty.text, empty.line_first, empty.line_last) == ("", 2, 2)
        assert base.read(empty.short_id) == empty
        with pytest.raises(SettingsError, match="there are none from 99 to 99"):
            base.read(f"{empty.document.short_id}.99-99")

    def test_an_empty_document_is_read_as_nothing(self, base: Base) -> None:
        base.add("", name="empty.txt", collection="empty")
        reading = base.read("empty.txt", collection="empty")
        assert (reading.text, reading.lines, reading.line_first, reading.more) == ("", 0, 0, "")


class TestPassages:
    def test_a_passage_names_the_ones_beside_it(self, base: Base) -> None:
        own = base.read("notes.md").document.short_id
        at = base.read(f"{own}.0")
        assert at.previous == ""
        seen = [at]
        while seen[-1].next:
            seen.append(base.read(seen[-1].next))
            assert seen[-1].previous == seen[-2].short_id
        assert len(seen) == base.read("notes.md").document.chunks > 5
        assert seen[-1].end >= len(NOTES) - 1

    def test_neighbours_come_before_and_after_it(self, base: Base) -> None:
        own = base.read("notes.md").document
        passages = base.chunks(own.id)
        middle = passages[3]
        reading = base.read(f"{own.short_id}.{middle.start}", context=2)
        assert reading.text == middle.text
        assert reading.before == NOTES[passages[1].start : middle.start]
        assert reading.after == NOTES[middle.end : passages[5].end]
        assert reading.previous == f"{own.short_id}.{passages[0].start}"
        assert reading.next == f"{own.short_id}.{passages[6].start}"

    def test_neighbours_that_exceed_the_limit_are_named_instead(self, base: Base) -> None:
        own = base.read("notes.md").document
        passages = base.chunks(own.id)
        middle = passages[3]
        reading = base.read(f"{own.short_id}.{middle.start}", context=9, limit=500)
        assert 0 < len(reading.before) + len(reading.after) + len(reading.text) <= 500
        assert reading.previous
        assert base.read(reading.previous).end >= reading.start - len(reading.before)
        tight = base.read(f"{own.short_id}.{middle.start}", context=1, limit=50)
        assert (tight.before, tight.after) == ("", "")
        assert tight.text + base.read(tight.more).text == middle.text

    def test_a_character_in_the_middle_means_the_passage_around_it(self, base: Base) -> None:
        own = base.read("notes.md").document
        middle = base.chunks(own.id)[3]
        reading = base.read(f"{own.short_id}.{middle.start + 1}")
        assert reading.short_id == f"{own.short_id}.{middle.start}"

    def test_a_character_behind_the_end_is_refused(self, base: Base) -> None:
        own = base.read("notes.md").document.short_id
        with pytest.raises(SettingsError, match="characters"):
            base.read(f"{own}.{len(NOTES)}")

    def test_context_of_what_is_no_passage_is_refused(self, base: Base) -> None:
        with pytest.raises(SettingsError, match="context works only for a passage"):
            base.read("notes.md", context=1)
        own = base.read("notes.md").document.short_id
        with pytest.raises(SettingsError, match="context works only for a passage"):
            base.read(f"{own}.0", lines="3", context=1)

    def test_pages_and_lines_by_the_id_in_a_hit_are_those_of_its_document(self, base: Base) -> None:
        hit = base.search("kestrels", mode="keyword")[0]
        assert base.read(hit.short_id, pages="1").text == PARTS[0]
        assert base.read(hit.short_id, lines="4").text == "Its end."


def test_both_read_the_same(served: ServedApp, client: Client) -> None:
    own = served.base.read("notes.md").document.short_id
    for address in ("book.pdf", "notes.md:3:9", own, f"{own}.500", f"{own}.500-600"):
        for limit in (None, 40):
            assert client.read(address, limit=limit) == served.base.read(address, limit=limit)


def test_every_passage_of_a_document_is_listed_with_its_short_id(
    served: ServedApp, client: Client
) -> None:
    info = served.base.read("notes.md").document
    told = client.server.get(f"/v1/documents/{info.id}/chunks")["data"]
    assert len(told) == info.chunks
    for each in told:
        assert client.read(each["short_id"]).text == each["text"]


class TestStability:
    def test_an_id_stays_when_a_document_is_moved_split_anew_or_stored_elsewhere(
        self, tmp_path: Path
    ) -> None:
        ids = []
        for folder, size, name in (("a", 100, "x.txt"), ("b", 400, "deep/y.txt")):
            settings = Settings(data_dir=tmp_path / folder, chunk_size=size, chunk_overlap=10)
            with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
                base.add("Something else.", name="first.txt")
                base.add(NOTES, name=name)
                ids.append(base.read(name).document.short_id)
                # A passage of other sizes is read as the one around that character.
                assert base.read(f"{ids[0]}.300").start <= 300
        assert ids[0] == ids[1]

    def test_an_id_never_leads_to_a_text_that_took_the_place_of_its_own(
        self, tmp_path: Path
    ) -> None:
        with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
            base.add(NOTES, name="x.txt")
            old = base.read("x.txt").document.short_id
            base.add(f"{NOTES}More.", name="x.txt")
            with pytest.raises(DocumentNotFoundError, match="other content has another id"):
                base.read(f"{old}.0")
            new = base.read("x.txt").document
            assert new.short_id != old
            assert replace(new) == base.documents()[0]

    def test_one_text_as_two_types_has_two_ids(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KB_WORKERS", "1")
        folder = tmp_path / "files"
        folder.mkdir()
        for name in ("x.txt", "x.md"):
            (folder / name).write_text("Kestrels *hover*.")
        settings = Settings.load(data_dir=tmp_path / "data")
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            ingest(base, [folder])
            ids = {info.short_id: info.name for info in base.documents()}
            assert len(ids) == 2
            for short_id, name in ids.items():
                assert base.read(short_id).document.name == name
