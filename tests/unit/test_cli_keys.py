"""``kb keys``: made and shown once, listed without what opens the server, revoked."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner, Result

from kb import KnowledgeBase, Settings
from kb.cli.app import app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(made, embedder=HashingEmbedder()) as base:
        base.create_collection("birds")
    return made


def kb(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, arguments, env={"KB_DATA_DIR": str(settings.data_dir), "COLUMNS": "200"}
    )


def test_a_key_is_printed_alone_once_and_opens_what_it_is_for(settings: Settings) -> None:
    arguments = ("--scope", "embed", "--scope", "read", "--collection", "birds", "--rate", "600")
    done = kb(settings, "keys", "create", "bot", *arguments)
    assert done.exit_code == 0, done.output
    token = done.stdout.strip()
    assert "\n" not in token
    assert "not shown again" in done.stderr
    with KnowledgeBase.open(settings) as base:
        key = base.keys.shown(token).key
    assert key is not None
    assert (key.name, key.scopes, key.collections, key.rate, key.expires_at) == (
        "bot",
        ("embed", "read"),
        ("birds",),
        600,
        None,
    )
    listed = kb(settings, "keys", "list")
    row = r"bot +active +embed, read +birds +600 +\d{4}-\d\d-\d\d \d\d:\d\d +never"
    assert re.search(row, listed.stdout)
    assert token.split("_", 2)[2] not in listed.stdout


def test_json_has_the_key_when_it_is_made_and_never_again(settings: Settings) -> None:
    made = json.loads(kb(settings, "keys", "create", "bot", "--scope", "write", "--json").stdout)
    assert made["key"].startswith(f"kb_{made['label']}_")
    assert made["collections"] is None
    (listed,) = json.loads(kb(settings, "keys", "list", "--json").stdout)
    assert {**listed, "key": made["key"]} == made
    assert (listed["state"], listed["scopes"]) == ("active", ["write"])


def test_a_revoked_key_stays_in_the_list(settings: Settings) -> None:
    kb(settings, "keys", "create", "bot", "--scope", "read")
    kb(settings, "keys", "create", "other", "--scope", "read")
    first = kb(settings, "keys", "revoke", "bot")
    assert (first.exit_code, first.stdout, first.stderr) == (0, "revoked bot\n", "")
    last = kb(settings, "keys", "revoke", "other")
    assert "no key is left: programs of this machine need none now" in last.stderr
    states = {
        key["name"]: key["state"]
        for key in json.loads(kb(settings, "keys", "list", "--json").stdout)
    }
    assert states == {"bot": "revoked", "other": "revoked"}
    again = kb(settings, "keys", "revoke", "bot")
    assert again.exit_code == 1
    assert "there is no key 'bot' to be revoked" in again.stderr


@pytest.mark.parametrize(("given", "hours"), [("12h", 12), ("30d", 720), ("8w", 1344), ("2W", 336)])
def test_a_key_ends_when_it_was_told_to(settings: Settings, given: str, hours: int) -> None:
    before = datetime.now(UTC)
    made = json.loads(
        kb(settings, "keys", "create", "b", "--scope", "read", "--expires", given, "--json").stdout
    )
    ends = datetime.fromisoformat(made["expires_at"]) - timedelta(hours=hours)
    assert before - timedelta(seconds=1) <= ends <= datetime.now(UTC)


def test_a_key_works_through_the_day_that_is_named(settings: Settings) -> None:
    today = datetime.now().astimezone()
    day = f"{today:%Y-%m-%d}"
    made = json.loads(
        kb(settings, "keys", "create", "b", "--scope", "read", "--expires", day, "--json").stdout
    )
    ends = datetime.fromisoformat(made["expires_at"]).astimezone()
    assert ends > today
    assert ends.date() == (today + timedelta(days=1)).date()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("--scope", "read", "--expires", "2020-01-31"), 2, "is past already"),
        (("--scope", "read", "--expires", "0d"), 2, "is past already"),
        (("--scope", "read", "--expires", "soon"), 2, "is no time; write 12h"),
        (("--scope", "read", "--expires", "999999w"), 2, "is no time"),
        (("--scope", "admin"), 2, "admin"),
        ((), 2, "--scope"),
        (("--scope", "read", "--rate", "0"), 2, "--rate"),
        (("--scope", "read", "--collection", "none"), 1, "there is no collection 'none'"),
    ],
)
def test_a_key_that_cannot_be_made_so_is_refused_with_the_reason(
    settings: Settings, arguments: tuple[str, ...], status: int, says: str
) -> None:
    done = kb(settings, "keys", "create", "bot", *arguments)
    assert done.exit_code == status, done.output
    assert says in done.stderr
    assert json.loads(kb(settings, "keys", "list", "--json").stdout) == []


def test_without_keys_the_list_says_who_gets_in(settings: Settings) -> None:
    assert "programs of this machine need none" in kb(settings, "keys", "list").stdout
