"""A conversation as the tokens of one prompt, with the chat template of the model's header.

A mark such as ``<|im_end|>`` is a control token if the template writes it, and plain text if a
message contains it. So a document cannot end its passage and speak as the system.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt

from kb.chat.base import Message
from kb.chat.thinking import PAIRS
from kb.errors import ModelError
from kb.llama.library import llama_cpp
from kb.llama.native import Model

_TEMPLATE = "tokenizer.chat_template"


class ChatTemplate:
    """Turns conversations into prompts for one model.

    Args:
        model: the model whose header has the template (Jinja, as in Hugging Face's tokenizers).

    Raises:
        ModelError: the header has no valid template, so the model is not a chat model.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        text = model.metadata(_TEMPLATE)
        if not text:
            msg = (
                f"{model.path.name} has no chat template: it is no chat model; take one whose "
                "name says Instruct or Chat"
            )
            raise ModelError(msg)
        begin, end = model.begin_and_end
        try:
            self._formatter: Any = llama_cpp.llama_chat_format.Jinja2ChatFormatter(
                template=text, bos_token=begin, eos_token=end
            )
        except jinja2.TemplateError as error:
            msg = f"the chat template of {model.path.name} cannot be read: {error}"
            raise ModelError(msg) from error

    def tokens(self, messages: Sequence[Message]) -> npt.NDArray[np.int32]:
        """Return the prompt's token ids, int32, up to the start of the model's answer.

        Raises:
            ModelError: the template refuses the conversation.
        """
        places = [f"⟦{secrets.token_hex(8)}⟧" for _ in messages]
        contents = dict(zip(places, messages, strict=True))
        parts = []
        for part in re.split(f"({'|'.join(places)})", self._rendered(messages, places)):
            if part in contents:
                parts.append(self._model.tokenize(contents[part].content.strip(), special=False))
            else:
                parts.append(self._model.tokenize(part, special=False, parse_special=True))
        return np.concatenate(self._opening(parts[0]) + parts)

    def _opening(self, first: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int32]]:
        """Return the token that begins every sequence, if the model needs it and it is missing."""
        wanted = self._model.opening_tokens()
        return [] if list(first[: len(wanted)]) == list(wanted) else [wanted]

    def _rendered(self, messages: Sequence[Message], places: Sequence[str]) -> str:
        turns = [
            {"role": message.role, "content": place}
            for message, place in zip(messages, places, strict=True)
        ]
        try:
            return self._render(turns)
        except (jinja2.TemplateError, ValueError):
            pass  # some have no system role: its text precedes the user's
        try:
            return self._render(_without_system(turns))
        except (jinja2.TemplateError, ValueError) as error:
            msg = f"the chat template of {self._model.path.name} refuses: {error}"
            raise ModelError(msg) from error

    def _render(self, turns: list[dict[str, str]]) -> str:
        # Options that turn off thinking, as Qwen3 and others, DeepSeek and Granite, and gpt-oss
        # call them; gpt-oss thinks all the same. Other templates ignore them.
        wishes = {"enable_thinking": False, "thinking": False, "reasoning_effort": "low"}
        return _without_thinking(str(self._formatter(messages=turns, **wishes).prompt))


def _without_thinking(prompt: str) -> str:
    """End the thinking that a template starts for the model, as DeepSeek-R1's does.

    See W. Ma et al., "Reasoning Models Can Be Effective Without Thinking", 2025.
    """
    for begin, end in PAIRS:
        if prompt.rstrip().endswith(begin):
            return f"{prompt.rstrip()}\n\n{end}\n\n"
    return prompt


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    others = [dict(turn) for turn in turns if turn["role"] != "system"]
    if system and others:
        others[0]["content"] = f"{system}\n\n{others[0]['content']}"
    return others
