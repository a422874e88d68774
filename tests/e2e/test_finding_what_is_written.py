"""What stands in a document is found by words, however it is written there or asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document as WordFile
from docx.oxml import OxmlElement
from hashing_embedder import HashingEmbedder

from ingest.loaders import load_file
from kb import Document, KnowledgeBase, Settings
from kb.records import SearchHit
from kb.store.check import check


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """An empty knowledge base; the search by words needs no model."""
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def fill(base: KnowledgeBase, **texts: str) -> None:
    for name, text in texts.items():
        base.add(text, name=name)


def search(base: KnowledgeBase, query: str) -> list[SearchHit]:
    return base.search(query, mode="keyword", highlights="words")


def found(base: KnowledgeBase, query: str) -> list[str]:
    return [hit.sources[0].path for hit in search(base, query)]


def marked(base: KnowledgeBase, query: str) -> list[str]:
    hit = search(base, query)[0]
    return [hit.text[start:end] for start, end in hit.highlights]


VERSIONS = ["1.2.3", "1.3.2", "2.1.3", "2.3.1", "3.1.2", "3.2.1", "2.3.10", "12.3", "1.2.3.4"]


@pytest.mark.parametrize("written", ["v{}", "{}", "V{}", "app-{}", "app_v{}", "python{}", "{}-rc1"])
@pytest.mark.parametrize("asked", ["{}", "v{}", "release {}", '"{}"', '"v{}"'])
def test_a_version_is_found_before_others_with_the_same_parts(
    base: KnowledgeBase, written: str, asked: str
) -> None:
    fill(base, **{each: f"Release {written.format(each)} is out." for each in VERSIONS})
    for each in ("1.2.3", "2.3.1", "2.3.10"):
        assert found(base, asked.format(each))[0] == each


def test_an_address_is_found_in_a_name_and_before_addresses_of_the_same_parts(
    base: KnowledgeBase,
) -> None:
    hosts = ["10.0.4.17", "10.17.4.0", "10.4.0.17", "17.10.0.4"]
    fill(base, **{each: f"Host srv-{each} is up." for each in hosts})
    for each in hosts:
        assert found(base, each)[0] == each
        assert found(base, f"srv-{each}")[0] == each
        assert found(base, f'"{each}"') == [each]


def test_parts_in_their_order_count_for_more_than_out_of_order(base: KnowledgeBase) -> None:
    fill(base, whole="see 7.8.9", order="see 7 8 9", mixed="see 9 7 8", other="see nothing")
    assert found(base, "7.8.9") == ["whole", "order", "mixed"]


@pytest.mark.parametrize("asked", ["1250000", "1,250,000", "1 250 000", "1.250.000", '"1250000"'])
def test_a_number_is_found_however_its_digits_are_grouped(base: KnowledgeBase, asked: str) -> None:
    fill(
        base,
        english="The deposit is 1,250,000 yen.",
        swiss="Die Kaution ist 1'250'000 Franken.",
        french="La caution est de 1\u202f250\u202f000 euros.",
        wide="押金￥１，２５０，０００元整。",
        plain="Deposit: 1250000",
        parts="000 of 250 and 1 more",
        list="pieces: 1 250 000 12",
    )
    whole = {"english", "swiss", "french", "wide", "plain"}
    assert set(found(base, asked)[:5]) == whole
    assert marked(base, "1250000")[0].replace("\u202f", " ") in {
        "1,250,000",
        "1'250'000",
        "1 250 000",
        "１，２５０，０００",
        "1250000",
    }


def test_a_telephone_number_is_found_with_hyphens_and_without(base: KnowledgeBase) -> None:
    fill(
        base, hyphens="Call 020-7123-4567.", plain="Call 02071234567.", other="Call 020-4567-7123."
    )
    for asked in ("02071234567", "020-7123-4567", "(020) 7123 4567", '"02071234567"'):
        assert set(found(base, asked)[:2]) == {"hyphens", "plain"}


@pytest.mark.parametrize(
    "hyphen", ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2212", "\uff0d"]
)
def test_a_code_is_found_by_any_hyphen_and_in_quotes(base: KnowledgeBase, hyphen: str) -> None:
    fill(base, fuse=f"Fuse KX{hyphen}4471{hyphen}B sits in cabinet two.", other="Fuse KX-B-4471.")
    for asked in ("KX-4471-B", f"KX{hyphen}4471{hyphen}B", "KX4471B"):
        assert found(base, asked)[0] == "fuse"
        assert found(base, f'"{asked}"') == ["fuse"]
    assert marked(base, "KX-4471-B") == [f"KX{hyphen}4471{hyphen}B"]


def test_the_no_break_hyphen_of_a_word_processor_is_a_hyphen(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    file = WordFile()
    run = file.add_paragraph("Fuse ").add_run("KX")
    for part in ("4471", "B"):
        run._r.append(OxmlElement("w:noBreakHyphen"))
        run.add_text(part)
    file.save(str(tmp_path / "fuse.docx"))
    base.add(load_file(tmp_path / "fuse.docx").document, name="fuse")
    assert found(base, '"KX-4471-B"') == ["fuse"]


@pytest.mark.parametrize("kind", ["md", "txt", "docx"])
def test_unseen_characters_and_radicals_do_not_hide_words(
    base: KnowledgeBase, tmp_path: Path, kind: str
) -> None:
    text = "Run cluster\u200bctl be\u2060fore Zeph\u200cyr. 维\u200b护窗口，⾼峰⽤⽔，阀⻔。"
    path = tmp_path / f"file.{kind}"
    if kind == "docx":
        file = WordFile()
        file.add_paragraph(text)
        file.save(str(path))
    else:
        path.write_text(text, encoding="utf-8")
    base.add(load_file(path).document, name=kind)
    for asked in (
        "clusterctl",
        "Zephyr",
        "维护窗口",
        '"高峰用水"',
        "阀门",
        '"⽤⽔"',
        '"before zephyr"',
    ):
        assert found(base, asked) == [kind]
    assert marked(base, "Zephyr") == ["Zeph\u200cyr"]


def test_old_text_with_radicals_is_found_as_well(base: KnowledgeBase) -> None:
    base.add(Document(text="⾼峰⽤⽔ clus\u200bter", media_type="text"), name="old")
    assert found(base, "用水") == ["old"]
    assert found(base, "cluster") == ["old"]


def test_another_form_of_a_word_is_found_behind_the_form_that_was_typed(
    base: KnowledgeBase,
) -> None:
    fill(
        base,
        one="You get a copy of the letter.",
        two="You get two copies of a letter.",
        no="You get nothing but a letter.",
    )
    assert found(base, "copies") == ["two", "one"]
    assert found(base, "copy") == ["one", "two"]
    assert marked(base, "copying") in (["copy"], ["copies"])


def test_a_plural_of_an_abbreviation_is_one_word(base: KnowledgeBase) -> None:
    fill(
        base, one="The URL is in the letter.", many="The URLs are in the letter.", zh="支持多个URLs"
    )
    assert found(base, "URLs")[0] in {"many", "zh"}
    assert set(found(base, "URL")) == set(found(base, "urls")) == {"one", "many", "zh"}


def test_word_forms_are_those_of_the_documents_language(base: KnowledgeBase) -> None:
    fill(
        base,
        de="Die Verträge liegen im Schrank und werden dort verwahrt.",
        en="The contracts are kept in the cupboard over there.",
        ru="Договоры лежат в шкафу, ключ находится у директора.",
        fr="Les contrats sont conservés dans une armoire fermée.",
    )
    languages = {info.sources[0].path: info.language for info in base.documents()}
    assert languages == {"de": "de", "en": "en", "ru": "ru", "fr": "fr"}
    assert found(base, "Vertrages")[0] == "de"
    assert found(base, "contracted")[0] == "en"
    assert found(base, "договора") == ["ru"]
    assert found(base, "conserver")[0] == "fr"
    assert marked(base, "договора") == ["Договоры"]


def test_one_languages_stem_does_not_match_another_languages_word(base: KnowledgeBase) -> None:
    base.add("Das Wort copi steht hier allein.", name="de", metadata={"language": "de"})
    base.add("One copy of the letter.", name="en", metadata={"language": "en"})
    assert found(base, "copying") == ["en"]


def test_titles_and_headings_are_found_in_another_form(base: KnowledgeBase) -> None:
    document = Document.from_text("Nothing more is said here.", title="Cancelled contracts")
    base.add(document, name="title")
    assert found(base, "contract") == ["title"]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("员工请假", "員工請假須於三日前以書面申請。"),
        ("辦公設備報廢", "办公设备报废由资产管理处登记。"),
        ("头发", "頭髮乾燥時，請沿著髮根塗抹。"),
        ("沿着", "頭髮乾燥時，請沿著髮根塗抹。"),
        ('"请沿着"', "頭髮乾燥時，請沿著髮根塗抹。"),
        ("髮", "剪头发"),
    ],
)
def test_traditional_and_simplified_chinese_find_each_other_by_words(
    base: KnowledgeBase, asked: str, text: str
) -> None:
    fill(base, other="天气晴朗。", wanted=text)
    assert found(base, asked) == ["wanted"]
    assert marked(base, asked)


def test_what_is_removed_leaves_nothing_in_the_index(base: KnowledgeBase) -> None:
    fill(
        base,
        a="Two copies of v1.2.3 cost 1,250,000 at KX‑4471‑B. 員工請假 ⽤⽔",
        b="Something else.",
    )
    base.remove(search(base, "copies")[0].document_id)
    for asked in ("copies", "copy", "1.2.3", "1250000", "KX4471B", "员工", "用水", "2"):
        assert found(base, asked) == []
    assert check(base._store).ok
