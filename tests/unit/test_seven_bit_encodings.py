"""UTF-7 and ISO-2022-CN, encodings of old mail programs, are read; program text is left alone."""

import base64
import random

import pytest

from ingest.loaders.text.encoding import decode

CHINESE = "员工每年享有十五天带薪年假，请假须提前三个工作日提交申请。"


@pytest.mark.parametrize(
    "text",
    [
        "Größe der Straße: 5 m², „Zitat“ – Prüfung über Öl.\nDie Bäume blühen + der Käse.\n",
        "Le café est près de l'église.\n",
        "Договор вступает в силу сегодня.\n",
        CHINESE + "\n",
        "1 + 1 = 2, und C++ ist für Köche.\n",
    ],
)
def test_utf7_is_read(text: str) -> None:
    decoded = decode(text.encode("utf-7"))

    assert (decoded.text, decoded.encoding, decoded.certain) == (text, "utf-7", True)


@pytest.mark.parametrize(
    "text",
    [
        "1 + 1 = 2; a+b-c; x+y/z; C++ and +49-30-123456, +1-800-555-0199.\n",
        "ssh-rsa AAAAB3NzaC1yc2EAAA+DAQABAAABAQ/C7+xyz= user\n",
        "total+ALPHA-beta +AND- +OR- +NOT-\n",
        "if (a+BC-d > 0) i++;\n",
        "lat+LONG-itude +ABC +DEF\n",
    ],
)
def test_plain_text_with_plus_signs_stays_as_it_is(text: str) -> None:
    decoded = decode(text.encode())

    assert (decoded.text, decoded.encoding) == (text, "utf-8")


def test_keys_and_attachments_in_base64_stay_as_they_are() -> None:
    for seed in range(300):
        data = base64.encodebytes(random.Random(seed).randbytes(20 + seed))  # noqa: S311 - no secret

        assert decode(data).encoding == "utf-8"


def _iso2022_cn(text: str) -> bytes:
    lines = []
    for line in text.splitlines():
        pairs = bytes(byte & 0x7F for byte in line.encode("gb2312"))
        lines.append(b"\x1b$)A\x0e" + pairs + b"\x0f")
    return b"\n".join(lines) + b"\n"


def test_simplified_iso_2022_cn_is_read() -> None:
    decoded = decode(_iso2022_cn(CHINESE + "\n" + CHINESE))

    assert decoded.text == f"{CHINESE}\n{CHINESE}\n"
    assert (decoded.encoding, decoded.certain, decoded.bad) == ("iso-2022-cn", True, 0)


def test_ascii_between_chinese_is_kept() -> None:
    data = b"See " + _iso2022_cn(CHINESE)[:-1] + b" (page 12) and " + _iso2022_cn(CHINESE)

    assert decode(data).text == f"See {CHINESE} (page 12) and {CHINESE}\n"


def test_traditional_iso_2022_cn_is_read_with_its_second_plane() -> None:
    # EUC-TW of the same words, made with iconv; its pairs are those of the first plane.
    first = bytes.fromhex("c6dbc4fcc6b3d2b3eac4fbace4c4d4decefbfbe2d6f4a1a2")
    second = bytes.fromhex("e4c4d4de")
    data = (
        b"\x1b$)G\x0e"
        + bytes(byte & 0x7F for byte in first)
        + b"\x0f\n\x1b$)G\x1b$*H\x0e"
        + bytes(byte & 0x7F for byte in second)
        + b"\x1bN\x21\x21\x0f\n"
    )

    decoded = decode(data)

    assert decoded.text.startswith("本公司為維護會員的權益，\n會員")
    assert (decoded.encoding, decoded.bad) == ("iso-2022-cn", 0)


def test_any_escape_sequences_give_text_and_never_an_error() -> None:
    for tail in (b"", b"\x0e", b"\x0e!", b"\x1b", b"\x1bN", b"\x0e\x7f\x00\x1b$)Z!!", b"\x0e" * 99):
        assert isinstance(decode(b"\x1b$)A" + tail).text, str)
