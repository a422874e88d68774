"""Prompt of Qwen3-Reranker, whose score is the probability of the answer "yes".

The wording comes from its model card (https://huggingface.co/Qwen/Qwen3-Reranker-0.6B). llama.cpp's
converter writes the same into GGUF files as ``tokenizer.chat_template.rerank``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.errors import ModelError

TEMPLATE_KEY = "tokenizer.chat_template.rerank"
YES, NO = "yes", "no"

_TASK = "Given a web search query, retrieve relevant passages that answer the query"
_CONTROL = re.compile(r"<\|[a-z_]+\|>")
_QUERY, _DOCUMENT = "{query}", "{document}"
_INSTRUCTION = re.compile(r"<Instruct>: (.+)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A prompt in three parts; only ``head`` and ``tail`` may contain control tokens.

    ``body`` contains ``{query}`` and ``{document}``, whose contents stay text.
    """

    head: str
    body: str
    tail: str

    def fill(self, query: str, document: str, task: str = "") -> str:
        """Return the body with query and document; ``task`` replaces its instruction."""
        body = self.body
        if task:
            body = _INSTRUCTION.sub(lambda _: f"<Instruct>: {task}\n", body, count=1)
        before, rest = body.split(_QUERY, 1)
        between, after = rest.split(_DOCUMENT, 1)
        return f"{before}{query}{between}{document}{after}"


def parse_template(text: str, source: str) -> Template:
    """Split a prompt at the control tokens around its query and document.

    Raises:
        ModelError: the prompt lacks these places, or has them in another order. The message names
            ``source``.
    """
    query, document = text.find(_QUERY), text.find(_DOCUMENT)
    if query < 0 or document < query:
        msg = (
            f"{source} has a prompt for reranking that is not understood (no {{query}} before "
            "{document}); take a GGUF file made by a newer llama.cpp"
        )
        raise ModelError(msg)
    before = [match.end() for match in _CONTROL.finditer(text, 0, query)]
    after = _CONTROL.search(text, document)
    # The line after the last control token names the speaker, "user". It is not the user's text.
    start = before[-1] if before else 0
    end = after.start() if after else len(text)
    return Template(head=text[:start], body=text[start:end], tail=text[end:])


QWEN3_TEXT = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and "
    'the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    f"<|im_start|>user\n<Instruct>: {_TASK}\n<Query>: {_QUERY}\n<Document>: {_DOCUMENT}"
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
)
QWEN3 = parse_template(QWEN3_TEXT, "Qwen3-Reranker")
