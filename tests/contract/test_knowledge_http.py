"""Collections, documents, search and history over HTTP, as other programs use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hashing_embedder import HashingEmbedder
from served_app import ServedApp, served_app

from ingest import ingest_uploads
from kb import WeightedQuery, wire

NAMES = ["鸟/红隼 1", "a b", "ünï?#&%2F", "x/../y", "..."]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    """A server over two documents of its own and three uploaded files, one of them damaged."""
    with served_app(tmp_path_factory.mktemp("served")) as running:
        base = running.base
        base.add("红隼在草地上空盘旋。", name="鸟/红隼.txt", metadata={"year": 2024})
        base.add("The heron waits in shallow water.", name="birds/heron.txt")
        files = {
            "owl.md": b"# Owls\n\nThe owl hunts at night.\n\n# Food\n\nIt eats mice.",
            "tea é.txt": b"Green tea is steeped.",
            "broken.pdf": b"%PDF-1.4 nothing more",
        }
        ingest_uploads(base, list(files.items()))
        yield running


@pytest.fixture
def client(served: ServedApp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as opened:
        yield opened


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["error"]
    return found


def id_of(client: httpx.Client, name: str) -> int:
    documents = client.get("/v1/documents").json()["data"]
    return next(int(each["id"]) for each in documents if each["name"] == name)


# -- collections


@pytest.mark.parametrize("name", NAMES)
def test_a_collection_of_any_name_is_made_described_renamed_and_deleted(
    client: httpx.Client, name: str
) -> None:
    path = f"/v1/collections/{quote(name, safe='')}"
    body = {"name": name, "description": "d", "instruction": "i", "mode": "dense"}
    made = client.post("/v1/collections", json=body).json()
    assert {key: made[key] for key in body} == body
    assert client.get(path).json() == made
    renamed = client.patch(path, json={"name": "other", "mode": None}).json()
    assert (renamed["id"], renamed["name"], renamed["mode"]) == (made["id"], "other", None)
    assert renamed["description"] == "d"
    assert error(client.get(path), 404)["code"] == "collection_not_found"
    path = "/v1/collections/other"
    gone = client.delete(path).json()
    assert gone == {"object": "collection", "id": made["id"], "deleted": True}
    assert error(client.delete(path), 404)["code"] == "collection_not_found"


def test_collections_are_listed_with_the_one_that_is_meant_by_default(
    client: httpx.Client, served: ServedApp
) -> None:
    listed = client.get("/v1/collections").json()
    assert listed["default"] == "default"
    found = [wire.collection_from_json(each) for each in listed["data"]]
    assert found == served.base.collections()


def test_a_name_that_is_taken_or_cannot_be_one_changes_nothing(client: httpx.Client) -> None:
    taken = error(client.post("/v1/collections", json={"name": "default"}), 409)
    assert taken["code"] == "collection_exists"
    assert "already a collection 'default'" in taken["message"]
    for name in ("\n", "a\tb", " "):
        refused = error(client.post("/v1/collections", json={"name": name}), 400)
        assert refused["code"] == "collection_refused"
    client.post("/v1/collections", json={"name": "third", "description": "kept"})
    change = {"name": "default", "description": "lost"}
    assert error(client.patch("/v1/collections/third", json=change), 409)["code"]
    assert client.get("/v1/collections/third").json()["description"] == "kept"
    client.delete("/v1/collections/third").raise_for_status()


def test_no_name_in_the_path_does_not_mean_the_default_collection(client: httpx.Client) -> None:
    for method in ("GET", "DELETE"):
        refused = error(client.request(method, "/v1/collections/"), 400)
        assert "the path ends before the name" in refused["message"]
    assert client.get("/v1/collections/default").status_code == 200


# -- documents


def test_documents_are_listed_page_by_page(client: httpx.Client, served: ServedApp) -> None:
    found, after = [], ""
    while True:
        page = client.get("/v1/documents", params={"limit": 1, "after": after}).json()
        assert page["total"] == 4
        assert page["has_more"] == bool(page["next"])
        found += [wire.document_from_json(each) for each in page["data"]]
        after = page["next"]
        if not after:
            break
    assert found == served.base.documents()
    offset = client.get("/v1/documents", params={"limit": 2, "offset": 3}).json()
    assert [each["id"] for each in offset["data"]] == [found[3].id]


def test_documents_are_listed_by_conditions_of_which_lists_repeat_their_name(
    client: httpx.Client,
) -> None:
    def named(*asked: tuple[str, str]) -> list[str]:
        told = client.get("/v1/documents", params=asked).json()
        assert told["total"] == len(told["data"])
        return sorted(each["name"] for each in told["data"])

    both = [("media_types", "markdown"), ("media_types", "text")]
    assert named(*both, ("path", "*e*")) == ["heron.txt", "tea é.txt"]
    assert named(("media_types", "markdown")) == ["owl.md"]
    assert named(("path", "birds/*")) == ["heron.txt"]
    assert named(("metadata", "year=2024"), ("metadata", "YEAR=2024")) == ["红隼.txt"]
    assert named(("languages", "zh"), ("languages", "en"), ("tags", "none")) == []
    assert named(("since", "2999")) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([("path", "a"), ("path", "b")], "stands twice"),
        ([("media_types", "exe")], "media_types.0: it must be"),
        ([("since", "2024-13")], "is not a date"),
        ([("since", "2024-02-31")], "is not a date"),
        ([("pages", "7-3")], "ends before it begins"),
        ([("metadata", "year")], "metadata.0: 'year' is not KEY=VALUE; write for example"),
        ([("metadata", "=x")], "metadata.0: '=x' is not KEY=VALUE"),
        ([("documents", "-1")], "documents.0"),
        ([("tag", "x")], "tag is not a"),
        ([("tags", "x")] * 101, "tags"),
    ],
)
def test_conditions_that_cannot_be_understood_are_refused(
    client: httpx.Client, asked: list[tuple[str, str]], said: str
) -> None:
    refused = error(client.get("/v1/documents", params=asked), 400)
    assert said in refused["message"]


def test_one_document_comes_with_its_text_and_chunks(
    client: httpx.Client, served: ServedApp
) -> None:
    number = id_of(client, "owl.md")
    path = f"/v1/documents/{number}"
    assert wire.document_from_json(client.get(path).json()) == served.base.document(number)
    content = wire.content_from_json(client.get(f"{path}/content").json())
    assert content == served.base.document_content(number)
    assert "The owl hunts at night." in content.text
    chunks = client.get(f"{path}/chunks").json()
    assert [wire.chunk_from_json(each) for each in chunks["data"]] == served.base.chunks(number)
    last = client.get(f"{path}/chunks", params={"offset": len(chunks["data"]) - 1}).json()
    assert (last["data"], last["has_more"]) == (chunks["data"][-1:], False)
    first = client.get(f"{path}/chunks", params={"limit": 1}).json()
    assert first["has_more"] == (len(chunks["data"]) > 1)


@pytest.mark.parametrize("number", ["999999", "0", str(2**63 - 1024)])
def test_a_document_that_is_not_there_is_not_found_on_any_route(
    client: httpx.Client, number: str
) -> None:
    for path in ("", "/content", "/chunks", "/original"):
        found = error(client.get(f"/v1/documents/{number}{path}"), 404)
        assert found["code"] == "document_not_found"
        assert f"no document {number}" in found["message"]
    assert error(client.delete(f"/v1/documents/{number}"), 404)["code"] == "document_not_found"


@pytest.mark.parametrize("part", ["bytes=0-4", "bytes=9999-", "bytes=5-1", "lines=1-2", "x"])
def test_an_original_is_given_whole_whatever_part_is_asked_for(
    client: httpx.Client, part: str
) -> None:
    path = f"/v1/documents/{id_of(client, 'owl.md')}/original"
    answer = client.get(path, headers={"Range": part})
    assert (answer.status_code, answer.headers["Accept-Ranges"]) == (200, "none")
    assert answer.content.startswith(b"# Owls")
    assert answer.content.endswith(b"It eats mice.")
    told = client.get("/openapi.json").json()["paths"]["/v1/documents/{document_id}/original"]
    assert answer.headers["Content-Type"] in told["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("number", ["x", "-1", "1.0", "１", str(2**63), "9" * 5000])
def test_what_is_no_number_names_no_document(client: httpx.Client, number: str) -> None:
    found = error(client.get(f"/v1/documents/{number}/content"), 400)
    assert (found["code"], found["param"]) == ("malformed", "document_id")
    assert len(found["message"]) < 200


def test_tags_are_given_to_all_documents_or_to_none(client: httpx.Client) -> None:
    ids = [id_of(client, "heron.txt"), id_of(client, "owl.md")]
    tagged = client.post("/v1/tags", json={"documents": ids, "add": ["Bird", "x"]})
    assert [each["tags"] for each in tagged.json()["data"]] == [["Bird", "x"]] * 2
    assert "Bird" in client.get("/v1/facets").json()["tags"]
    body = {"documents": [*ids, 999_999], "remove": ["bird"]}
    assert error(client.post("/v1/tags", json=body), 404)["code"] == "document_not_found"
    assert "Bird" in client.get("/v1/facets").json()["tags"]
    body = {"documents": ids, "remove": ["bird", "X"]}
    assert client.post("/v1/tags", json=body).json()["data"][0]["tags"] == []
    refused = error(client.post("/v1/tags", json={"documents": ids, "add": [" "]}), 400)
    assert "tag" in refused["message"]


def test_the_original_is_what_was_sent_and_never_shown_as_a_page(client: httpx.Client) -> None:
    answer = client.get(f"/v1/documents/{id_of(client, 'tea é.txt')}/original")
    assert answer.content == b"Green tea is steeped."
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''tea%20%C3%A9.txt"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # In which encoding is for the reader to find out, as for any file.
    assert answer.headers["Content-Type"] == "text/plain"
    number = id_of(client, "heron.txt")
    gone = error(client.get(f"/v1/documents/{number}/original"), 404)
    assert gone["code"] == "original_not_found"
    assert f"/v1/documents/{number}/content" in gone["message"]


def test_a_deleted_document_is_found_no_more_and_only_in_its_collection_deleted(
    client: httpx.Client, served: ServedApp
) -> None:
    added = served.base.add("Passing through.", name="passing.txt", collection="elsewhere")
    path = f"/v1/documents/{added.document_id}"
    missing = client.delete(path, params={"collection": "default"})
    assert error(missing, 404)["code"] == "document_not_found"
    gone = client.delete(path).json()
    assert gone == {"object": "document", "id": str(added.document_id), "deleted": True}
    assert client.get(path).status_code == 404
    body = {"query": "passing", "collection": "elsewhere", "mode": "keyword"}
    assert client.post("/v1/search", json=body).json()["data"] == []


# -- search


def test_a_search_gives_the_hits_of_the_knowledge_base(
    client: httpx.Client, served: ServedApp
) -> None:
    body = {"query": "owl night", "top_k": 2, "context": 1, "highlights": "sentences"}
    found = client.post("/v1/search", json=body).json()
    hits = [wire.hit_from_json(each) for each in found["data"]]
    assert hits == served.base.search("owl night", top_k=2, context=1)
    assert client.post("/v1/search", json={"query": "herron"}).json()["did_you_mean"] == "heron"


def test_several_queries_are_searched_for_together(client: httpx.Client, served: ServedApp) -> None:
    queries = [{"query": "owl", "mode": "keyword", "weight": 2}, {"query": "steeped tea"}]
    found = client.post("/v1/search", json={"queries": queries}).json()
    hits = [wire.hit_from_json(each) for each in found["data"]]
    asked = [WeightedQuery(text="owl", mode="keyword", weight=2), "steeped tea"]
    assert hits == served.base.search(asked, highlights="words")
    assert {"query_1", "query_2"} >= {name for name in hits[0].scores if "query" in name}
    one = client.post("/v1/search", json={"queries": [{"query": "owl"}]}).json()["data"]
    assert one == client.post("/v1/search", json={"query": "owl"}).json()["data"]


def test_queries_are_texts_too_or_have_one_as_in_python(client: httpx.Client) -> None:
    def found(*queries: object) -> Any:  # noqa: ANN401 - JSON
        answer = client.post("/v1/search", json={"queries": queries})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    expected = found({"query": "owl"}, {"query": "tea", "weight": 2})
    assert found("owl", {"text": "tea", "weight": 2}) == expected
    for wrong in (1, ["owl"], {"query": "owl", "text": "tea"}, {"txt": "owl"}):
        assert error(client.post("/v1/search", json={"queries": [wrong]}), 400)


@pytest.mark.parametrize("body", [{}, {"queries": []}, {"collection": "default"}])
def test_a_search_for_nothing_says_what_to_give(
    client: httpx.Client, body: dict[str, object]
) -> None:
    answer = client.post("/v1/search", json=body)
    assert "give `query`, or several `queries`" in error(answer, 400)["message"]
    assert client.post("/v1/search", json={**body, "query": ""}).json()["data"] == []


def test_each_of_several_queries_is_told_how_it_was_probably_meant(client: httpx.Client) -> None:
    queries = [{"query": "herron"}, {"query": "owl"}, {"query": "shalow watr", "mode": "keyword"}]
    found = client.post("/v1/search", json={"queries": queries}).json()
    assert found["did_you_mean_each"] == ["heron", "", "shallow water"]
    assert found["did_you_mean"] == ""
    alone = client.post("/v1/search", json={"query": "herron"}).json()
    assert (alone["did_you_mean"], alone["did_you_mean_each"]) == ("heron", [])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"query": "a", "queries": [{"query": "b"}]}, "give either `query` or `queries`"),
        ({"queries": [{"query": "a"}, {"query": " "}]}, "query 2 of 2 is blank"),
        ({"queries": [{"query": "a", "weight": 0}]}, "queries.0.weight"),
        ({"queries": [{"query": "a", "mode": "psychic"}]}, "queries.0.mode"),
        ({"queries": [{"query": "a"}] * 17}, "queries"),
    ],
)
def test_queries_that_cannot_be_weighed_are_refused_by_their_place(
    client: httpx.Client, body: dict[str, Any], says: str
) -> None:
    assert says in error(client.post("/v1/search", json=body), 400)["message"]


# -- history


def test_failed_files_are_listed_with_reasons_page_by_page(
    client: httpx.Client, served: ServedApp
) -> None:
    listed = client.get("/v1/failed").json()
    assert [wire.failed_from_json(each) for each in listed["data"]] == served.base.files.failed()
    assert (listed["total"], listed["has_more"]) == (1, False)
    assert listed["data"][0]["source"]["path"] == "broken.pdf"
    assert listed["data"][0]["reason"]
    assert client.get("/v1/failed", params={"offset": 1}).json()["data"] == []
    missing = client.get("/v1/failed", params={"collection": "none"})
    assert error(missing, 404)["code"] == "collection_not_found"


def test_runs_say_what_changed_and_what_failed(client: httpx.Client, served: ServedApp) -> None:
    listed = client.get("/v1/runs").json()["data"]
    assert [wire.run_from_json(each) for each in listed] == served.base.runs()
    assert "broken.pdf" in json.dumps(listed)
    assert client.get("/v1/runs", params={"limit": 1}).json()["data"] == listed[:1]
    alone = client.get("/v1/runs", params={"collection": "default"}).json()["data"]
    assert alone == [each for each in listed if each["collection"] == "default"]
    missing = client.get("/v1/runs", params={"collection": "none"})
    assert error(missing, 404)["code"] == "collection_not_found"


def test_a_parameter_that_stands_twice_is_refused_everywhere(client: httpx.Client) -> None:
    number = id_of(client, "owl.md")
    for path in ("documents", "failed", "runs", f"documents/{number}/chunks"):
        refused = error(client.get(f"/v1/{path}?limit=1&limit=2"), 400)
        assert "stands twice" in refused["message"]


def test_an_instruction_that_the_model_takes_none_of_is_refused_where_it_is_given(
    tmp_path: Path,
) -> None:
    class Plain(HashingEmbedder):
        abilities = replace(HashingEmbedder.abilities, takes_task=False)

    with (
        served_app(tmp_path, embedder=Plain()) as served,
        httpx.Client(base_url=served.url, trust_env=False) as client,
    ):
        body = {"name": "manuals", "instruction": "Find"}
        refused = error(client.post("/v1/collections", json=body), 400)
        assert "takes no instruction" in refused["message"]
        client.post("/v1/collections", json={"name": "manuals", "instruction": ""})
        changed = client.patch("/v1/collections/manuals", json={"instruction": "Find"})
        assert "takes no instruction" in error(changed, 400)["message"]
        asked = {"query": "heron", "collection": "manuals"}
        assert client.post("/v1/search", json=asked).status_code == 200
