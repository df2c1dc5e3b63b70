"""Decides which addresses the server connects to when somebody else chose the name.

A link in a message may name this machine, a neighbour behind the same firewall, or the cloud's metadata service, and
so may a redirect or a resolver that answers differently the second time. So nothing is decided by the name: ``Guard``
is asked for each socket, with the address that it is going to connect to. Built in composition.py.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS: Final = frozenset({80, 443, 8080, 8443})
"""Where web servers listen. Others may belong to programs that take a request for a command."""

# Python 3.11 calls these global: they lead to an IPv4 address that may not be, or to nobody in particular.
_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0:0/96", "::/96", "fec0::/10",
            "ff00::/8", "224.0.0.0/4", "192.0.0.0/24",
        ),
    )
)  # fmt: skip


class AddressRefusedError(OSError):
    """The guard lets nobody connect there."""


class Guard:
    """``networks`` may be connected to besides the public internet, on any port."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)

    def allows(self, address: str, port: int) -> bool:
        """Whether the server may connect to this address (a literal, with or without a zone)."""
        try:
            given = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        meant = getattr(given, "ipv4_mapped", None) or given
        return _is_in(meant, self._networks) or (port in PORTS and is_public(meant))

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for one resolved address, as ``getaddrinfo`` describes it: the ``socket_factory`` of
        aiohttp's connector. Raises ``AddressRefusedError``."""
        family, kind, protocol, _, where = info
        if family not in {socket.AF_INET, socket.AF_INET6} or not self.allows(where[0], where[1]):
            raise AddressRefusedError(f"connecting to {where[0]} port {where[1]} is not allowed")
        return socket.socket(family=family, type=kind, proto=protocol)


def is_public(address: Address) -> bool:
    """Whether the address belongs to one machine on the public internet."""
    return address.is_global and not address.is_multicast and not _is_in(address, _NEVER)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
