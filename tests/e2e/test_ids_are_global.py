"""The number of a document names it in whichever collection it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import DocumentNotFoundError, KnowledgeBase, Settings


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        opened.add("Bread is baked at night.", name="bread")
        opened.add("Tea is drunk at noon.", name="tea", collection="drinks")
        yield opened


def test_a_document_is_removed_by_its_number_alone(base: KnowledgeBase) -> None:
    (tea,) = base.documents(collection="drinks")
    base.remove(tea.id)
    assert base.documents(collection="drinks") == []
    assert [info.name for info in base.documents()] == ["bread"]
    assert base.check().ok


def test_documents_of_several_collections_are_tagged_at_once(base: KnowledgeBase) -> None:
    ids = [base.documents()[0].id, base.documents(collection="drinks")[0].id]
    base.tag(ids, add=["daily"])
    assert [base.document(each).tags for each in ids] == [("daily",), ("daily",)]
    base.tag(ids, remove=["DAILY"])
    assert [base.document(each).tags for each in ids] == [(), ()]


def test_a_collection_that_is_named_guards_what_is_in_others(base: KnowledgeBase) -> None:
    (tea,) = base.documents(collection="drinks")
    with pytest.raises(DocumentNotFoundError):
        base.remove(tea.id, collection="default")
    base.tag([tea.id], add=["daily"], collection="default")
    assert base.document(tea.id).tags == ()


def test_a_removed_document_is_not_removed_twice(base: KnowledgeBase) -> None:
    (tea,) = base.documents(collection="drinks")
    base.remove(tea.id)
    with pytest.raises(DocumentNotFoundError, match=str(tea.id)):
        base.remove(tea.id)
