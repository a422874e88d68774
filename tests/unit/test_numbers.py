"""Numbers and codes that are written in several ways."""

from __future__ import annotations

import pytest

from kb.words.numbers import codes, numbers


def found(text: str) -> set[str]:
    return {form for form, _, _ in numbers(text)}


@pytest.mark.parametrize(
    "text",
    [
        "1,250,000",
        "1 250 000",
        "1\u00a0250\u00a0000",
        "1\u202f250\u202f000",
        "1\u2009250\u2009000",
        "1\u2007250\u2007000",
        "1.250.000",
        "1'250'000",
        "1’250’000",
        "1_250_000",
        "12,50,000",
        "１，２５０，０００",
        "١٬٢٥٠٬٠٠٠",
        "१२,५०,०००",
        "1,250,000.00",
        "1.250.000,00",
        "¥1,250,000.",
        "(1,250,000)",
        "36,500 1,250,000 48,500",
    ],
)
def test_a_grouped_number_is_found_without_its_groups(text: str) -> None:
    assert "1250000" in found(text)


@pytest.mark.parametrize(
    "text",
    ["1,234.56", "1.234,56", "1 234,56", "1'234.56", "1234,56", "١٢٣٤٫٥٦", "１，２３４．５６"],
)
def test_a_decimal_is_found_with_a_comma_or_a_point(text: str) -> None:
    assert "1234_56" in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "020-7123-4567",
        "020 7123 4567",
        "(020) 7123 4567",
        "(020)7123-4567",
        "020.7123.4567",
        "020/7123/4567",
        "020‑7123‑4567",
        "０２０－７１２３－４５６７",
        "call 020 7123 4567 or 020 7123 4568",
    ],
)
def test_a_telephone_number_is_found_as_its_digits(text: str) -> None:
    assert "02071234567" in found(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("+44 20 7123 4567", "442071234567"),
        ("+44 (0)20 7123 4567", "442071234567"),
        ("+44 (0)20 7123 4567", "4402071234567"),
        ("+44 20 7123 4567", "2071234567"),
        ("+86 138 0000 1234", "13800001234"),
        ("+86-138-0000-1234", "13800001234"),
        ("＋８６　１３８　００００　１２３４".replace("　", " "), "13800001234"),
        ("+1 555.123.4567", "5551234567"),
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("(555) 123-4567", "5551234567"),
        ("555-123-4567", "5551234567"),
        ("4111 1111 1111 1111", "4111111111111111"),
        ("DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
        ("978-3-16-148410-0", "9783161484100"),
        ("2024-05-01", "20240501"),
        ("3,14", "3_14"),
    ],
)
def test_other_numbers_of_several_groups_are_one(text: str, form: str) -> None:
    assert form in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "5 000 12",
        "1,2,345",
        "1, 250, 000",
        "12 May 2024",
        "rooms 7, 8 and 9",
        "10 20 30 40",
    ],
)
def test_lists_of_numbers_are_not_glued(text: str) -> None:
    assert found(text) == set()


def test_dates_beside_numbers_are_not_glued() -> None:
    assert found("15 2024-05-01 1990-1995") == {"20240501", "19901995"}
    assert found("2024-05-01 2024-05-02") == {"20240501", "20240502"}


def test_where_a_number_can_be_read_in_two_ways_both_are_found() -> None:
    assert found("1,234") == {"1234", "1_234"}


def test_the_place_of_a_number_is_all_of_it() -> None:
    text = "a fee of 48,500 yen"
    ((form, start, end),) = [each for each in numbers(text) if each[0] == "48500"]
    assert (form, text[start:end]) == ("48500", "48,500")


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("v1.2.3", {"1_2_3"}),
        ("srv-10.0.4.17", {"10_0_4_17", "srv10.0.4.17"}),
        ("v1.2.3-rc1", {"1_2_3", "v1.2.3rc1"}),
        ("python3.11.2", {"3_11_2"}),
        ("release_1_2_3", {"1_2_3"}),
        ("KX-4471-B", {"kx4471b"}),
        ("KX‑4471‐B", {"kx4471b"}),
        ("e-mail", {"email"}),
        ("1.2.3", set()),
        ("snake_case", set()),
    ],
)
def test_a_name_is_found_by_its_version_and_without_its_hyphens(word: str, forms: set[str]) -> None:
    assert {form for form, _, _ in codes(word)} == forms
