"""Old encodings without any mark: read right, or refused as what they are."""

from pathlib import Path

import pytest

from ingest.errors import DamagedFileError
from ingest.loaders.text.encoding import decode
from ingest.loaders.text.reading import read_text

TRADITIONAL = (
    "本公司為維護會員的權益，特別訂定本辦法，請您在使用服務前詳細閱讀。\n"
    "會員可以透過網頁或者電話與我們聯絡，我們會儘快回覆您的問題。\n"
)
# Made with iconv, which knows encodings that Python does not.
TRADITIONAL_IN_EUC_TW = bytes.fromhex(
    "c6dbc4fcc6b3d2b3eac4fbace4c4d4decefbfbe2d6f4a1a2d6d6c9b1d3d4ccf9c6dbf2d6cecea1a2eef9dac0"
    "c7e3cbf0c6eecea4d9add0a9e6dbdcd8efe5fbf4a1a40ae4c4d4dec6abc5e8dde0e7b4eabdd3f7cdd0cfafe7"
    "d9e6e3ead8cabcd4aff4fae1bea1a2cabcd4afe4c4f0b1cab8c7dff7bbdac0cefbd9c2f7eea1a40a"
)
ANIMALS = "鱷魚、蜥蜴與鸚鵡都是動物，牠們的家在這裡。\n"
ANIMALS_IN_EUC_TW = bytes.fromhex(
    "fdc0dea3a1a3eaf0eaf1ead8fdc5f9d9dde7d1d2d9afceeca1a2cba8d4afcefbd5a5c7e3ddd5e6d3a1a40a"
)
FRENCH_IN_IBM297 = bytes.fromhex(
    "d38540839695a39981a34085a2a340a2898795c040978199409385a2408485a4a740978199a38985a24085a3"
    "4097998595844085868685a3407c409381408481a38540848540a289879581a3a499856b4084d0a24086c0a5"
    "998985994b25"
)
VIETNAMESE_IN_TCVN = bytes.fromhex(
    "48ee7020aee56e67206eb5792063e3206869d675206cf963206bd32074f5206e67b579206bfd2076b520aead"
    "ee63206ccb70207468b56e68206861692062b66e2063e3206769b8207472de206e68ad206e6861752e0a48ee"
    "7020aee56e67206eb5792063e3206869d675206cf963206bd32074f5206e67b579206bfd2076b520aeadee63"
    "206ccb70207468b56e68206861692062b66e2063e3206769b8207472de206e68ad206e6861752e0a"
)
ENGLISH = "The pump house holds 1250 litres; see page 12 (annex A), and turn off valve [B].\n"
GERMAN = "Die Verträge müssen für alle Länder geprüft werden, außer für Österreich.\n"
FRENCH = "L’été dernier, la société a décidé de créer une équipe à Genève — c’était nécessaire.\n"
SPANISH = "El año pasado la compañía abrió una oficina en Málaga; ¿qué pasó después?\n"
RUSSIAN = (
    "Настоящий договор заключён между сторонами в городе Москве и вступает в силу с момента.\n"
)
GREEK = "Η παρούσα σύμβαση τίθεται σε ισχύ από την ημέρα υπογραφής της.\n"


@pytest.mark.parametrize(
    ("codec", "name", "text"),
    [
        ("cp037", "cp037", ENGLISH),
        ("cp1140", "cp037", GERMAN),
        ("cp500", "cp037", GERMAN),
        ("cp273", "cp273", GERMAN),
        ("mac_roman", "macroman", GERMAN),
        ("mac_roman", "macroman", FRENCH),
        ("mac_roman", "macroman", SPANISH),
        ("cp850", "cp850", GERMAN),
        ("cp850", "cp850", SPANISH),
        ("cp437", "cp850", GERMAN),
        ("mac_cyrillic", "maccyrillic", RUSSIAN),
        ("iso8859_5", "iso-8859-5", RUSSIAN),
        ("cp855", "cp855", RUSSIAN),
        ("cp737", "cp737", GREEK),
        ("iso8859_7", "windows-1253", GREEK),
    ],
)
def test_an_old_encoding_is_recognised_without_any_mark(codec: str, name: str, text: str) -> None:
    decoded = decode(text.encode(codec))

    assert decoded.text == text
    assert decoded.encoding == name
    assert decoded.certain


def test_lines_of_a_mainframe_end_with_its_own_sign() -> None:
    data = ENGLISH.strip().encode("cp037") + b"\x15" + ENGLISH.strip().encode("cp037") + b"\x15"

    assert decode(data).text == ENGLISH * 2


@pytest.mark.parametrize(
    ("data", "text"),
    [(TRADITIONAL_IN_EUC_TW, TRADITIONAL), (ANIMALS_IN_EUC_TW, ANIMALS)],
)
def test_euc_tw_is_read_with_both_its_planes(data: bytes, text: str) -> None:
    decoded = decode(data)

    assert decoded.text == text
    assert (decoded.encoding, decoded.certain, decoded.bad) == ("euc-tw", True, 0)


def test_english_quotes_of_windows_are_not_letters_of_another_system() -> None:
    text = "The report doesn’t say “when”, but it’s clear — the pump’s valve was shut…\n"

    decoded = decode(text.encode("cp1252"))

    assert (decoded.text, decoded.encoding) == (text, "windows-1252")


def test_spanish_is_not_read_as_polish() -> None:
    assert decode(SPANISH.encode("cp1252")).text == SPANISH


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (GREEK.encode("cp875"), "ebcdic"),
        (FRENCH_IN_IBM297, "ebcdic"),
        (VIETNAMESE_IN_TCVN, "no language"),
    ],
)
def test_what_cannot_be_read_is_refused_as_what_it_is(
    tmp_path: Path, data: bytes, named: str
) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(data)

    with pytest.raises(DamagedFileError, match=rf"old\.txt is in an encoding.*{named}.*UTF-8"):
        read_text(path)


def test_a_few_strange_bytes_in_a_text_do_not_refuse_it(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"A line of plain English text.\n" * 50 + b"\xfe\xa4 \xb6\xf3\n")

    text, _, notices = read_text(path)

    assert text.startswith("A line of plain English")
    assert "encoding_uncertain" in {notice.code for notice in notices}
