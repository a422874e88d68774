"""Word forms: stems with their language, and characters with variants."""

from __future__ import annotations

import threading

import pytest

from kb.words.hanzi import variants
from kb.words.stems import languages_of, stem_tokens
from kb.words.terms import index_text


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "URLs", "URL"),
        ("en", "copies", "copy"),
        ("en", "parseURLs", "URL"),
        ("en-GB", "connected", "connection"),
        ("de", "Häuser", "Haus"),
        ("fr", "chevaux", "cheval"),
        ("es", "casas", "casa"),
        ("it", "libri", "libro"),
        ("pt", "livros", "livro"),
        ("nl", "boeken", "boek"),
        ("sv", "bilarna", "bilar"),
        ("ru", "договоры", "договора"),
        ("fi", "talossa", "talon"),
        ("hu", "házak", "házat"),
        ("tr", "evler", "ev"),
        ("ar", "الكتاب", "كتاب"),
        ("el", "δρόμος", "δρόμους"),
        ("hi", "किताबें", "किताब"),
        ("", "copies", "copy"),
        ("zh", "URLs", "URL"),
        ("", "договоры", "договора"),
    ],
)
def test_forms_of_a_word_have_a_stem_in_common(language: str, one: str, other: str) -> None:
    stems = [set(index_text(word, language).stems.split()) for word in (one, other)]
    assert stems[0] & stems[1]


def test_stems_are_stored_with_their_language() -> None:
    assert index_text("gifts", "en").stems == "en·gift"
    assert index_text("Gift", "de").stems == "de·gift"


def test_a_document_in_two_languages_has_stems_of_both() -> None:
    assert index_text("copies", "en, de").stems.split() == ["en·copi", "de·copi"]


def test_a_language_without_a_stemmer_has_no_stems() -> None:
    assert index_text("robić", "uk, pl").stems.startswith("pl·")
    assert not index_text("книги", "uk").stems
    assert not index_text("bøger og kopier", "is").stems


def test_function_words_have_no_stem() -> None:
    assert not index_text("what was this for", "en").stems


@pytest.mark.parametrize(
    ("stated", "codes"),
    [
        ("en-GB", ("en",)),
        ("zh_CN", ("zh",)),
        ("en, de", ("en", "de")),
        ("German", ("de",)),
        ("deu", ("de",)),
        ("nb-NO", ("no",)),
        ("und", ()),
        ("", ()),
    ],
)
def test_languages_are_understood_as_documents_state_them(
    stated: str, codes: tuple[str, ...]
) -> None:
    assert languages_of(stated) == codes


def test_threads_stem_side_by_side() -> None:
    words = [f"{stem}{ending}" for stem in ("connect", "relat", "form") for ending in ("ing", "ed")]
    expected = [stem_tokens.__wrapped__(word, ("en",)) for word in words]
    results: list[list[tuple[str, ...]]] = []

    def work() -> None:
        for _ in range(300):
            results.append([stem_tokens.__wrapped__(word, ("en",)) for word in words])  # noqa: PERF401 - as another thread does

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 1200


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("員工請假", "员工请假"),
        ("辦公設備報廢", "办公设备报废"),
        ("乾燥", "干燥"),
        ("頭髮", "头发"),
        ("沿著", "沿着"),
        ("臺灣", "台湾"),
        ("裏面", "里面"),
        ("裡面", "里面"),
        ("羣眾", "群众"),
        ("計畫", "计划"),
        ("軟體", "软体"),
    ],
)
def test_traditional_and_simplified_characters_are_one(traditional: str, simplified: str) -> None:
    assert index_text(traditional) == index_text(simplified)


def test_only_few_characters_are_taken_for_one() -> None:
    by_first: dict[str, set[str]] = {}
    for code, first in variants().items():
        by_first.setdefault(first, {first}).add(chr(code))
    assert len(by_first) > 3500
    assert max(map(len, by_first.values())) <= 6
