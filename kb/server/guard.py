"""Who may ask: whoever brings a key, and programs of this machine where there are no keys.

Without keys, "from this machine" has to be told from what merely arrives here: a web page whose
name was made to point to 127.0.0.1 (DNS rebinding) names another host, a page of another site names
its origin, and what a reverse proxy passes on says so in its headers.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from kb.api_keys import ApiKeys
from kb.catalog.key_records import ApiKey
from kb.errors import StoreError
from kb.forwarding import is_forwarded
from kb.loopback import is_loopback
from kb.server.caller import Caller
from kb.server.credentials import KEY_VARIABLE
from kb.server.errors import RefusalError
from kb.server.scopes import Needs

_log = logging.getLogger(__name__)

MAKE_ONE = "`kb keys create NAME --scope read`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Whom a server lets in.

    Attributes:
        own_key: the key of the environment, which allows everything; ``""`` for none.
        exposed: other machines reach the address that it listens on.
        behind_proxy: a reverse proxy passes requests on to it.
        origins: of web pages that may ask without a key: ``https://chat.example``.
    """

    own_key: str = field(default="", repr=False)
    exposed: bool = False
    behind_proxy: bool = False
    origins: frozenset[str] = frozenset()


class Guard:
    """Tells who sent a request, or refuses it.

    Args:
        keys: those of the knowledge base; asked for every request, so that a key that is revoked
            in another process is refused at once.
        policy: whom to let in.
    """

    def __init__(self, keys: ApiKeys, policy: Policy) -> None:
        self._keys = keys
        self._policy = policy
        self._own = policy.own_key.encode()

    def needs_keys(self) -> bool:
        """Say whether everybody needs a key now."""
        return self._always or self._keys.shown("").needed

    def caller(self, headers: Mapping[str, str], needs: Needs | None) -> Caller:
        """Return who sent a request with these headers.

        Args:
            headers: the request's.
            needs: what the route needs; None where there is no such route.

        Raises:
            RefusalError: a key is needed and there is none, or not one that is let in (401);
                without keys, the request comes from elsewhere (403); the store fails (503).
        """
        is_open = needs is not None and needs.is_open
        token = "" if is_open else _token(headers)
        if self._own and hmac.compare_digest(token.encode("latin-1"), self._own):
            return Caller(key=KEY_VARIABLE)
        try:
            shown = self._keys.shown(token)
        except StoreError as error:
            if is_open:
                return Caller()
            _log.error("nobody is let in: %s", error)
            msg = "the store does not answer, so that no key can be checked; the log says why"
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="store_failed") from error
        if shown.key is not None:
            return _caller(shown.key)
        if self._always or shown.needed:
            if is_open:
                return Caller()
            what = "is not one of this server" if token else "is missing"
            msg = f"the API key {what}; send one as `Authorization: Bearer KEY`"
            raise _unauthorized(msg)
        if not is_open and is_forwarded(headers):
            msg = (
                "something between you and this server passed the request on, so that it needs a "
                f"key, and there is none yet: make one with {MAKE_ONE}"
            )
            raise _unauthorized(msg)
        check_host(headers)
        _check_origin(headers, self._policy.origins)
        return Caller()

    def check_page(self, headers: Mapping[str, str]) -> None:
        """Refuse what a web page of another site sent, whatever key it brings.

        Programs with pages of their own (``vscode-file://``) are no web sites.

        Raises:
            RefusalError: it is of a site that the server was not started for (403).
        """
        if headers.get("origin", "").lower().startswith(("http://", "https://")):
            _check_origin(headers, self._policy.origins)

    @property
    def _always(self) -> bool:
        policy = self._policy
        return bool(policy.own_key) or policy.exposed or policy.behind_proxy


def _token(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a request, ``""`` if there is none.

    Starlette reads headers as Latin-1.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _caller(key: ApiKey) -> Caller:
    """Return who brings a key.

    Raises:
        RefusalError: it has expired, or was revoked (401).
    """
    if key.standing != "active":
        when = key.revoked_at or key.expires_at
        day = f" on {when:%Y-%m-%d}" if when else ""
        was = "was revoked" if key.standing == "revoked" else "expired"
        msg = f"the API key {key.name!r} {was}{day}; use another one"
        raise _unauthorized(msg, code=f"key_{key.standing}")
    return Caller(key=key.name, scopes=key.scopes, collections=key.collections, rate=key.rate)


def check_host(headers: Mapping[str, str]) -> None:
    """Refuse a request that does not call this machine by a name of its own.

    Raises:
        RefusalError: it calls it otherwise (403).
    """
    host = headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if not is_loopback(name):
        msg = (
            f"this server answers on this machine only, not as {host[:200]!r}; call it as "
            f"localhost, or make a key with {MAKE_ONE}"
        )
        raise RefusalError(HTTPStatus.FORBIDDEN, msg)


def _check_origin(headers: Mapping[str, str], origins: frozenset[str]) -> None:
    """Refuse a request that a web page of another site sent.

    Browsers name the origin of a page in all but plain GET requests; those say in another header
    where they come from. Links that a person follows are no such requests.

    Raises:
        RefusalError: one did (403).
    """
    origin = headers.get("origin")
    if origin is None:
        site = headers.get("sec-fetch-site", "none")
        if site in {"none", "same-origin"} or headers.get("sec-fetch-mode") == "navigate":
            return
        origin = f"another site ({site})"
    elif origin.lower() in origins or origin.lower().partition("://")[2] == headers["host"].lower():
        return
    msg = (
        f"a web page of {origin[:200]} sent this; pages of other sites need a key, or start the "
        "server with --origin and the site"
    )
    raise RefusalError(HTTPStatus.FORBIDDEN, msg, code="origin_forbidden")


def _unauthorized(message: str, *, code: str = "invalid_api_key") -> RefusalError:
    return RefusalError(HTTPStatus.UNAUTHORIZED, message, code=code)
