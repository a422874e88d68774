"""Contexts of a real model are lent in order of arrival, to borrowers and to whole requests."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb import Settings
from kb.embedding.base import Vectors
from kb.embedding.llama import LlamaEmbedder
from kb.llama.calibration import LEAST_TEXTS, LEAST_TOKENS, Setup, candidates
from kb.llama.context import Context
from kb.llama.fitting import spread
from kb.llama.pool import MOST_PASSES, ContextPool
from kb.llama.tokens import Tokens
from kb.models.files import resolve_model

# As few tokens as a measurement takes, and a tenth more.
LONG_ENOUGH = ["A kestrel hovers above the meadow and looks for voles. " * 8] * (LEAST_TEXTS + 4)


@pytest.fixture
def model(models_dir: Path) -> Iterator[LlamaEmbedder]:
    settings = Settings(data_dir=models_dir.parent / "none")
    with closing(LlamaEmbedder(resolve_model(settings), threads=1)) as opened:
        yield opened


@pytest.fixture
def contexts(model: LlamaEmbedder) -> Iterator[Callable[[int], list[Context]]]:
    """Make contexts of the default model; freed at the end."""
    made: list[Context] = []

    def make(count: int) -> list[Context]:
        setup = Setup(contexts=count, threads=1)
        new = spread(model._model, replace(model._traits, context_tokens=64), setup)
        made.extend(new)
        return new

    yield make
    for context in made:
        context.close()


class Line:
    """Borrowers in threads of their own, and the order in which they had their turns."""

    def __init__(self, pool: ContextPool) -> None:
        self.turns: list[str] = []
        self.used: list[int] = []
        self.pool = pool
        self._threads: list[threading.Thread] = []

    def waiting(self) -> int:
        return len(self.pool._queries) + len(self.pool._documents)

    def borrow(self, name: str, *, urgent_tokens: int = 0, calls: int = 0) -> None:
        """Have one more wait for a context, and return when it waits."""
        before = self.waiting()

        def work() -> None:
            with self.pool.borrow(urgent_tokens=urgent_tokens, calls=calls) as context:
                self.used.append(context.using)
                self.turns.append(name)

        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()
        while self.waiting() == before:
            pass

    def join(self) -> list[str]:
        for thread in self._threads:
            thread.join(60)
        return self.turns


def test_a_context_goes_to_who_waits_longest(contexts: Callable[[int], list[Context]]) -> None:
    line = Line(ContextPool(contexts(1)))
    with line.pool.borrow():
        for name in "abcdef":
            line.borrow(name)
    assert line.join() == list("abcdef")


def test_queries_pass_documents_that_wait_but_never_all_the_time(
    contexts: Callable[[int], list[Context]],
) -> None:
    line = Line(ContextPool(contexts(1)))
    with line.pool.borrow():
        line.borrow("document")
        line.borrow("second document")
        for number in range(MOST_PASSES + 2):
            line.borrow(f"query {number}", urgent_tokens=8)
    turns = line.join()
    assert turns[0] == "query 0"
    assert turns.index("document") == MOST_PASSES
    assert turns.index("query 5") < turns.index("second document")


def test_a_borrower_that_comes_back_at_once_stands_behind_those_who_wait(
    contexts: Callable[[int], list[Context]],
) -> None:
    pool = ContextPool(contexts(1))
    tokens = np.array([0, 5, 2], dtype=np.int32)
    turns: list[int] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait(30)
        for _ in range(40):
            with pool.borrow() as context:
                turns.append(number)
                context.encode([tokens])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    places = [[at for at, who in enumerate(turns) if who == number] for number in range(4)]
    begun = max(each[0] for each in places)
    ended = min(each[-1] for each in places)
    waits = [
        later - earlier
        for each in places
        for earlier, later in itertools.pairwise(each)
        if earlier >= begun and later <= ended
    ]
    # Three others, and once more those who had not yet come back to stand in line.
    assert max(waits) <= 8


def test_contexts_are_replaced_when_the_last_one_is_back_and_nobody_is_passed_over(
    contexts: Callable[[int], list[Context]],
) -> None:
    line = Line(ContextPool(contexts(1)))
    new = contexts(2)
    with line.pool.borrow() as lent:
        replacing = threading.Thread(target=line.pool.replace, args=(lambda: new,))
        replacing.start()
        while not line.pool._replacing:
            pass
        line.borrow("a")
        line.borrow("b")
        assert line.pool.any() is lent
    replacing.join(60)
    assert sorted(line.join()) == ["a", "b"]
    assert line.pool.any() in new
    assert line.pool.size == 2


def test_who_is_interrupted_while_waiting_leaves_the_line(
    contexts: Callable[[int], list[Context]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = ContextPool(contexts(1))
    with pool.borrow():

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(pool._changed, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt), pool.borrow():
                pass
    with pool.borrow() as context:
        assert context is pool.any()


def test_a_short_request_is_not_kept_waiting_until_a_long_one_has_ended(
    model: LlamaEmbedder,
) -> None:
    assert model._pool.size == 1
    turns: list[str] = []
    begun = threading.Event()

    def long(done: int) -> None:
        turns.extend(["long"] * done)
        begun.set()

    def short(done: int) -> None:
        turns.extend(["short"] * done)

    texts = [f"text {number} of many" for number in range(200)]
    first = threading.Thread(target=model.embed_documents, args=(texts, long))
    first.start()
    assert begun.wait(60)
    before = len(turns)
    model.embed_documents(texts[:4], short)
    passed = turns[before : len(turns)].count("long")
    first.join(60)
    assert turns.count("long") == 200
    # Its four calls, each behind the two that the long request has ready, and what was done before
    # this thread came to hand in the first.
    assert passed < 60


@pytest.fixture
def measuring(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LlamaEmbedder:
    """The default model on two cores, with its second candidate, one context, under measurement."""
    monkeypatch.setattr("kb.embedding.loaded.available_cores", lambda: 2)
    model = resolve_model(Settings(data_dir=models_dir.parent / "none"))
    opened = LlamaEmbedder(model, calibration=tmp_path / "calibration.json")
    default, second = candidates(2)
    assert opened.description["contexts"] == default.contexts == 2
    assert LEAST_TOKENS <= sum(opened.count_read(LONG_ENOUGH)) < 2 * LEAST_TOKENS
    opened.embed_documents(LONG_ENOUGH)
    opened.embed_documents(LONG_ENOUGH)
    assert opened.description["contexts"] == second.contexts == 1
    return opened


def test_while_nothing_is_decided_requests_too_small_to_measure_have_the_default(
    measuring: LlamaEmbedder,
) -> None:
    with closing(measuring):
        measuring.embed_documents(["short"])
        assert measuring.description["contexts"] == 2


def test_a_measurement_that_fails_midway_leaves_the_default(measuring: LlamaEmbedder) -> None:
    def broken(_: int) -> None:
        message = "the screen is gone"
        raise RuntimeError(message)

    with closing(measuring):
        with pytest.raises(RuntimeError, match="screen"):
            measuring.embed_documents(LONG_ENOUGH, broken)
        measuring.embed_documents(["short"])
        assert measuring.description["contexts"] == 2


def test_requests_side_by_side_have_the_default_while_nothing_is_decided(
    measuring: LlamaEmbedder,
) -> None:
    seen: list[int] = []

    def look(_: int) -> None:
        seen.append(measuring._pool.size)

    with closing(measuring):
        threads = [
            threading.Thread(target=measuring.embed_documents, args=(LONG_ENOUGH, look))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert len(seen) == 3 * len(LONG_ENOUGH)
        assert measuring._pool.size == 2
        assert seen[-1] == 2


def test_a_text_that_is_alone_has_all_cores(contexts: Callable[[int], list[Context]]) -> None:
    pool = ContextPool(contexts(2))
    with pool.borrow(calls=1) as context:
        assert context.using == 2
    with pool.borrow() as context:
        assert context.using == context.threads == 1


def test_calls_that_come_together_share_the_cores(
    contexts: Callable[[int], list[Context]],
) -> None:
    pool = ContextPool(contexts(4))
    with pool.borrow(calls=2) as first, pool.borrow(calls=1) as second:
        assert (first.using, second.using) == (2, 2)
    with pool.borrow(calls=400) as first, pool.borrow(calls=399) as second:
        assert (first.using, second.using) == (1, 1)


def test_who_comes_while_one_text_has_all_cores_waits_for_them(
    contexts: Callable[[int], list[Context]],
) -> None:
    line = Line(ContextPool(contexts(2)))
    with line.pool.borrow(calls=1):
        line.borrow("first", calls=1)
        line.borrow("second", calls=1)
        assert line.turns == []
    line.join()
    # Both wait when the cores come back, so they have one each.
    assert sorted(line.used) == [1, 1]


def test_a_query_has_all_cores_when_it_is_alone_and_one_beside_documents(
    contexts: Callable[[int], list[Context]],
) -> None:
    *spread_out, express = contexts(3)
    pool = ContextPool(spread_out, express)
    with pool.borrow(urgent_tokens=8) as context:
        assert context is express
        assert context.using == 2
    with pool.borrow(), pool.borrow(), pool.borrow(urgent_tokens=8) as context:
        assert context is express
        assert context.using == 1
    with pool.borrow(calls=1) as context:
        assert context.using == 2  # what the queries had is back


def test_documents_have_their_turn_between_queries_that_never_end(
    contexts: Callable[[int], list[Context]],
) -> None:
    *spread_out, express = contexts(3)
    line = Line(ContextPool(spread_out, express))
    with line.pool.borrow(urgent_tokens=8) as context:
        assert context.using == 2
        line.borrow("document", calls=1)
        line.borrow("query", urgent_tokens=8)
    assert sorted(line.join()) == ["document", "query"]
    assert sorted(line.used) == [1, 1]


def test_on_a_single_core_documents_and_queries_share_it(
    contexts: Callable[[int], list[Context]],
) -> None:
    *spread_out, express = contexts(2)
    pool = ContextPool(spread_out, express)
    with pool.borrow(urgent_tokens=8), pool.borrow(calls=1) as context:
        assert context.using == 1


def test_a_vector_does_not_depend_on_the_cores_that_computed_it(models_dir: Path) -> None:
    texts = ["Keep the receipt.", "软件著作权登记 " * 60, "A long passage about rivers. " * 60]
    model = resolve_model(Settings(data_dir=models_dir.parent / "none"))
    with closing(LlamaEmbedder(model, threads=2)) as two:
        alone = [two.embed_documents([text])[0] for text in texts]
        queries = [two.embed_query(text) for text in texts]
        beside = two.embed_documents(texts * 2)[: len(texts)]
    with closing(LlamaEmbedder(model, threads=1)) as one:
        np.testing.assert_allclose(alone, one.embed_documents(texts), atol=1e-6)
        np.testing.assert_allclose(queries, [one.embed_query(t) for t in texts], atol=1e-6)
    np.testing.assert_allclose(beside, alone, atol=1e-6)


@pytest.mark.parametrize("query", [False, True])
def test_the_embedder_gives_a_text_that_is_alone_all_cores(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch, *, query: bool
) -> None:
    used: list[int] = []
    encode = Context.encode

    def look(context: Context, sequences: Sequence[Tokens]) -> Vectors:
        used.append(context.using)
        return encode(context, sequences)

    monkeypatch.setattr(Context, "encode", look)
    model = resolve_model(Settings(data_dir=models_dir.parent / "none"))
    with closing(LlamaEmbedder(model, threads=2)) as opened:
        if query:
            opened.embed_query("Which bird hovers?")
        else:
            opened.embed_documents(["A kestrel hovers."])
        assert used == [2]
        opened.embed_documents(["A kestrel hovers."] * 4)
    assert 1 in used
