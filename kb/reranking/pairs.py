"""Turns a query and a passage into the tokens of one reranker input."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from kb.errors import ModelError
from kb.llama.native import POOLING_NONE, POOLING_RANK, Model
from kb.llama.tokens import TextTokenizer, Tokens
from kb.models.rerank_template import NO, QWEN3, TEMPLATE_KEY, YES, Template, parse_template


class PairTokenizer(Protocol):
    """Makes one input of a query and a passage. Thread-safe."""

    def tokens(self, query: str, passage: str, task: str = "") -> Tokens:
        """Return the ids, int32, with control tokens; their text inside a passage stays text."""
        ...


class JoinedPair:
    """Query and passage between the tokens that an encoder was trained with.

    The form is ``<s> query </s></s> passage </s>`` for XLM-R. For others it is that of llama.cpp's
    server: the begin, end and separator tokens of the file.

    Raises:
        ModelError: the tokenizer is WordPiece. Its models need segment numbers to tell the two
            texts apart, and llama.cpp cannot take them: every score would be wrong.
    """

    def __init__(self, model: Model) -> None:
        kind = model.metadata("tokenizer.ggml.model")
        if kind == "bert":
            msg = (
                f"{model.path.name} numbers the segments of its input (a BERT cross-encoder), "
                "which llama.cpp does not; take one of XLM-R's kind, such as bge-reranker-v2-m3"
            )
            raise ModelError(msg)
        end = model.mark("eos")
        end = model.mark("sep") if end is None else end
        # XLM-R files of older converters do not declare their separator.
        parts = model.adds("sep") or kind == "t5"
        separator = model.mark("sep")
        ends = [end] if end is not None and model.adds("eos") else []
        between = [*ends, *([end if separator is None else separator] if parts else [])]
        begin = model.mark("bos")
        begins = [begin] if begin is not None and (model.adds("bos") or kind == "t5") else []
        if not between or None in between:
            msg = f"{model.path.name} has no token that separates query and passage"
            raise ModelError(msg)
        self._before, self._between, self._after = (
            np.array(ids, dtype=np.int32) for ids in (begins, between, ends)
        )
        self._texts = TextTokenizer(model)

    def tokens(self, query: str, passage: str, task: str = "") -> Tokens:  # noqa: ARG002 - has none
        """Return the tokens as :class:`PairTokenizer` does; there is no place for a task."""
        bare = self._texts.bare
        parts = [self._before, bare(query), self._between, bare(passage), self._after]
        return np.concatenate(parts)


class PromptedPair:
    """Query and passage in the prompt of Qwen3-Reranker's training."""

    def __init__(self, model: Model, template: Template) -> None:
        self._template = template
        self._head = model.tokenize(template.head, special=False, parse_special=True)
        self._tail = model.tokenize(template.tail, special=False, parse_special=True)
        self._texts = TextTokenizer(model)

    def tokens(self, query: str, passage: str, task: str = "") -> Tokens:
        """Return the tokens as :class:`PairTokenizer` does."""
        body = self._texts.bare(self._template.fill(query, passage, task))
        return np.concatenate([self._head, body, self._tail])


def open_pairs(model: Model) -> tuple[PairTokenizer, tuple[int, ...], int]:
    """Return the tokenizer of a model's inputs, and the part of its output that is the score.

    That part is the ids of "yes" and "no" for a model that predicts text (otherwise none), and the
    index of the class with the score for a model that ranks.

    Raises:
        ModelError: the model is not a reranker, or of an unknown kind.
    """
    name = model.path.name
    architecture = model.metadata("general.architecture") or ""
    pooling = int(model.metadata(f"{architecture}.pooling_type") or POOLING_NONE)
    if pooling == POOLING_RANK:
        template = model.metadata(TEMPLATE_KEY)
        if template is not None:
            labels = model.class_names
            if YES not in labels:
                msg = f"{name} has a prompt for reranking, but its classes are {labels}"
                raise ModelError(msg)
            return PromptedPair(model, parse_template(template, name)), (), labels.index(YES)
        if model.classes != 1:
            msg = f"{name} gives {model.classes} scores ({model.class_names}); one is needed"
            raise ModelError(msg)
        return JoinedPair(model), (), 0
    if architecture == "qwen3" and pooling == POOLING_NONE:
        return PromptedPair(model, QWEN3), (_piece(model, YES), _piece(model, NO)), 0
    msg = (
        f"{name} is no reranker that is known ({architecture or 'no architecture'}); take "
        "Qwen3-Reranker, or a cross-encoder whose file says pooling_type rank"
    )
    raise ModelError(msg)


def _piece(model: Model, word: str) -> int:
    ids = model.tokenize(word, special=False)
    if len(ids) != 1:
        msg = f"{model.path.name} has no token {word!r}, so it is no Qwen3-Reranker"
        raise ModelError(msg)
    return int(ids[0])
