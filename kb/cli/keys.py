"""``kb keys``: the keys of the server, with scopes, collections and expiry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from kb.catalog.key_records import KEY_SCOPES, ApiKey, KeyScope
from kb.cli.common import JsonOption, opened, print_json, stdout
from kb.cli.listings import minute
from kb.cli.presentation import new_table
from kb.errors import SettingsError
from kb.text import one_line
from kb.wire.keys import key_json

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys of `kb serve`.")

_AFTER = re.compile(r"(\d{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_STYLES = {"active": "green", "expired": "yellow", "revoked": "red"}


@app.command()
def create(  # noqa: PLR0917 - typer reads options from parameters
    name: Annotated[str, typer.Argument(help="Name of the key in lists and logs.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="Permission: embed (vectors and ranking of sent texts), read (stored "
            "documents) or write (changes); repeatable."
        ),
    ],
    collection: Annotated[
        list[str] | None,
        typer.Option(
            "--collection", "-c", help="Only this collection; repeatable. All by default."
        ),
    ] = None,
    expires: Annotated[
        str,
        typer.Option(help="Expiry: 12h, 30d or 8w from now, or the end of the day 2027-01-31."),
    ] = "",
    rate: Annotated[
        int | None, typer.Option(min=1, help="Most requests a minute to one `kb serve`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a key and print it once: it cannot be shown again.

    From then on every client of the server needs a key.
    """
    with opened() as base:
        made, token = base.keys.create(
            name,
            scopes=_scopes(scope),
            collections=collection or None,
            rate=rate,
            expires_at=_end(expires) if expires else None,
        )
    if as_json:
        print_json({**key_json(made), "key": token})
        return
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"made the key {made.name!r}: {', '.join(made.scopes)} in {_where(made)}. Keep it now; it "
        "is not shown again. "
        "Clients send it as `Authorization: Bearer KEY`",
        markup=False,
    )
    stdout().print(token)


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List all keys, revoked and expired ones too; nothing shows the keys themselves again."""
    with opened() as base:
        found = base.keys.listed()
    if as_json:
        print_json([key_json(key) for key in found])
        return
    if not found:
        stdout().print("no keys: programs of this machine need none, others are not let in")
        return
    table = new_table("name", "state", "scopes", "collections", "a minute", "made", "ends")
    for key in found:
        table.add_row(
            Text(one_line(key.name)),
            Text(key.standing, style=_STYLES[key.standing]),
            ", ".join(key.scopes),
            Text(one_line(_where(key))),
            f"{key.rate:,}" if key.rate else "",
            minute(key.created_at),
            minute(key.expires_at) if key.expires_at else "never",
        )
    stdout().print(table)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the key, from `kb keys list`.")],
) -> None:
    """Revoke a key at once, also for running servers."""
    with opened() as base:
        revoked = base.keys.revoke(name)
        left = any(key.standing != "revoked" for key in base.keys.listed())
    stdout().print(f"revoked {one_line(revoked.name)}", markup=False)
    if not left:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            "no key is left: programs of this machine need none now", markup=False
        )


def _scopes(texts: Sequence[str]) -> list[KeyScope]:
    """Return the scopes of the option.

    Raises:
        SettingsError: a scope does not exist.
    """
    for text in texts:
        if text not in KEY_SCOPES:
            msg = f"--scope {text!r} is none; choose {', '.join(KEY_SCOPES)}"
            raise SettingsError(msg)
    return [scope for scope in KEY_SCOPES if scope in texts]


def _where(key: ApiKey) -> str:
    if key.collections is None:
        return "all collections"
    return ", ".join(key.collections) or "none: they are gone"


def _end(text: str) -> datetime:
    """Return the expiry of a key.

    Raises:
        SettingsError: it is not a time, or is in the past.
    """
    after = _AFTER.fullmatch(text.strip().lower())
    try:
        if after:
            end = datetime.now(UTC) + int(after[1]) * _UNITS[after[2]]
        else:
            end = datetime.fromisoformat(text.strip()).astimezone()
            if len(text.strip()) <= len("2027-01-31"):  # to the end of that day
                end += timedelta(days=1)
    except (ValueError, OverflowError):
        msg = f"--expires {text!r} is no time; write 12h, 30d, 8w or 2027-01-31"
        raise SettingsError(msg) from None
    if end <= datetime.now(UTC):
        msg = f"--expires {text!r} is past already; the key would never work"
        raise SettingsError(msg)
    return end
