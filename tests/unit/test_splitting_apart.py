"""Splitting a document needs neither a store nor the model itself: it can run in any process."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import Document, KnowledgeBase, Settings
from kb.indexing.splitting import SplitRules, split_document
from kb.prepared import SplitDocument
from kb.splitting import SplitOptions

TEXT = "# Pumps\n\n" + "The pump runs dry after an hour. 水泵在一小时后干转。\n" * 80
RULES = SplitRules(
    options=SplitOptions(chunk_size=256, chunk_overlap=32, unit="characters"),
    contextual=True,
    fingerprint="f",
)

# What a worker elsewhere runs: it knows the rules, and how the model counts.
ELSEWHERE = """
import pickle, sys
from kb.indexing.splitting import split_document

class Words:
    max_tokens = 64
    def count_tokens(self, texts):
        return [len(text.split()) for text in texts]

document, rules = pickle.load(sys.stdin.buffer)
made = split_document(document, rules, Words(), content_hash="c", settings_hash="s")
heavy = {"sqlite3", "chromadb", "llama_cpp", "kb.store", "kb.catalog"} & set(sys.modules)
sys.stdout.buffer.write(pickle.dumps((made, heavy)))
"""


class Words:
    max_tokens = 64

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def test_a_document_is_split_alike_in_a_process_without_store_and_model() -> None:
    document = Document.from_text(TEXT, title="Manual")
    here = split_document(document, RULES, Words(), content_hash="c", settings_hash="s")
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=pickle.dumps((document, RULES)),
        capture_output=True,
        check=True,
    )
    there, heavy = pickle.loads(done.stdout)  # noqa: S301 - our own process
    assert len(here.chunks) > 10
    assert there == here
    assert heavy == set()


@pytest.mark.parametrize(
    "other",
    [
        replace(RULES, fingerprint="another model"),
        replace(RULES, contextual=False),
        replace(RULES, options=SplitOptions(chunk_size=512, chunk_overlap=32, unit="characters")),
    ],
)
def test_whatever_changes_chunks_or_vectors_changes_the_hash_of_the_rules(
    other: SplitRules,
) -> None:
    assert other.hash != RULES.hash


def test_vectors_that_a_collection_has_are_looked_up_apart(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add(TEXT, name="a")
        made = base.indexing.split(Document.from_text(TEXT), content_hash="other bytes")
        assert type(made) is SplitDocument
        looked_up = base.indexing.look_up(made, base.collection())
        assert looked_up.chunks == made.chunks
        assert looked_up.missing == []
        base.create_collection("empty")
        assert len(base.indexing.look_up(made, base.collection("empty")).missing) == len(made.keys)
