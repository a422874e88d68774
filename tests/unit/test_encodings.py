"""A text file's bytes become its text, whatever encoding it was saved in."""

import codecs

import pytest

from ingest.loaders.text.encoding import decode

CHINESE = (
    "第一条 为了规范合同管理，维护公司的合法权益，根据国家有关法律，制定本办法。\n"
    "第二条 本办法适用于公司及其下属单位对外签订的所有合同。\n"
)
TRADITIONAL = (
    "本公司為維護會員的權益，特別訂定本辦法，請您在使用服務前詳細閱讀。\n"
    "會員可以透過網頁或者電話與我們聯絡，我們會儘快回覆您的問題。\n"
)
JAPANESE = (
    "これは会議の議事録です。次回の会議は来月の三日に東京で行います。よろしくお願いします。\n"
)
KOREAN = "이 문서는 회의록입니다. 다음 회의는 서울에서 열립니다. 참석해 주시기 바랍니다.\n"
RUSSIAN = (
    "Настоящий договор заключён между сторонами в городе Москве и вступает в силу с момента.\n"
)
ARABIC = "هذا العقد بين الطرفين ويسري من تاريخ التوقيع عليه من قبل الجميع في المدينة.\n"
GERMAN = "Die Verträge müssen für alle Länder geprüft werden, außer für Österreich.\n"
FRENCH = "L’été dernier, la société a décidé de créer une équipe à Genève — c’était nécessaire.\n"
POLISH = "Zażółć gęślą jaźń, a potem idź spać, bo jutro będzie nowy dzień w Łodzi.\n"
TURKISH = "Bu sözleşme taraflar arasında yapılmış ve imzalanmıştır; şartları aşağıdadır.\n"

LEGACY = [
    ("gb18030", "gb18030", CHINESE),
    ("gbk", "gb18030", CHINESE),
    ("gb2312", "gb18030", CHINESE),
    ("hz", "hz", CHINESE),
    ("big5", "big5", TRADITIONAL),
    ("cp932", "shift_jis", JAPANESE),
    ("euc_jp", "euc-jp", JAPANESE),
    ("iso2022_jp", "iso-2022-jp", JAPANESE),
    ("cp949", "euc-kr", KOREAN),
    ("johab", "johab", KOREAN),
    ("cp1251", "windows-1251", RUSSIAN),
    ("koi8_r", "koi8-r", RUSSIAN),
    ("cp866", "cp866", RUSSIAN),
    ("cp1256", "windows-1256", ARABIC),
    ("cp1252", "windows-1252", GERMAN),
    ("cp1252", "windows-1252", FRENCH),
    ("cp1250", "windows-1250", POLISH),
    ("cp1254", "windows-1254", TURKISH),
]


@pytest.mark.parametrize(("codec", "name", "text"), LEGACY)
def test_a_legacy_encoding_is_recognised_without_any_mark(codec: str, name: str, text: str) -> None:
    decoded = decode(text.encode(codec))

    assert decoded.text == text
    assert decoded.encoding == name
    assert decoded.certain
    assert decoded.bad == 0


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("gb18030", "中文"),
        ("gb18030", "软件著作权登记申请表"),
        ("gb18030", "会议纪要 2024年3月"),
        ("big5", "軟體著作權"),
        ("cp932", "東京都千代田区"),
        ("euc_jp", "こんにちは世界"),
        ("cp949", "안녕하세요"),
        ("cp1251", "Привет, мир"),
        ("cp1252", "Über"),
        ("cp1252", "“Hello”"),
        ("cp1253", "Καλημέρα κόσμε"),
        ("utf-16-le", "中文文档管理系统"),
    ],
)
def test_a_few_words_are_enough(codec: str, text: str) -> None:
    assert decode(text.encode(codec)).text == text


@pytest.mark.parametrize("text", ["plain text\n", CHINESE, JAPANESE + KOREAN, "🙂 emoji"])
@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-8"),
    ],
)
def test_a_byte_order_mark_decides_and_is_not_text(mark: bytes, codec: str, text: str) -> None:
    decoded = decode(mark + text.encode(codec))

    assert decoded.text == text
    assert decoded.encoding == codec


@pytest.mark.parametrize("text", ["A plain line.\r\nAnother line.\r\n", CHINESE, RUSSIAN])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_need_no_mark(codec: str, text: str) -> None:
    decoded = decode(text.encode(codec))

    assert decoded.text == text
    assert decoded.encoding == codec


def test_utf8_cut_in_the_middle_of_a_character_stays_utf8() -> None:
    decoded = decode(CHINESE.encode()[:-2])

    assert decoded.encoding == "utf-8"
    assert decoded.cut
    assert decoded.bad == 0
    assert decoded.text.startswith("第一条 为了规范合同管理")


def test_a_few_bad_bytes_do_not_turn_utf8_into_something_else() -> None:
    decoded = decode(CHINESE.encode() + b"\xff" + (CHINESE * 4).encode())

    assert decoded.encoding == "utf-8"
    assert decoded.bad == 1
    assert decoded.text.count("\ufffd") == 1
    assert decoded.text.replace("\ufffd", "") == CHINESE * 5


def test_a_replacement_character_that_was_written_is_not_a_bad_byte() -> None:
    assert decode((CHINESE + "\ufffd").encode()).bad == 0


def test_a_gb18030_file_with_damage_is_still_read_and_counted() -> None:
    data = (CHINESE * 20).encode("gb18030")

    decoded = decode(data[:400] + b"\xff" + data[400:])

    assert decoded.encoding == "gb18030"
    assert decoded.bad >= 1
    assert decoded.text.count("本办法适用于公司") >= 19


def test_what_a_page_says_of_itself_settles_a_doubtful_case() -> None:
    # capitals only: windows-1251 and koi8-r swap case, so both readings look alike
    text = '<meta charset="windows-1251">ДОГОВОР'

    assert decode(text.encode("cp1251")).text == text


def test_program_text_with_tildes_is_not_taken_for_hz() -> None:
    text = "f = ~{abcd~} and x ~{ y ~}\n"

    assert decode(text.encode()).text == text


def test_any_bytes_give_text_and_never_an_error() -> None:
    every = bytes(range(256))
    for data in (b"", b"\x80", b"\xff\xfe", b"\x00", every, every * 40, every[::-1] * 7):
        assert isinstance(decode(data).text, str)
