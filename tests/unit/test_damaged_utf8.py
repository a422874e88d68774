"""UTF-8 with a few bad bytes stays UTF-8, and what could not be read is counted."""

from pathlib import Path

import pytest

from ingest.loaders.text.encoding import decode
from ingest.loaders.text.reading import read_text

TEXTS = [
    "Die Prüfung der Größe dauert fünf Tage.",
    "Le café est près de l'église.",
    "Wniosek należy złożyć wcześniej.",
    "Договор вступает в силу сегодня.",
    "Η σύμβαση τίθεται σε ισχύ.",
    "本办法适用于公司及其下属单位。",
    "会議は来月の三日に東京で行います。",
    "회의는 서울에서 열립니다.",
]


@pytest.mark.parametrize("bad", [b"\xff", b"\xfc", b"\xe4", b"\x93"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_bad_byte_in_a_short_text_is_one_character_that_cannot_be_read(
    text: str, bad: bytes
) -> None:
    decoded = decode(f"{text} A ".encode() + bad + f" here. {text}\n".encode())

    assert decoded.encoding == "utf-8"
    assert decoded.text == f"{text} A \ufffd here. {text}\n"
    assert (decoded.bad, decoded.cut) == (1, False)


@pytest.mark.parametrize("text", TEXTS)
def test_a_short_text_cut_in_the_middle_of_a_character_stays_utf8(text: str) -> None:
    decoded = decode(f"{text} ".encode() + "ö".encode()[:1])

    assert decoded.encoding == "utf-8"
    assert decoded.text == f"{text} "
    assert (decoded.bad, decoded.cut) == (0, True)


def test_two_good_characters_are_enough_for_a_bad_one() -> None:
    decoded = decode("Valid ü text, one bad byte ".encode() + b"\xff" + " and ö".encode())

    assert decoded.encoding == "utf-8"


def test_the_reader_is_told_how_many_characters_are_lost(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(
        "Über die Höhe der Dämpfe ".encode() + b"\xff" + " entscheidet für uns ".encode() + b"\xfe."
    )

    text, metadata, notices = read_text(path)

    assert text == "Über die Höhe der Dämpfe \ufffd entscheidet für uns \ufffd."
    assert metadata == {}
    assert [(notice.code, notice.values["count"]) for notice in notices] == [
        ("undecodable_bytes", 2)
    ]


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "Die Prüfung der Größe dauert fünf Tage; sie ist in Ã¼blicher Art."),
        ("gb18030", "联通公司的合同管理办法"),
        ("cp866", "работа рабочих района начинается рано"),
        ("cp1251", "Договор «Р° и С±» вступает в силу"),
        ("cp932", "東京都千代田区の会議"),
    ],
)
def test_other_encodings_with_places_like_utf8_are_not_utf8(codec: str, text: str) -> None:
    assert decode(text.encode(codec)).text == text
