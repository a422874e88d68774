"""Addresses of links: shown where they say something, and in one form everywhere."""

import pytest

from ingest.loaders.links import LONGEST_ADDRESS, address_after


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("the manual", "https://docs.example.org/a", " (https://docs.example.org/a)"),
        ("", "https://docs.example.org/a", " (https://docs.example.org/a)"),
        ("Ann", "mailto:ann%2Bkb@example.org?subject=Hi", " (ann+kb@example.org)"),
        ("call us", "tel:+49-30-1234", " (+49-30-1234)"),
        (
            "the town",
            "https://ru.example.org/%D0%9C%D0%B8%D1%80%20a?x=%2F%FF",
            " (https://ru.example.org/Мир%20a?x=%2F%FF)",
        ),
        ("the plan", "../plans/hall 3.pdf", " (../plans/hall 3.pdf)"),
        ("example.org", "https://example.org/prices", " (https://example.org/prices)"),
    ],
)
def test_an_address_follows_the_text_of_its_link(text: str, address: str, shown: str) -> None:
    assert address_after(text, address) == shown


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://docs.example.org/a", "https://docs.example.org/a"),
        ("docs.example.org/a", "https://docs.example.org/a/"),
        ("WWW.Example.org", "http://example.org"),
        ("see https://example.org/a.", "https://example.org/a"),
        ("ann@example.org", "mailto:ann@example.org"),
        ("example.org/Straße", "https://example.org/Stra%C3%9Fe"),
    ],
)
def test_a_text_that_is_the_address_is_not_followed_by_it(text: str, address: str) -> None:
    assert address_after(text, address) == ""


@pytest.mark.parametrize("address", ["", " ", "#top", "javascript:void(0)", "data:text/html,x"])
def test_what_leads_nowhere_is_not_shown(address: str) -> None:
    assert address_after("here", address) == ""


def test_an_address_full_of_tracking_data_is_shown_without_it() -> None:
    long = "https://example.org/offer?" + "x" * LONGEST_ADDRESS
    assert address_after("offer", long) == " (https://example.org/offer)"
