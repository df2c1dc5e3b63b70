"""Authenticates requests: the address behind trusted proxies, the page's origin, the login in a cookie or header."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final

from aiohttp import web

from chatserver import errors
from chatserver.services.caller import Caller
from chatserver.settings.addresses import is_local_name, normal_origin, port_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Prove = Callable[[Caller, str], Awaitable[None]]
DEVICE_DAYS: Final = 400  # as long as browsers keep a cookie
_SAFE_SITES: Final = {"same-origin", "none"}
_FORWARDING: Final = {
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip",
}  # fmt: skip
_KEPT: Final = 4096
"""Answers about addresses and origins that are remembered: parsing one took a tenth of a handshake."""


class Authentication:
    """``prove(caller, token)`` checks a token and fills in its user, or raises ``Refusal`` not_signed_in."""

    def __init__(self, prove: Prove, *, origins: list[str], public_url: str, trusted_proxies: list[str]) -> None:
        self._prove = prove
        self._further_origins = {normal_origin(origin) for origin in origins}
        self._public = normal_origin(public_url) if public_url else ""
        self._origins = self._further_origins | ({self._public} if public_url else set())
        self._secure_url = public_url.startswith("https://")
        self._proxies: list[Network] = [ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies]

    async def who(self, request: web.Request, *, writes: bool) -> Caller:
        """The caller. A cookie counts only if the page's origin may use it; otherwise raises ``Refusal`` origin.

        An invalid cookie makes the caller a visitor; an invalid token in a header is refused.
        """
        caller = Caller(
            address=self.address(request), agent=_readable(request.headers.get("User-Agent", "")[:200]),
            device=request.cookies.get(self._device_name(request), "")[:64],
        )  # fmt: skip
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        # Other schemes are for a proxy that passes its own password on; they are not a login here.
        if scheme.lower() == "bearer":
            await self._prove(caller, token.strip())
            return caller
        self._check_origin(request, writes=writes)
        cookie = request.cookies.get(self.cookie_name(request), "")
        if cookie:
            try:
                await self._prove(caller, cookie)
            except errors.Refusal as refusal:
                if refusal.kind is not errors.NOT_SIGNED_IN:
                    raise
        return caller

    def _check_origin(self, request: web.Request, *, writes: bool) -> None:
        """Check the Origin, which browsers send. A request without Origin and cookie is not from a signed-in
        browser."""
        origin = request.headers.get("Origin")
        if origin is not None:
            if not self._may_ask(request, _page(origin)):
                raise errors.not_allowed("Pages of this origin may not use this server: see server.origins", "origin")
            return
        site = request.headers.get("Sec-Fetch-Site")
        has_cookie = self.cookie_name(request) in request.cookies
        if site is not None and site not in _SAFE_SITES and writes:
            raise errors.not_allowed("Pages of this origin may not use this server: see server.origins", "origin")
        if site is None and has_cookie and writes:
            raise errors.not_allowed("A request with a cookie needs an Origin header", "origin")

    def _may_ask(self, request: web.Request, origin: str) -> bool:
        own = normal_origin(f"{self.scheme(request)}://{request.host}")
        return bool(origin) and (origin in self._origins or origin == own)

    def further_origin(self, request: web.Request) -> str:
        """The page's Origin header, if it is one of ``server.origins``; else ""."""
        origin = request.headers.get("Origin", "")
        return origin if _page(origin) in self._further_origins else ""

    # --- proxies -----------------------------------------------------------------------------------------------------

    def scheme(self, request: web.Request) -> str:
        if self._trusted(request.remote):
            said = _hops(request, "X-Forwarded-Proto")[-1].lower()
            if said in {"http", "https"}:
                return said
        return "https" if self._secure_url and self._trusted(request.remote) else request.scheme

    def address(self, request: web.Request) -> str:
        """The last address in the chain that is not a trusted proxy; an IPv6 address is reduced to its /64."""
        address = request.remote or ""
        if self._trusted(address):
            for hop in map(_bare, reversed(_hops(request, "X-Forwarded-For"))):
                if not _is_address(hop):
                    break
                address = hop
                if not self._trusted(hop):
                    break
        return grouped(address)

    def is_proxy(self, address: str | None) -> bool:
        """Whether the connection is from a trusted proxy, which forwards for many addresses."""
        return self._trusted(address)

    def _trusted(self, address: str | None) -> bool:
        if not self._proxies or not address or not _is_address(address):
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self._proxies)

    def near(self, request: web.Request) -> bool:
        """Whether the request comes directly from this machine or a trusted network, not through a proxy. A proxy on
        this machine that adds no headers still passes on the Host."""
        remote = request.remote or ""
        if not _FORWARDING.isdisjoint(name.lower() for name in request.headers):
            return False
        host = normal_origin(f"{self.scheme(request)}://{request.host}")
        if host in self._origins and not is_local_name(request.host):
            return False
        return self._trusted(remote) or (is_loopback(remote) and is_local_name(request.host))

    # --- the cookie --------------------------------------------------------------------------------------------------

    def cookie_name(self, request: web.Request) -> str:
        """The cookie's name, with the port: cookies ignore ports, so two servers on one machine would otherwise sign
        out each other's users. With ``public_url`` it is that one's port: processes behind one proxy may each be asked
        by their own."""
        port = port_of(self._public or normal_origin(f"{self.scheme(request)}://{request.host}"))
        name = f"chatserver-{port}" if port else "chatserver"
        return f"__Host-{name}" if self.scheme(request) == "https" else name

    def set_cookie(self, request: web.Request, response: web.StreamResponse, token: str, days: int) -> None:
        response.set_cookie(
            self.cookie_name(request), token, path="/", httponly=True, samesite="Lax",
            secure=self.scheme(request) == "https", max_age=days * 86_400 if days else 10 * 365 * 86_400,
        )  # fmt: skip

    def _device_name(self, request: web.Request) -> str:
        return self.cookie_name(request) + "-device"

    def set_device(self, request: web.Request, response: web.StreamResponse, device: str) -> None:
        """Set the device cookie, which stays after signing out: guesses from elsewhere then do not lock this browser
        out."""
        response.set_cookie(
            self._device_name(request), device, path="/", httponly=True, samesite="Lax",
            secure=self.scheme(request) == "https", max_age=DEVICE_DAYS * 86_400,
        )  # fmt: skip

    def clear_cookie(self, request: web.Request, response: web.StreamResponse) -> None:
        response.del_cookie(
            self.cookie_name(request), path="/", httponly=True, samesite="Lax", secure=self.scheme(request) == "https"
        )


def _readable(text: str) -> str:
    """The text without lone surrogates, which aiohttp makes of invalid UTF-8 and which cannot be stored."""
    return text.encode(errors="replace").decode()


def _hops(request: web.Request, name: str) -> list[str]:
    """The values added by each proxy: some append to the existing header, some add a header line."""
    return [hop.strip() for hop in ",".join(request.headers.getall(name, [""])).split(",")]


def _bare(hop: str) -> str:
    """An address without the brackets and port that some proxies add: ``[2001:db8::1]:51234``, ``203.0.113.9:1``."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


@lru_cache(maxsize=_KEPT)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _page(origin: str) -> str:
    """The normal form of an Origin header; browsers send no path, not even a slash."""
    return "" if origin.endswith("/") else normal_origin(origin)


def is_loopback(address: str) -> bool:
    return _is_address(address) and ipaddress.ip_address(address).is_loopback


@lru_cache(maxsize=_KEPT)
def grouped(address: str) -> str:
    """The key for rate limits: an IPv6 address is reduced to its /64."""
    if not _is_address(address):
        return address
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
