"""Near-duplicates: which documents are mostly the same, and how much of them is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings, SettingsError
from kb.near_duplicates import LEAST_SHARE
from kb.shingles import MOST_COMPARED, RUN, runs_of, share, sketch

WORDS = "heron owl kite swift wren rook crane ibis stork hunts sleeps over under water"
CHINESE = "苍鹭站在浅水中等待鱼群猫头鹰在夜里捕猎红隼盘旋于草地之上雨燕在空中睡觉鹳鸟筑巢于屋顶"


def prose(seed: int, words: int = 400) -> str:
    chosen = random.Random(seed)  # noqa: S311 - texts, not secrets
    return " ".join(chosen.choice(WORDS.split()) + str(chosen.randrange(99)) for _ in range(words))


def edited(text: str, every: int) -> str:
    """Put a new word after every so many words."""
    words = text.split()
    for at in range(every, len(words), every):
        words[at] = f"changed{at}"
    return " ".join(words)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def named(base: KnowledgeBase) -> list[set[str]]:
    """Return the names of the documents of each group."""
    names = {info.id: info.name for info in base.documents()}
    groups = base.near_duplicates.find(base.collection())
    return [
        {names[each] for pair in group for each in (pair.first, pair.second)} for group in groups
    ]


def test_spaces_signs_and_case_do_not_count() -> None:
    text = prose(1)
    assert share(runs_of(text), runs_of(text.upper().replace(" ", "\n— "))) == 1.0
    assert share(runs_of(text), runs_of(prose(2))) < 0.05


def test_the_share_is_that_of_the_runs_that_both_have() -> None:
    one = "".join(map(chr, range(0x4E00, 0x4E00 + 1000)))
    other = one[:500]
    runs = len(one) - RUN + 1, len(other) - RUN + 1
    assert share(runs_of(one), runs_of(other)) == pytest.approx(2 * runs[1] / sum(runs))


@pytest.mark.parametrize("text", ["", "short", "x" * (RUN - 1), " ,.!?" * 100])
def test_a_text_without_a_run_is_like_nothing(text: str) -> None:
    assert not len(runs_of(text))
    assert share(runs_of(text), runs_of(text)) == 0.0


def test_of_long_texts_a_sample_is_compared_which_tells_nearly_the_same() -> None:
    chosen = np.random.default_rng(7)
    letters = chosen.integers(0x4E00, 0x9FA5, 5 * MOST_COMPARED).astype(np.uint32)
    text = letters.tobytes().decode("utf-32-le")
    half = text[: len(text) * 2 // 3]
    assert len(runs_of(text)) < 2 * MOST_COMPARED
    assert share(runs_of(text), runs_of(half)) == pytest.approx(0.8, abs=0.02)
    shared = np.intersect1d(sketch(runs_of(text)), sketch(runs_of(half)))
    assert len(shared) > 8


def test_copies_and_versions_are_found_and_others_are_not(base: KnowledgeBase) -> None:
    base.add(prose(1), name="minutes.txt")
    base.add(edited(prose(1), 40), name="minutes, edited.txt")
    base.add(f"An appendix of its own. {prose(1)}", name="minutes, longer.txt")
    base.add(prose(2), name="another.txt")
    chinese = "".join(random.Random(4).choices(CHINESE, k=600))  # noqa: S311 - likewise
    base.add(chinese, name="鸟类.txt")
    base.add(f"{chinese[:200]}小鱼{chinese[210:]}附录", name="鸟类 改.txt")
    base.add(prose(1, 100), name="only the beginning.txt")
    assert sorted(map(sorted, named(base))) == sorted(
        map(
            sorted,
            [
                {"minutes.txt", "minutes, edited.txt", "minutes, longer.txt"},
                {"鸟类.txt", "鸟类 改.txt"},
            ],
        )
    )
    for group in base.near_duplicates.find(base.collection()):
        assert all(LEAST_SHARE <= pair.share < 1 and pair.first < pair.second for pair in group)


def test_a_higher_bound_leaves_out_what_differs_more(base: KnowledgeBase) -> None:
    base.add(prose(1), name="one")
    base.add(edited(prose(1), 12), name="other")
    (pair,) = base.near_duplicates.find(base.collection(), least=0.5)[0]
    assert 0.5 <= pair.share < 0.9
    assert base.near_duplicates.find(base.collection(), least=0.95) == []
    with pytest.raises(SettingsError):
        base.near_duplicates.find(base.collection(), least=0.1)


def test_what_was_removed_or_replaced_is_told_of_no_more(base: KnowledgeBase) -> None:
    base.add(prose(1), name="one")
    added = base.add(prose(1) + " and a little more", name="other")
    seen: list[tuple[int, int]] = []
    found = base.near_duplicates.find(
        base.collection(), on_progress=lambda done, total: seen.append((done, total))
    )
    assert len(found) == 1
    assert seen[-1] == (2, 2)
    base.add(prose(3), name="other")
    assert named(base) == []
    base.add(prose(3) + " and a little more", name="third")
    assert named(base) == [{"other", "third"}]
    base.remove(next(info.id for info in base.documents() if info.name == "third"))
    assert added.document_id is not None
    assert named(base) == []


def test_forty_copies_are_one_group(base: KnowledgeBase) -> None:
    for number in range(40):
        base.add(f"{prose(1, 120)} copy {number}", name=f"copy {number}")
    (group,) = base.near_duplicates.find(base.collection())
    assert len(group) == 39
