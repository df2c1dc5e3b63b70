"""Addresses of the web in one form, in which settings, the Origin of a page and the Host it asked for are compared."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

from yarl import URL

_USUAL_PORTS: Final = {"http": 80, "https": 443}


@lru_cache(maxsize=1024)
def normal_origin(text: str) -> str:
    """``scheme://host[:port]`` in small letters, an international name as browsers send it, the usual port left out;
    "" where it is no origin."""
    try:
        url = URL(text.strip())
        host, port = url.host_subcomponent, url.port
    except ValueError:
        return ""
    if url.scheme not in _USUAL_PORTS or not host or not host.isprintable() or " " in host or not port or url.user:
        return ""
    if url.path not in ("", "/") or url.query_string or url.fragment:
        return ""
    return f"{url.scheme}://{host.lower()}" + ("" if port == _USUAL_PORTS[url.scheme] else f":{port}")


def port_of(origin: str) -> str:
    """The port of a normal origin, "" for the usual one."""
    _, _, port = origin.rpartition("://")[2].rpartition("]")[2].partition(":")
    return port


def is_local_name(host: str) -> bool:
    """Whether a Host header names this machine by what only this machine calls it, or any machine by its number."""
    try:
        name = URL(f"http://{host}").host or ""
    except ValueError:
        return False
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
