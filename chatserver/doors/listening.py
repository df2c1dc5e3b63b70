"""The listening sockets: one address, or all addresses of this machine, IPv4 and IPv6."""

from __future__ import annotations

import socket
from typing import Any, Final

BACKLOG: Final = 4096
_EVERYWHERE: Final = {"", "::"}
_UNDIALLED: Final = {*_EVERYWHERE, "0.0.0.0"}  # noqa: S104  # compared with, not listened on


def listen(host: str, port: int) -> list[socket.socket]:
    """Open listening sockets. ``::`` and "" mean IPv4 and IPv6 on one port, as far as the machine has them; a name
    means all its addresses. Raises ``OSError``."""
    if host in _EVERYWHERE:
        if socket.has_dualstack_ipv6():
            return [_server((host or "::", port), socket.AF_INET6, dualstack=True)]
        return [_server(("0.0.0.0", port), socket.AF_INET)]  # noqa: S104  # everywhere is what was asked for
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    for family, (address, _, *scope) in dict.fromkeys((family, address) for family, *_, address in found):
        try:
            # Port 0 picks a free one: the second address of a name then uses the port of the first.
            at = (address, sockets[0].getsockname()[1] if sockets else port, *scope)
            sockets.append(_server(at, family))
        except OSError:
            if not sockets:
                raise
    return sockets


def _server(address: tuple[Any, ...], family: socket.AddressFamily, *, dualstack: bool = False) -> socket.socket:
    made = socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=dualstack)
    made.setblocking(False)
    return made


def dialled(host: str) -> str:
    """The host by which this machine reaches the server, for a URL."""
    if host in _UNDIALLED:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
