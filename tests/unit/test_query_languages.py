"""Languages of queries, of scripts and of chunks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kb.languages.chunks import chunk_language, main_language
from kb.languages.queries import query_languages
from kb.languages.scripts import main_script, script_of

ASKED = {
    "ar": "كيف أعيد ضبط جهاز التوجيه؟",
    "bn": "রাউটার কীভাবে রিসেট করব?",
    "de": "Wie stelle ich den Router auf Werkseinstellungen zurück?",
    "el": "Πώς επαναφέρω τον δρομολογητή;",
    "en": "How do I set the router back to factory settings?",
    "es": "¿Cómo devuelvo el router a la configuración de fábrica?",
    "fa": "چطور روتر را به تنظیمات کارخانه برگردانم؟",
    "fr": "Comment remettre le routeur aux réglages d'usine ?",
    "he": "איך מאפסים את הנתב?",
    "hi": "राउटर को वापस मूल सेटिंग पर कैसे लाऊँ?",
    "id": "Bagaimana cara mengembalikan router ke setelan pabrik?",
    "it": "Come riporto il router alle impostazioni di fabbrica?",
    "ja": "ルーターを初期設定に戻すには？",
    "ka": "როგორ დავაბრუნო როუტერი საწყის პარამეტრებზე?",
    "ko": "공유기를 초기 설정으로 되돌리려면?",
    "nl": "Hoe zet ik de router terug op de fabrieksinstellingen?",
    "pl": "Jak przywrócić router do ustawień fabrycznych?",
    "pt": "Como volto o roteador para as configurações de fábrica?",
    "ru": "Как вернуть роутер к заводским настройкам?",
    "sv": "Hur återställer jag routern till fabriksinställningarna?",
    "ta": "திசைவியை எப்படி மீட்டமைப்பது?",
    "te": "రౌటర్‌ను ఎలా రీసెట్ చేయాలి?",
    "th": "จะตั้งเราเตอร์กลับเป็นค่าโรงงานได้อย่างไร",
    "tr": "Yönlendiriciyi fabrika ayarlarına nasıl döndürürüm?",
    "uk": "Як повернути роутер до заводських налаштувань?",
    "ur": "روٹر کو واپس اصل ترتیب پر کیسے لاؤں؟",
    "vi": "Làm sao đưa bộ định tuyến về cài đặt gốc?",
    "zh": "怎样把路由器恢复出厂设置？",
}


@pytest.mark.parametrize("language", ASKED)
def test_a_question_has_its_language(language: str) -> None:
    found = query_languages(ASKED[language])
    assert next(iter(found)) == language
    assert found[language] > 0.5
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "42",
        "2024-05-01",
        "+49 30 123456",
        "E-1407",
        "DE123456789",
        "0x80070057",
        "v1.2.3",
        "user_id",
        "getElementById",
        "os.path.join",
        "--no-deps",
        "/etc/fstab",
        "ann@example.org",
        "HTTP 404",
        "DIN EN 60335",
        "std::vector",
        "iPhone 15 Pro",
        "Marie Curie",
        "Einstein",
        "Beethoven",
        "Достоевский",
        "Αριστοτέλης",
        "São Paulo",
        "€ 19,99",
        "🙂",
    ],
)
def test_codes_numbers_and_names_have_none(text: str) -> None:
    assert dict(query_languages(text)) == {}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("HOW LONG DOES THE WARRANTY LAST", "en"),
        ("Error E-1407 when starting the pump", "en"),
        ("启动水泵时出现 E-1407 错误", "zh"),
        ("Kubernetes 集群怎么升级", "zh"),
        ("Was bedeutet HTTP 404?", "de"),
        ("Τι σημαίνει HTTP Strict Transport Security;", "el"),
        ("Quand Marie Curie est-elle née ?", "fr"),
        ("Как настроить PostgreSQL для нагрузки", "ru"),
        ("ノートパソコンの battery を交換したい", "ja"),
    ],
)
def test_codes_and_names_beside_words_do_not_count(text: str, language: str) -> None:
    assert next(iter(query_languages(text))) == language


def test_of_a_word_that_many_languages_have_the_script_alone_is_sure() -> None:
    for word in ("kilometer", "taxi", "hotel terminal"):
        found = query_languages(word)
        assert found["Latn"] > 0.3, word
        assert sum(found.values()) == pytest.approx(1)


def test_a_query_in_two_languages_is_a_mix() -> None:
    found = query_languages("What does 保修期 mean in this letter?")
    assert set(found) == {"en", "zh"}
    assert found["en"] > found["zh"] > 0.1


def test_a_plain_question_needs_no_classifier() -> None:
    code = (
        "import sys; from kb.languages.queries import query_languages as q;"
        "assert dict(q('How long does the warranty of the pump last?')) == {'en': 1.0};"
        "assert dict(q('水泵的保修期多长？')) == {'zh': 1.0};"
        "assert dict(q('펌프의 보증 기간은?')) == {'ko': 1.0};"
        "assert 'py3langid.langid' not in sys.modules, 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Größe", "Latn"),
        ("размер", "Cyrl"),
        ("サイズを測る", "Kana"),
        ("漢字かな交じり文", "Kana"),
        ("尺寸", "Hani"),
        ("크기", "Hang"),
        ("PDF 文件的大小", "Hani"),
        ("12,5 %", ""),
        ("ｓｉｚｅ", "Latn"),
        ("𠮷野家", "Hani"),
    ],
)
def test_a_text_has_the_script_of_most_of_its_letters(text: str, script: str) -> None:
    assert main_script(text) == script


def test_a_language_has_a_script_and_a_script_its_own() -> None:
    assert [script_of(each) for each in ("sv", "bg", "ja", "zh", "Cyrl", "Latn")] == [
        "Latn",
        "Cyrl",
        "Kana",
        "Hani",
        "Cyrl",
        "Latn",
    ]


@pytest.mark.parametrize(
    ("text", "document", "language"),
    [
        ("Die Garantie gilt zwei Jahre.", "de", "de"),
        ("The manual is in another drawer of the same desk.", "zh-Hans", "en"),
        ("保修期是二十四个月。", "en", "zh"),
        ("保証期間は二年です。", "zh", "ja"),
        ("12 34 56", "zh", "zh"),
        ("保修期是二十四个月。", "", "zh"),
        ("return 0", "", ""),
        ("Гаранция две години.", "sr", "sr"),
        ("Garancija traje dve godine.", "sr", "sr"),
        ("x = f(y)", "zh-Hant, en", ""),
    ],
)
def test_a_chunk_has_its_documents_language_unless_its_script_tells_another(
    text: str, document: str, language: str
) -> None:
    assert chunk_language(text, document) == language


@pytest.mark.parametrize(
    ("stated", "main"), [("zh-Hant", "zh"), ("en, de", "en"), ("DE", "de"), ("", "")]
)
def test_the_main_language_is_the_first_without_its_region(stated: str, main: str) -> None:
    assert main_language(stated) == main
