"""Whether something between a client and a server passed a request on; the only place that says so.

"Listens on loopback" is not "only this machine": a reverse proxy here brings strangers. Their
requests are told by their headers.
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
    """Say whether the names of a request's headers are those of one that was passed on."""
    return any(
        name in _FORWARDING or name.startswith(_FORWARDING_PREFIXES)
        for name in (name.lower() for name in headers)
    )


def last_forwarded(headers: Mapping[str, str]) -> str:
    """Return the address that the nearest proxy names as whose request it is; empty if none.

    Those before it in the header are what others said of themselves.
    """
    named = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    for text in (named, named.rpartition(":")[0].strip("[]")):  # with a port, as some write it
        with contextlib.suppress(ValueError):
            return str(ip_address(text))
    return ""
