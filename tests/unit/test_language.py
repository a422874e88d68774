"""Which language a document is in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kb import Document
from kb.languages.documents import language_of
from kb.records import MediaType


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How the espresso machine is descaled, and how often.", "en"),
        ("如何申请软件著作权？本指南说明步骤。", "zh"),
        ("番茄炒蛋：鸡蛋三个", "zh"),
        ("エスプレッソマシンの使い方", "ja"),
        ("에스프레소 머신 사용 설명서", "ko"),
        ("Der Mietvertrag endet am letzten Tag des Monats.", "de"),
        ("Как очистить кофемашину от накипи", "ru"),
        ("我哋聽日去邊度食飯呀？佢話嗰間茶餐廳嘅嘢好好食", "zh"),
        ("ὁ δὲ ἀνεξέταστος βίος οὐ βιωτὸς ἀνθρώπῳ, ὦ ἄνδρες Ἀθηναῖοι", "el"),
    ],
)
def test_the_text_tells(text: str, language: str) -> None:
    assert language_of(Document.from_text(text)) == language


def test_what_the_document_says_comes_first() -> None:
    document = Document.from_text("Plain English words.", metadata={"language": "zh-Hant"})
    assert language_of(document) == "zh-Hant"


GERMAN = (
    "Das neue Lager wird im Herbst eröffnet. Bis dahin werden die Waren in der alten Halle "
    "gelagert, die am Ende des Jahres geschlossen wird."
)


@pytest.mark.parametrize(
    ("media_type", "stated", "text", "language"),
    [
        ("docx", "en-US", GERMAN, "de"),
        ("pdf", "en", GERMAN, "de"),
        ("docx", "de-DE", GERMAN, "de-DE"),
        ("docx", "en-US", "Lager 12, Halle 3", "en-US"),
        ("markdown", "en", GERMAN, "en"),
        ("docx", "nb-NO", "Det nye lageret åpnes til høsten, og varene flyttes dit.", "nb-NO"),
    ],
)
def test_an_office_program_says_its_own_language_and_a_clear_text_is_believed(
    media_type: MediaType, stated: str, text: str, language: str
) -> None:
    document = Document.from_text(text, metadata={"language": stated})
    assert language_of(replace(document, media_type=media_type)) == language


@pytest.mark.parametrize("text", ["", "12 34 55", "ok", "x = f(a[0]) + g(b)\n" * 20])
def test_what_cannot_be_told_is_left_open(text: str) -> None:
    assert not language_of(Document.from_text(text))


def test_the_middle_counts_and_not_a_cover_in_another_language() -> None:
    body = "本指南说明如何申请软件著作权，以及需要准备的材料。" * 400
    assert language_of(Document.from_text("User guide, second edition\n\n" + body)) == "zh"
