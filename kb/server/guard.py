"""Decides who may send requests: owners of a key, or without keys the programs of this machine.

Without keys, the guard must tell this machine's programs from requests that merely arrive here. A
web page whose name points to 127.0.0.1 (DNS rebinding) names another host. A page of another site
names its origin. A reverse proxy adds its own headers.
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
    """Rules on whom a server admits.

    Attributes:
        own_key: the key in the environment, which permits everything; ``""`` for none.
        exposed: other machines can reach the server's address.
        behind_proxy: a reverse proxy passes requests on to the server.
        origins: web pages that may send requests without a key: ``https://chat.example``.
    """

    own_key: str = field(default="", repr=False)
    exposed: bool = False
    behind_proxy: bool = False
    origins: frozenset[str] = frozenset()


class Guard:
    """Identifies the sender of a request, or refuses it.

    Args:
        keys: the keys of the knowledge base. The guard looks each one up for every request, so that
            it refuses a key at once after another process revoked it.
        policy: whom to admit.
    """

    def __init__(self, keys: ApiKeys, policy: Policy) -> None:
        self._keys = keys
        self._policy = policy
        self._own = policy.own_key.encode()

    def needs_keys(self) -> bool:
        """Return whether every caller needs a key now."""
        return self._always or self._keys.shown("").needed

    def caller(self, headers: Mapping[str, str], needs: Needs | None) -> Caller:
        """Return the sender of a request with these headers.

        Args:
            headers: the request's headers.
            needs: the requirements of the route; None if there is no such route.

        Raises:
            RefusalError: the request needs a key and has none, or an invalid one (401); without
                keys, it comes from elsewhere (403); the store fails (503).
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
        """Refuse a request from a web page of another site, whatever its key.

        Pages of programs (``vscode-file://``) do not count as web sites.

        Raises:
            RefusalError: the site is not among the server's origins (403).
        """
        if headers.get("origin", "").lower().startswith(("http://", "https://")):
            _check_origin(headers, self._policy.origins)

    @property
    def _always(self) -> bool:
        policy = self._policy
        return bool(policy.own_key) or policy.exposed or policy.behind_proxy


def _token(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a request, ``""`` without one.

    Starlette decodes headers as Latin-1.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _caller(key: ApiKey) -> Caller:
    """Return the caller with a key.

    Raises:
        RefusalError: the key has expired or was revoked (401).
    """
    if key.standing != "active":
        when = key.revoked_at or key.expires_at
        day = f" on {when:%Y-%m-%d}" if when else ""
        was = "was revoked" if key.standing == "revoked" else "expired"
        msg = f"the API key {key.name!r} {was}{day}; use another one"
        raise _unauthorized(msg, code=f"key_{key.standing}")
    return Caller(key=key.name, scopes=key.scopes, collections=key.collections, rate=key.rate)


def check_host(headers: Mapping[str, str]) -> None:
    """Refuse a request whose host is not a name of this machine.

    Raises:
        RefusalError: it has another host (403).
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
    """Refuse a request from a web page of another site.

    Browsers name a page's origin in all requests except plain GET requests. Those have another
    header with their site. A link that a person follows does not count.

    Raises:
        RefusalError: it comes from such a page (403).
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
