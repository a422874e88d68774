"""One contract: a knowledge base in this process, and one behind `kb serve` by its client."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chat_server
import pytest
from served_app import ServedApp, served_app

from ingest import ingest, ingest_uploads
from kb import (
    Answer,
    ChatError,
    CollectionError,
    Document,
    DocumentNotFoundError,
    InputTooLongError,
    KnowledgeBase,
    KnowledgeBaseError,
    SearchFilter,
    SearchRequest,
    SettingsError,
)
from kb.chat.base import Message
from kb.client import Client
from kb.records import FileState, Page, Section, Source
from kb.search.request import WeightedQuery

Base = KnowledgeBase | Client

TEXTS = {
    "birds/kestrel.txt": "Kestrels hover above meadows and hunt voles.\n\nThey nest in old towers.",
    "birds/heron.txt": "The heron waits in shallow water. Herons eat fish and frogs.",
    "machines/coffee.txt": "The warranty of the coffee machine lasts 24 months.",
    "红隼.txt": "红隼在草地上空盘旋,捕食田鼠。",
}
_NUMBER = itertools.count()


@pytest.fixture(scope="module")
def chat() -> Iterator[chat_server.ChatService]:
    started = chat_server.ChatService(lambda _: "It lasts 24 months [1].")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, chat: chat_server.ChatService
) -> Iterator[ServedApp]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_CHAT_MODEL", chat.model)
        patch.setenv("KB_WORKERS", "1")
        with served_app(tmp_path_factory.mktemp("contract")) as running:
            running.base.add("The default shelf.", name="default.txt")
            yield running


@pytest.fixture(scope="module")
def client(served: ServedApp) -> Iterator[Client]:
    with Client(served.url) as opened:
        yield opened


@pytest.fixture(params=["embedded", "served"])
def base(request: pytest.FixtureRequest, served: ServedApp, client: Client) -> Base:
    """The same knowledge base, in process and by HTTP."""
    return served.base if request.param == "embedded" else client


@pytest.fixture
def name() -> str:
    """Return a name that no other test uses."""
    return f"shelf {next(_NUMBER)}/ä"


@pytest.fixture(scope="module")
def library(served: ServedApp) -> str:
    """Return the name of a collection that no test changes."""
    base, name = served.base, "library"
    for path, text in TEXTS.items():
        base.add(text, name=path, collection=name, metadata={"year": 2024, "shelf": path[:5]})
    tides = Document(
        text="Tides\n\nHigh water.\n\nLow water.",
        media_type="pdf",
        pages=(Page(number=1, start=0, end=18), Page(number=2, start=20, end=30)),
        metadata={"date": "2001-02-03", "ratio": 0.5, "fresh": True},
    )
    base.add(tides, name="tides.pdf", collection=name)
    heron = next(each for each in base.documents(collection=name) if each.name == "heron.txt")
    base.tag([heron.id], add=["wet", "marsh"])
    return name


@pytest.fixture
def filled(base: Base, name: str) -> str:
    """Return the name of a collection with a few documents."""
    for path, text in TEXTS.items():
        base.add(text, name=path, collection=name, metadata={"year": 2024, "shelf": path[:5]})
    return name


def both(served: ServedApp, client: Client, method: str, *given: Any, **named: Any) -> Any:  # noqa: ANN401
    """Expect one answer of both, value for value; return it."""
    here, there = (getattr(each, method)(*given, **named) for each in (served.base, client))
    if method == "ask":
        here, there = here.answer, there.answer
    assert type(here) is type(there)
    assert here == there
    return here


class TestCollections:
    def test_one_is_made_described_and_deleted(self, base: Base, name: str) -> None:
        made = base.create_collection(name, description="Birds of the marsh", mode="dense")
        assert (made.name, made.description) == (name, "Birds of the marsh")
        assert (made.mode, made.documents) == ("dense", 0)
        assert base.collection(name) == made
        assert made in base.collections()
        base.delete_collection(name)
        with pytest.raises(CollectionError):
            base.collection(name)

    def test_one_is_renamed_and_its_documents_stay(self, base: Base, filled: str) -> None:
        base.rename_collection(filled, f"{filled} new")
        assert base.collection(f"{filled} new").documents == len(TEXTS)
        with pytest.raises(CollectionError):
            base.documents(collection=filled)

    def test_description_instruction_and_mode_are_changed(self, base: Base, name: str) -> None:
        base.create_collection(name)
        base.describe_collection(name, "红隼")
        base.instruct_collection(name, "Find birds")
        base.set_collection_mode(name, "keyword")
        info = base.collection(name)
        assert (info.description, info.instruction, info.mode) == ("红隼", "Find birds", "keyword")
        base.set_collection_mode(name, None)
        assert base.collection(name).mode is None

    def test_descriptions_of_folders_and_collection_come_back_with_hits(
        self, base: Base, filled: str
    ) -> None:
        base.describe_collection(filled, "all that flies and brews")
        base.describe_folder("birds/", "birds of the marsh", collection=filled)
        base.describe_folder("machines", "manuals", collection=filled)
        info = base.describe_folder("machines", " ", collection=filled)
        assert info == base.collection(filled)
        assert dict(info.folders) == {"birds": "birds of the marsh"}
        about = {hit.source: hit.about for hit in base.search("heron coffee", collection=filled)}
        assert about["birds/heron.txt"] == ("birds of the marsh", "all that flies and brews")
        assert about["machines/coffee.txt"] == ("all that flies and brews",)
        for wrong in ("", "/", "a/../b", "x" * 2000):
            with pytest.raises(SettingsError):
                base.describe_folder(wrong, "x", collection=filled)
        with pytest.raises(CollectionError):
            base.describe_folder("birds", "x", collection="no such")

    def test_several_respects_are_changed_in_one_step_or_none(self, base: Base, name: str) -> None:
        base.create_collection(name, description="before", mode="keyword")
        changed = base.change_collection(name, new_name=f"{name} 2", instruction="Find", mode="")
        assert (changed.name, changed.description) == (f"{name} 2", "before")
        assert (changed.instruction, changed.mode) == ("Find", None)
        with pytest.raises(CollectionError, match="already a collection 'default'"):
            base.change_collection(f"{name} 2", new_name="default", description="after")
        assert base.collection(f"{name} 2") == changed
        assert base.change_collection(f"{name} 2", description="").description == ""
        assert base.change_collection(f"{name} 2") == base.collection(f"{name} 2")
        noted = base.change_collection(f"{name} 2", folders={"a": "one", "b": "two"})
        assert noted.folders == {"a": "one", "b": "two"}
        assert base.change_collection(f"{name} 2", folders={"a": ""}).folders == {"b": "two"}

    def test_without_a_name_the_one_of_the_settings_is_meant(self, base: Base) -> None:
        assert base.collection().name == "default"
        assert [info.name for info in base.documents()] == ["default.txt"]

    @pytest.mark.parametrize("wrong", ["", " ", "x" * 300, "a\nb"])
    def test_names_that_cannot_be_used_are_refused(self, base: Base, wrong: str) -> None:
        with pytest.raises((CollectionError, SettingsError)):
            base.create_collection(wrong)

    def test_a_name_that_is_taken_is_refused(self, base: Base, name: str) -> None:
        base.create_collection(name)
        with pytest.raises(CollectionError, match=r"exists|already|taken"):
            base.create_collection(name)

    def test_what_is_not_there_is_said_in_the_same_words(
        self, served: ServedApp, client: Client
    ) -> None:
        for ask in (
            lambda each: each.collection("nowhere"),
            lambda each: each.delete_collection("nowhere"),
            lambda each: each.rename_collection("nowhere", "somewhere"),
            lambda each: each.documents(collection="nowhere"),
            lambda each: each.facets(collection="nowhere"),
            lambda each: each.overview(collection="nowhere"),
            lambda each: each.search("heron", collection="nowhere"),
            lambda each: each.document(987_654),
            lambda each: each.document_text(987_654),
            lambda each: each.remove(987_654),
        ):
            said = []
            for each in (served.base, client):
                with pytest.raises(KnowledgeBaseError) as raised:
                    ask(each)
                said.append((type(raised.value), str(raised.value)))
            assert said[0] == said[1]


class TestDocuments:
    def test_a_text_is_added_changed_and_left_alone(self, base: Base, name: str) -> None:
        first = base.add("Herons wait.", name="a.txt", collection=name)
        again = base.add("Herons wait.", name="a.txt", collection=name)
        other = base.add("Herons fly.", name="a.txt", collection=name)
        assert [each.outcome for each in (first, again, other)] == ["added", "unchanged", "changed"]
        (info,) = base.documents(collection=name)
        assert (info.id, info.name) == (other.document_id, "a.txt")
        assert first.short_id == again.short_id != other.short_id == info.short_id
        assert base.document_text(info.id) == "Herons fly."

    def test_a_document_with_pages_and_headings_keeps_them(self, base: Base, name: str) -> None:
        document = Document(
            text="Tides\n\nHigh water.\n\nLow water.",
            media_type="pdf",
            title="Tide tables",
            sections=(Section(start=0, end=30, heading_path=("Tides",)),),
            pages=(Page(number=1, start=0, end=18, label="iv"), Page(number=2, start=20, end=30)),
            metadata={"author": "Li"},
        )
        added = base.add(document, name="tides.pdf", collection=name)
        assert base.document_content(added.document_id) == document
        (hit, *_) = base.search("high water", collection=name)
        assert (hit.page_first, hit.page_last, hit.title) == (1, 2, "Tide tables")

    def test_a_document_is_removed_with_its_chunks(self, base: Base, filled: str) -> None:
        first = base.documents(collection=filled)[0]
        assert base.chunks(first.id)
        base.remove(first.id, collection=filled)
        assert base.chunks(first.id) == []
        with pytest.raises(DocumentNotFoundError):
            base.document(first.id)

    def test_chunks_are_given_page_by_page(
        self, base: Base, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = "\n\n".join(f"Passage {each}. " + "The heron waits. " * 60 for each in range(8))
        number = base.add(text, name="long.txt", collection=name).document_id
        whole = base.chunks(number)
        assert len(whole) >= 8
        monkeypatch.setattr("kb.client.documents._PAGE", 3)
        assert base.chunks(number) == whole
        assert base.chunks(number, limit=5) == whole[:5]
        assert base.chunks(number, limit=4, offset=2) == whole[2:6]
        assert base.chunks(number, offset=10**12) == base.chunks(number, offset=len(whole)) == []
        for wrong in ({"limit": 0}, {"offset": -1}):
            with pytest.raises(SettingsError, match="must be 1 or more"):
                base.chunks(number, **wrong)

    def test_one_of_another_collection_is_not_removed(self, base: Base, filled: str) -> None:
        base.create_collection(f"{filled} other")
        first = base.documents(collection=filled)[0]
        with pytest.raises(DocumentNotFoundError):
            base.remove(first.id, collection=f"{filled} other")
        assert base.document(first.id) == first

    def test_tags_are_given_and_taken(self, base: Base, filled: str) -> None:
        ids = [info.id for info in base.documents(collection=filled)]
        base.tag(ids[:2], add=["marsh", "to read, soon"], collection=filled)
        base.tag(ids[:1], remove=["Marsh"])
        assert sorted(base.document(ids[0]).tags) == ["soon", "to read"]
        assert "marsh" in base.facets(collection=filled).tags
        with pytest.raises(SettingsError):
            base.tag(ids[:1], add=["a\nb"])

    @pytest.mark.parametrize("wrong", ["7", 1.0, True, None])
    def test_what_is_no_number_names_no_document(self, base: Base, wrong: Any) -> None:  # noqa: ANN401
        for ask in (base.document, base.chunks, base.document_content, base.remove):
            with pytest.raises(DocumentNotFoundError):
                ask(wrong)
        with pytest.raises(DocumentNotFoundError):
            base.tag([wrong], add=["x"])

    @pytest.mark.parametrize("number", [-1, 0, 2**63 - 1, 2**63, 10**30])
    def test_numbers_of_any_size_are_looked_up(self, base: Base, number: int) -> None:
        assert base.chunks(number) == []
        with pytest.raises(DocumentNotFoundError):
            base.document(number)

    def test_both_tell_the_same_of_all_that_is_stored(
        self, served: ServedApp, client: Client, name: str
    ) -> None:
        for path, text in TEXTS.items():
            served.base.add(text, name=path, collection=name, metadata={"n": 1.5, "b": True})
        infos = both(served, client, "documents", collection=name)
        assert len(infos) == len(TEXTS)
        for info in infos:
            for ask in ("document", "document_content", "document_text", "chunks"):
                assert both(served, client, ask, info.id)
        for ask in ("collection", "collections"):
            both(served, client, ask)
        for ask in ("facets", "overview"):
            both(served, client, ask, collection=name)
        for asked in ({}, {"limit": 1}, {"collections": [name]}, {"collections": []}):
            both(served, client, "runs", **asked)
        assert served.base.files.failed(collection=name) == client.files.failed(collection=name)

    @pytest.mark.parametrize(
        ("where", "names"),
        [
            ({"path": "birds/*"}, ["birds/heron.txt", "birds/kestrel.txt"]),
            ({"path": "**/*.txt", "languages": "zh"}, ["红隼.txt"]),
            ({"tags": ("marsh", "Wet")}, ["birds/heron.txt"]),
            ({"media_types": "text"}, list(TEXTS)),
            ({"media_types": ("docx", "markdown")}, []),
            ({"metadata": {"shelf": "birds"}}, ["birds/heron.txt", "birds/kestrel.txt"]),
            ({"metadata": {"year": 2024, "Shelf": "machi"}}, ["machines/coffee.txt"]),
            ({"metadata": {"year": 2025}}, []),
            ({"metadata": {"ratio": 0.5, "fresh": True}}, ["tides.pdf"]),
            ({"metadata": {"fresh": False}}, []),
            ({"page_first": 2}, ["tides.pdf"]),
            ({"page_first": 3}, []),
            ({"date_from": "2000", "date_to": "2001-02-03"}, ["tides.pdf"]),
            ({"documents": (2**53 + 1,)}, []),
            ({}, [*TEXTS, "tides.pdf"]),
        ],
    )
    def test_documents_that_meet_conditions_are_listed(
        self, base: Base, library: str, where: dict[str, Any], names: list[str]
    ) -> None:
        condition = SearchFilter(**where)
        found = base.documents(collection=library, where=condition)
        assert sorted(info.name for info in found) == sorted(
            name.rpartition("/")[2] if name != "红隼.txt" else name for name in names
        )
        page = base.document_page(collection=library, limit=1, where=condition)
        assert (page.total, list(page.documents)) == (len(names), found[:1])
        paged: list[Any] = []
        while page.documents:
            paged += page.documents
            after = page.next
            if not after:
                break
            page = base.document_page(collection=library, limit=1, after=after, where=condition)
        assert paged == found
        one = [info.id for info in found[:1]]
        if one:
            own = SearchFilter(**where, documents=tuple(one))
            assert base.documents(collection=library, where=own) == found[:1]

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"limit": 0}, "limit is 0"),
            ({"offset": -1}, "offset -1"),
            ({"after": "x"}, "page"),
        ],
    )
    def test_what_bounds_no_page_is_refused(
        self, base: Base, asked: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(SettingsError, match=said):
            base.document_page(**asked)

    def test_thousands_are_listed_whole(
        self, served: ServedApp, client: Client, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(7):
            served.base.add(f"Number {number}.", name=f"{number}.txt", collection=name)
        monkeypatch.setattr("kb.client.documents._PAGE", 3)
        assert len(both(served, client, "documents", collection=name)) == 7


class TestFailedFiles:
    def test_they_are_listed_counted_and_dismissed(
        self,
        base: Base,
        served: ServedApp,
        name: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        served.base.create_collection(name)
        for path in ("a é/1?.pdf", "b.pdf", "c&d#.pdf", "z.pdf"):
            failed = FileState(
                source=Source(root="/änd", path=path),
                size=1,
                mtime_ns=1,
                content_hash=path,
                settings_hash="x",
                outcome="failed",
                reason=f"{path} is damaged",
                reason_code="damaged",
            )
            served.base.files.fail(failed, collection=name)
        monkeypatch.setattr("kb.client.files._PAGE", 2)
        whole = base.files.failed(collection=name)
        assert [each.source.path for each in whole] == [
            *("a é/1?.pdf", "b.pdf", "c&d#.pdf", "z.pdf")
        ]
        assert base.files.failed_count(collection=name) == 4
        assert base.files.failed(collection=name, limit=2, offset=1) == whole[1:3]
        assert base.files.failed(collection=name, limit=3) == whole[:3]
        for each in whole[:3]:
            assert base.files.dismiss(each.source, collection=name)
        assert base.files.failed(collection=name) == whole[3:]
        assert not base.files.dismiss(whole[0].source, collection=name)
        with pytest.raises(CollectionError):
            base.files.dismiss(whole[3].source, collection="nowhere")

    def test_an_older_version_of_one_stays_when_it_is_dismissed(
        self, base: Base, served: ServedApp, name: str
    ) -> None:
        ingest_uploads(served.base, [("a.txt", b"A heron waits.")], collection=name)
        (info,) = base.documents(collection=name)
        ingest_uploads(served.base, [("a.txt", b"\x00\x01\x02" * 50)], collection=name)
        (failed,) = base.files.failed(collection=name)
        assert failed.document_id == info.id
        assert base.files.dismiss(failed.source, collection=name)
        assert base.files.failed(collection=name) == []
        assert base.document_text(info.id) == "A heron waits."


class TestSearch:
    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"mode": "keyword"},
            {"mode": "dense", "top_k": 1},
            {"context": 1, "diversity": 0.5, "highlights": "words"},
            {"highlights": "none", "min_score": 0.01},
            {"where": SearchFilter(path="birds/*")},
            {"where": SearchFilter(metadata={"year": 2024}, date_from="2024", languages=("en",))},
            {"where": SearchFilter(page_first=2, page_last=3)},
            {"where": SearchFilter(media_types=("text",), tags=("nothing",))},
            {"rerank": False},
        ],
    )
    def test_both_find_the_same(
        self, served: ServedApp, client: Client, name: str, asked: dict[str, Any]
    ) -> None:
        for path, text in TEXTS.items():
            served.base.add(text, name=path, collection=name, metadata={"year": 2024})
        for query in ("what do herons eat", '"hover above" -frogs', "红隼", ""):
            both(served, client, "search", query, collection=name, **asked)
            request = SearchRequest(query=query, collections=(name,), **asked)
            both(served, client, "find", request)

    def test_several_queries_are_one_search(
        self, served: ServedApp, client: Client, name: str
    ) -> None:
        for path, text in TEXTS.items():
            served.base.add(text, name=path, collection=name)
        queries = ["heron", WeightedQuery(text="kestrel", mode="keyword", weight=2.0)]
        assert both(served, client, "search", queries, collection=name)

    def test_several_collections_and_none(
        self, served: ServedApp, client: Client, name: str
    ) -> None:
        for each in (name, f"{name} b"):
            served.base.add(f"A heron of {each}.", name="heron.txt", collection=each)
        found = both(served, client, "search", "heron", collection=[name, f"{name} b"])
        assert {hit.collection for hit in found} == {name, f"{name} b"}
        assert both(served, client, "search", "heron", collection=[]) == []

    def test_a_misspelt_word_is_put_right(
        self, served: ServedApp, client: Client, name: str
    ) -> None:
        served.base.add(TEXTS["birds/heron.txt"], name="heron.txt", collection=name)
        for query, meant in (("herron", "heron"), ("heron", "")):
            told = both(served, client, "did_you_mean", query, collection=name)
            assert told == meant

    def test_hits_are_marked_afterwards_and_lie_in_their_text(
        self, served: ServedApp, client: Client, name: str
    ) -> None:
        served.base.add(TEXTS["birds/heron.txt"], name="heron.txt", collection=name)
        query = "what do herons eat"
        hits = served.base.search(query, collection=name, highlights="words")
        marked = both(served, client, "highlight", query, hits)
        assert any(hit.sentence for hit in marked)
        around = both(served, client, "context", hits[0], characters=10)
        assert len(around) == 2

    @pytest.mark.parametrize(
        ("asked", "error"),
        [
            ({"query": "-heron"}, SettingsError),
            ({"query": "heron", "mode": "best"}, SettingsError),
            ({"query": "heron", "top_k": 0}, SettingsError),
            ({"query": "heron", "where": SearchFilter(date_from="2024-02-31")}, None),
            ({"query": "x" * 20_000}, KnowledgeBaseError),
            ({"query": "".join(map(chr, range(0x4E00, 0x5700)))}, InputTooLongError),
        ],
    )
    def test_what_cannot_be_searched_for_is_refused(
        self, base: Base, filled: str, asked: dict[str, Any], error: type[Exception] | None
    ) -> None:
        if error is None:
            return
        with pytest.raises(error):
            base.search(**asked, collection=filled)


class TestAnswers:
    def test_an_answer_comes_with_its_passages(self, base: Base, filled: str) -> None:
        stream = base.ask("How long is the warranty of the coffee machine?", collection=filled)
        pieces = list(stream)
        assert len(pieces) > 1
        assert "".join(pieces).strip() == stream.answer.text == "It lasts 24 months [1]."
        assert stream.answer.cited == (1,)
        assert stream.sources == stream.answer.sources
        assert isinstance(stream.answer, Answer)

    def test_both_give_the_same_answer(self, served: ServedApp, client: Client, name: str) -> None:
        served.base.add(TEXTS["machines/coffee.txt"], name="coffee.txt", collection=name)
        asked: dict[str, Any] = {"collection": name, "top_k": 2, "mode": "keyword"}
        both(served, client, "ask", "coffee warranty?", **asked)
        turns = [
            Message(role="user", content="How long is the warranty?"),
            Message(role="assistant", content="24 months."),
        ]
        both(served, client, "ask", "warranty?", history=turns, **asked)

    def test_without_a_question_nothing_is_answered(self, base: Base, filled: str) -> None:
        answer = base.ask("  ", collection=filled).answer
        assert (answer.text, answer.sources) == ("", ())

    def test_an_answer_that_was_cut_short_goes_on(
        self, base: Base, filled: str, chat: chat_server.ChatService
    ) -> None:
        chat.most = 3
        try:
            begun = base.ask("coffee warranty?", collection=filled).answer
        finally:
            chat.most = 1_000_000
        assert begun.can_go_on
        whole = base.continue_answer(begun).answer
        assert whole.text.startswith(begun.text.split()[0])
        assert not whole.cut
        assert whole.sources == begun.sources

    def test_a_chat_model_that_fails_is_told(
        self, base: Base, filled: str, chat: chat_server.ChatService
    ) -> None:
        chat.faults.extend([chat_server.status(400, "no such model")] * 20)
        try:
            with pytest.raises(ChatError):
                _ = base.ask("coffee warranty?", collection=filled).answer
        finally:
            chat.faults.clear()


class TestIngestion:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "library"
        for path, text in TEXTS.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        (folder / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
        return folder

    def test_files_are_ingested_and_a_bad_one_is_a_result(
        self, base: Base, name: str, folder: Path
    ) -> None:
        report = ingest(base, [folder], collection=name)
        assert report.summary() == {"added": len(TEXTS), "failed": 1}
        (failure,) = report.failures
        assert failure.source.path.endswith("broken.pdf")
        assert failure.reason_code == "damaged"
        assert len(base.documents(collection=name)) == len(TEXTS)
        hit = base.search("what do herons eat", collection=name)[0]
        assert hit.source.endswith("birds/heron.txt")
        again = ingest(base, [folder], collection=name)
        assert again.count("unchanged") >= len(TEXTS)
        (folder / "birds" / "heron.txt").write_text("Herons fly south.")
        assert ingest(base, [folder], collection=name).count("changed") == 1


def test_the_client_has_every_method_that_asks_or_changes_what_is_stored() -> None:
    upkeep = {
        *("check", "compact", "export", "import_archive", "migrate", "reembed", "refine"),
        *("begin_run", "make_language_means", "language_means", "chunk_languages"),
        *("vector_store", "open", "held", "document_page", "change_collection", "use_model"),
        "warm_up",  # a server has done it
        *("original", "originals"),  # of which client.download() gives the bytes
    }
    methods = {
        name
        for name, each in inspect.getmembers(KnowledgeBase, inspect.isfunction)
        if not name.startswith("_")
    }
    missing = {each for each in methods - upkeep if not hasattr(Client, each)}
    assert missing == set()
    for each in methods - upkeep:
        here = inspect.signature(getattr(KnowledgeBase, each)).parameters
        there = inspect.signature(getattr(Client, each)).parameters
        assert [(p.name, p.kind, p.default) for p in here.values()] == [
            (p.name, p.kind, p.default) for p in there.values()
        ], each
