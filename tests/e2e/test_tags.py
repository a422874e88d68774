"""Tags that people give: found by filters, and kept whatever becomes of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest import ingest
from kb import KnowledgeBase, SearchFilter, Settings, SettingsError
from kb.embedding.base import EmbedderIdentity

TEXTS = {
    "lease.txt": "The lease of the flat ends in June.",
    "tax.md": "---\ntags: [tax, 2024]\n---\nThe tax return is due in May.",
    "合同.txt": "租赁合同于六月到期，押金三十天内退还。",
}


class AnotherEmbedder(HashingEmbedder):
    """Says that its vectors compare with no others."""

    identity = EmbedderIdentity(model_id="another", fingerprint="another", dim=HashingEmbedder.dim)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    for name, text in TEXTS.items():
        (made / name).write_text(text, "utf-8")
    return made


@pytest.fixture
def base(tmp_path: Path, folder: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        ingest(opened, [folder])
        opened.tag(ids(opened, "lease.txt", "合同.txt"), add=["Home, 重要"])
        yield opened


def ids(base: KnowledgeBase, *names: str) -> list[int]:
    return [info.id for info in base.documents() if info.name in names]


def tags(base: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    return {info.name: info.tags for info in base.documents() if info.tags}


def found(base: KnowledgeBase, *wanted: str) -> set[str]:
    hits = base.search("lease tax 合同", where=SearchFilter(tags=wanted), top_k=10)
    return {hit.source for hit in hits}


def test_filters_find_them_in_any_case_beside_tags_of_the_document_itself(
    base: KnowledgeBase,
) -> None:
    assert found(base, "home") == {"lease.txt", "合同.txt"}
    base.tag(ids(base, "tax.md"), add=["重要"])
    assert found(base, "重要") == set(TEXTS)
    assert found(base, "重要", "TAX") == {"tax.md"}
    assert base.facets().tags[0] == "重要", "most frequent first"
    assert set(base.facets().tags) == {"重要", "Home", "tax", "2024"}


def test_they_are_taken_away_again_and_given_once(base: KnowledgeBase) -> None:
    base.tag(ids(base, "lease.txt"), add=["HOME"], remove=["重要", "never given"])
    assert tags(base) == {"lease.txt": ("Home",), "合同.txt": ("Home", "重要")}
    assert found(base, "重要") == {"合同.txt"}


def test_a_new_version_and_a_new_place_keep_them(base: KnowledgeBase, folder: Path) -> None:
    (folder / "lease.txt").write_text("The lease now ends in July, with the garden.", "utf-8")
    (folder / "合同.txt").rename(folder / "旧合同.txt")
    ingest(base, [folder])
    assert tags(base) == {"lease.txt": ("Home", "重要"), "旧合同.txt": ("Home", "重要")}


def test_a_file_that_is_gone_takes_its_tags_along(base: KnowledgeBase) -> None:
    for document_id in ids(base, "lease.txt", "合同.txt"):
        base.remove(document_id)
    assert not found(base, "home")
    assert set(base.facets().tags) == {"2024", "tax"}


def test_an_archive_and_another_model_keep_them(base: KnowledgeBase, tmp_path: Path) -> None:
    before = tags(base)
    base.export(tmp_path / "all.kbz")
    base.import_archive(tmp_path / "all.kbz", collection="copy")
    copied = {i.name: i.tags for i in base.documents(collection="copy") if i.tags}
    assert copied == before
    with KnowledgeBase.open(base.settings, embedder=AnotherEmbedder()) as other:
        other.reembed()
        assert tags(other) == before
        assert found(other, "home") == {"lease.txt", "合同.txt"}


@pytest.mark.parametrize("typed", ["", " , ", "x" * 65, "two\nlines"])
def test_what_is_no_tag_is_refused_and_changes_nothing(base: KnowledgeBase, typed: str) -> None:
    before = tags(base)
    with pytest.raises(SettingsError, match="is no tag"):
        base.tag(ids(base, "tax.md"), add=["fine", typed])
    assert tags(base) == before


def test_documents_of_other_collections_than_the_one_named_are_left_alone(
    base: KnowledgeBase,
) -> None:
    other = base.add("Another text.", name="other.txt", collection="second")
    base.tag([other.document_id], add=["stray"], collection=base.settings.collection)
    assert base.document(other.document_id).tags == ()


def test_the_language_is_told_by_the_text(base: KnowledgeBase) -> None:
    assert {i.name: i.language for i in base.documents()} == {
        "lease.txt": "en",
        "tax.md": "en",
        "合同.txt": "zh",
    }
    assert set(base.facets().languages) == {"en", "zh"}
    hits = base.search("lease 合同", where=SearchFilter(languages=("zh",)))
    assert [hit.source for hit in hits] == ["合同.txt"]
