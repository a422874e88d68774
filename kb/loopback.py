"""Whether an address leads to this machine alone; the only place that says so."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Say whether only this machine is reached at ``host``, a name or an address without a port.

    Of names, `localhost` alone is trusted: others lead where a name server says. None and ``""``
    are every address of this machine, which others reach.
    """
    if not host:
        return False
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback  # Python before 3.13 does not look inside
    return address.is_loopback
