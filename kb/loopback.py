"""Whether an address leads only to this machine; the only module that decides it."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Return whether ``host``, a name or an address without a port, is only this machine.

    Only one name is trusted, `localhost`: a name server decides about all others. None and ``""``
    mean every address of this machine, which other machines reach.
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
