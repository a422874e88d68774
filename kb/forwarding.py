"""Whether a proxy forwarded a request; the only module that decides it.

Listening on loopback does not mean "only this machine": a reverse proxy on this machine forwards
requests of strangers. Their headers give them away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

_FORWARDING = frozenset(
    {
        "cdn-loop",
        "client-ip",
        "fastly-client-ip",
        "fly-client-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-real-ip",
        "x-scheme",
    }
)
_FORWARDING_PREFIXES = ("cf-", "ngrok-", "tailscale-", "x-envoy-", "x-forwarded", "x-original-")


def is_forwarded(headers: Iterable[str]) -> bool:
    """Return whether the names of a request's headers include those of a proxy."""
    return any(
        name in _FORWARDING or name.startswith(_FORWARDING_PREFIXES)
        for name in (name.lower() for name in headers)
    )


def last_forwarded(headers: Mapping[str, str]) -> str:
    """Return the client address that the nearest proxy reports; empty if there is none.

    Clients can forge the earlier addresses in the header.
    """
    named = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    for text in (named, named.rpartition(":")[0].strip("[]")):  # some proxies add a port
        with contextlib.suppress(ValueError):
            return str(ip_address(text))
    return ""
