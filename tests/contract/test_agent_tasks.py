"""Tasks that a scripted agent solves with what the tools say of themselves, and nothing else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import own_loop
import pytest
from agent_client import over_http
from scripted_agent import ScriptedAgent
from served_app import ServedApp, served_app

from kb import Document, KnowledgeBase, Page, Section

Result = TypeVar("Result")

ANNEX = "Details are laid down in the annex to this lease. " * 12

LEASES = {
    2023: (
        f"Parties. The owner of the mill lets it to the tenant. {ANNEX}\n",
        f"Termination. Either party may end the lease with ninety days of notice. {ANNEX}\n",
        f"Deposit. The tenant pays a deposit of 2,000 euros. {ANNEX}\n",
    ),
    2024: (
        f"Parties. The owner of the mill lets it to the tenant. {ANNEX}\n",
        f"Termination. Either party may end the lease with sixty days of notice. {ANNEX}\n",
        f"Deposit. The tenant pays a deposit of 2,500 euros. {ANNEX}\n",
    ),
}
STEPS = "\n\n".join(
    f"Step {number} of cleaning the boiler: {what}. {'Work slowly and wear gloves. ' * 40}"
    for number, what in enumerate(
        ("close the valve", "wait one hour", "drain the water", "brush the inside"), start=1
    )
)
CODES = "| Code | Remedy |\n| --- | --- |\n| E-1406 | call service |\n| E-1407 | press reset |\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with served_app(tmp_path_factory.mktemp("tasks")) as running:
        base = running.base
        for year, pages in LEASES.items():
            base.add(_paged(pages), name=f"contracts/lease-{year}.pdf")
        base.add(STEPS, name="manuals/boiler.txt")
        base.add(CODES, name="manuals/codes.txt")
        base.add("复印件必须盖章后提交。", name="规定/复印件.txt")
        _fill_minutes(base)
        yield running


def _fill_minutes(base: KnowledgeBase) -> None:
    base.create_collection("m25", description="meeting notes of 2025")
    for month in range(1, 13):
        base.add(
            f"Minutes of month {month}. The roof was spoken of.",
            name=f"board/{month:02}.txt",
            collection="m25",
        )
    base.add(
        "Minutes of May. The board agreed to repair the roof for 9,000 euros.",
        name="board/05.txt",
        collection="m25",
    )


def _paged(pages: tuple[str, ...]) -> Document:
    starts = [sum(map(len, pages[:at])) for at in range(len(pages))]
    spans = [(start, start + len(page)) for start, page in zip(starts, pages, strict=True)]
    return Document(
        text="".join(pages),
        media_type="pdf",
        sections=tuple(Section(start=start, end=end) for start, end in spans),
        pages=tuple(
            Page(number=number, start=start, end=end)
            for number, (start, end) in enumerate(spans, start=1)
        ),
    )


Solve = Callable[[Callable[[ScriptedAgent], Awaitable[Result]]], Result]


@pytest.fixture
def solve(served: ServedApp) -> Solve[object]:
    """Have an agent that has just been connected do a task."""

    def run(task: Callable[[ScriptedAgent], Awaitable[object]]) -> object:
        async def scene() -> object:
            async with over_http(served.url) as client:
                return await task(await ScriptedAgent.connected(client))

        return own_loop.run(scene())

    return run


SEARCH, READ = "find passages in the documents", "read the text of a document"
ASKED, ONLY, AROUND = (
    "what you want to know, a full question or keywords",
    "only these documents by id or path",
    "number of passages to add before and after the passage",
)
IDENTITY = "id of a passage or a document"


def test_a_clause_is_found_and_quoted_with_its_page(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> str:
        found = await agent.do(
            SEARCH,
            {ASKED: "end the lease, days of notice", ONLY: ["contracts/lease-2024.pdf"]},
        )
        part = await agent.do(READ, {IDENTITY: found["passages"][0]["id"]})
        (quote,) = re.findall(r"Either party[^.]+\.", part["text"])
        return f"“{quote}” ({part['path']}, {part['place'].partition(',')[0]})"

    assert solve(task) == (
        "“Either party may end the lease with sixty days of notice.” "
        "(contracts/lease-2024.pdf, p. 2)"
    )


def test_two_documents_are_compared(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> dict[str, str]:
        deposits = {}
        for document in await agent.every(
            "list the documents of a collection", "documents", {"path glob": "contracts/*"}
        ):
            found = await agent.do(
                SEARCH, {ASKED: "how large is the deposit", ONLY: [document["id"]]}
            )
            text = " ".join(each["text"] for each in found["passages"])
            deposits[document["path"]] = re.findall(r"deposit of ([\d,]+ euros)", text)[0]
        return deposits

    assert solve(task) == {
        "contracts/lease-2023.pdf": "2,000 euros",
        "contracts/lease-2024.pdf": "2,500 euros",
    }


def test_what_changed_between_two_versions_is_found(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> list[str]:
        old, new = [await agent.whole(READ, f"contracts/lease-{year}.pdf") for year in LEASES]
        sentences = [re.split(r"(?<=\.) ", text.replace("\n", " ")) for text in (old, new)]
        return [line for line in difflib.ndiff(*sentences) if line[0] in "+-"]

    assert solve(task) == [
        "- Either party may end the lease with ninety days of notice.",
        "+ Either party may end the lease with sixty days of notice.",
        "- The tenant pays a deposit of 2,000 euros.",
        "+ The tenant pays a deposit of 2,500 euros.",
    ]


def test_a_question_is_asked_in_several_wordings_and_languages(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> str:
        found = await agent.do(
            SEARCH,
            {
                "several queries in place of one": [
                    {"query": "copies need a stamp", "by": "meaning"},
                    {"query": "复印件 盖章", "by": "words"},
                ]
            },
        )
        return str(found["passages"][0]["path"])

    assert solve(task) == "规定/复印件.txt"


def test_a_term_is_looked_up_by_its_exact_words(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> str:
        found = await agent.do(
            SEARCH, {ASKED: '"E-1407"', "how to search: by meaning, by words, or both": "words"}
        )
        row = next(line for line in found["passages"][0]["text"].splitlines() if "E-1407" in line)
        return str(row.split("|")[2].strip())

    assert solve(task) == "press reset"


def test_a_passage_is_read_with_what_follows_it(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> list[str]:
        found = await agent.do(SEARCH, {ASKED: "boiler: wait one hour"})
        part = await agent.do(READ, {IDENTITY: found["passages"][0]["id"], AROUND: 3})
        text = "".join(part.get(each) or "" for each in ("before", "text", "after"))
        return re.findall(r"Step \d of cleaning the boiler: ([^.]+)\.", text)

    assert solve(task) == [
        "close the valve",
        "wait one hour",
        "drain the water",
        "brush the inside",
    ]


def test_the_right_collection_is_chosen_by_what_it_is_about(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> tuple[str, list[str]]:
        there = await agent.every("list the collections, each with its description", "collections")
        (notes,) = (each["name"] for each in there if "meeting notes" in each["description"])
        found = await agent.do(
            SEARCH,
            {ASKED: "roof repair agreed, euros", "names of the collections": [notes]},
        )
        first = found["passages"][0]
        return re.findall(r"[\d,]+ euros", first["text"])[0], first["about"]

    assert solve(task) == ("9,000 euros", ["meeting notes of 2025"])


def test_a_long_list_is_gone_through_to_its_end(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> list[str]:
        listed = await agent.every(
            "list the documents of a collection",
            "documents",
            {"name of a collection": "m25", "number of documents at most": 5},
        )
        return sorted(each["path"] for each in listed)

    assert solve(task) == [f"board/{month:02}.txt" for month in range(1, 13)]


def test_a_mistyped_path_is_put_right_by_what_the_error_says(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> str:
        said = await agent.fail(READ, {IDENTITY: "manuals/boilr.txt"})
        (right,) = set(re.findall(r"manuals/boiler\.txt", said))
        part = await agent.do(READ, {IDENTITY: right, "lines counted from 1": "1-1"})
        return str(part["text"][:6])

    assert solve(task) == "Step 1"


def test_what_the_documents_do_not_say_is_not_found(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> list[str]:
        found = await agent.do(
            SEARCH,
            {ASKED: '"perpetual motion"', "leave out passages below this score": 0.3},
        )
        return [*(each["path"] for each in found["passages"]), agent.texts[-1][:20]]

    assert solve(task) == ["No passage was found"]


def test_a_note_is_kept_tagged_found_again_and_taken_out(solve: Solve[object]) -> None:
    async def task(agent: ScriptedAgent) -> list[object]:
        await agent.do(
            "remember or save something: store a text under a name",
            {
                "text to store": "The plumber is called Ada.",
                "name of the text": "plumber",
            },
        )
        await agent.do(
            "add tags to documents, mark them",
            {"ids or paths of the documents": ["plumber"], "tags to add to them": ["people"]},
        )
        asked = {ASKED: "who is the plumber", "documents that have all of these tags": ["people"]}
        before = (await agent.do(SEARCH, asked))["passages"]
        await agent.do(
            "remove one document from the knowledge base", {"id of the document": "plumber"}
        )
        after = (await agent.do(SEARCH, asked))["passages"]
        return [[each["text"] for each in before], after]

    assert solve(task) == [["The plumber is called Ada."], []]
