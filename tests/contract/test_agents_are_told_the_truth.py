"""What agents are told of what they changed and read is what was changed and read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agents import call, desk_of, refused, values
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from kb import KnowledgeBase, Settings
from kb.cli.app import app
from kb.server.agents.desk import Desk
from kb.server.agents.protocol import server_of
from kb.server.agents.tools import tools_of

LEASE = "Either party may end the lease with ninety days of notice."


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    settings = Settings.load(
        data_dir=tmp_path_factory.mktemp("truth"), chunk_size=400, chunk_overlap=0
    )
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add("\n".join(f"Line {number} of the log." for number in range(900)), name="log.txt")
        opened.add("word " * 2000, name="one line.txt")
        yield opened


@pytest.fixture(scope="module")
def desk(base: KnowledgeBase) -> Desk:
    return desk_of(base)


@pytest.fixture
def copies(base: KnowledgeBase) -> Iterator[str]:
    """One text in the usual collection and in two others; its id."""
    for name in ("archive", "default", "zoo"):
        base.add(LEASE, name="lease.txt", collection=name)
    (info,) = base.documents(collection="archive")
    yield info.short_id
    for name in ("archive", "zoo"):
        base.delete_collection(name)
    for each in base.documents():
        if each.short_id == info.short_id:
            base.remove(each.id)


def held(base: KnowledgeBase, short_id: str) -> set[str]:
    return {
        name
        for name in ("archive", "default", "zoo")
        for info in base.documents(collection=name)
        if info.short_id == short_id
    }


def test_a_document_of_several_collections_is_removed_from_the_usual_one(
    base: KnowledgeBase, desk: Desk, copies: str
) -> None:
    told = call(desk, "remove", id=copies)
    assert held(base, copies) == {"archive", "zoo"}
    assert told.result.values()["removed"]["collection"] == "default"
    assert 'from "default"' in told.text
    assert '"archive", "zoo"' in told.text  # where it still is


@pytest.mark.parametrize("name", ["id", "lease.txt"])
def test_a_document_of_several_other_collections_is_changed_in_none_of_them_unasked(
    base: KnowledgeBase, desk: Desk, copies: str, name: str
) -> None:
    address = copies if name == "id" else name
    call(desk, "remove", id=copies)
    for said in (
        refused(desk, "remove", id=address),
        refused(desk, "tag", documents=address, add="law"),
    ):
        assert "'archive' and 'zoo'" in said
        assert "`collection`" in said
    assert held(base, copies) == {"archive", "zoo"}
    call(desk, "remove", id=address, collection="zoo")
    assert held(base, copies) == {"archive"}
    gone = values(desk, "remove", id=address, collection="archive")
    assert gone["removed"]["collection"] == "archive"


@pytest.mark.parametrize("name", ["id", "lease.txt"])
def test_a_call_that_is_repeated_changes_no_copy_of_another_collection(
    base: KnowledgeBase, desk: Desk, copies: str, name: str
) -> None:
    address = copies if name == "id" else name
    call(desk, "remove", id=copies, collection="zoo")
    call(desk, "remove", id=address)
    keyed = desk_of(base, collections=["archive", "zoo"])
    for asking in (desk, keyed):
        for said in (
            refused(asking, "remove", id=address),
            refused(asking, "tag", documents=address, add="law"),
        ):
            assert "'archive'" in said
            assert "`collection`" in said
    assert held(base, copies) == {"archive"}
    own = desk_of(base, collections=["archive"])
    assert values(own, "remove", id=address)["removed"]["collection"] == "archive"


@pytest.mark.parametrize("again", ["twice.txt", "twice", "twice.txt:1"])
def test_a_removal_that_is_repeated_takes_no_document_whose_path_ends_alike(
    base: KnowledgeBase, desk: Desk, again: str
) -> None:
    call(desk, "add_text", text="The first of two.", name="twice.txt")
    kept = values(desk, "add_text", text="The other one.", name="kept/twice.txt")["document"]
    call(desk, "remove", id="twice.txt")
    assert kept["id"] in refused(desk, "remove", id=again)
    blind = refused(desk_of(base, scopes=["write"]), "remove", id=again)
    assert "whole path" in blind
    assert "kept/" not in blind
    call(desk, "remove", id="kept/twice.txt")
    assert kept["id"] not in {each.short_id for each in base.documents()}


def test_a_document_is_tagged_in_the_collection_that_is_named_else_in_the_usual_one(
    base: KnowledgeBase, desk: Desk, copies: str
) -> None:
    told = call(desk, "tag", documents=copies, add="law")
    assert told.result.values()["documents"][0]["collection"] == "default"
    assert 'in "default"' in told.text
    other = values(desk, "tag", documents=copies, add="zoology", collection="zoo")
    assert other["documents"][0]["tags"] == ["zoology"]
    assert [each.tags for each in base.documents(collection="archive")] == [()]


def test_the_usual_collection_is_read_first(desk: Desk, copies: str) -> None:
    assert values(desk, "read", id=copies)["collection"] == "default"
    assert values(desk, "read", id=copies, collections="zoo")["collection"] == "zoo"


def test_a_text_under_two_names_is_told_of_and_removed_by_the_one_that_was_asked_for(
    base: KnowledgeBase, desk: Desk
) -> None:
    first = values(desk, "add_text", text="The same words.", name="first.txt")
    assert first["document"]["path"] == "first.txt"
    second = call(desk, "add_text", text="The same words.", name="a/second.txt")
    document = second.result.values()["document"]
    assert (document["path"], document["other_paths"]) == ("a/second.txt", ["first.txt"])
    assert '"a/second.txt"' in second.text
    assert '"first.txt"' in second.text
    assert values(desk, "read", id="second.txt")["path"] == "a/second.txt"
    gone = call(desk, "remove", id="a/second.txt")
    told = gone.result.values()
    assert (told["removed"]["path"], told["stays_as"]) == ("a/second.txt", ["first.txt"])
    assert "other_paths" not in told["removed"]
    assert 'stays there as "first.txt"' in gone.text
    assert "no document is called" in refused(desk, "read", id="a/second.txt")
    assert values(desk, "read", id="first.txt")["text"] == "The same words."
    call(desk, "add_text", text="The same words.", name="a/second.txt")
    whole = call(desk, "remove", id=document["id"])
    removed = whole.result.values()["removed"]
    assert {removed["path"], *removed["other_paths"]} == {"a/second.txt", "first.txt"}
    assert '"a/second.txt"' in whole.text
    assert '"first.txt"' in whole.text
    assert base.document_page(limit=9).total == 2


@pytest.mark.parametrize("wrong", [{"tags": ["fine", ""]}, {"tags": "x" * 900}])
def test_a_text_whose_tags_are_wrong_is_not_stored(desk: Desk, wrong: dict[str, Any]) -> None:
    assert "is no tag" in refused(desk, "add_text", text="Half done.", name="half.txt", **wrong)
    assert "no document is called" in refused(desk, "read", id="half.txt")


def test_no_tool_speaks_of_a_parameter_that_it_does_not_have(base: KnowledgeBase) -> None:
    for local in (True, False):
        for tool in tools_of(desk_of(base, local=local)):
            for word in tool.description.split("`")[1::2]:
                known = {*tool.parameters.model_fields, *tool.result.model_fields, "status"}
                known |= {"id", "score", "read"}
                assert word in known, (tool.name, word)


def test_an_agent_that_may_only_write_is_not_told_to_search(base: KnowledgeBase) -> None:
    async def none(work: object, *, writes: bool = False) -> Any:  # noqa: ANN401 - of any tool
        raise NotImplementedError(work, writes)

    writing = server_of(desk_of(base, scopes=["write"]), none).instructions
    assert writing is not None
    assert "`search`" not in writing
    assert "`search`" in (server_of(desk_of(base), none).instructions or "")
    taken = refused(desk_of(base, scopes=["write"]), "add_text", text="x", name="log.txt")
    assert "read it" not in taken


def test_an_agent_that_may_only_write_learns_of_no_document_and_no_tool_that_it_lacks(
    base: KnowledgeBase, desk: Desk
) -> None:
    call(desk, "add_text", text="Kept from it.", name="kept/plan.txt", tags=["secret"])
    writing = desk_of(base, scopes=["write"])
    for tool in tools_of(writing):
        named = set(tool.description.replace("`", " ").replace(".", " ").split())
        assert not named & {"status", "list_documents", "list_collections"}, tool.name
    for name, given in (("remove", {"id": "kept/plann.txt"}), ("tag", {"documents": "plam"})):
        said = refused(writing, name, **given, **({"add": "x"} if name == "tag" else {}))
        assert "kept/plan.txt" not in said
        assert not {"search", "documents`", "list"} & set(said.split())
    tagged = call(writing, "tag", documents="kept/plan.txt", add="x")
    again = call(writing, "add_text", text="Kept from it.", name="mine.txt")
    gone = call(writing, "remove", id="mine.txt")
    for told in (tagged, again, gone):
        assert "secret" not in f"{told.text} {told.result.values()}"
    assert "kept/plan.txt" not in f"{again.text} {again.result.values()} {gone.text}"
    assert values(desk, "remove", id="kept/plan.txt")["removed"]["tags"] == ["secret", "x"]


def test_a_passage_that_is_cut_says_so_in_values(desk: Desk) -> None:
    asked = {"query": "word", "by": "words", "path": "one*", "limit": 1, "max_tokens": 200}
    told = call(desk, "search", **asked)
    (hit,) = told.result.values()["passages"]
    assert hit["continues"] == hit["id"]
    assert f"read id={hit['id']}" in told.text
    asked["max_tokens"] = 5000
    assert "continues" not in values(desk, "search", **asked)["passages"][0]


def test_context_that_does_not_fit_is_told_of(desk: Desk) -> None:
    (hit,) = values(desk, "search", query='"Line 450"', path="log.txt", limit=1)["passages"]
    told = call(desk, "read", id=hit["id"], context=9, max_tokens=400)
    assert told.result.values()["context_is_cut"]
    assert "context" in told.text
    whole = call(desk, "read", id=hit["id"], context=9)
    assert "context_is_cut" not in whole.result.values()


def test_a_cut_part_is_cited_by_what_was_given(desk: Desk) -> None:
    part = values(desk, "read", id="one line.txt", lines="1", max_tokens=200)
    assert part["id"].endswith(f".{part['start']}-{part['end']}")


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("search", {"queries": [{"query": " "}]}, "`queries.0.query`"),
        ("search", {"queries": ["a b"]}, '{"query": "a b"}'),
        ("search", {"queries": [7]}, '{"query": "…"}'),
        (
            "search",
            {"queries": [{"query": "a", "by": "words"}], "by": "meaning"},
            "leave out the other `by`",
        ),
        ("read", {"id": "log.txt", "lines": "-"}, "write 10, 10-40, 10- or -40"),
        ("read", {"id": "log.txt", "characters": "a"}, "write 10, 10-40, 10- or -40"),
        ("read", {"id": "log.txt", "lines": [1]}, "it must be a text"),
        ("read", {"id": "*.txt"}, "list_documents"),
        ("status", {"verbose": True}, "there is only `job`"),
        ("search", {"query": {"a": 1}}, "it must be a text"),
        ("tag", {"documents": "log.txt", "add": "x", "remove": "X"}, "both have 'X'"),
    ],
)
def test_a_wrong_call_is_answered_in_an_agents_words(
    desk: Desk, name: str, given: dict[str, Any], told: str
) -> None:
    said = refused(desk, name, **given)
    assert told in said
    assert "instance" not in said
    assert "kb documents" not in said


def test_a_passage_is_not_taken_for_its_document(desk: Desk) -> None:
    (hit,) = values(desk, "search", query="Line", path="log.txt", limit=1)["passages"]
    said = refused(desk, "search", query="Line", documents=hit["id"])
    assert repr(hit["document"]) in said


def test_a_document_is_searched_in_the_collection_that_is_searched(desk: Desk, copies: str) -> None:
    asked = {"query": "lease", "documents": copies}
    assert values(desk, "search", **asked)["passages"][0]["collection"] == "default"
    zoo = values(desk, "search", **asked, collections="zoo")
    assert zoo["passages"][0]["collection"] == "zoo"
    call(desk, "remove", id=copies)
    assert "`collections`" in refused(desk, "search", **asked)


def test_numbers_are_taken_for_lines_and_pages(desk: Desk) -> None:
    assert values(desk, "read", id="log.txt", lines=5)["text"] == "Line 4 of the log."
    assert values(desk, "read", id="log.txt", characters=5)["start"] == 5
    assert "has no pages" in refused(desk, "read", id="log.txt", pages=2)


def test_a_tag_that_was_not_there_is_told_of(desk: Desk) -> None:
    told = call(desk, "tag", documents="log.txt", remove=["nowhere", "neither"]).text
    assert 'did not have "nowhere", "neither"' in told


def test_counts_are_told_as_people_say_them(desk: Desk) -> None:
    assert call(desk, "list_collections").text.startswith("1 collection;")
    assert "in 1 collection;" in call(desk, "status").text
    assert call(desk, "list_documents", path="log*").text.startswith("1 document in")


def test_an_agent_is_not_started_for_a_collection_that_is_not_there(tmp_path: Path) -> None:
    env = {"KB_DATA_DIR": str(tmp_path)}
    ran = CliRunner().invoke(app, ["mcp", "--collection", "nosuch"], env=env)
    assert ran.exit_code
    assert "there is no collection 'nosuch'" in ran.output


def test_an_agent_of_a_collection_that_is_gone_learns_of_no_other(base: KnowledgeBase) -> None:
    said = refused(desk_of(base, collections=["gone"]), "search", query="Line")
    assert "there is no collection 'gone'" in said
    assert "default" not in said
