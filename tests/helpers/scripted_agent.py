"""An agent without a language model: it knows of the tools what their descriptions say, no more.

It is told what to do in plain words. It takes the tool whose description has most of these words,
and of its parameters those whose names and descriptions have most of theirs, rare words first. What
it would send must fit the tool's own schema. It goes on where an answer says that there is more.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from mcp import Client, types

Wishes = Mapping[str, Any]
"""What parameters are to say, by what each is about in plain words."""

_WORD = re.compile(r"[a-z]+")


class ScriptedAgent:
    """One that works for a while with a client that is connected."""

    def __init__(self, client: Client, tools: Iterable[types.Tool]) -> None:
        self._client = client
        self._tools = {tool.name: tool for tool in tools}
        self.texts: list[str] = []

    @classmethod
    async def connected(cls, client: Client) -> ScriptedAgent:
        """Return an agent that has asked which tools there are."""
        return cls(client, (await client.list_tools()).tools)

    async def do(self, need: str, wishes: Wishes = {}, **given: Any) -> dict[str, Any]:  # noqa: ANN401, B006
        """Do something and return the values of the answer; an error must not be one.

        Args:
            need: what is to be done.
            wishes: what parameters are to say.
            given: parameters that an answer named, such as those of ``next``.
        """
        told = await self._called(need, wishes, given)
        assert not told.is_error, self.texts[-1]
        values: dict[str, Any] = told.structured_content
        return values

    async def every(self, need: str, items: str, wishes: Wishes = {}) -> list[Any]:  # noqa: B006
        """Return a list of an answer to its end, call by call."""
        answer = await self.do(need, wishes)
        found = list(answer[items])
        while following := answer.get("next"):
            answer = await self.do(need, wishes, **following)
            found += answer[items]
        return found

    async def whole(self, need: str, identity: str) -> str:
        """Return a text to its end, part by part."""
        answer = await self.do(need, {"id of a document": identity})
        text = str(answer["text"])
        while following := answer.get("next"):
            answer = await self.do(need, **following)
            text += answer["text"]
        return text

    async def fail(self, need: str, wishes: Wishes) -> str:
        """Return what is said where something cannot be done."""
        told = await self._called(need, wishes, {})
        assert told.is_error
        return self.texts[-1]

    async def _called(
        self, need: str, wishes: Wishes, given: Mapping[str, Any]
    ) -> types.CallToolResult:
        said = {name: f"{name} {tool.description}" for name, tool in self._tools.items()}
        tool = self._tools[_best(need, said)]
        properties = tool.input_schema["properties"]
        about = {name: f"{name} {each.get('description', '')}" for name, each in properties.items()}
        arguments = {_best(wish, about): value for wish, value in wishes.items()} | dict(given)
        Draft202012Validator(tool.input_schema).validate(arguments)
        told = await self._client.call_tool(tool.name, arguments)
        self.texts.append("".join(getattr(each, "text", "") for each in told.content))
        return told


def _best(wanted: str, choices: Mapping[str, str]) -> str:
    """Return the choice whose text has most of the words, those that few texts have first.

    Its first line says what it is for, so that a word there counts twice.
    """
    words = {name: _words(text) for name, text in choices.items()}
    leading = {name: _words(text.partition("\n")[0]) for name, text in choices.items()}
    in_texts = Counter(word for each in words.values() for word in each)
    scores = {
        name: sum(
            math.log(1 + len(choices) / in_texts[word]) * (2 if word in leading[name] else 1)
            for word in _words(wanted) & words[name]
        )
        for name in choices
    }
    first, *others = sorted(scores, key=lambda name: -scores[name])
    assert not others or scores[first] > scores[others[0]], (wanted, scores)
    return first


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in _WORD.findall(text.lower())}
